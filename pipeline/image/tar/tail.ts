import { BLOCK, checksumOk } from './header.ts';

const ZEROS = Buffer.alloc(64 << 10);
/** The first bytes of the list of names that pixz puts behind a tar. */
const PIXZ = Buffer.from('a64c322ed614aedb', 'hex');

/** The bytes behind the end of a tar: mostly zeros, a whole raw disk of them. tar reads none of it. */
export class Tail {
  /** Bytes that are not zero. */
  bytes = 0;
  /** Whether it begins with pixz' index: what comes then is that. */
  pixz = false;
  /** Whether headers of tar are among it: another archive, whose members tar does not extract. */
  headers = false;
  readonly #block = Buffer.alloc(BLOCK);
  #filled = 0;

  /** The content behind the archive, in words; null when it is zeros. */
  get problem(): { kind: 'second-archive' | 'trailing-data'; text: string } | null {
    if (this.headers)
      return {
        kind: 'second-archive',
        text: 'another tar follows the end of the archive: tar does not extract what is in it',
      };
    if (this.bytes === 0) return null;
    const what = this.pixz
      ? `pixz' index of ${this.bytes} bytes follows the end of the archive: tar does not read it`
      : `${this.bytes} bytes that are not zero follow the end of the archive: tar does not read them`;
    return { kind: 'trailing-data', text: what };
  }

  push(bytes: Buffer): void {
    // Whole stretches of zeros are compared at once.
    for (let at = 0; at < bytes.length; at += ZEROS.length) {
      const part = bytes.subarray(at, at + ZEROS.length);
      if (part.equals(ZEROS.subarray(0, part.length)) && this.#isClear()) {
        this.#filled = (this.#filled + part.length) % BLOCK;
        this.#block.fill(0);
        continue;
      }
      this.#count(part);
    }
  }

  /** Whether what is held of a block is zeros: then more zeros change nothing but the place. */
  #isClear(): boolean {
    return (
      this.#filled === 0 || this.#block.subarray(0, this.#filled).equals(ZEROS.subarray(0, this.#filled))
    );
  }

  #count(part: Buffer): void {
    for (let at = 0; at < part.length; ) {
      if (this.#filled === 0) this.#block.fill(0);
      const n = part.copy(this.#block, this.#filled, at, at + BLOCK - this.#filled);
      for (let i = at; i < at + n; i++) if (part[i] !== 0) this.bytes += 1;
      this.#filled += n;
      at += n;
      const first = !this.pixz && !this.headers;
      if (first && this.#filled >= PIXZ.length && this.#block.subarray(0, PIXZ.length).equals(PIXZ))
        this.pixz = true;
      if (this.#filled < BLOCK) return;
      this.#filled = 0;
      if (!this.headers && checksumOk(this.#block)) this.headers = true;
    }
  }
}
