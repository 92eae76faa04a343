import { expect, it } from 'vitest';
import fc from '../../property.ts';
import { faultOf, SHA256 } from './written.ts';

// A planted mistake is found on its own line and at its own column, with anything around it.

const filler = fc.constantFrom('', '# a comment: with a colon', '   # an indented one', '#\t"quote');
const imageName = fc.stringMatching(/^[a-z][a-z0-9_-]{0,8}$/);

/** Lines of a valid image, each of which may be preceded by filler. */
const image = fc.record({
  name: imageName,
  block: fc.boolean(),
  packages: fc.array(fc.stringMatching(/^[a-z]{2,6}$/), { maxLength: 3 }),
  title: fc.string({ minLength: 1, maxLength: 20 }).filter((text) => !/[{}]/.test(text)),
});

function linesOf({
  name,
  block,
  packages,
  title,
}: {
  name: string;
  block: boolean;
  packages: string[];
  title: string;
}): string[] {
  return [
    `  ${JSON.stringify(name)}:`,
    '    release: dgxos5',
    '    platform: dgx1',
    '    version: "5.0"',
    ...(block
      ? ['    iso:', '      source: a.iso', `      sha256: "${SHA256}"`]
      : [`    iso: { source: a.iso, sha256: "${SHA256}" }`]),
    ...(packages.length ? ['    packages:', ...packages.map((item) => `      - ${item}`)] : []),
    `    resource: { title: ${JSON.stringify(title)} }`,
  ];
}

const MISTAKES = [
  { line: '    plattform: x', column: 5 },
  { line: '    compression: nomal', column: 18 },
  { line: '    pack:    gest', column: 14 },
  { line: '    vm: { cpus: 4, boot: "dirct" }', column: 26 },
  { line: '    files: [{source: a, path: b}]', column: 31 },
];

it('a planted mistake is found at its line and column', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(image, { minLength: 1, maxLength: 4, selector: ({ name }) => name }),
      fc.nat(),
      fc.constantFrom(...MISTAKES),
      fc.infiniteStream(filler),
      fc.constantFrom('\n', '\r\n'),
      async (images, where, mistake, fillers, newline) => {
        const planted = where % images.length;
        const lines = ['images:'];
        images.forEach((one, index) => {
          lines.push(...linesOf(one));
          if (index === planted) lines.push(mistake.line);
        });
        const padded = lines.flatMap((line) => [fillers.next().value as string, line]);
        const fault = await faultOf(padded.join(newline));
        expect(fault.where).toEqual({
          file: 'dgxos-maas.yaml',
          line: padded.indexOf(mistake.line) + 1,
          column: mistake.column,
        });
        expect(fault.detail).toContain(mistake.line);
      },
    ),
    { numRuns: 60 },
  );
});
