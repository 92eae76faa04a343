import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCapability } from '../../../pipeline/image/parsers/capability.ts';
import fc from '../../property.ts';
import { tarOf } from '../../unit/checks/root.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'capability-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** curtin's way to extract an image (`extract_root_tgz_url`). */
const EXTRACT = ['--xattrs', '--xattrs-include=*', '-Sxpf', 'a.tar', '--numeric-owner'];

/** The output of `getcap -n` for files with these attributes, as curtin's tar leaves them; null for none. */
async function extracted(values: readonly Buffer[]): Promise<(string | null)[]> {
  const members = values.map((value, i) => ({
    name: `./f${i}`,
    pax: { 'SCHILY.xattr.security.capability': value },
  }));
  writeFileSync(join(folder, 'a.tar'), await tarOf(members));
  const target = join(folder, 'root');
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target);
  // Attributes that the kernel refuses are a line of warning and no error.
  execFileSync('tar', [...EXTRACT, '-C', target], { cwd: folder, stdio: 'ignore' });
  const said = execFileSync('/sbin/getcap', ['-n', '-r', target], { encoding: 'utf8' }).split('\n');
  return values.map((_, i) => {
    const line = said.find((l) => l.startsWith(`${target}/f${i} `));
    return line === undefined ? null : line.slice(`${target}/f${i} `.length);
  });
}

const mask = fc.oneof(
  fc.constantFrom(0, 0xffffffff, 0x1ff, 1 << 13),
  fc.nat(31).map((bit) => (1 << bit) >>> 0),
  fc.integer({ min: 0, max: 0xffffffff }),
);
const attribute = fc
  .tuple(
    fc.constantFrom(1, 2, 2, 2, 3, 3, 4),
    fc.constantFrom(0, 1, 1, 0xff),
    fc.array(mask, { minLength: 4, maxLength: 4 }),
  )
  .chain(([revision, flags, masks]) =>
    fc.constantFrom(0, 0, 1000, 100000).map((rootId) => {
      const value = Buffer.alloc(24);
      value.writeUInt32LE(revision * 0x1000000 + flags);
      for (const [i, m] of masks.entries()) value.writeUInt32LE(m, 4 + 4 * i);
      value.writeUInt32LE(rootId, 20);
      return value.subarray(0, revision === 1 ? 12 : revision === 3 ? 24 : 20);
    }),
  );

// getcap of libcap 2.66 (Debian 12) on a kernel whose last capability is CAP_CHECKPOINT_RESTORE, as all have been since 5.9.
describe('security.capability', () => {
  it('reads as getcap prints it after curtin’s tar has extracted it', async () => {
    expect(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8').trim()).toBe('40');
    await fc.assert(
      fc.asyncProperty(fc.array(attribute, { minLength: 40, maxLength: 40 }), async (values) => {
        expect(values.map((value) => parseCapability(value)?.text ?? null)).toEqual(await extracted(values));
      }),
      { numRuns: 10 },
    );
  });

  it.each([
    [0n, 1n << 41n],
    [1n << 63n, 1n << 42n],
    [1n << 41n, 1n << 13n],
    [1n << 42n, (1n << 41n) - 1n],
  ])(
    'of capabilities that have no name reads so, too: permitted %d, inheritable %d',
    async (permitted, inheritable) => {
      const value = Buffer.alloc(20);
      value.writeUInt32LE(0x02000000);
      for (const [i, set] of [permitted, inheritable].entries()) {
        value.writeUInt32LE(Number(set & 0xffffffffn), 4 + 4 * i);
        value.writeUInt32LE(Number(set >> 32n), 12 + 4 * i);
      }
      expect([parseCapability(value)?.text]).toEqual(await extracted([value]));
    },
  );
});

describe('ACLs', () => {
  it('that were packed as attributes are extracted by curtin’s flags; those packed by --acls alone are not', () => {
    const source = join(folder, 'source');
    mkdirSync(source);
    writeFileSync(join(source, 'f'), '');
    execFileSync('setfacl', ['-m', 'g:adm:r,u:4242:rw', join(source, 'f')]);
    const outcome = (flags: string[]) => {
      execFileSync('tar', ['-C', source, '--format=posix', ...flags, '-cf', 'a.tar', '.'], { cwd: folder });
      const target = join(folder, 'acl');
      rmSync(target, { recursive: true, force: true });
      mkdirSync(target);
      execFileSync('tar', [...EXTRACT, '-C', target], { cwd: folder, stdio: 'ignore' });
      const said = execFileSync('getfacl', ['-nc', 'f'], { cwd: target, encoding: 'utf8' });
      return said.split('\n').filter((line) => /^(?:user|group):\d/.test(line));
    };
    const kept = ['user:4242:rw-', 'group:4:r--'];
    expect(outcome(['--xattrs', '--xattrs-include=*'])).toEqual(kept);
    expect(outcome(['--acls', '--xattrs', '--xattrs-include=*'])).toEqual(kept);
    expect(outcome(['--acls'])).toEqual([]);
    expect(outcome(['--acls', '--numeric-owner'])).toEqual([]);
  });
});
