import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { kept, promote, rollBack } from '../../../pipeline/maas/images/promote.ts';
import { channelNote, promoteNew } from '../../../pipeline/maas/images/promote-new.ts';
import { readLedger } from '../../../pipeline/workspace/ledger/ledger.ts';
import { ChannelBench, dataOf, STABLE } from './channel-bench.ts';
import { sumOf } from './fake-maas.ts';

vi.mock('../../../pipeline/maas/api/client.ts', async () => ({
  createClient: (await import('./fake-maas.ts')).clientOf,
}));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  return { ...real, link: vi.fn(real.link) };
});

const data = (name: string) => dataOf(name).toString();
let bench: ChannelBench;
beforeEach(() => {
  bench = new ChannelBench();
});

describe('a channel', () => {
  test('is given the newest build, or the one that is named, and goes back', async () => {
    await bench.build('one');
    expect(await promote(bench.chosen, undefined, bench.request())).toMatchObject({
      ...{ target: 'lab', name: STABLE, of: 'one', skipped: false },
    });
    expect(bench.inUse(STABLE)).toBe(data('one'));
    await bench.build('two');
    await bench.build('three');
    await promote(bench.chosen, 'two', bench.request());
    expect(bench.inUse(STABLE)).toBe(data('two'));
    expect(await rollBack(bench.chosen, bench.request())).toMatchObject({ of: 'one' });
    expect(bench.inUse(STABLE)).toBe(data('one'));
    const did = (await readLedger(bench.env)).filter(({ name }) => name === STABLE).map(({ did }) => did);
    expect(did.filter((one) => one !== 'started' && one !== 'completed')).toEqual([
      ...['promoted', 'promoted', 'rolled-back'],
    ]);
  });

  test('that is new is announced beside others, not alone and not again', async () => {
    await bench.build('one');
    await promote(bench.chosen, undefined, bench.request('stable'));
    await promote(bench.chosen, undefined, bench.request('stable'));
    const said = () => bench.notices.filter((message) => message.includes('new channel'));
    expect(said()).toEqual([]);
    await promote(bench.chosen, undefined, bench.request('stabel'));
    expect(said()).toEqual(['"stabel" is a new channel of dgx1; there are: stable']);
    await promote(bench.chosen, undefined, bench.request('stabel'));
    expect(said()).toHaveLength(1);
  });

  test('has nothing to go back to before its second build', async () => {
    await bench.build('one');
    await expect(rollBack(bench.chosen, bench.request())).rejects.toMatchObject({
      code: 'MAAS_NOT_FOUND',
      message: expect.stringContaining('The channel "stable" of dgx1 has no build'),
    });
    await promote(bench.chosen, undefined, bench.request());
    await expect(rollBack(bench.chosen, bench.request())).rejects.toMatchObject({
      code: 'MAAS_NOT_FOUND',
      message: `${STABLE} has had only one build so far`,
    });
    expect(bench.inUse(STABLE)).toBe(data('one'));
  });
});

describe('a build is promoted only when its checks have passed', () => {
  const rejected = { code: 'IMAGE_REJECTED', message: expect.stringContaining('was uploaded unchecked') };

  test('not another one’s', async () => {
    await bench.build('checked');
    await bench.build('unchecked', { validated: false });
    await expect(promote(bench.chosen, undefined, bench.request())).rejects.toMatchObject(rejected);
    expect(bench.inUse(STABLE)).toBeUndefined();
  });

  test('at whichever upload of the same data', async () => {
    const entry = await bench.build('one', { validated: false });
    await bench.note({ ...entry, target: 'http://other/MAAS', validated: true });
    expect(await promote(bench.chosen, undefined, bench.request())).toMatchObject({ of: 'one' });
  });
});

