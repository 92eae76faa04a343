import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLI as MAIN } from '../../cli.ts';

let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'diff-'));
  makeImage('old', { curl: '7.81.0-1', vim: '2:8.2' }, ['ssh.service'], 1000);
  makeImage('new', { curl: '7.82.0~rc1-1', jq: '1.6' }, ['ssh.service', 'nvsm.service'], 90_000);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function makeImage(name: string, packages: Record<string, string>, services: string[], bytes: number): void {
  const root = join(dir, name);
  const wants = join(root, 'etc/systemd/system/multi-user.target.wants');
  mkdirSync(wants, { recursive: true });
  mkdirSync(join(root, 'var/lib/dpkg'), { recursive: true });
  mkdirSync(join(root, 'usr/lib'), { recursive: true });
  for (const service of services) writeFileSync(join(wants, service), '');
  const stanzas = Object.entries(packages).map(
    ([p, version]) =>
      `Package: ${p}\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${version}\n`,
  );
  writeFileSync(join(root, 'var/lib/dpkg/status'), stanzas.join('\n'));
  writeFileSync(join(root, 'usr/lib/big.so'), Buffer.alloc(bytes, 7));
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/bash\n');
  spawnSync('tar', ['-C', root, '-czf', join(dir, `${name}.tar.gz`), '.']);
}

function diff(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'diff', ...args, '--quiet'], {
    cwd: dir,
    encoding: 'utf8',
    env: { ...process.env, XDG_STATE_HOME: join(dir, 'state'), NO_COLOR: '1' },
  });
  return { status, stdout, stderr };
}

describe('dgxos-maas diff', () => {
  it('compares two archives and ends with 0 though they differ', () => {
    const { status, stdout } = diff('old.tar.gz', 'new.tar.gz');
    expect(status).toBe(0);
    expect(stdout).toContain('Packages: 1 added, 1 removed, 1 upgraded');
    expect(stdout).toMatch(/\+ nvsm\.service +enabled/);
    expect(stdout).toMatch(/\/usr\/lib\/big\.so +1\.0 kB → 90 kB/);
  });

  it('ends with 1 for a difference, with 0 for none, when --exit-code is given', () => {
    expect(diff('old.tar.gz', 'new.tar.gz', '--exit-code').status).toBe(1);
    const same = diff('old.tar.gz', 'old.tar.gz', '--exit-code');
    expect(same.status).toBe(0);
    expect(same.stdout).toContain('The same artifact');
  });

  it('writes one object with --json', () => {
    const { stdout } = diff('old.tar.gz', 'new.tar.gz', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      different: true,
      packages: { changed: [{ name: 'curl', direction: 'upgrade' }] },
      services: { added: ['nvsm.service'], removed: [], changed: [] },
    });
  });

  it('writes Markdown', () => {
    expect(diff('old.tar.gz', 'new.tar.gz', '--markdown').stdout).toContain('| added | jq |  | 1.6 |');
  });

  it('refuses an archive that breaks off, since the rest would seem removed', () => {
    spawnSync('sh', ['-c', 'head -c 300 old.tar.gz > cut.tar.gz'], { cwd: dir });
    const { status, stderr } = diff('old.tar.gz', 'cut.tar.gz');
    expect(status).toBe(6);
    expect(stderr).toContain('IMAGE_UNREADABLE');
  });

  it('answers an unknown name with what a name can be', () => {
    const { status, stderr } = diff('old.tar.gz', 'nothing');
    expect(status).toBe(3);
    expect(stderr).toContain('neither a file nor an image "nothing"');
    expect(stderr).not.toContain('    at ');
  });
});
