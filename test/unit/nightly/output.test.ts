import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import { registerSecret } from '../../../pipeline/core/secrets/registry.ts';
import { paint } from '../../../pipeline/core/text/paint.ts';
import { githubAnnotations, githubOutput } from '../../../pipeline/nightly/output/ci.ts';
import { nightText } from '../../../pipeline/nightly/output/text.ts';
import { namedNight } from '../../../pipeline/nightly/store.ts';
import type { Night } from '../../../pipeline/nightly/types.ts';
import { nightsFolder } from '../../../pipeline/workspace/layout.ts';
import { finding } from '../page/folder.ts';
import { expectJunit } from '../report/junit-shape.ts';
import { House } from './house.ts';

const SECRET = 'averysecretpassword';
const HOSTILE = `</failure><script>x</script> | @everyone \`\`\` %0A ::error:: ${SECRET}`;

let house: House;
let night: Night;
const file = (name: string, encoding: 'utf8' = 'utf8') =>
  readFileSync(join(nightsFolder(house.workspace), night.id, name), encoding);

beforeAll(async () => {
  registerSecret(SECRET);
  house = new House('good', 'same', 'rejected', 'broken');
  house.set('good', { findings: [finding(1, { status: 'fail', title: 'One check' })] });
  await house.night();
  house.set('good', { bash: '5.2.15-1', findings: [finding(2, { status: 'fail', found: HOSTILE })] });
  house.set('rejected', { bash: '5.2-1', findings: [finding(3, { status: 'fail', severity: 'blocker' })] });
  const fault = new Fault('BUILD_NO_SSH', `no ssh ${HOSTILE}`, { hint: 'Look.', detail: HOSTILE });
  house.set('broken', { bash: '5.2-1', fails: 'build', fault });
  night = await house.night();
});
afterAll(() => house.remove());

describe('the folder of a night', () => {
  it('has the summary in four forms, and of each image its report and SBOM', () => {
    for (const name of [
      'summary.md',
      'summary.html',
      'junit.xml',
      'nightly.env',
      'good/report.html',
      'good/sbom.cdx.json',
    ])
      expect(existsSync(join(nightsFolder(house.workspace), night.id, name)), name).toBe(true);
    expect(JSON.parse(file('summary.json'))).toMatchObject({ format: 1, outcome: 'broken', exitCode: 6 });
  });

  it('keeps secrets out of all of them', () => {
    for (const name of ['summary.json', 'summary.md', 'summary.html', 'junit.xml', 'nightly.env'])
      expect(file(name)).not.toContain(SECRET);
  });

  it('JUnit: checks are failures, what broke is an error, totals are right', () => {
    const xml = file('junit.xml');
    expectJunit(xml);
    const count = (pattern: RegExp) => xml.match(pattern)?.length ?? 0;
    const [, tests, failures, errors] =
      /<testsuites [^>]*tests="(\d+)" failures="(\d+)" errors="(\d+)"/.exec(xml) ?? [];
    expect([tests, failures, errors].map(Number)).toEqual([
      count(/<testcase /g),
      count(/<failure /g),
      count(/<error /g),
    ]);
    expect(count(/<failure /g)).toBe(1);
    expect(xml).toMatch(/classname="broken\.steps" name="build"[^>]*>\s*<error type="BUILD_NO_SSH"/);
    expect(xml).not.toContain('<script>');
  });

  it('Markdown: a row an image, new failures and mended checks, hostile text harmless', () => {
    const markdown = file('summary.md');
    expect(markdown).toContain('## ❌ Broken: 1 built, 1 unchanged, 2 failed');
    expect(markdown).toMatch(
      /\| 🆕 built \| \*\*good\*\* \| build: changed: packages \| .*\(\+\d+ B\) \| 1 fails, 1 new; 1 fixed/,
    );
    expect(markdown).toMatch(/newly failing \(major\): \*\*.+\*\* \(check: Title of 2\)/);
    expect(markdown).toContain('fixed: **One check**');
    expect(markdown).toContain('| upgraded | bash | 5.1-1 | 5.2.15-1 |');
    expect(markdown).not.toMatch(/@everyone(?!.*\n```)/m);
    // Only our own fences are there.
    expect(markdown.match(/```/g)).toHaveLength(2);
  });

  it('dotenv and outputs of GitHub: one line a variable', () => {
    expect(file('nightly.env')).toBe(
      'NIGHTLY_OUTCOME=broken\nNIGHTLY_BUILT=good\nNIGHTLY_UPDATED=\nNIGHTLY_UNCHANGED=same\nNIGHTLY_FAILED=rejected broken\n',
    );
    expect(githubOutput(night)).toBe(
      'outcome=broken\nbuilt=good\nupdated=\nunchanged=same\nfailed=rejected broken\n',
    );
  });

  it('annotations stay on one line each', () => {
    const lines = githubAnnotations(night).split('\n');
    expect(lines.map((line) => line.split('::')[1]?.split(' ')[0])).toEqual([
      'error',
      'error',
      'warning',
      'warning',
      'notice',
    ]);
  });

  it('the text names each image with why', () => {
    const text = nightText(night, '/folder', paint(false));
    expect(text).toMatch(/^same {6}unchanged {2}all stages are fresh/m);
    expect(text).toMatch(/^rejected {2}failed {5}validate failed: The image has 1 blocker/m);
    expect(text).toContain('Packages: 1 upgraded');
    expect(text).toContain('Broken: 1 built, 1 unchanged, 2 failed');
  });
});

describe('--since', () => {
  it('takes a summary or its folder', async () => {
    const dir = join(nightsFolder(house.workspace), night.id);
    expect((await namedNight(dir)).id).toBe(night.id);
    expect((await namedNight(join(dir, 'summary.json'))).id).toBe(night.id);
  });

  it('says what is not a summary', async () => {
    await expect(namedNight(join(house.dir, 'none'))).rejects.toMatchObject({ code: 'CONFIG_NOT_FOUND' });
    const dir = join(nightsFolder(house.workspace), night.id);
    await expect(namedNight(join(dir, 'junit.xml'))).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('without kept facts, says that packages were not compared', async () => {
    rmSync(join(house.dir, 'state'), { recursive: true });
    house.set('good', { bash: '5.3-1' });
    const other = await house.night({ since: night });
    expect(other.images[0]?.changes).toMatchObject({
      sections: [],
      remarks: [expect.stringContaining('not compared')],
    });
  });
});
