import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../../pipeline/image/checks/table.ts';
import { checksPage } from '../../../pipeline/report/formats/checks-page.ts';

const PAGE = join(import.meta.dirname, '../../../docs/checks.md');

describe('docs/checks.md', () => {
  it('is what `dgxos-maas checks --markdown` prints; after a change: npx dgxos-maas checks --markdown > docs/checks.md', () => {
    expect(readFileSync(PAGE, 'utf8')).toBe(checksPage(CHECKS));
  });

  it('names for every check the failure that it prevents', () => {
    const rows = checksPage(CHECKS)
      .split('\n')
      .filter((line) => /^\| \d/.test(line))
      .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));
    expect(rows.map((row) => row[1])).toEqual(CHECKS.map((check) => String(check.number)));
    for (const row of rows) {
      expect(row).toHaveLength(8);
      expect(row[5]).toMatch(/\S{3,} .*\./);
    }
  });

  it('leaves code as it is typed', () => {
    const check = { ...CHECKS[0]!, why: 'a_b `c_d *` e|f `g|h`' };
    expect(checksPage([check])).toContain('| a\\_b `c_d *` e\\|f `g\\|h` |');
  });
});
