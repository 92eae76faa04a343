import { closeSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { makeFolders } from '../files/folders.ts';
import { identityOf, isFresh } from '../files/identity.ts';
import { readSmallJsonOrMiss } from '../files/read-json.ts';
import { count, list, object, text } from '../files/shape.ts';

const ANSWER = object({
  ...{ file: text, identity: text, argv: list(text) },
  ...{ exitCode: count, stdout: text, stderr: text },
});
const ANSWERS = object({ answers: list(ANSWER) });
type Answer = NonNullable<(typeof ANSWERS)['value']>['answers'][number];
type Said = Pick<Answer, 'exitCode' | 'stdout' | 'stderr'>;

/** Answers that are remembered; a host has some ten such tools. */
const MOST = 50;
const LONGEST = 4096;

/**
 * Answers of tools on their versions, from one process to the next, as long as the file of the tool stays as it is. Only of programs that are
 * themselves what answers: a script, or a link to a program of another name, may start one that has changed since.
 */
export class VersionMemory {
  readonly #path: string;
  #answers: readonly Answer[] | undefined;

  /** @param path where they are kept */
  constructor(path: string) {
    this.#path = path;
  }

  recall(file: string, argv: readonly string[]): Said | undefined {
    this.#answers ??= this.#read();
    const known = this.#answers.find((one) => isOf(one, file, argv));
    return known && known.identity === stateOf(file) ? known : undefined;
  }

  /**
   * Keeps the answer of a tool, unless it said nothing or its file has changed meanwhile. A memory that cannot be written only costs the time of asking again.
   * @param state of the file before it was asked
   */
  async remember(
    { file, state, argv }: { file: string; state: string | undefined; argv: readonly string[] },
    { exitCode, stdout, stderr }: Said,
  ): Promise<void> {
    const identity = stateOf(file);
    if (identity === undefined || identity !== state) return;
    if (stdout === '' || stdout.length + stderr.length > LONGEST) return;
    // Read again: another process may have added to it.
    const others = this.#read().filter((one) => !isOf(one, file, argv));
    this.#answers = [{ file, identity, argv: [...argv], exitCode, stdout, stderr }, ...others].slice(0, MOST);
    const written = JSON.stringify({ answers: this.#answers });
    await makeFolders(dirname(this.#path))
      .then(() => writeFileAtomic(this.#path, written))
      .catch(() => {});
  }

  #read(): readonly Answer[] {
    return readSmallJsonOrMiss(this.#path, ANSWERS)?.answers ?? [];
  }
}

const isOf = (one: Answer, file: string, argv: readonly string[]) =>
  one.file === file && one.argv.length === argv.length && one.argv.every((word, i) => word === argv[i]);

const ELF = '\x7fELF';

/** The state of a program's file; undefined for what nothing is remembered of. */
export function stateOf(file: string): string | undefined {
  try {
    if (basename(realpathSync(file)) !== basename(file)) return undefined;
    const state = statSync(file, { bigint: true });
    if (isFresh(state)) return undefined;
    const opened = openSync(file, 'r');
    try {
      const head = Buffer.alloc(ELF.length);
      readSync(opened, head, 0, head.length, 0);
      return head.toString('latin1') === ELF ? identityOf(state) : undefined;
    } finally {
      closeSync(opened);
    }
  } catch {
    return undefined;
  }
}
