import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readModinfo } from '../../../pipeline/image/parsers/modinfo.ts';
import fc from '../../property.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'modinfo-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A relocatable ELF file of 64 bits with the sections given, their table at its end as the linker puts it. */
function elfOf(sections: readonly { name: string; data: Buffer }[]): Buffer {
  const names = ['', ...sections.map(({ name }) => name), '.shstrtab'];
  const table = Buffer.from(`${names.join('\0')}\0`);
  const parts = [...sections.map(({ data }) => data), table];
  const rows = [Buffer.alloc(64)];
  let offset = 64;
  for (const [i, data] of parts.entries()) {
    const row = Buffer.alloc(64);
    row.writeUInt32LE(names.slice(0, i + 1).join('\0').length + 1, 0);
    row.writeUInt32LE(i === parts.length - 1 ? 3 : 1, 4);
    row.writeBigUInt64LE(BigInt(offset), 24);
    row.writeBigUInt64LE(BigInt(data.length), 32);
    row.writeBigUInt64LE(1n, 48);
    rows.push(row);
    offset += data.length;
  }
  const head = Buffer.alloc(64);
  head.write('\x7fELF\x02\x01\x01', 0, 'latin1');
  head.writeUInt16LE(1, 16);
  head.writeUInt16LE(62, 18);
  head.writeUInt32LE(1, 20);
  head.writeBigUInt64LE(BigInt(offset), 40);
  head.writeUInt16LE(64, 52);
  head.writeUInt16LE(64, 58);
  head.writeUInt16LE(rows.length, 60);
  head.writeUInt16LE(rows.length - 1, 62);
  return Buffer.concat([head, ...parts, ...rows]);
}

/** A field as modinfo of kmod prints it; null where it prints nothing. */
function modinfo(file: string, field: string): string | null {
  return execFileSync('modinfo', ['-F', field, file], { encoding: 'utf8' }).split('\n')[0] || null;
}

const value = fc.stringMatching(/^[ -~]{0,30}$/);
const other = fc.constantFrom('license', 'description', 'alias', 'firmware', 'parm', 'depends', 'srcversion');

describe('the fields of a module', () => {
  it('is what modinfo says, wherever the section is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(other, value), { maxLength: 8 }),
        fc.option(fc.stringMatching(/^[0-9]{3}\.[0-9]{1,3}(\.[0-9]{2})?$/)),
        fc.option(fc.stringMatching(/^[0-9]\.[0-9]{1,2}\.0-[0-9]{2}-[a-z0-9-]{1,12}$/)),
        fc.nat(400_000),
        fc.nat(200_000),
        (others, version, kernel, before, after) => {
          const rows = [
            ...others.map(([key, said]) => `${key}=${said}`),
            ...(version === null ? [] : [`version=${version}`]),
            ...(kernel === null ? [] : [`name=x`, `vermagic=${kernel} SMP mod_unload `]),
          ];
          const info = Buffer.from(rows.map((row) => `${row}\0`).join(''));
          // Text of the driver around it, which speaks of versions too.
          const text = (bytes: number) =>
            Buffer.concat([Buffer.alloc(bytes, 'version %s ver'), Buffer.alloc(1)]);
          const bytes = elfOf([
            { name: '.rodata', data: text(before) },
            { name: '.modinfo', data: info },
            { name: '.data', data: text(after) },
          ]);
          const file = join(dir, 'x.ko');
          writeFileSync(file, bytes);
          const vermagic = modinfo(file, 'vermagic');
          expect(readModinfo(bytes) ?? { version: null, kernel: null }).toEqual({
            version: modinfo(file, 'version'),
            kernel: vermagic?.split(' ')[0] ?? null,
          });
        },
      ),
      { numRuns: 40 },
    );
  });
});
