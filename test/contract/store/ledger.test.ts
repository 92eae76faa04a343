import { type ChildProcess, spawn } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { registerSecret } from '../../../pipeline/core/secrets/registry.ts';
import { newKeyPair } from '../../../pipeline/image/attest/signing-key.ts';
import { FolderStore } from '../../../pipeline/store/folder.ts';
import { StoreLedger } from '../../../pipeline/store/ledger.ts';
import { webStore } from '../../../pipeline/store/server/web.ts';
import type { Store } from '../../../pipeline/store/store.ts';
import { loadTrust, NO_SIGNATURES, type Trust } from '../../../pipeline/store/trust.ts';
import { contentsOf, verifyStore } from '../../../pipeline/store/upkeep.ts';
import { shownSince } from '../../../pipeline/workspace/ledger/channel.ts';
import { type LedgerEntry, readLedger, record } from '../../../pipeline/workspace/ledger/ledger.ts';
import { exchangeLedger, shareLedger } from '../../../pipeline/workspace/ledger/shared.ts';
import { keysOf } from './builders.ts';

let home: string;
let store: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'ledgers-'));
  store = join(home, 'store');
  mkdirSync(store);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const { signal } = new AbortController();
const TARGET = 'http://maas/MAAS';

/** A host with a ledger of its own. */
class Ledger {
  readonly env: NodeJS.ProcessEnv;
  readonly events: Event[] = [];

  constructor(
    name: string,
    {
      trust = NO_SIGNATURES,
      open = async (): Promise<Store> => new FolderStore(store, signal),
      readOnly = false,
    } = {},
  ) {
    this.env = { XDG_STATE_HOME: join(home, name) };
    const emit = (event: Event) => void this.events.push(event);
    shareLedger(this.env, new StoreLedger(open, trust, readOnly, { env: this.env, emit, signal }));
  }

  note(change: Partial<LedgerEntry>): Promise<void> {
    const entry = {
      ...{
        did: 'completed' as const,
        target: TARGET,
        resourceId: 1,
        name: 'img-1',
        image: 'img',
        set: 's',
        size: 1,
      },
      ...{ architecture: 'amd64/generic', sha256: 'a'.repeat(64), title: '', baseImage: '', filetype: 'tgz' },
      ...{ file: '/x', validated: true },
    };
    return record({ ...entry, ...change }, this.env, (event) => this.events.push(event));
  }

  async names(): Promise<string[]> {
    await exchangeLedger(this.env, 'now');
    return (await readLedger(this.env)).map(({ name }) => name);
  }

  get warnings(): string[] {
    return this.events.flatMap((event) =>
      event.type === 'notice' && event.level === 'warning' ? [event.message] : [],
    );
  }
}

