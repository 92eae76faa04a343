import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { Remote } from '../../../pipeline/host/ssh/remote.ts';
import { waitForSsh } from '../../../pipeline/host/ssh/wait.ts';
import { directoryGuests } from '../../../sandbox/guest/guests.ts';
import { startSshServer } from '../../../sandbox/guest/ssh-server.ts';
import type { TroubleRule } from '../../../sandbox/guest/troubles.ts';
import type { GuestMachine } from '../../../sandbox/machines/guests.ts';
import { loopbackOf } from '../../../sandbox/machines/loopback.ts';
import { freePort } from '../acceptance/free-port.ts';
import { KERNEL, tinyImage } from '../acceptance/tiny-image.ts';
import { run } from '../process/run-tool.ts';
import { keyPair } from './key-pair.ts';

const dir = mkdtempSync(join(tmpdir(), 'guest test-'));
const troubles: TroubleRule[] = [];
const keys = keyPair();
const signal = new AbortController().signal;
const keyFile = join(dir, 'key %h');
let port: number;
let guests: ReturnType<typeof directoryGuests>;
const image = { blobPath: join(dir, 'image.tgz'), resource: 'tiny', filetype: 'tgz' };

const machine = (systemId: string, deployment = 1, sshKeys = [keys.public]): GuestMachine => ({
  ...{ systemId, hostname: `host-${systemId}`, fqdn: `host-${systemId}.maas`, architecture: 'amd64/generic' },
  ...{ mac: '00:16:3e:00:00:01', deployment, userData: '', sshKeys },
  ...{ address: loopbackOf(systemId), kernelOptions: '' },
});

async function remote(host: string, more: { bastion?: { user: string; host: string; port: number } } = {}) {
  return Remote.prepare(
    { host, port, user: 'ubuntu', keyFile, bastion: more.bastion ?? null },
    mkdtempSync(join(dir, 'work dir-')),
    { bastionKnownHosts: join(dir, 'bastion known'), env: { SSH_AUTH_SOCK: undefined } },
  );
}
const wait = (
  one: Remote,
  more: { timeoutS?: number; keysWithinS?: number; emit?: (event: Event) => void } = {},
) => waitForSsh(one, { timeoutS: 10, pollMs: 100, emit() {}, signal, ...more });

beforeAll(async () => {
  tinyImage(image.blobPath, { 'etc/ssh/ssh_host_rsa_key': 'baked in' });
  writeFileSync(keyFile, keys.private, { mode: 0o600 });
  port = await freePort();
  guests = directoryGuests({ dir: join(dir, 'guests'), port, troubles, run });
  await guests.start(machine('aaa'), image);
});
afterAll(async () => {
  for (const id of ['aaa', 'bbb', 'ccc']) await guests.stop(id);
  rmSync(dir, { recursive: true, force: true });
});

