import { forTerminal, plain } from '../../core/escape/terminal.ts';
import type { Event } from '../../core/events/event.ts';
import { redact } from '../../core/secrets/registry.ts';
import { duration } from '../../core/text/human.ts';
import type { Paint } from '../../core/text/paint.ts';
import { cut } from '../../core/text/width.ts';
import { lineOf, progressText } from './lines.ts';
import { LiveArea, type Stream } from './live-area.ts';
import { MachineLines } from './machine-lines.ts';

/** Shows events to somebody. `close` leaves the terminal as it was. */
export interface Renderer {
  show(event: Event): void;
  close(): void;
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

  forget(id: string): void {
    this.#first.delete(id);
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
      } else if (event.type === 'activity-end') {
        rates.forget(event.id);
        written.delete(event.id);
        activities.delete(event.id);
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
/** Characters of a label, which may be foreign text of any length. */
const LONGEST_LABEL = 1000;
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 120;

/** A terminal: lasting lines above, a live line for each thing under way below. */
export function terminalRenderer(stream: Stream, color: Paint, options: { verbose: boolean }): Renderer {
  const rates = new Rates();
  const area = new LiveArea(stream);
  const live = new Map<string, { label: (room: number) => string; since: number }>();
  const machines = new MachineLines();
  const runs = new Runs();
  /** Lines that wait until the terminal is given back; null: it is ours. */
  let waiting: string[] | null = null;
  let frame = 0;

  const put = (id: string, label: (room: number) => string) =>
    live.set(id, { label, since: live.get(id)?.since ?? performance.now() });
  // A terminal whose size nobody has set has none.
  const width = () => stream.columns || 80;
  const lines = () => {
    const now = performance.now();
    const all = [
      ...live.values(),
      ...machines.lines().map(({ label, since }) => ({ label: () => label, since })),
    ];
    // More lines than the terminal has could not be erased again.
    const most = Math.max(1, (stream.rows || 24) - 2);
    return all.slice(0, most).map(({ label, since }) => {
      const elapsed = duration((now - since) / 1000);
      const room = Math.max(10, width() - elapsed.length - 6);
      const text = cut(redact(plain(label(room))), room);
      const frameNow = color.cyan(FRAMES[frame % FRAMES.length] as string);
      return forTerminal(`  ${frameNow} ${text} ${color.dim(elapsed)}`, color.on);
    });
  };
  const timer = setInterval(() => {
    frame++;
    if (waiting === null) area.draw(lines());
  }, FRAME_MS);
  timer.unref();
  return {
    show(event) {
      runs.see(event);
      if (event.type === 'terminal') {
        if (event.taken) area.draw([]);
        else area.draw([], waiting?.join('') ?? '');
        waiting = event.taken ? [] : null;
        return;
      }
      if (event.type === 'progress') {
        const rate = rates.of(event);
        put(event.id, (room) => progressText(event, rate, room));
        return;
      }
      if (event.type === 'activity') {
        const label = redact(plain(event.label)).replaceAll('\t', ' ').slice(0, LONGEST_LABEL);
        put(event.id, () => label);
        return;
      }
      if (event.type === 'activity-end') {
        rates.forget(event.id);
        live.delete(event.id);
        return;
      }
      if (event.type === 'machines-start') machines.expect(event.count);
      if (event.type === 'machine-state') {
        machines.show(event, performance.now());
        // The table has the present state; only the end is a lasting line.
        if (!event.end) return;
      }
      if (CLEARS.includes(event.type) && 'image' in event) {
        // Those of other images go on.
        for (const id of live.keys()) if (!runs.several || id.startsWith(`${event.image}/`)) live.delete(id);
        machines.clear();
      }
      const line =
        event.type === 'log'
          ? options.verbose
            ? `  ${color.dim(`${event.source}: ${plain(event.line)}`)}`
            : undefined
          : lineOf(event, { ...color, width: width() }, runs.several);
      if (line === undefined) return;
      const written = `${forTerminal(redact(line), color.on)}\n`;
      if (waiting === null) area.draw(lines(), written);
      else if (waiting.length < MOST_WAITING) waiting.push(written);
    },
    close() {
      clearInterval(timer);
      if (waiting === null) area.draw([]);
    },
  };
}
