import headless from '@xterm/headless';
import type { Stream } from '../../../pipeline/report/text/live-area.ts';

/** A terminal emulator: what a person has on the screen after everything that was written. */
export class Screen {
  readonly #terminal: InstanceType<typeof headless.Terminal>;
  readonly stream: Stream & { columns: number; rows: number };

  constructor(columns: number, rows = 24) {
    // The line discipline of a terminal begins each line at its start.
    this.#terminal = new headless.Terminal({
      cols: columns,
      rows,
      convertEol: true,
      scrollback: 10_000,
      allowProposedApi: true,
    });
    this.stream = { columns, rows, write: (text) => this.#terminal.write(text) };
  }

  /** As a person who drags the window's corner. */
  async resize(columns: number, rows = this.stream.rows): Promise<void> {
    await this.#settled();
    this.#terminal.resize(columns, rows);
    Object.assign(this.stream, { columns, rows });
  }

  /** All rows that have text, those scrolled away too. */
  async rows(): Promise<string[]> {
    await this.#settled();
    const { active } = this.#terminal.buffer;
    const rows = Array.from({ length: active.length }, (_, at) =>
      active.getLine(at)!.translateToString(true).trimEnd(),
    );
    return rows.slice(0, rows.findLastIndex((row) => row !== '') + 1);
  }

  #settled(): Promise<void> {
    return new Promise((done) => this.#terminal.write('', done));
  }
}