describe('a ledger in the store', () => {
  it('entries that one builder notes the other reads, in the order of time, each entry once', async () => {
    const [one, two] = [new Ledger('one'), new Ledger('two')];
    await one.note({ name: 'first' });
    await two.note({ name: 'second' });
    await one.note({ name: 'third' });
    for (const ledger of [one, two, one, new Ledger('three')])
      expect(await ledger.names()).toEqual(['first', 'second', 'third']);
    expect(
      (await keysOf(store)).every((key) => /^ledger\/([0-9a-f]{2})\/\1[0-9a-f]{62}\.json$/.test(key)),
    ).toBe(true);
  });

  it('a channel that another builder has moved is known, and so is a quarantine', async () => {
    const [one, two] = [new Ledger('one'), new Ledger('two')];
    await one.note({ did: 'promoted', name: 'img-stable', sha256: 'b'.repeat(64) });
    await one.note({ did: 'quarantined', name: 'img-1' });
    await two.names();
    const ledger = await readLedger(two.env);
    expect(shownSince(ledger, TARGET, 'img-stable', 'b'.repeat(64))).toMatchObject({
      sha256: 'b'.repeat(64),
    });
    expect(ledger.map(({ did }) => did)).toEqual(['promoted', 'quarantined']);
  });

  it('an upload that has only begun stays on its host', async () => {
    const [one, two] = [new Ledger('one'), new Ledger('two')];
    await one.note({ did: 'started', name: 'begun' });
    expect([await one.names(), await two.names()]).toEqual([['begun'], []]);
  });

  it('entries of before it was shared are given, too', async () => {
    const alone = { XDG_STATE_HOME: join(home, 'one') };
    const entry = {
      did: 'completed',
      target: TARGET,
      name: 'old',
      architecture: 'a',
      set: 's',
      sha256: 'a'.repeat(64),
      file: '/x',
    };
    await record(entry as never, alone, () => {});
    const one = new Ledger('one');
    await one.names();
    expect(await new Ledger('two').names()).toEqual(['old']);
  });

  it('costs one warning while the store is away, and is given later', async () => {
    const one = new Ledger('one');
    await one.note({ name: 'before' });
    const away = new Ledger('two');
    await away.names();
    renameSync(store, `${store}-away`);
    writeFileSync(store, 'not a folder');
    await away.note({ name: 'meanwhile' });
    await away.note({ name: 'still' });
    expect(await away.names()).toEqual(['before', 'meanwhile', 'still']);
    expect(away.warnings).toEqual([
      expect.stringMatching(
        /^The ledger of this host is used alone, and given to the others by a later command: /,
      ),
    ]);
    rmSync(store);
    renameSync(`${store}-away`, store);
    expect(await one.names()).toEqual(['before']);
    // Another command on that host.
    const child = run('two', 'two', 0);
    await child.ended;
    expect(await one.names()).toEqual(['before', 'meanwhile', 'still']);
  });

  it('costs one warning where the server cannot be reached', async () => {
    const one = new Ledger('one', {
      open: async () => webStore('http://127.0.0.1:9/', { signal, authorization: null, caCert: null }),
    });
    await one.note({ name: 'here' });
    expect(await one.names()).toEqual(['here']);
    expect(one.warnings).toHaveLength(1);
  });

  it('a bad line is not used, is named once, and is replaced by the host that has it', async () => {
    const one = new Ledger('one');
    await one.note({ name: 'good' });
    const [key] = await keysOf(store);
    const path = join(store, key as string);
    const good = readFileSync(path, 'utf8');
    writeFileSync(path, good.replace('"good"', '"evil"'));
    const two = new Ledger('two');
    expect(await two.names()).toEqual([]);
    await two.names();
    expect(two.warnings).toEqual([
      expect.stringMatching(/bad line of a ledger, .*: it does not have its sha256$/),
    ]);
    const folder = new FolderStore(store, signal);
    const bad = await verifyStore(folder, await contentsOf(folder, folder.list(), NO_SIGNATURES), () => {});
    expect(bad).toEqual([{ key, problem: 'it does not have its sha256' }]);
    await folder.remove(key as string);
    await one.names();
    expect(readFileSync(path, 'utf8')).toBe(good);
  });

  it('counts only what a listed key has signed', async () => {
    const { privatePem, publicPem } = newKeyPair(undefined);
    writeFileSync(join(home, 'key'), privatePem, { mode: 0o600 });
    writeFileSync(join(home, 'key.pub'), publicPem);
    const trust = (keyFile: string | null, publicKeys: string[]): Promise<Trust> =>
      loadTrust({ signing: { keyFile, publicKeys } }, { env: {}, emit() {} });
    const one = new Ledger('one', { trust: await trust(join(home, 'key'), []) });
    await one.note({ name: 'signed' });
    await new Ledger('foreign').note({ name: 'unsigned' });
    const reader = new Ledger('reader', { trust: await trust(null, [join(home, 'key.pub')]) });
    expect(await reader.names()).toEqual(['signed']);
    expect(reader.warnings).toEqual([expect.stringContaining('it is not signed')]);
  });

  it('an entry with a secret is not shared; a builder that only reads gives nothing', async () => {
    registerSecret('a-secret-of-this-test');
    const one = new Ledger('one');
    await one.note({ title: 'a-secret-of-this-test' });
    await one.note({ name: 'open' });
    await new Ledger('reader', { readOnly: true }).note({ name: 'own' });
    expect(await new Ledger('two').names()).toEqual(['open']);
    expect(one.warnings).toEqual([expect.stringContaining('it contains a secret')]);
  });
});

/** A builder that notes so many entries, each printed once it is noted. */
function run(state: string, name: string, count: number) {
  const script = join(import.meta.dirname, 'ledger-child.ts');
  const child: ChildProcess = spawn(process.execPath, [
    script,
    join(home, state),
    store,
    name,
    String(count),
  ]);
  let said = '';
  child.stdout?.on('data', (part) => {
    said += part;
  });
  return {
    child,
    ended: new Promise((resolve) => child.on('close', resolve)),
    noted: () => said.split('\n').filter(Boolean),
  };
}

it('two writers at the same time lose nothing, not even by kill -9', async () => {
  const noted: string[] = [];
  for (let round = 0; round < 3; round++) {
    const [one, two] = [run('one', 'one', 40), run('two', 'two', 12)];
    // One is killed while it writes, at another moment each time.
    while (one.noted().length < 4 + 7 * round) await new Promise((resolve) => setTimeout(resolve, 1));
    one.child.kill('SIGKILL');
    await Promise.all([one.ended, two.ended]);
    noted.push(...one.noted(), ...two.noted());
  }
  await run('one', 'one', 0).ended;
  const [one, two] = [await new Ledger('one').names(), await new Ledger('two').names()];
  // Entries of two hosts in the same millisecond have no order.
  expect(one.toSorted()).toEqual(two.toSorted());
  expect(new Set(one).size).toBe(one.length);
  expect(one).toEqual(expect.arrayContaining(noted));
  expect(noted.length).toBeGreaterThanOrEqual(3 * 12 + 4 + 11 + 18);
  // Nothing but whole lines, and no remains of the killed one among them.
  const keys = (await keysOf(store)).filter((key) => key.startsWith('ledger/'));
  expect(keys).toHaveLength(one.length);
  expect(readdirSync(store).sort()).toEqual(['ledger', 'partial']);
});
