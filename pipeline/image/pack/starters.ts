import { Starter } from '../../host/process/starter.ts';
import { type Compressor, LEVELS, type Level } from './compressor.ts';

interface Sized {
  block: { length: number };
}

/** Bytes whose compression takes several times as long as the start of the tool. */
const PART_BYTES = 3 << 20;

/** Starts the compressor on files of a folder, several times at once. */
export class Starters {
  readonly #all: Starter[];
  readonly #idle: Starter[];
  readonly #waiting: ((starter: Starter) => void)[] = [];

  /** @param count starts at once */
  constructor(
    { tool }: Compressor,
    level: Level,
    { count, folder, signal }: { count: number; folder: string; signal: AbortSignal },
  ) {
    const argv = [tool, `-${LEVELS[tool][level]}`, '-kf'] as const;
    this.#all = Array.from({ length: count }, () => new Starter([...argv], folder, signal));
    this.#idle = [...this.#all];
  }

  /**
   * Has blocks compressed, in parts by all that are idle.
   * @throws what the first one throws, when all have ended
   */
  async share<T extends Sized>(
    blocks: readonly T[],
    act: (part: readonly T[], starter: Starter) => Promise<void>,
  ): Promise<void> {
    // A start more gains nothing where others wait.
    const parts = this.#waiting.length > 0 ? [blocks] : divide(blocks);
    const ends = await Promise.allSettled(
      parts.map(async (part) => {
        const starter =
          this.#idle.pop() ?? (await new Promise<Starter>((resolve) => this.#waiting.push(resolve)));
        try {
          await act(part, starter);
        } finally {
          const next = this.#waiting.shift();
          if (next) next(starter);
          else this.#idle.push(starter);
        }
      }),
    );
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((starter) => starter.close()));
  }
}

/** Parts in order, of at least so many bytes but the last. */
function divide<T extends Sized>(blocks: readonly T[]): T[][] {
  const parts: T[][] = [];
  let bytes = PART_BYTES;
  for (const one of blocks) {
    if (bytes >= PART_BYTES) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)!.push(one);
    bytes += one.block.length;
  }
  return parts;
}
