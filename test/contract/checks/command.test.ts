import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Act } from '../../../pipeline/cli/command.ts';
import { declare as declareChecks } from '../../../pipeline/cli/commands/checks.ts';
import { declare as declareValidate } from '../../../pipeline/cli/commands/validate.ts';
import type { Session } from '../../../pipeline/cli/session.ts';
import { paint } from '../../../pipeline/core/text/paint.ts';
import type { Verdict } from '../../../pipeline/image/checks/judge.ts';
import { CHECKS } from '../../../pipeline/image/checks/table.ts';
import { goodRoot } from '../../unit/checks/root.ts';

let dir: string;
let good: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'command-'));
  // As many members and bytes as the profile any-ubuntu asks for.
  const root = goodRoot().put('usr/weight', Buffer.alloc(51_000_000));
  for (let i = 0; i < 1000; i++) root.put(`usr/share/f${i}`);
  good = join(dir, 'good.tgz');
  writeFileSync(good, gzipSync(await root.tar(), { level: 1 }));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Runs a command with a session that keeps what it is given. */
async function run(argv: string[], env: NodeJS.ProcessEnv = {}) {
  const written: { object?: never; text?: string } = {};
  const session: Session = {
    emit: () => {},
    signal: new AbortController().signal,
    json: false,
    paint: paint(false),
    exitCode: 0,
    env,
    configFile: undefined,
    data(object: unknown, text: string | (() => string)) {
      written.object = object as never;
      written.text = typeof text === 'function' ? text() : text;
    },
  };
  const act: Act =
    (action) =>
    async (...args) =>
      action(session, ...(args.slice(0, -1) as never));
  const program = new Command().exitOverride();
  declareValidate(program, act);
  declareChecks(program, act);
  await program.parseAsync(argv, { from: 'user' });
  return { ...written, exitCode: session.exitCode } as unknown as {
    object: Record<string, never>;
    text: string;
    exitCode: number;
  };
}

describe('validate', () => {
  it('compares the size with the release that --since names', async () => {
    const before = join(dir, 'before.json');
    const { object } = await run(['validate', good, '--facts']);
    const { facts } = object as unknown as { facts: { bytes: { stored: number } } };
    const write = (stored: number) =>
      writeFileSync(before, JSON.stringify({ facts: { ...facts, bytes: { ...facts.bytes, stored } } }));
    const size = async () => {
      const { findings } = (await run(['validate', good, '--since', before])).object as unknown as Verdict;
      return findings.find(({ id }) => id === 'size');
    };
    write(facts.bytes.stored);
    expect((await size())?.found).toContain('+0.0 % against the last release');
    write(facts.bytes.stored / 2);
    expect(await size()).toMatchObject({ status: 'fail', found: expect.stringContaining('+100.0 %') });
  });

  it('passes a good image and writes its reports', async () => {
    const [junit, markdown, summary] = ['j.xml', 'm.md', 's.md'].map((name) => join(dir, name)) as [
      string,
      string,
      string,
    ];
    const argv = [
      'validate',
      good,
      '--base-image',
      'ubuntu/focal',
      '--junit',
      junit,
      '--markdown',
      markdown,
      '--github',
    ];
    const { exitCode, object, text } = await run(argv, { GITHUB_STEP_SUMMARY: summary });
    expect(exitCode).toBe(0);
    expect(object).toMatchObject({ ok: true, passed: true, file: good });
    expect(object.facts).toBeUndefined();
    expect(text).toMatch(/^::notice .*PASSED/);
    expect(readFileSync(junit, 'utf8')).toMatch(/^<\?xml/);
    for (const path of [markdown, summary]) expect(readFileSync(path, 'utf8')).toContain('PASSED');
  });

  it('rejects with exit code 6', async () => {
    const { exitCode, text, object } = await run([
      'validate',
      good,
      '--base-image',
      'ubuntu/noble',
      '--facts',
    ]);
    expect(exitCode).toBe(6);
    expect(text).toMatch(/✗ {2}4 BLOCKER/);
    expect(object.facts).toMatchObject({ osRelease: { codename: 'focal' } });
  });

  it.each([
    [['--profile', 'nope'], 'USAGE'],
    [['--base-image', 'focal'], 'USAGE'],
    [['--waivers', '/none.yaml'], 'CONFIG_NOT_FOUND'],
  ])('refuses %j', async (flags, code) => {
    await expect(run(['validate', good, ...flags])).rejects.toMatchObject({ name: 'Fault', code });
  });

  it('names the report that it cannot write', async () => {
    await expect(run(['validate', good, '--junit', join(good, 'j.xml')])).rejects.toThrow(/j\.xml/);
  });

  it('reads stdin', () => {
    const main = new URL('../../../pipeline/image/checks/validate-file.ts', import.meta.url).href;
    const script = `const { validateFile } = await import(${JSON.stringify(main)});
      const r = await validateFile('-', { profile: 'any-ubuntu', baseImage: 'ubuntu/focal', signal: new AbortController().signal });
      console.log(r.name, r.verdict.passed, r.size);`;
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      input: readFileSync(good),
    });
    expect(out.toString().trim()).toBe(`stdin true ${readFileSync(good).length}`);
  });
});

describe('checks', () => {
  it('lists all', async () => {
    const { object, text } = await run(['checks']);
    expect(object.checks).toHaveLength(CHECKS.length);
    expect(text).toContain('why:');
    expect((await run(['checks', '--markdown'])).text).toMatch(/^# The checks/);
  });
});
