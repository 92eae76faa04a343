import { forTerminal, plain } from '../../core/escape/terminal.ts';
import type { Event } from '../../core/events/event.ts';
import { redact } from '../../core/secrets/registry.ts';
import { duration } from '../../core/text/human.ts';
import type { Paint } from '../../core/text/paint.ts';
import { cut } from '../../core/text/width.ts';
import { lineOf, progressText } from './lines.ts';
import { MachineLines } from './machine-lines.ts';

/** Shows events to somebody. `close` leaves the terminal as it was. */
export interface Renderer {
  show(event: Event): void;
  close(): void;
}

export interface Stream {
  write(text: string): unknown;
  columns?: number;
  rows?: number;
}

/** The speed at which a counter of events advances, over its whole life, in units a second. */
class Rates {
  readonly #first = new Map<string, { at: number; done: number }>();
  of(event: Extract<Event, { type: 'progress' }>): number {
    const now = performance.now();
    const first = this.#first.get(event.id);
    if (!first || event.done < first.done) {
      this.#first.set(event.id, { at: now, done: event.done });
      return 0;
    }
    const seconds = (now - first.at) / 1000;
    return seconds > 0.5 ? (event.done - first.done) / seconds : 0;
  }
}

/** Whether several images run at the same time; until the last of them has ended, each line names its image. */
class Runs {
  readonly #images = new Set<string>();
  several = false;
  see(event: Event): void {
    if (event.type === 'run-start') this.#images.add(event.image);
    if (event.type === 'run-end') this.#images.delete(event.image);
    if (this.#images.size > 1) this.several = true;
    if (this.#images.size === 0) this.several = false;
  }
}

/** Lines only, for logs and CI: an advance is reported every few seconds. */
export function plainRenderer(
  stream: Stream,
  color: Paint,
  options: { verbose: boolean; everyMs?: number },
): Renderer {
  const rates = new Rates();
  const written = new Map<string, number>();
  const write = (line: string) => stream.write(`${forTerminal(redact(line), color.on)}\n`);
  const due = (id: string, last: boolean) => {
    const now = performance.now();
    const before = written.get(id);
    if (before === undefined) written.set(id, now);
    if (!last && (before === undefined || now - before < (options.everyMs ?? 5000))) return false;
    written.set(id, now);
    return true;
  };
  const activities = new Map<string, string>();
  const machines = new MachineLines();
  const runs = new Runs();
  return {
    show(event) {
      runs.see(event);
      if (event.type === 'machine-state' && !machines.show(event, performance.now())) return;
      if (event.type === 'progress') {
        const text = progressText(event, rates.of(event));
        if (due(event.id, false)) write(`  ${text}`);
      } else if (event.type === 'activity') {
        if (activities.get(event.id) !== event.label) write(`  ${plain(event.label)}`);
        activities.set(event.id, event.label);
      } else if (event.type === 'log') {
        if (options.verbose) write(`  ${color.dim(`${event.source}: ${plain(event.line)}`)}`);
      } else {
        const line = lineOf(event, color, runs.several);
        if (line !== undefined) write(line);
      }
    },
    close() {},
  };
}

/** After them nothing that moved before goes on. */
const CLEARS: readonly Event['type'][] = ['stage-start', 'stage-end', 'stage-failed', 'run-end'];

/** Lines kept while another program has the terminal. */
const MOST_WAITING = 1000;

/** A terminal: lasting lines above, a live line for each thing under way below. */
export function terminalRenderer(stream: Stream, color: Paint, options: { verbose: boolean }): Renderer {
  const rates = new Rates();
  const live = new Map<string, (room: number) => string>();
  const machines = new MachineLines();
  const runs = new Runs();
  let drawn = 0;
  /** Lines that wait until the terminal is given back; null: it is ours. */
  let waiting: string[] | null = null;
  let stageStarted = performance.now();
  const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
  let frame = 0;

  const erase = () => {
    if (drawn > 0) stream.write(`\x1b[${drawn}A\x1b[0J`);
    drawn = 0;
  };
  const draw = () => {
    if (waiting !== null) return;
    erase();
    // A terminal whose size nobody has set has none.
    const width = (stream.columns || 80) - 1;
    const now = performance.now();
    const lines = [
      ...[...live.values()].map((label) => ({ label, since: stageStarted })),
      ...machines.lines().map(({ label, since }) => ({ label: () => label, since })),
    ];
    // More lines than the terminal has could not be erased again.
    const most = Math.max(1, (stream.rows || 24) - 2);
    for (const { label, since } of lines.slice(0, most)) {
      const elapsed = duration((now - since) / 1000);
      const room = Math.max(10, width - elapsed.length - 5);
      const text = cut(redact(plain(label(room))), room);
      const frameNow = color.cyan(frames[frame % frames.length] as string);
      stream.write(`${forTerminal(`  ${frameNow} ${text} ${color.dim(elapsed)}`, color.on)}\n`);
      drawn++;
    }
  };
  const timer = setInterval(() => {
    frame++;
    if (live.size > 0 || machines.lines().length > 0) draw();
  }, 120);
  timer.unref();
  return {
    show(event) {
      runs.see(event);
      if (event.type === 'terminal') {
        erase();
        for (const line of waiting ?? []) stream.write(line);
        waiting = event.taken ? [] : null;
        return;
      }
      if (event.type === 'progress') {
        const rate = rates.of(event);
        live.set(event.id, (room) => progressText(event, rate, room));
        return;
      }
      if (event.type === 'activity') {
        live.set(event.id, () => event.label);
        return;
      }
      if (event.type === 'machines-start') machines.expect(event.count);
      if (event.type === 'machine-state') {
        machines.show(event, performance.now());
        // The table has the present state; only the end is a lasting line.
        if (!event.end) return;
      }
      if (event.type === 'stage-start') stageStarted = performance.now();
      if (CLEARS.includes(event.type) && 'image' in event) {
        erase();
        // Those of other images go on.
        for (const id of live.keys()) if (!runs.several || id.startsWith(`${event.image}/`)) live.delete(id);
        machines.clear();
      }
      const line =
        event.type === 'log'
          ? options.verbose
            ? `  ${color.dim(`${event.source}: ${plain(event.line)}`)}`
            : undefined
          : lineOf(event, color, runs.several);
      if (line === undefined) return;
      const written = `${forTerminal(redact(line), color.on)}\n`;
      if (waiting !== null) {
        if (waiting.length < MOST_WAITING) waiting.push(written);
        return;
      }
      erase();
      stream.write(written);
      draw();
    },
    close() {
      clearInterval(timer);
      erase();
    },
  };
}