describe('a build is promoted only when MAAS has it whole', () => {
  const ARM = { architecture: 'arm64/generic' };
  const refused = { code: 'MAAS_NOT_FOUND', message: 'one is not complete in MAAS' };

  test.each<[string, (bench: ChannelBench) => Promise<unknown>]>([
    ['not in part', (bench) => bench.build('one', {}, 5)],
    [
      'not under another name',
      async (bench) => {
        await bench.build('one');
        bench.maas.resources[0]!.name = 'other';
      },
    ],
    [
      'not for another architecture',
      async (bench) => {
        await bench.build('one');
        bench.maas.resources[0]!.architecture = ARM.architecture;
      },
    ],
    [
      'not other data of that name',
      async (bench) => {
        const entry = await bench.build('one');
        await bench.note({ ...entry, sha256: 'f'.repeat(64) });
        await bench.note({ ...entry, did: 'started' });
      },
    ],
  ])('%s', async (_what, given) => {
    await given(bench);
    await expect(promote(bench.chosen, 'one', bench.request())).rejects.toMatchObject(refused);
    expect(bench.maas.creates).toEqual([]);
  });

  test('beside one of that name for another architecture', async () => {
    bench.maas.has('one', Buffer.from('for arm64'), undefined, ARM);
    await bench.build('one');
    expect(await promote(bench.chosen, 'one', bench.request())).toMatchObject({ of: 'one' });
  });
});

describe('after a run', () => {
  const run = async (name: string, again = false) => {
    const upload = { name, sha256: sumOf(dataOf(name)) };
    const state = await promoteNew(bench.chosen, upload, { ...bench.request(), again });
    return { ...state, note: channelNote(state) };
  };

  test('the channel gets a new build once; one that it was moved away from only when that is said', async () => {
    await bench.build('one');
    expect(await run('one')).toMatchObject({ name: STABLE, of: 'one', ours: true, moved: true });
    const since = (await readLedger(bench.env)).at(-1)!.time;
    expect(await run('one')).toMatchObject({
      ...{ of: 'one', ours: true, moved: false, since },
      note: `has it since ${since.slice(0, 10)}`,
    });
    await bench.build('two');
    expect(await run('two')).toMatchObject({ of: 'two', moved: true, note: 'now has two' });
    await rollBack(bench.chosen, bench.request());
    expect(await run('two')).toMatchObject({
      ...{ of: 'one', ours: false, moved: false },
      note: 'was changed from it to one; not changed',
    });
    expect(bench.inUse(STABLE)).toBe(data('one'));
    expect(await run('two', true)).toMatchObject({ of: 'two', ours: true, moved: true });
    expect(bench.inUse(STABLE)).toBe(data('two'));
  });
});

describe('the artifact that a channel keeps', () => {
  const keep = async () => kept((await readLedger(bench.env))[0]!, bench.request());

  test('is reported as damaged only where there was one', async () => {
    const { sha256 } = await bench.build('one');
    await keep();
    expect(bench.notices).toEqual([]);
    // It is a second name of the artifact, which stays good.
    await rm(join(bench.keepIn, sha256));
    await writeFile(join(bench.keepIn, sha256), 'damage');
    const path = await keep();
    expect(bench.notices).toEqual([`${path} was damaged; ${bench.fileOf('one')} is kept in its place`]);
    expect(await readFile(path, 'utf8')).toBe(data('one'));
  });

  test.each(['EXDEV', 'EPERM'])('is a copy where the file system has no second names (%s)', async (code) => {
    await bench.build('one');
    vi.mocked(link).mockRejectedValueOnce(Object.assign(new Error(code), { code }));
    expect(await readFile(await keep(), 'utf8')).toBe(data('one'));
    expect(await readdir(bench.keepIn)).toHaveLength(1);
  });

  test('is not copied where another fault forbids it, and nothing is left behind', async () => {
    await bench.build('one');
    vi.mocked(link).mockRejectedValueOnce(Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' }));
    await expect(keep()).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(await readdir(bench.keepIn)).toEqual([]);
  });

  test('is not called changed because the comparison was interrupted', async () => {
    await bench.build('one');
    await mkdir(bench.keepIn);
    bench.abort.abort();
    await expect(keep()).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(await readdir(bench.keepIn)).toEqual([]);
  });
});
