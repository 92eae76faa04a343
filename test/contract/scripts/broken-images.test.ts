import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CHANGES } from '../../../scripts/broken/changes.ts';
import { makeBroken } from '../../../scripts/broken/make.ts';

const STATUS = `Package: cloud-init
Status: install ok installed

Package: cloud-init-extra
Status: install ok installed
`;
const ROOT: Record<string, string> = {
  'curtin/curtin-hooks':
    'one()\ndef check_crash_dumps(x):\n    pass\n\n\ndef main():\n    check_crash_dumps(config)\n    more()\n',
  'usr/bin/cloud-init': 'x',
  'usr/bin/other': 'y',
  'usr/lib/modules/6.1/modules.dep': '',
  'var/lib/dpkg/status': STATUS,
  // dpkg lists what lies below the link /lib by its old path.
  'usr/lib/systemd/cloud': 'z',
  'var/lib/dpkg/info/cloud-init.list':
    '/.\n/lib\n/lib/systemd\n/lib/systemd/cloud\n/usr\n/usr/bin\n/usr/bin/cloud-init\n',
  'var/lib/dpkg/info/cloud-init.md5sums': '',
};

let dir: string;
let image: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'broken-images-'));
  for (const [path, text] of Object.entries(ROOT)) {
    await mkdir(dirname(join(dir, 'root', path)), { recursive: true });
    await writeFile(join(dir, 'root', path), text);
  }
  await chmod(join(dir, 'root/curtin/curtin-hooks'), 0o755);
  await symlink('usr/lib', join(dir, 'root/lib'));
  image = join(dir, 'image.tar.gz');
  execFileSync('tar', ['-czf', image, '-C', join(dir, 'root'), '.']);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function broken(name: string): Promise<{ path: string; members: string[] }> {
  const changes = CHANGES.filter((change) => change.name === name);
  const { signal } = new AbortController();
  const [path] = await makeBroken(image, join(dir, 'out'), changes, { signal, say() {} });
  const listed = execFileSync('tar', ['-tzf', path!], { encoding: 'utf8' }).trim().split('\n');
  return { path: path!, members: listed.filter((member) => !member.endsWith('/')) };
}
const text = (path: string, member: string) =>
  execFileSync('tar', ['-xzOf', path, `./${member}`], { encoding: 'utf8' });

test('a package is removed with its files, lists and entry, and nothing of a package with a longer name', async () => {
  const { path, members } = await broken('no-cloud-init');
  const left = ['lib', ...Object.keys(ROOT).filter((one) => !/cloud/.test(one))];
  expect(members.toSorted()).toEqual(left.map((one) => `./${one}`).toSorted());
  expect(text(path, 'var/lib/dpkg/status')).toBe('Package: cloud-init-extra\nStatus: install ok installed\n');
});

test('a mode, a text and a file of their own are each the only change, and no member is there twice', async () => {
  const { path, members } = await broken('hook-not-executable');
  expect(members).toHaveLength(Object.keys(ROOT).length + 1);
  const listed = execFileSync('tar', ['-tvzf', path, './curtin/curtin-hooks'], { encoding: 'utf8' });
  expect(listed).toMatch(/^-rw-r--r-- root\/root /);
  expect(text(path, 'curtin/curtin-hooks')).toBe(ROOT['curtin/curtin-hooks']);

  const kdump = await broken('old-kdump-tools');
  expect(text(kdump.path, 'curtin/curtin-hooks')).toBe('one()\ndef main():\n    more()\n');
  expect(text(kdump.path, 'var/lib/dpkg/status')).toContain('\n\nPackage: kdump-tools\n');

  const added = await broken('datasource-late');
  expect(text(added.path, 'etc/cloud/cloud.cfg.d/99-site.cfg')).toContain('datasource_list');
  expect(added.members).toHaveLength(Object.keys(ROOT).length + 2);
});

test('a folder is emptied', async () => {
  const { members } = await broken('kernel-without-modules');
  expect(members).not.toContain('./usr/lib/modules/6.1/modules.dep');
});

test('a change that changes nothing of the image, and a package that it does not have, are errors', async () => {
  await expect(broken('no-lvm2')).rejects.toThrow('the package lvm2 is not in the image');
  await expect(broken('initrd-without-raid')).rejects.toThrow('changes nothing');
});
