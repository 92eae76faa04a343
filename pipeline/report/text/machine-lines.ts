import { plain } from '../../core/escape/terminal.ts';
import type { Event } from '../../core/events/event.ts';
import type { Paint } from '../../core/text/paint.ts';
import { padded, widthOf } from '../../core/text/width.ts';

export type MachineState = Extract<Event, { type: 'machine-state' }>;

interface Row {
  state: string;
  note: string;
  /** Milliseconds of the renderer's clock. */
  since: number;
  end: MachineState['end'];
}

/** A live line of a terminal: what it says, and since when that holds. */
export interface LiveLine {
  label: string;
  since: number;
}

/** The table of machines under way: a line with the sums, and one for each that has not ended. */
export class MachineLines {
  readonly #rows = new Map<string, Row>();
  #count = 0;

  /** @param count of machines, of which some may begin later */
  expect(count: number): void {
    this.clear();
    this.#count = count;
  }

  /** @returns false for an event that changes the note only: no line of a log */
  show({ machine, state, note, sinceMs, end }: MachineState, now: number): boolean {
    const before = this.#rows.get(machine);
    this.#rows.set(machine, {
      state,
      note: note ?? '',
      since: now - (sinceMs ?? 0),
      end,
    });
    return before?.state !== state || before.end !== end;
  }

  /** Empty once every machine has ended. */
  lines(): LiveLine[] {
    const open = [...this.#rows].filter(([, row]) => row.end === undefined);
    if (open.length === 0) return [];
    const rows = open.map(([machine, { state, note, since }]) => ({
      label:
        `${padded(plain(machine), this.#width())}  ${padded(plain(state), 14)}  ${plain(note)}`.trimEnd(),
      since,
    }));
    if (this.#rows.size === 1 && this.#count <= 1) return rows;
    const first = Math.min(...open.map(([, { since }]) => since));
    return [{ label: this.#sums(), since: first }, ...rows];
  }

  clear(): void {
    this.#rows.clear();
    this.#count = 0;
  }

  #width(): number {
    return Math.min(32, Math.max(...[...this.#rows.keys()].map((machine) => widthOf(plain(machine)))));
  }

  /** "2 of 9 machines done, 1 failed: 4 Deploying, 2 Ready". */
  #sums(): string {
    const rows = [...this.#rows.values()];
    const having = (end: MachineState['end']) => rows.filter((row) => row.end === end);
    const sums = new Map<string, number>();
    for (const { state } of having(undefined)) sums.set(state, (sums.get(state) ?? 0) + 1);
    const failed = having('failed').length;
    const states = [...sums].map(([state, count]) => `${count} ${plain(state)}`).join(', ');
    const all = Math.max(this.#count, rows.length);
    return `${having('ok').length} of ${all} machines done${failed ? `, ${failed} failed` : ''}: ${states}`;
  }
}

/** The line of a log: one for each change of state. */
export function machineLine({ machine, state, note, end }: MachineState, color: Paint): string {
  const mark = end === 'ok' ? color.green('✓') : end === 'failed' ? color.red('✗') : color.cyan('▸');
  return `${mark} ${color.bold(padded(plain(machine), 12))} ${plain(state)}${note ? ` ${color.dim(`(${plain(note)})`)}` : ''}`;
}
