import { describe, expect, it } from 'vitest';
import { goodRoot, inspect, type Root } from '../checks/root.ts';

/** Configuration that makes its reader work, of about so many KB. */
const KINDS: Record<string, (root: Root, kb: number) => unknown> = {
  'rules for an alias of many': (r, kb) =>
    r.put('etc/sudoers', `User_Alias A = ${numbered(200, 'u', ',')}\n${repeated('A A=NOPASSWD:A\n', kb)}`),
  'one rule of many commands': (r, kb) => r.put('etc/sudoers', `a ALL=NOPASSWD:${repeated('/b,', kb)}/b\n`),
  'rules that a later one covers': (r, kb) =>
    r.put('etc/sudoers', `${repeated('a ALL=NOPASSWD:/b\n', kb)}a ALL=(ALL) ALL\n`),
  'aliases of aliases': (r, kb) =>
    r.put(
      'etc/sudoers',
      Array.from({ length: kb * 30 }, (_, i) => `User_Alias A${i} = A${i + 1}, A${i + 1}\n`).join(''),
    ),
  'an sshd_config that includes itself': (r, kb) =>
    r.put('etc/ssh/sshd_config', repeated('Include sshd_config\n', kb)),
  'patterns of many stars': (r, kb) => {
    r.put('etc/ssh/sshd_config', repeated('Include *a*a*a*a*a*b\n', kb));
    for (let i = 0; i < 50; i++) r.put(`etc/ssh/${'a'.repeat(150)}${i}`);
  },
  'Match blocks': (r, kb) =>
    r.put('etc/ssh/sshd_config', repeated('Match User a,b\nPermitRootLogin yes\n', kb)),
  'accounts, and many places for their keys': (r, kb) =>
    r
      .put('etc/passwd', repeated('a:x:0:0::/:\n', kb))
      .put('etc/ssh/sshd_config', `AuthorizedKeysFile ${numbered(20, '%h/', ' ')}\n`),
  'a unit of many environments': (r, kb) =>
    r.put('etc/systemd/system/x.service', `[Service]\n${repeated('Environment=http_proxy=a\n', kb)}`),
  'units that name one file': (r, kb) => {
    r.put('etc/x', repeated('http_proxy=a\n', 60));
    for (let i = 0; i < kb; i++)
      r.put(`etc/systemd/system/${i}.service`, '[Service]\nEnvironmentFile=/etc/x\nEnvironmentFile=/etc/x\n');
  },
  'YAML in one line': (r, kb) => r.put('etc/cloud/cloud.cfg', repeated('{proxy: a_b_c_d_', kb)),
  'JSON of many levels': (r, kb) => r.put('etc/docker/daemon.json', repeated('{"proxies":', kb)),
};

const repeated = (unit: string, kb: number) => unit.repeat(Math.floor((kb << 10) / unit.length));
const numbered = (count: number, name: string, between: string) =>
  Array.from({ length: count }, (_, i) => `${name}${i}`).join(between);

/** Milliseconds of processor time for one look at an image, the least of three. */
async function cost(spoil: (root: Root) => unknown): Promise<number> {
  const root = goodRoot();
  spoil(root);
  const tar = await root.tar();
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 3; i++) {
    const start = process.cpuUsage();
    await inspect(tar);
    const { user, system } = process.cpuUsage(start);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

describe('files that a program of the image would read', () => {
  it.each(Object.entries(KINDS))(
    'costs no more than its size: %s',
    async (_kind, spoil) => {
      const one = await cost((root) => spoil(root, 60));
      const four = await cost((root) => spoil(root, 240));
      // Four times the input: at most four times the time, and as much again for what the processor does beside.
      expect(four).toBeLessThan(8 * one + 300);
    },
    60_000,
  );
});
