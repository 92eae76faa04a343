/** A terminal, or a file in its place. */
export interface Stream {
  write(text: string): unknown;
  columns?: number;
  rows?: number;
}

const ERASE_BELOW = '\x1b[0J';
const ERASE_REST = '\x1b[K';
/** Whether what is beyond the last column begins another row. */
const WRAP = { off: '\x1b[?7l', on: '\x1b[?7h' };
/** Fills the last column, whatever its number, and begins the next row as a continuation of this one. */
const CONTINUED = `${WRAP.on}\x1b[9999G  ${WRAP.off}\r`;

/**
 * The lines at the end of a terminal that are drawn again and again. To the terminal they are one long line that is broken at its last column, and between
 * two writes the cursor is at its start. So a terminal that is resized, which may break its lines anew or not, leaves the cursor where they begin,
 * and they are erased from there downwards. (xterm.js, unlike others, moves a cursor that has broken lines below it, but never that of its own line.)
 * Each takes one row, also where the terminal gives a character more columns than we do.
 */
export class LiveArea {
  readonly #stream: Stream;
  #drawn = false;

  constructor(stream: Stream) {
    this.#stream = stream;
  }

  /**
   * @param lines without their ends, fewer than the terminal has rows
   * @param above whole lines that stay, with their ends
   */
  draw(lines: readonly string[], above = ''): void {
    // Lines that are only drawn again are written over: erased before, they would flicker.
    const erased = this.#drawn && (above !== '' || lines.length === 0) ? `\r${ERASE_BELOW}` : '';
    const rows = lines.map((line) => line + ERASE_REST).join(CONTINUED);
    const up = lines.length > 1 ? `\x1b[${lines.length - 1}A` : '';
    const drawn = lines.length > 0 ? `\r${WRAP.off}${rows}${ERASE_BELOW}${WRAP.on}\r${up}` : '';
    const text = erased + above + drawn;
    if (text !== '') this.#stream.write(text);
    this.#drawn = lines.length > 0;
  }
}
