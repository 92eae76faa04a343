import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { lostKernelOptions } from '../../../pipeline/image/parsers/grub-options.ts';
import fc from '../../property.ts';
import { run } from '../process/run-tool.ts';

const dir = mkdtempSync(join(tmpdir(), 'grub-options-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const NAME = 'GRUB_CMDLINE_LINUX_DEFAULT';
const FIRST = /GRUB_CMDLINE_LINUX_DEFAULT=.*/;

/** The variables that a shell has after reading the files, with curtin's `MAAS` in the first, as grub-mkconfig sources them (`sh`, which stops at errors). */
async function sourced(main: string, parts: readonly string[]): Promise<string | null> {
  const line = `${NAME}="MAAS"`;
  mkdirSync(join(dir, 'd'), { recursive: true });
  writeFileSync(join(dir, 'main'), FIRST.test(main) ? main.replace(FIRST, line) : `${main}${line}\n`);
  for (const [i, text] of parts.entries()) writeFileSync(join(dir, `d/${i}.cfg`), text);
  const script = `. ./main; ${parts.map((_, i) => `. ./d/${i}.cfg; `).join('')} printf '[%s] [%s]' "$${NAME}" "$GRUB_CMDLINE_LINUX"`;
  const { exitCode, stdout } = await run(['sh', '-ec', script], { cwd: dir, env: { NOTHING: '' } });
  return exitCode === 0 ? stdout : null;
}

const judged = (main: string, parts: readonly string[]) =>
  lostKernelOptions(
    main,
    parts.map((text, i) => ({ file: `/etc/default/grub.d/${i}.cfg`, text })),
  ).filter((l) => !l.conditional);

test.each<[string, string, string[], boolean]>([
  ['an assignment', `${NAME}="quiet"\n`, [`${NAME}="x"\n`], false],
  ['an addition', `${NAME}="quiet"\n`, [`${NAME}="$${NAME} x"\n`], true],
  ['an addition in braces', `${NAME}=quiet\n`, [`${NAME}="\${${NAME}} x"\n`], true],
  ['an addition with a default', `${NAME}=quiet\n`, [`${NAME}="\${${NAME}:-x} y"\n`], true],
  ['single quotes', `${NAME}=quiet\n`, [`${NAME}='$${NAME} x'\n`], false],
  ['an escaped dollar', `${NAME}=quiet\n`, [`${NAME}="\\$${NAME} x"\n`], false],
  ['+=', `${NAME}=quiet\n`, [`${NAME}+=" x"\n`], false],
  ['an export', `${NAME}=quiet\n`, [`export ${NAME}="x"; A=1\n`], false],
  ['unset', `${NAME}=quiet\n`, [`unset ${NAME}\n`], false],
  ['an assignment for one command', `${NAME}=quiet\n`, [`${NAME}=x true\n`], true],
  ['a variable between', `${NAME}=quiet\n`, [`OLD=$${NAME}\n${NAME}=\n`, `${NAME}="x $OLD"\n`], true],
  ['a command between', `${NAME}=quiet\n`, [`${NAME}="$(echo "$${NAME}" | sed 's/q//') x"\n`], true],
  ['backquotes', `${NAME}=quiet\n`, [`${NAME}=\`echo $${NAME}\`\n`], true],
  ['the other variable', `${NAME}=quiet\n`, [`GRUB_CMDLINE_LINUX="$${NAME}"\n${NAME}=\n`], true],
  ['a comment first', `# ${NAME}="quiet"\n${NAME}="splash"\n`, [], false],
  ['only a comment', `#${NAME}=""\n`, [], false],
  ['a second assignment', `${NAME}=a\n${NAME}=b\n`, [], false],
  ['a value over two lines', `${NAME}="a\n b"\nX=1\n`, [], false],
  ['a continued line', `${NAME}=a\n`, [`X=1 \\\n${NAME}=x\n`], false],
  ['a comment with a quote', `# don't\n${NAME}=a\n`, [`# it's\n`], true],
  ['no name at all', 'X=1\n', [], true],
  ['a longer name', `${NAME}=a\n`, [`${NAME}_RECOVERY=x\n`], true],
  ['a hash inside a word', `${NAME}=a\n`, [`X=a#b ${NAME}=c\n`], false],
])('%s: what sh makes of it is what the check says', async (_, main, parts, kept) => {
  expect((await sourced(main, parts))?.includes('MAAS') ?? false).toBe(kept);
  expect(judged(main, parts).length === 0).toBe(kept);
});

test('any files: the check and sh agree', async () => {
  const name = fc.constantFrom(NAME, 'GRUB_CMDLINE_LINUX', 'OLD');
  const value = fc.oneof(
    fc.constantFrom('x', '"x y"', "'x'", '""', ''),
    name.map((n) => `"$${n} x"`),
    name.map((n) => `\${${n}}`),
    name.map((n) => `'$${n}'`),
    name.map((n) => `"$(echo "$${n}")"`),
  );
  const statement = fc.oneof(
    fc.tuple(name, value).map(([n, v]) => `${n}=${v}`),
    fc.tuple(name, value).map(([n, v]) => `export ${n}=${v}`),
    name.map((n) => `unset ${n}`),
    fc.tuple(name, value).map(([n, v]) => `# ${n}=${v}`),
    fc.tuple(name, value).map(([n, v]) => `${n}=${v} true`),
  );
  const file = fc
    .array(fc.tuple(statement, fc.constantFrom('\n', '\n\n', ' \n')), { maxLength: 4 })
    .map((all) => all.map(([s, end]) => s + end).join(''));
  await fc.assert(
    fc.asyncProperty(file, fc.array(file, { maxLength: 2 }), async (main, parts) => {
      const said = await sourced(main, parts);
      expect(judged(main, parts).length === 0).toBe(said?.includes('MAAS') ?? false);
    }),
    { numRuns: 150 },
  );
});
