import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { leanKey } from '../../../pipeline/maas/rehearse/ephemeral.ts';
import { ephemeralFiles, ephemeralFolder } from '../../../pipeline/workspace/layout.ts';
import { CLI } from '../../cli.ts';
import { RehearsalHost } from './rehearsal-host.ts';

const CURTIN = join(import.meta.dirname, '../../fixtures/stand-in-curtin');

let host: RehearsalHost;
let own: string[];
const LEAN = ['--layout', 'flat'];
const cache = () => join(host.dir, 'cache/dgxos-maas');

beforeEach(() => {
  host = new RehearsalHost();
  onTestFinished(() => host.remove());
  writeFileSync(join(host.dir, 'demo.tar.gz'), gzipSync('demo'));
  own = ['--ephemeral', ['kernel', 'initrd', 'squashfs'].map((name) => `${name}=${name}`).join(',')];
});

interface Phase {
  /** Makes the rehearsal hang there. @returns the options of the command */
  hangs(): string[] | Promise<string[]>;
  /** Tools that `hangs` has put in the place of the real ones. */
  tools?: string[];
  /** The tool takes so little time that it ends by itself. */
  instant?: true;
}

/** A server that takes requests and never answers. */
async function silent(): Promise<string> {
  const server = createServer(() => writeFileSync(join(host.dir, 'bin/hangs'), 'asked')).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The lean ephemeral, as one that was made before. */
async function keepLean(): Promise<void> {
  const key = await leanKey();
  const files = ephemeralFiles(ephemeralFolder(cache(), key));
  mkdirSync(ephemeralFolder(cache(), key), { recursive: true });
  for (const path of [files.kernel, files.initrd, files.disk]) writeFileSync(path, 'x');
  writeFileSync(files.record, JSON.stringify({ key, kernel: 'vmlinuz', initrd: 'initrd' }));
}

const guest = (hangs: string): Phase => ({
  hangs() {
    host.guest('SUCCESS', 'log', hangs);
    return own;
  },
});
const tool = (
  name: string,
  pattern: string,
  more: () => string[] | Promise<string[]> = () => own,
): Phase => ({
  hangs() {
    host.hang(name, pattern);
    return more();
  },
  tools: [name],
});

const PHASES: Record<string, Phase> = {
  'a .deb of curtin is fetched': {
    hangs: async () => [
      ...own,
      '--curtin',
      `${await silent()}/python3-curtin_1_all.deb#sha256=${'0'.repeat(64)}`,
    ],
  },
  'apt fetches curtin': {
    hangs: async () => [...own, '--curtin', `version=1,mirror=${await silent()},suite=x,keyring=none`],
  },
  'the ephemeral is made': tool('mmdebstrap', '*', () => LEAN),
  'the key for ssh is made': { ...tool('ssh-keygen', '*'), instant: true },
  'the artifact is unpacked': tool('gzip', '*-dc*', async () => {
    await keepLean();
    return LEAN;
  }),
  'the disks are made': { ...tool('qemu-img', '*vda.qcow2*'), instant: true },
  'the second of two layouts is prepared': {
    ...tool('qemu-img', '*vdb.qcow2*', () => [...own, '--layout', 'flat', 'raid1', '--until', 'deployed']),
    instant: true,
  },
  'the machine is started': guest('power-on'),
  'curtin begins': guest('early'),
  'curtin partitions': guest('partitioning'),
  'curtin extracts': guest('extract'),
  'curtin has ended': guest('netboot-off'),
  'overlays are made for the first boot': { ...tool('qemu-img', '*" -b "*'), instant: true },
  'the installed system boots': guest('boot'),
  'cloud-init’s result is read over ssh': guest('result'),
  'the machine reboots': {
    hangs() {
      host.guest('SUCCESS', 'log', 'reboot');
      return [...own, '--reboots', '1'];
    },
  },
};

async function started(phase: Phase): Promise<ChildProcess> {
  const more = await phase.hangs();
  const curtin = more.includes('--curtin') ? [] : ['--curtin', CURTIN];
  const command = spawn(
    process.execPath,
    [
      CLI,
      'rehearse',
      'demo.tar.gz',
      '--base-image',
      'ubuntu/focal',
      '--accelerator',
      'tcg',
      ...curtin,
      ...more,
    ],
    { cwd: host.dir, env: host.env, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  command.stderr!.setEncoding('utf8').on('data', (part: string) => {
    said += part;
  });
  while (!host.hangs()) {
    if (command.exitCode !== null) throw new Error(`ended with ${command.exitCode}: ${said}`);
    await sleep(20);
  }
  return command;
}

/** Processes that work in the folder, or name a file of it. */
function running(): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return [];
      const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      const at = readlinkSync(`/proc/${pid}/cwd`);
      return argv.includes(`${host.dir}/`) || at.startsWith(host.dir) ? [argv.replaceAll('\0', ' ')] : [];
    } catch {
      return [];
    }
  });
}

/** Names of files that are neither records nor logs, and should have gone. */
function remains(): string[] {
  const found: string[] = [];
  const look = (folder: string) => {
    for (const name of existsSync(folder) ? readdirSync(folder) : [])
      if (/\.partial|\.unpacked$|\.tmp|lock|^machine|^ssh|\.boot\.qcow2$|^curtin$|unpacked/.test(name))
        found.push(name);
  };
  for (const part of ['rehearsals', 'ephemerals', 'curtins']) {
    look(join(cache(), part));
    for (const name of existsSync(join(cache(), part)) ? readdirSync(join(cache(), part)) : [])
      look(join(cache(), part, name));
  }
  return found;
}

/** A rehearsal of the same file, now that nothing hangs. */
async function again({ tools = [] }: Phase): Promise<{ exitCode: number | null; said: string }> {
  host.unhang(...tools);
  const { code, stderr } = await host.run([
    ...[
      'rehearse',
      'demo.tar.gz',
      '--base-image',
      'ubuntu/focal',
      '--accelerator',
      'tcg',
      '--curtin',
      CURTIN,
    ],
    ...[...own, '--until', 'deployed'],
  ]);
  return { exitCode: code, said: stderr };
}

// Both signals take the same way: each phase gets one of them.
const ENDS = Object.keys(PHASES).map((name, at) =>
  at % 2 === 0 ? ([name, 'SIGINT', 130] as const) : ([name, 'SIGTERM', 143] as const),
);

it.each(ENDS)(
  'while %s, %s ends it within seconds and leaves nothing, and the next one succeeds',
  async (name, signal, code) => {
    const phase = PHASES[name] as Phase;
    const command = await started(phase);
    const before = performance.now();
    command.kill(signal);
    await once(command, 'exit');
    // One second where nothing else runs; a machine that is loaded takes longer.
    expect(performance.now() - before).toBeLessThan(10_000);
    expect(command.exitCode).toBe(code);
    expect(running()).toEqual([]);
    expect(remains()).toEqual([]);
    expect(await again(phase)).toMatchObject({ exitCode: 0 });
  },
);

const INTERRUPTIBLE = Object.keys(PHASES).filter((name) => !PHASES[name]?.instant);

it.each(INTERRUPTIBLE)(
  'while %s, kill -9 ends what it has started, and the next one removes what was left and succeeds',
  async (name) => {
    const phase = PHASES[name] as Phase;
    const command = await started(phase);
    command.kill('SIGKILL');
    await once(command, 'exit');
    for (let tries = 0; running().length > 0 && tries < 300; tries++) await sleep(50);
    expect(running()).toEqual([]);
    expect(await again(phase)).toMatchObject({ exitCode: 0 });
    expect(remains()).toEqual([]);
  },
);
