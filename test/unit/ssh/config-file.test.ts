import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseBastion } from '../../../pipeline/host/ssh/bastion.ts';
import { type SshTarget, sshConfig } from '../../../pipeline/host/ssh/config-file.ts';
import { sshFailureOf } from '../../../pipeline/host/ssh/failure.ts';

const dir = mkdtempSync(join(tmpdir(), 'ssh config %h-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const target = (more: Partial<SshTarget> = {}): SshTarget => ({
  ...{ host: '10.0.0.5', port: 22, user: 'ubuntu', keyFile: null, bastion: null },
  ...more,
});
const known = { machine: join(dir, 'known hosts'), bastion: join(dir, 'bastion') };

/** The values that ssh itself reads from the file. */
function understood(more: Partial<SshTarget>, host = 'machine'): Record<string, string> {
  const file = join(dir, 'ssh_config');
  writeFileSync(file, sshConfig(file, target(more), known));
  const lines = execFileSync('ssh', ['-G', '-F', file, host], { encoding: 'utf8' }).trim().split('\n');
  return Object.fromEntries(lines.map((line) => [line.split(' ')[0], line.split(' ').slice(1).join(' ')]));
}

describe('the configuration of ssh', () => {
  it('is understood by ssh, odd paths included', () => {
    const keyFile = join(dir, 'my key 100%');
    const now = understood({ keyFile, port: 2222 });
    expect(now).toMatchObject({
      ...{ hostname: '10.0.0.5', port: '2222', user: 'ubuntu', batchmode: 'yes', identitiesonly: 'yes' },
      ...{ stricthostkeychecking: 'accept-new', forwardagent: 'no', globalknownhostsfile: '/dev/null' },
    });
    expect(now.userknownhostsfile?.replaceAll('%%', '%')).toContain(known.machine);
    expect(now.identityfile?.replaceAll('%%', '%')).toContain(keyFile);
  });

  it('reaches a machine through its bastion, which has a user, a port and known hosts of its own', () => {
    const bastion = parseBastion('admin@[2001:db8::1]:2200');
    expect(understood({ bastion }).proxycommand).toMatch(/-W \[%h\]:%p bastion$/);
    const hop = understood({ bastion }, 'bastion');
    expect(hop).toMatchObject({ hostname: '2001:db8::1', port: '2200', user: 'admin' });
    expect(hop.proxycommand).toBeUndefined();
    expect(hop.userknownhostsfile).toContain('bastion');
  });

  it.each(['-oProxyCommand=id', 'a b', 'host\nProxyCommand id', '', '"x"', '$(id)'])(
    'takes no address %j from MAAS',
    (host) => {
      expect(() => sshConfig('/f', target({ host }), known)).toThrow('is not an address');
    },
  );

  it('refuses a path that it cannot be given', () => {
    expect(() => sshConfig('/f', target({ keyFile: '/a"b' }), known)).toThrow('cannot use the path');
  });
});

it.each([
  ['bastion.example', { user: null, host: 'bastion.example', port: 22 }],
  ['admin@10.0.0.1:2222', { user: 'admin', host: '10.0.0.1', port: 2222 }],
  ['[::1]', { user: null, host: '::1', port: 22 }],
  ['admin@', null],
  ['-oX@h', null],
  ['h:0', null],
  ['h:70000', null],
  ['a b', null],
  ['h;id', null],
  ['::1', null],
])('bastion %j', (text, expected) => {
  expect(parseBastion(text)).toEqual(expected);
});

it.each([
  ['ssh: connect to host 10.0.0.1 port 22: Connection refused', 'unreachable'],
  ['kex_exchange_identification: Connection closed by remote host', 'unreachable'],
  ['ssh: connect to host 10.0.0.1 port 22: No route to host', 'unreachable'],
  ['ubuntu@10.0.0.1: Permission denied (publickey).', 'denied'],
  ['@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.', 'host-key'],
  ['Load key "/k": error in libcrypto\nubuntu@h: Permission denied (publickey).', 'own-key'],
  ['WARNING: UNPROTECTED PRIVATE KEY FILE!\nPermission denied (publickey).', 'own-key'],
  ['something else', 'unknown'],
])('%j is %s', (stderr, trouble) => {
  expect(sshFailureOf(stderr)).toBe(trouble);
});
