import { expect, it } from 'vitest';
import { paint } from '../../../pipeline/core/text/paint.ts';
import { compareImages } from '../../../pipeline/image/diff/compare.ts';
import { sections } from '../../../pipeline/image/diff/sections.ts';
import { diffMarkdown } from '../../../pipeline/report/formats/diff-markdown.ts';
import { diffText } from '../../../pipeline/report/text/diff.ts';
import { image, pkg } from './facts.ts';

const HOSTILE = 'x\u001b[31m<img src=x>|`@team` [a](http://evil)';

it('the text names what changed and how', () => {
  const text = diffText(
    compareImages(
      { ...image('old', { packages: [pkg('curl', '7.81.0-1'), pkg('vim', '2:8')] }), size: 1_000_000 },
      { ...image('new', { packages: [pkg('curl', '7.82.0-1'), pkg('jq', '1.6')] }), size: 3_000_000 },
    ),
    paint(false),
  );
  expect(text).toContain('Packages: 1 added, 1 removed, 1 upgraded');
  expect(text).toMatch(/\+ jq +1\.6/);
  expect(text).toMatch(/- vim +2:8/);
  expect(text).toMatch(/↑ curl +7\.81\.0-1 → 7\.82\.0-1/);
  expect(text).toMatch(/↑ artifact +1\.0 MB → 3\.0 MB/);
  expect(text).toContain('The same: kernels');
});

it('a size is the same only where it is known of both', () => {
  const size = (before?: number, after?: number, counts = {}) =>
    sections(
      compareImages(
        { ...image('a', counts), ...(before === undefined ? {} : { size: before }) },
        { ...image('b', counts), ...(after === undefined ? {} : { size: after }) },
      ),
    );
  const titles = ({ changed, same }: ReturnType<typeof size>) => [
    changed.map(({ title }) => title).filter((title) => title === 'Size'),
    same.filter((title) => /size/i.test(title)),
  ];
  expect(titles(size(1, 1))).toEqual(titles(size()));
  expect(titles(size(1, 2))[0]).toEqual(['Size']);
  expect(titles(size(1, undefined))[0]).toEqual([]);
});

it('images without a difference are said to have none', () => {
  expect(diffText(compareImages(image('a'), image('b')), paint(false))).toContain('No difference');
  const [a, b] = [image('a'), image('b')].map((i) => ({ ...i, sha256: 'ab'.repeat(32) }));
  expect(diffMarkdown(compareImages(a!, b!))).toContain('The same artifact');
});

it('texts of an image are text: no control sequence, no markup, no mention', () => {
  const diff = compareImages(
    image('a'),
    image(HOSTILE, { packages: [pkg(HOSTILE, HOSTILE)], services: [HOSTILE] }),
  );
  expect(diffText(diff, paint(false))).not.toContain('\u001b');
  const markdown = diffMarkdown(diff);
  expect(markdown).not.toMatch(/(?<!\\)<img/);
  expect(markdown).not.toContain('@team');
  expect(markdown).not.toContain('http://evil');
  for (const line of markdown.split('\n').filter((line) => line.startsWith('| added')))
    expect(line.replace(/\\\|/g, '').split('|')).toHaveLength(6);
});

it('a narrow terminal has the values beside the names, but for names that are longer than half of it', () => {
  const packages = [
    pkg('curl', '7.82.0-1'),
    pkg('linux-modules-nvidia-550-server-open-generic', '5.4.0-125.1'),
  ];
  const text = diffText(
    compareImages(image('a', { packages: [] }), image('b', { packages })),
    paint(false, 60),
  );
  expect(text.split('\n').slice(3, 7)).toEqual([
    'Packages: 2 added',
    '  + curl  7.82.0-1',
    '  + linux-modules-nvidia-550-server-open-generic',
    '    5.4.0-125.1',
  ]);
});
