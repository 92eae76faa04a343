import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Host } from '../cli/host.ts';

let host: Host;
beforeEach(() => {
  host = new Host();
  writeFileSync(
    join(host.dir, 'dgxos-maas.yaml'),
    `workspace: ./work
images:
${['one', 'two', 'other'].map(image).join('')}`,
  );
});
afterEach(() => host.remove());

const image = (name: string) => `  ${name}:
    release: demo
    platform: demo1
    version: "1.0"
    iso: { source: ./no.iso, sha256: ${'ab'.repeat(32)} }
`;

test('--dry-run lists for each image what would run and why, and leaves no trace', async () => {
  const { code, stdout, json } = await host.run([
    '--json',
    'nightly',
    '--dry-run',
    '--no-upload',
    '?n*',
    'two',
  ]);
  expect(code, stdout).toBe(0);
  expect(json).toMatchObject({ dryRun: true, channel: null, retention: null });
  expect(json.images).toMatchObject([
    { image: 'one', builds: true, reason: 'iso: no finished earlier run' },
    { image: 'two', builds: true },
  ]);
  expect(existsSync(join(host.dir, 'work'))).toBe(false);
});

test('--plan lists what builders have to build, as JSON with and without --json, and builds nothing', async () => {
  const plain = await host.run(['nightly', '--plan', 'one', 'other']);
  expect(plain.code, plain.stderr).toBe(0);
  const found = JSON.parse(plain.stdout);
  expect(found.units).toMatchObject([
    {
      image: 'one',
      reason: 'iso: no finished earlier run',
      builtSince: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      needs: { cpus: expect.any(Number), memoryMiB: expect.any(Number) },
      architecture: 'amd64',
      capability: expect.stringMatching(/^(?:kvm|tcg|namespace)$/),
      holdsIso: true,
    },
    { image: 'other' },
  ]);
  expect(found.fresh).toEqual([]);
  const { json } = await host.run(['--json', 'nightly', '--plan', 'one', 'other']);
  expect(json).toMatchObject({ ok: true, nightBegan: expect.any(String), units: found.units, fresh: [] });
  expect(existsSync(join(host.dir, 'work', 'one', 'iso.json'))).toBe(false);
});

test.each([
  [['--plan', 'none'], 'IMAGE_UNKNOWN'],
  [['--plan', '--dry-run'], 'USAGE'],
  [['--plan', '--matrix', 'github'], 'USAGE'],
])('nightly %j is refused: %s', async (argv, code) => {
  const { json } = await host.run(['--json', 'nightly', ...argv]);
  expect(json).toMatchObject({ ok: false, error: { code } });
});

test('broken images: exit code, table, folder, annotations, outputs and summary of GitHub', async () => {
  const env = { GITHUB_OUTPUT: join(host.dir, 'output'), GITHUB_STEP_SUMMARY: join(host.dir, 'step.md') };
  const out = join(host.dir, 'out');
  const ran = await host.run(['nightly', '--no-upload', '--github', '--out', out, 'one'], { env });
  expect(ran.code).toBe(3);
  expect(ran.stdout).toMatch(/^::error title=one::iso failed: The ISO .* does not exist%0A/);
  expect(readFileSync(env.GITHUB_OUTPUT, 'utf8')).toContain('failed=one\n');
  expect(readFileSync(env.GITHUB_STEP_SUMMARY, 'utf8')).toContain('Broken: 1 failed');
  for (const name of ['summary.json', 'summary.md', 'summary.html', 'junit.xml', 'nightly.env'])
    expect(existsSync(join(out, name)), name).toBe(true);
  expect(JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8'))).toMatchObject({ outcome: 'broken' });

  const gitlab = { CI_JOB_URL: 'https://gitlab.example/group/images/-/jobs/7', CI_PROJECT_DIR: host.dir };
  await host.run(['nightly', '--no-upload', '--out', 'out', 'one'], { env: gitlab });
  expect(JSON.parse(readFileSync(join(out, 'annotations.json'), 'utf8'))).toEqual({
    nightly: ['summary.html', 'one/report.html'].map((path) => ({
      external_link: { label: expect.any(String), url: `${gitlab.CI_JOB_URL}/artifacts/file/out/${path}` },
    })),
  });

  const again = await host.run(['--json', 'nightly', '--no-upload', '--since', out, 'one']);
  expect(again.json).toMatchObject({
    ok: false,
    outcome: 'broken',
    exitCode: 3,
    since: { id: expect.any(String) },
  });
});

test('a setting of the configuration holds without a flag', async () => {
  const file = join(host.dir, 'dgxos-maas.yaml');
  const more = 'nightly: { channel: lab, jobs: 2, rebuild_after: never }\nretention: { keep: 5, days: 0 }\n';
  writeFileSync(file, `${readFileSync(file, 'utf8')}${more}`);
  const plan = async (...flags: string[]) => (await host.run(['--json', 'nightly', '-n', ...flags])).json;
  const retention = { keep: 5, days: 0, deployedDays: 30 };
  expect(await plan()).toMatchObject({ jobs: 2, channel: 'lab', retention });
  const flags = ['--jobs', '1', '--channel', 'c', '--keep', '1', '--deployed-days', '0'];
  expect(await plan(...flags)).toMatchObject({
    jobs: 1,
    channel: 'c',
    retention: { keep: 1, days: 0, deployedDays: 0 },
  });
});

test.each(['7', '1w', '0d', '', '-1d', 'Never', '1.5d', '30s'])(
  'rebuild_after: %j is refused with its place',
  async (text) => {
    const file = join(host.dir, 'dgxos-maas.yaml');
    writeFileSync(file, `${readFileSync(file, 'utf8')}nightly:\n  rebuild_after: "${text}"\n`);
    const { code, stderr } = await host.run(['nightly', '-n']);
    expect(code).toBe(3);
    expect(stderr).toMatch(/dgxos-maas\.yaml:\d+:\d+[\s\S]*a time in m, h or d, such as 7d, or never/);
  },
);

test.each([
  [['nightly', 'on'], 3, 'Did you mean "one"?'],
  [['nightly', '--jobs', '0'], 2, 'at least 1'],
  [['nightly', '--channel', 'No Channel', 'one'], 2, 'is not a name for a channel'],
  [['nightly', '--since', 'nowhere', 'one'], 3, 'no summary of a night at'],
])('%j: exit code %i', async (args, code, message) => {
  const ran = await host.run(args);
  expect(ran.code).toBe(code);
  expect(ran.stderr).toContain(message);
  expect(existsSync(join(host.dir, 'work', 'nightly'))).toBe(false);
});

test('without a target every image says so, and all are reported', async () => {
  const { code, json } = await host.run(['--json', 'nightly']);
  expect(code).toBe(3);
  expect(json.images.map((one: { failure: { code: string } }) => one.failure.code)).toEqual(
    Array(3).fill('TARGET_UNKNOWN'),
  );
});

test('while another run holds the workspace, --no-wait ends at once', async () => {
  const work = join(host.dir, 'work');
  mkdirSync(join(work, 'lock'), { recursive: true });
  const holder = spawn('sleep', ['60']);
  try {
    const { hostname } = await import('node:os');
    const mine = { pid: holder.pid, host: hostname(), since: '2026-11-23T00:00:00Z', doing: 'run one' };
    writeFileSync(join(work, 'holder.json'), JSON.stringify(mine));
    const { code, stderr } = await host.run(['nightly', '--no-upload', '--no-wait', 'one']);
    expect(code).toBe(75);
    expect(stderr).toContain('run one');
  } finally {
    holder.kill();
  }
});
