import { describe, expect, it } from 'vitest';
import type { RemoteResult } from '../../../pipeline/host/ssh/remote.ts';
import { parseChecks } from '../../../pipeline/maas/acceptance/checks-file.ts';
import { differences, shortened } from '../../../pipeline/maas/acceptance/expect.ts';
import { fill, PLACEHOLDERS, type Values } from '../../../pipeline/maas/acceptance/placeholders.ts';

const values: Values = {
  ...(Object.fromEntries(Object.keys(PLACEHOLDERS).map((name) => [name, null])) as Values),
  'image.kernel': '5.4.0+x',
  'platform.gpus': '8',
  'machine.mounts': '/\n/boot/efi',
};
const result = (more: Partial<RemoteResult>): RemoteResult => ({
  ...{ exitCode: 0, stdout: '', stderr: '', timedOut: false, cut: false, seconds: 1 },
  ...more,
});
async function wrong(expectation: string, more: Partial<RemoteResult>): Promise<string[]> {
  const text = `checks: [{ id: a, title: t, command: x, why: w, fix: f, expect: { ${expectation} } }]`;
  const [check] = (await parseChecks(text, 'c.yaml')).checks;
  return differences(check!, result(more), values);
}

describe('the expectations on an output', () => {
  it.each([
    ['stdout: { equals: "{image.kernel}" }', '5.4.0+x\n', '5.4.0-x'],
    ['stdout: { contains: b }', 'abc', 'xyz'],
    ['stdout: { matches: "^v{image.kernel}$" }', 'a\nv5.4.0+x\nb', 'v5x4y0+x'],
    ['stdout: { matches: "^a{2}$" }', 'aa', 'a'],
    ['stdout: { not_matches: "^fail" }', 'no fail', 'ok\nfailed'],
    ['stdout: { lines: "{platform.gpus}" }', 'g\n'.repeat(8), 'g\n'.repeat(7)],
    ['stdout: { lines: 0 }', ' \n', 'x'],
    ['stdout: { has_lines: "{machine.mounts}" }', '/boot/efi\n/dev\n/', '/\n/boot'],
  ])('%s', async (expectation, good, bad) => {
    expect(await wrong(expectation, { stdout: good })).toEqual([]);
    expect(await wrong(expectation, { stdout: bad })).toHaveLength(1);
    expect(await wrong(expectation.replace('stdout', 'stderr'), { stderr: bad })).toHaveLength(1);
  });

  it('an exit code that is not expected is said alone, with what the command said', async () => {
    expect(await wrong('stdout: { equals: x }', { exitCode: 3, stderr: 'no\nway\n' })).toEqual([
      'exit code 3 instead of 0: no; way',
    ]);
    expect(await wrong('exit: 3', { exitCode: 3 })).toEqual([]);
  });

  it('a command without an end and a broken connection are failures', async () => {
    expect(await wrong('', { exitCode: null, timedOut: true })).toEqual(['it did not end within 60 s']);
    expect((await wrong('', { exitCode: null, stderr: 'Connection closed' }))[0]).toContain(
      'connection broke',
    );
  });

  it('an output that was cut passes no check that looks at it', async () => {
    const cut = { stdout: 'only the end', cut: true };
    expect(await wrong('stdout: { not_matches: Fail }', cut)).toEqual([
      expect.stringContaining('longer than'),
    ]);
    expect(await wrong('', cut)).toEqual([]);
  });

  it('a connection that broke without a word says so', async () => {
    expect(await wrong('', { exitCode: null })).toEqual([expect.stringContaining('exit code 255')]);
  });

  it('the output of a machine cannot colour or clear a terminal', async () => {
    const [text] = await wrong('stdout: { equals: x }', { stdout: '\u001b[2Jgone\u0007' });
    expect(text).toBe('stdout is gone, not x');
  });

  it('an output is quoted by the line that is wrong, to 300 characters', async () => {
    expect(await wrong('stdout: { not_matches: b }', { stdout: 'a\nb b\nc' })).toEqual(['stdout has b b']);
    expect(shortened('x'.repeat(300))).toBe('x'.repeat(300));
    expect(shortened('x'.repeat(301))).toBe(`${'x'.repeat(300)}…`);
  });

  it('a value that is not known makes no verdict', async () => {
    await expect(wrong('stdout: { equals: "{image.version}" }', {})).rejects.toThrow('not known here');
    for (const value of [null, undefined, ''])
      expect(() => fill('{image.version}', { ...values, 'image.version': value as null })).toThrow(
        'not known here: the version',
      );
  });

  it.each([
    ['x', 'stdout has 1 line instead of 3: x'],
    ['x\n\ny\n', 'stdout has 2 lines instead of 3: x; y'],
    ['', 'stdout has 0 lines instead of 3: nothing'],
  ])('lines are counted without empty ones: %j', async (stdout, said) => {
    expect(await wrong('stdout: { lines: 3 }', { stdout })).toEqual([said]);
  });
});

it('placeholders stand apart from braces of the shell and of regular expressions', () => {
  const same = 'awk "{ print $1 }" ${x} ${y:-z} a{2,3} {} {x}';
  expect(fill(same, values)).toBe(same);
});
