import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import { startTimeOf } from '../../../pipeline/host/process/alive.ts';
import { recordWork, unmountLeftovers, withMounted } from '../../../pipeline/image/disk/disk-mount.ts';

/** The kernel and the tools of mounting: mount points there are, and the answer of each tool. */
const host = vi.hoisted(() => ({
  fuse: true,
  mounted: new Set<string>(),
  /** exit code by tool; null: not installed */
  exits: new Map<string, number | null>(),
  stderr: '',
  /** Refusals of umount before it obeys. */
  busy: 0,
  ran: [] as string[],
}));
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  return {
    ...fs,
    existsSync: (path: string) => (path === '/dev/fuse' ? host.fuse : fs.existsSync(path)),
    readFileSync: (path: string, ...rest: []) =>
      path === '/proc/self/mountinfo'
        ? [...host.mounted].map((point) => `36 35 98:0 / ${point} ro - ext4 /dev/loop0 ro\n`).join('')
        : fs.readFileSync(path, ...rest),
  };
});
vi.mock('node:timers/promises', () => ({ setTimeout: async () => {} }));
vi.mock('../../../pipeline/host/process/tool.ts', () => ({
  $:
    () =>
    async (pieces: TemplateStringsArray, ...args: (string | string[])[]) => {
      const words = String.raw({ raw: pieces }, ...args.map((arg) => [arg].flat().join(' '))).split(' ');
      const [name = ''] = words;
      const point = words.at(-1)!.replaceAll('\t', '\\011');
      host.ran.push(name);
      const exitCode = host.exits.get(name);
      if (exitCode === null) throw new Fault('TOOL_MISSING', `${name} is not installed`);
      if (exitCode) return { exitCode, stderr: host.stderr, stdout: '' };
      if (name === 'umount' || name === 'fusermount3') {
        if (host.busy-- > 0) return { exitCode: 32, stderr: 'busy', stdout: '' };
        host.mounted.delete(point);
      } else if (name !== 'fuse2fs' || !host.exits.has('silent fuse2fs')) host.mounted.add(point);
      return { exitCode: 0, stderr: '', stdout: '' };
    },
}));

let work: string;
let env: NodeJS.ProcessEnv;
const uid = vi.spyOn(process as Required<NodeJS.Process>, 'getuid');
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'disk\tmount-'));
  env = { XDG_STATE_HOME: join(work, 'state') };
  Object.assign(host, { fuse: true, mounted: new Set(), exits: new Map(), stderr: '', busy: 0, ran: [] });
  uid.mockReturnValue(0);
});
afterEach(() => rmSync(work, { recursive: true }));

const notices: string[] = [];
const context = () => ({
  emit: (event: { type: string; message?: string }) => notices.push(event.message ?? ''),
  signal: new AbortController().signal,
  env,
});
const mounted = (use = async (_root: string, way: string) => way) =>
  withMounted(join(work, 'disk'), { number: 2, offset: 512, size: 1024 }, work, context() as never, use);
const faultOf = (attempt: Promise<unknown>) =>
  attempt.then(
    () => undefined,
    (error) => error,
  );

describe('a disk is mounted', () => {
  test.each<[string, string[], number, Record<string, number | null>]>([
    ['loop', ['mount', 'umount'], 0, {}],
    ['fuse2fs', ['mount', 'fuse2fs', 'umount'], 0, { mount: 32 }],
    ['fuse2fs', ['fuse2fs', 'fusermount3'], 1000, {}],
  ])('by %s: %j as user %s', async (way, ran, user, exits) => {
    uid.mockReturnValue(user);
    host.exits = new Map(Object.entries(exits));
    const during = async (root: string, by: string) => {
      expect([existsSync(root), host.mounted.size]).toEqual([true, 1]);
      return by;
    };
    expect(await mounted(during)).toBe(way);
    expect([host.ran, host.mounted.size, existsSync(join(work, 'root'))]).toEqual([ran, 0, false]);
  });

  test.each<[string, number, Record<string, number | null>, boolean, string]>([
    ['neither works', 0, { mount: 32, fuse2fs: 1 }, true, 'no loop\nfuse2fs: no loop'],
    ['fuse2fs is missing', 0, { mount: 32, fuse2fs: null }, true, 'no loop\nfuse2fs is not installed'],
    ['there is no fuse', 1000, {}, false, 'fuse2fs needs /dev/fuse, which does not exist'],
    ['fuse2fs mounts nothing', 1000, { 'silent fuse2fs': 0 }, true, 'fuse2fs: ended with exit code 0'],
  ])('by no way, and every reason is listed, when %s', async (_, user, exits, fuse, detail) => {
    uid.mockReturnValue(user);
    Object.assign(host, { exits: new Map(Object.entries(exits)), fuse, stderr: 'no loop\n' });
    expect(await faultOf(mounted())).toMatchObject({ code: 'DISK_UNREADABLE', detail });
  });

  test('by no way without fuse2fs for an ordinary user, who can install it', async () => {
    uid.mockReturnValue(1000);
    host.exits.set('fuse2fs', null);
    expect(await faultOf(mounted())).toMatchObject({
      code: 'TOOL_MISSING',
      message: 'fuse2fs is not installed; it is needed to read a disk without being root',
    });
  });
});

describe('a busy disk is unmounted', () => {
  test.each([
    ['at the tenth attempt', 9, 10, undefined],
    ['not after ten, which is a fault', 10, 10, 'DISK_UNREADABLE'],
  ])('%s', async (_, busy, attempts, code) => {
    host.busy = busy;
    const fault = await faultOf(mounted());
    expect(fault?.code).toBe(code);
    expect(host.ran.filter((name) => name === 'umount')).toHaveLength(attempts);
  });
});

describe('a work folder of a run', () => {
  const leftovers = async (change: (record: Record<string, unknown>) => unknown = () => {}) => {
    const folder = join(work, '.pack-x');
    mkdirSync(folder);
    const forget = await recordWork(folder, env);
    const records = join(work, 'state/dgxos-maas/mounts');
    const [name = ''] = readdirSync(records);
    const record = { pid: process.pid, started: startTimeOf(process.pid), work: folder };
    change(record);
    writeFileSync(join(records, name), JSON.stringify(record));
    await unmountLeftovers(context() as never);
    const left = [existsSync(folder), readdirSync(records).length];
    await forget();
    return left;
  };

  test('that goes on is left alone', async () => {
    expect(await leftovers()).toEqual([true, 1]);
  });

  test.each<[string, (record: Record<string, unknown>) => unknown]>([
    ['that was killed', (record) => Object.assign(record, { pid: 2 ** 30 })],
    ['whose number another process has', (record) => Object.assign(record, { started: '1' })],
  ])('%s is removed, with its record', async (_, change) => {
    expect(await leftovers(change)).toEqual([false, 0]);
    expect(notices.at(-1)).toContain('.pack-x');
  });

  test('of another form is left alone', async () => {
    expect(await leftovers((record) => Object.assign(record, { pid: 2 ** 30, work: '/etc' }))).toEqual([
      true,
      1,
    ]);
  });
});
