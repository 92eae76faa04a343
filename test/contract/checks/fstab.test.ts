import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootEffect, mountSource, parseFstab } from '../../../pipeline/image/parsers/fstab.ts';
import fc from '../../property.ts';

const GENERATOR = '/usr/lib/systemd/system-generators/systemd-fstab-generator';

let dir: string;
let runs = 0;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'fstab-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Mount units that local-fs.target requires, by systemd's own generator: their loss ends in emergency mode. */
function required(fstab: string): string[] {
  runs += 1;
  const out = ['normal', 'early', 'late'].map((name) => join(dir, `${runs}`, name));
  for (const folder of out) mkdirSync(folder, { recursive: true });
  const file = join(dir, `${runs}`, 'fstab');
  writeFileSync(file, fstab);
  execFileSync(GENERATOR, out, { env: { SYSTEMD_FSTAB: file, SYSTEMD_LOG_LEVEL: 'crit' }, stdio: 'ignore' });
  const folder = join(out[0]!, 'local-fs.target.requires');
  return existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.mount'))
        .sort()
    : [];
}

const unit = (path: string) => (path === '/' ? '-.mount' : `${path.slice(1).replaceAll('/', '-')}.mount`);

function ours(fstab: string): string[] {
  const entries = parseFstab(fstab).filter((e) => mountSource(e) === 'device' && bootEffect(e) === 'stops');
  return entries.map((e) => unit(e.file)).sort();
}

const NAMED = [
  'UUID=1111-2222 / ext4 defaults 0 1',
  'UUID="abcd" /b ext4 defaults 0 1',
  '/dev/mapper/vg-lv /b xfs defaults 0 0',
  '/dev/sda1 /b ext4 nofail 0 2',
  '/dev/vg/lv /b ext4 noauto 0 2',
  '/dev/vg/lv /b ext4 noauto,auto 0 2',
  'LABEL=x\\040y /b ext4 _netdev 0 2',
  '/dev/sdc1 /b auto x-systemd.automount 0 0',
  '/dev/sdc1 /b auto x-systemd.wanted-by=foo.target 0 0',
  '/dev/sdc1 /b auto x-systemd.required-by=foo.target 0 0',
  '/dev/sdc1 /b auto nofail,fail',
  '/dev/sdc1 /b auto',
  '/dev/sdc1 /b',
  ' \tPARTUUID=1\t/b\text4 \t ro #x',
  '#UUID=1 /b ext4',
  ' # UUID=1 /b ext4',
  'UUID=1 none ext4',
  'UUID=1 /b/c ext4 x-systemd.device-timeout=1',
  'UUID=1 / ext4 noauto,nofail',
];

describe('a disk that is not there', () => {
  it.each(NAMED)('stops the boot as systemd-fstab-generator says: %s', (line) => {
    expect(ours(`${line}\n`)).toEqual(required(`${line}\n`));
  });

  it('does so whatever the entry', () => {
    const entry = fc.record({
      spec: fc.constantFrom(
        'UUID=1-2',
        'LABEL="a"',
        '/dev/sda1',
        '/dev/disk/by-id/x',
        'PARTLABEL=x',
        '/dev/md/0',
      ),
      file: fc.constantFrom('/', '/data', '/boot/efi', '/x/y/z'),
      type: fc.constantFrom('ext4', 'auto', 'vfat', 'xfs'),
      options: fc.array(
        fc.constantFrom(
          'defaults',
          'noauto',
          'auto',
          'nofail',
          'fail',
          'ro',
          '_netdev',
          'x-systemd.automount',
          'x-systemd.wanted-by=a.target',
          'user',
          'x-systemd.idle-timeout=5',
        ),
        { minLength: 1, maxLength: 4 },
      ),
    });
    fc.assert(
      fc.property(entry, fc.constantFrom(' ', '\t', ' \t '), ({ spec, file, type, options }, blank) => {
        const line = [spec, file, type, options.join(','), '0', '2'].join(blank);
        expect(ours(`${line}\n`)).toEqual(required(`${line}\n`));
      }),
      { numRuns: +(process.env.RUNS ?? 150) },
    );
  });
});
