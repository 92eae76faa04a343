import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isPng, pictureUrl } from '../../../pipeline/report/page/picture.ts';
import { reportPage } from '../../../pipeline/report/page/write-report.ts';
import { writeFolder } from './folder.ts';
import { png } from './png.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'picture-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const whole = png(2, 2);

describe('a picture in the page', () => {
  it.each([
    ['a PNG', whole, true],
    ['nothing', Buffer.alloc(0), false],
    ['a PNG that is cut', whole.subarray(0, -4), false],
    ['a PNG with something after it', Buffer.concat([whole, Buffer.from('<script>')]), false],
    ['a page', Buffer.from('<html><script>1</script>'), false],
    ['an SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), false],
    ['a signature alone', whole.subarray(0, 8), false],
    ['a PNG of a million columns', png(1_000_000, 1), false],
    ['a PNG without columns', png(0, 1), false],
    [
      'a chunk longer than the file',
      Buffer.concat([whole.subarray(0, 33), Buffer.from('ffffffff49444154', 'hex')]),
      false,
    ],
  ])('%s: %#', (_, bytes, is) => {
    expect(isPng(bytes)).toBe(is);
  });

  it('is not larger than a mebibyte', async () => {
    const file = join(dir, 'a.png');
    writeFileSync(file, whole);
    expect(await pictureUrl(file)).toBe(`data:image/png;base64,${whole.toString('base64')}`);
    writeFileSync(file, Buffer.concat([whole, Buffer.alloc(1 << 20)]));
    expect(await pictureUrl(file)).toBeNull();
    expect(await pictureUrl(join(dir, 'none'))).toBeNull();
  });
});

describe('the section of a rehearsal', () => {
  const page = async (folder: Parameters<typeof writeFolder>[1]) =>
    reportPage(await writeFolder(dir, folder), { env: { XDG_STATE_HOME: join(dir, 'state') } });

  it('has the verdict, and every text of the guest escaped', async () => {
    const html = await page({ text: '<b>', rehearsal: { picture: whole } });
    expect(html).toContain('id="rehearsal"');
    expect(html).toContain('tar ended &lt;b&gt;');
    expect(html).toContain('data:image/png;base64,');
    expect(html).not.toContain('console <b>');
  });

  it('has no picture that is not a PNG, and no section of another artifact', async () => {
    expect(await page({ rehearsal: { picture: Buffer.from('<svg>') } })).not.toContain('<img');
    writeFileSync(
      join(dir, 'rehearse/rehearsal.intoto.json'),
      JSON.stringify({ subject: [{ digest: { sha256: 'd'.repeat(64) } }], predicate: {} }),
    );
    expect(await reportPage(dir, { env: { XDG_STATE_HOME: join(dir, 'state') } })).not.toContain(
      'id="rehearsal"',
    );
  });

  it('of one that was accepted has its checks', async () => {
    const html = await page({ rehearsal: { ok: true, failure: null } });
    expect(html).toContain('Accepted');
    expect(html).not.toContain('tar ended');
  });
});