describe('a deployed machine of the sandbox, over ssh', () => {
  it('runs commands in the unpacked image, with every argument as it was', async () => {
    const one = await remote(loopbackOf('aaa'));
    await wait(one);
    const odd = ['a b', "it's", '$HOME', '*', '', ';exit 9', 'x\ny', '"', '\\'];
    const echoed = await one.run(['sh', '-c', 'for a; do printf "<%s>" "$a"; done', 'x', ...odd], {
      timeoutMs: 5000,
      signal,
    });
    expect(echoed).toMatchObject({ exitCode: 0, stdout: odd.map((a) => `<${a}>`).join('') });
    expect(
      await one.run('cat /etc/os-release; echo no >&2; exit 7', { timeoutMs: 5000, signal }),
    ).toMatchObject({
      exitCode: 7,
      stdout: expect.stringContaining('ID=ubuntu'),
      stderr: 'no\n',
    });
    expect((await one.run('uname -r', { timeoutMs: 5000, signal, root: true })).stdout.trim()).toBe(KERNEL);
    expect(await one.run('echo 123456', { timeoutMs: 5000, signal, keep: 3 })).toMatchObject({
      stdout: '56\n',
      cut: true,
    });
  });

  it('has keys and a machine-id of its first boot, new with each deployment', async () => {
    const seen = async () => {
      const one = await remote(loopbackOf('aaa'));
      await wait(one);
      const { stdout } = await one.run('cat /etc/machine-id; ls /etc/ssh; cat /etc/ssh/*.pub', {
        timeoutMs: 5000,
        signal,
      });
      const [id, ...rest] = stdout.split('\n');
      return { id, rest: rest.join('\n'), pinned: await one.hostKeys() };
    };
    const first = await seen();
    expect(first.id).toMatch(/^[0-9a-f]{32}$/);
    expect(first.rest).not.toContain('ssh_host_rsa_key');
    expect(first.pinned).toHaveLength(1);
    expect(first.rest).toContain(first.pinned[0]);
    await guests.start(machine('aaa', 2), image);
    const second = await seen();
    expect(second.id).not.toBe(first.id);
    expect(second.pinned).not.toEqual(first.pinned);
  });

  it('takes a key of the agent', async () => {
    const socket = join(dir, 'agent');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    try {
      while (!existsSync(socket)) await new Promise((resolve) => setTimeout(resolve, 10));
      const env = { PATH: process.env.PATH, SSH_AUTH_SOCK: socket };
      execFileSync('ssh-add', ['-q', keyFile], { env });
      const target = { host: loopbackOf('aaa'), port, user: 'ubuntu', keyFile: null, bastion: null };
      const known = { bastionKnownHosts: join(dir, 'bastion known'), env };
      const one = await Remote.prepare(target, mkdtempSync(join(dir, 'agent-')), known);
      await wait(one, { timeoutS: 3 });
      expect((await one.run(['hostname'], { timeoutMs: 5000, signal })).stdout).toBe('host-aaa\n');
    } finally {
      agent.kill();
    }
  });

  it('is the same machine after it was off and on', async () => {
    const id = async () => {
      const one = await remote(loopbackOf('aaa'));
      await wait(one);
      const { stdout } = await one.run('cat /etc/machine-id', { timeoutMs: 5000, signal });
      return [stdout, await one.hostKeys()];
    };
    const before = await id();
    await guests.stop('aaa');
    await guests.start(machine('aaa', 2), image);
    expect(await id()).toEqual(before);
  });

  it('is reached through a bastion, whose key is pinned for the next time', async () => {
    const one = startSshServer({
      ...{ address: '127.0.0.1', port: 0, user: 'jump', authorizedKeys: [keys.public] },
      hostKey: keyPair().private,
      exec: async () => 1,
    });
    const bastion = await one;
    const through = { bastion: { user: 'jump', host: '127.0.0.1', port: bastion.port } };
    try {
      const first = await remote(loopbackOf('aaa'), through);
      await wait(first);
      expect((await first.run('hostname', { timeoutMs: 5000, signal })).stdout).toBe('host-aaa\n');
      expect(readFileSync(join(dir, 'bastion known'), 'utf8')).toContain(`[127.0.0.1]:${bastion.port}`);
    } finally {
      await bastion.close();
    }
    // Another host answers in the bastion's place.
    const impostor = await startSshServer({
      ...{ address: '127.0.0.1', port: bastion.port, user: 'jump', authorizedKeys: [keys.public] },
      hostKey: keyPair().private,
      exec: async () => 1,
    });
    try {
      await expect(remote(loopbackOf('aaa'), through).then(wait)).rejects.toMatchObject({
        code: 'SSH_HOST_KEY',
      });
    } finally {
      await impostor.close();
    }
  });

  it('refuses a machine whose key changes within one deployment', async () => {
    const one = await remote(loopbackOf('aaa'));
    await wait(one);
    await guests.start(machine('aaa', 3), image);
    await expect(wait(one)).rejects.toMatchObject({ code: 'SSH_HOST_KEY' });
  });

  it('distinguishes a refused key from a machine that does not answer', async () => {
    const stranger = keyPair().public;
    await guests.start(machine('bbb', 1, [stranger]), image);
    await expect(
      remote(loopbackOf('bbb')).then((one) => wait(one, { keysWithinS: 0 })),
    ).rejects.toMatchObject({
      code: 'SSH_DENIED',
    });
    troubles.push({ hostname: 'host-ccc', trouble: 'no-ssh' });
    await guests.start(machine('ccc'), image);
    await expect(remote(loopbackOf('ccc')).then((one) => wait(one, { timeoutS: 1 }))).rejects.toMatchObject({
      code: 'SSH_UNREACHABLE',
      message: expect.stringContaining('within 1 s'),
    });
  });

  it('says that the connection is refused, once, while it waits', async () => {
    const labels: string[] = [];
    const emit = (event: Event) => void (event.type === 'activity' && labels.push(event.label));
    const one = await remote(loopbackOf('nobody'));
    await expect(wait(one, { timeoutS: 1, emit })).rejects.toMatchObject({ code: 'SSH_UNREACHABLE' });
    const where = `waiting for ssh on ${one.target.host}:${port}`;
    expect(labels).toEqual([where, `${where}: connection refused on port ${port}`]);
  });

  it('ends a command that takes too long', async () => {
    const one = await remote(loopbackOf('aaa'));
    expect(await one.run('sleep 30', { timeoutMs: 400, signal })).toMatchObject({
      exitCode: null,
      timedOut: true,
    });
  });

  it('makes nothing of an image that would write through its own links', async () => {
    const evil = { ...image, blobPath: join(dir, 'evil.tgz') };
    mkdirSync(join(dir, 'evil'));
    mkdirSync(join(dir, 'victim'));
    symlinkSync(join(dir, 'victim'), join(dir, 'evil', 'etc'));
    execFileSync('tar', ['-C', join(dir, 'evil'), '-czf', evil.blobPath, '.']);
    await expect(guests.start(machine('bbb', 2), evil)).rejects.toMatchObject({ code: 'TAR_INVALID' });
    expect(execFileSync('ls', ['-A', join(dir, 'victim')], { encoding: 'utf8' })).toBe('');
  });
});
