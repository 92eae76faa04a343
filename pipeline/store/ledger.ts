import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import type { Emit } from '../core/events/event.ts';
import { Fault, fromSystemError } from '../core/faults/fault.ts';
import { interrupted } from '../core/faults/interrupted.ts';
import { holdsSecret } from '../core/secrets/registry.ts';
import { makeFolders } from '../host/files/folders.ts';
import { foreignLedgerFile, ledgerFile, STORE_LEDGER, storedFact } from '../workspace/layout.ts';
import { appendLine, entryIn, linesOf } from '../workspace/ledger/ledger.ts';
import type { SharedLedger } from '../workspace/ledger/shared.ts';
import { allBytes, BadEntry, contentOf, type Listed, type Store } from './store.ts';
import { maySign, signed, type Trust, trusted } from './trust.ts';

/** The payload type of a signed line. */
const SIGNED_AS = 'application/vnd.dgxos-maas.ledger+json';
/** Bytes; an entry has some 600. */
const LARGEST = 64 << 10;
const FACT = new RegExp(`^${STORE_LEDGER}/([0-9a-f]{2})/(\\1[0-9a-f]{62})\\.json$`);

export const isFact = (key: string): boolean => FACT.test(key);

const digestOf = (line: string) => createHash('sha256').update(line).digest('hex');

/**
 * A line of a ledger out of the store; undefined where it is gone.
 * @throws BadEntry where its text does not have the digest of its name, or no trusted key has signed it
 */
export async function factOf(store: Store, key: string, trust: Trust): Promise<string | undefined> {
  const found = await store.read(key, 0);
  if (!found) return undefined;
  const bytes = await allBytes(key, found.bytes, LARGEST);
  const line = trusted(key, bytes, SIGNED_AS, trust).toString('utf8');
  if (digestOf(line) !== FACT.exec(key)?.[2]) throw new BadEntry(key, 'it does not have its sha256');
  if (!entryIn(line) || line.includes('\n')) throw new BadEntry(key, 'it is not a line of a ledger');
  return line;
}

interface Context {
  env: NodeJS.ProcessEnv;
  emit: Emit;
  signal: AbortSignal;
}

/**
 * The ledger that builders share: each line is a file of its own in the store, under the digest of its text, so that nothing is ever
 * replaced, and lines of two builders at the same moment are both kept. What could not be given away is given by a later exchange.
 */
export class StoreLedger implements SharedLedger {
  readonly #open: () => Promise<Store>;
  readonly #trust: Trust;
  readonly #readOnly: boolean;
  readonly #context: Context;
  /** Digests of lines that are here and in the store, or that no exchange will bring. */
  readonly #settled = new Set<string>();
  #store: Promise<Store> | undefined;
  #away = false;
  #running: Promise<void> = Promise.resolve();

  constructor(open: () => Promise<Store>, trust: Trust, readOnly: boolean, context: Context) {
    this.#open = open;
    this.#trust = trust;
    this.#readOnly = readOnly || !maySign(trust);
    this.#context = context;
  }

  exchange(): Promise<void> {
    // One after the other: images of a night note things at the same time.
    this.#running = this.#running.then(() => this.#guarded());
    return this.#running;
  }

  async #guarded(): Promise<void> {
    const { emit, signal } = this.#context;
    if (this.#away) return;
    try {
      this.#store ??= this.#open();
      await this.#exchange(await this.#store);
    } catch (error) {
      if (signal.aborted) throw interrupted(signal);
      const { message, hint, code } =
        error instanceof Fault ? error : fromSystemError(error, 'sharing the ledger');
      if (code === 'INTERNAL') throw error;
      this.#away = true;
      emit({
        type: 'notice',
        level: 'warning',
        message: `The ledger of this host is used alone, and given to the others by a later command: ${message}`,
        ...(hint ? { hint } : {}),
      });
    }
  }

  async #exchange(store: Store): Promise<void> {
    const { env } = this.#context;
    const own = await linesOf(ledgerFile(env));
    const here = new Set([...own, ...(await linesOf(foreignLedgerFile(env)))].map(digestOf));
    const there = await this.#take(store, store.list(STORE_LEDGER), here);
    if (this.#readOnly) return;
    for (const line of own) await this.#give(store, line, there);
  }

  /** @returns the digests of the lines in the store */
  async #take(store: Store, listed: AsyncIterable<Listed>, here: ReadonlySet<string>): Promise<Set<string>> {
    const { env, emit } = this.#context;
    const there = new Set<string>();
    for await (const { key } of listed) {
      const [, , digest] = FACT.exec(key) ?? [];
      if (digest === undefined) continue;
      there.add(digest);
      if (here.has(digest) || this.#settled.has(digest)) continue;
      try {
        const line = await factOf(store, key, this.#trust);
        if (line !== undefined) {
          const path = foreignLedgerFile(env);
          await makeFolders(dirname(path), 0o700);
          await appendLine(path, line);
        }
      } catch (error) {
        if (!(error instanceof BadEntry)) throw error;
        this.#settled.add(digest);
        // One of this host takes its place.
        there.delete(digest);
        emit({
          type: 'notice',
          level: 'warning',
          message: `The store ${store.place} has a bad line of a ledger, which is not used: ${key}: ${error.message}`,
          hint: 'Delete it with: dgxos-maas store verify --remove',
        });
      }
    }
    return there;
  }

  async #give(store: Store, line: string, there: ReadonlySet<string>): Promise<void> {
    const digest = digestOf(line);
    const entry = entryIn(line);
    // An upload that has begun is of this host alone.
    if (!entry || entry.did === 'started' || there.has(digest)) return;
    if (holdsSecret(line)) {
      if (!this.#settled.has(digest))
        this.#context.emit({
          type: 'notice',
          level: 'warning',
          message: `An entry of the ledger on ${entry.name} is not shared: it contains a secret`,
        });
      this.#settled.add(digest);
      return;
    }
    const bytes = signed(Buffer.from(line), SIGNED_AS, this.#trust);
    // One that is there under this name is bad.
    await store.put(storedFact(digest), contentOf(bytes), this.#settled.has(digest));
    this.#settled.delete(digest);
  }
}
