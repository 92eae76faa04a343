import { plain } from '../../core/escape/terminal.ts';
import type { Event } from '../../core/events/event.ts';
import type { Paint } from '../../core/text/paint.ts';

export type MachineState = Extract<Event, { type: 'machine-state' }>;

interface Row {
  state: string;
  note: string;
  /** Milliseconds of the renderer's clock. */
  since: number;
  ended: boolean;
}

/** A live line of a terminal: what it says, and since when that holds. */
export interface LiveLine {
  label: string;
  since: number;
}

/** The table of machines under way: a line with the sums, and one for each that has not ended. */
export class MachineLines {
  readonly #rows = new Map<string, Row>();

  /** @returns false for an event that changes the note only: no line of a log */
  show({ machine, state, note, sinceMs, end }: MachineState, now: number): boolean {
    const before = this.#rows.get(machine);
    this.#rows.set(machine, {
      state,
      note: note ?? '',
      since: now - (sinceMs ?? 0),
      ended: end !== undefined,
    });
    return before?.state !== state || before.ended !== (end !== undefined);
  }

  /** Empty once every machine has ended. */
  lines(): LiveLine[] {
    const open = [...this.#rows].filter(([, row]) => !row.ended);
    if (open.length === 0) return [];
    const rows = open.map(([machine, { state, note, since }]) => ({
      label: `${plain(machine).padEnd(this.#width())}  ${plain(state).padEnd(14)}  ${plain(note)}`.trimEnd(),
      since,
    }));
    if (this.#rows.size === 1) return rows;
    const first = Math.min(...open.map(([, { since }]) => since));
    return [{ label: `${this.#rows.size} machines: ${this.#sums()}`, since: first }, ...rows];
  }

  clear(): void {
    this.#rows.clear();
  }

  #width(): number {
    return Math.min(32, Math.max(...[...this.#rows.keys()].map((machine) => machine.length)));
  }

  #sums(): string {
    const sums = new Map<string, number>();
    for (const { state } of this.#rows.values()) sums.set(state, (sums.get(state) ?? 0) + 1);
    return [...sums].map(([state, count]) => `${count} ${state}`).join(', ');
  }
}

/** The line of a log: one for each change of state. */
export function machineLine({ machine, state, note, end }: MachineState, color: Paint): string {
  const mark = end === 'ok' ? color.green('✓') : end === 'failed' ? color.red('✗') : color.cyan('▸');
  return `${mark} ${color.bold(plain(machine).padEnd(12))} ${plain(state)}${note ? ` ${color.dim(`(${plain(note)})`)}` : ''}`;
}
