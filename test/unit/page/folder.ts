import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Finding, Verdict } from '../../../pipeline/image/checks/judge.ts';
import type { Acceptance } from '../../../pipeline/maas/acceptance/types.ts';
import type { KeptRehearsal } from '../../../pipeline/maas/rehearse/read-results.ts';
import type { LastRun } from '../../../pipeline/report/page/last-run.ts';
import { whole } from '../diff/facts.ts';

export const SHA = 'c0ffee'.padEnd(64, '0');

export const finding = (number: number, rest: Partial<Finding> = {}): Finding => ({
  number,
  id: `check-${number}`,
  title: `Title of ${number}`,
  severity: 'major',
  status: 'pass',
  found: `found ${number}`,
  why: `why ${number}`,
  fix: `fix \`it\` ${number}`,
  ...rest,
});

export function verdictOf(findings: Finding[]): Verdict {
  const failed = (severity: string) =>
    findings.filter((f) => f.status === 'fail' && f.severity === severity).length;
  const having = (status: string) => findings.filter((f) => f.status === status).length;
  return {
    passed: failed('blocker') === 0,
    profile: 'demo',
    baseImage: 'ubuntu/focal',
    findings,
    counts: {
      pass: having('pass'),
      blocker: failed('blocker'),
      major: failed('major'),
      warning: failed('warning'),
      waived: having('waived'),
      notApplicable: having('not-applicable'),
    },
  };
}

export interface Folder {
  /** Put into every text that comes from outside. */
  text?: string;
  findings?: Finding[];
  lastRun?: LastRun;
  console?: string;
  acceptance?: Partial<Acceptance>;
  /** Of layout flat; `picture` is the content of its PNG. */
  rehearsal?: Partial<KeptRehearsal> & { picture?: Buffer };
  facts?: object;
  /** Stages without a record. */
  without?: string[];
}

/** An image's folder of a workspace as a run leaves it; stages ended a minute apart. */
export async function writeFolder(dir: string, folder: Folder = {}): Promise<string> {
  const { text = 'x', without = [] } = folder;
  const findings = folder.findings ?? [finding(1), finding(2, { status: 'not-applicable' })];
  const verdict = verdictOf(findings);
  const files: Record<string, object | string> = {
    'pack/facts.json': { facts: folder.facts ?? facts(text), stream: { bytes: 186_000_000 } },
    'pack/demo.manifest.json': {
      format: 1,
      image: `demo${text}`,
      release: `demo${text}`,
      platform: `dgx1${text}`,
      version: `1.0${text}`,
      tools: { packer: `1.6.6${text}`, [`tool${text}`]: '1' },
    },
    'validate/verdict.json': verdict,
    'build/console.log': folder.console ?? `line one\r\n\u001b[31mline two ${text}\u001b[0m\r\n`,
  };
  const record = (stage: string, minute: number, rest: object) => {
    if (!without.includes(stage))
      files[`${stage}.json`] = {
        format: 2,
        stage,
        fingerprint: 'f',
        inputs: {},
        files: [],
        summary: `summary of ${stage} ${text}`,
        seconds: 10 * minute,
        finishedAt: `2026-11-23T00:0${minute}:00.000Z`,
        ...rest,
      };
  };
  record('iso', 1, {
    inputs: { source: `https://user:pass@mirror.example/x.iso?signature=SIGNED${text}` },
    data: {
      medium: { path: `/isos/x${text}.iso`, size: 1, sha256: SHA },
      facts: { volumeId: `VOLUME${text}`, platforms: [`dgx1${text}`] },
    },
  });
  const settings = { diskBytes: { value: '4294967296', from: `template${text}` } };
  record('render', 2, {
    data: { settings, files: [{ path: `packer/x${text}`, sha256: SHA }], accelerator: 'tcg' },
  });
  record('build', 3, { data: { buildId: `id${text}`, boot: 'direct', tools: {} } });
  const artifact = {
    path: `/images/demo${text}.tar.gz`,
    manifest: join(dir, 'pack/demo.manifest.json'),
    sha256: SHA,
    size: 186_000_000,
    date: '20261123',
  };
  record('pack', 4, { inputs: { name: 'demo' }, data: { artifact } });
  record('validate', 5, { inputs: { artifact: SHA }, data: { verdict } });
  if (folder.acceptance)
    files['accept/lab/acceptance.json'] = { ...acceptance(verdictOf(findings), text), ...folder.acceptance };
  if (folder.acceptance) files['accept/lab/logs/units.log'] = `a unit failed ${text}\n`;
  if (folder.rehearsal) {
    const { picture, ...rest } = folder.rehearsal;
    const { artifact: _, ...one } = { ...rehearsal(text), ...rest, artifact: null };
    files['rehearse/flat/rehearsal.json'] = one;
    files['rehearse/flat/install.log'] = `curtin said ${text}\n`;
    files['rehearse/flat/console.log'] = `\u001b[31mconsole ${text}\u001b[0m\n`;
    files['rehearse/rehearsal.intoto.json'] = { subject: [{ digest: { sha256: SHA } }], predicate: {} };
    await mkdir(join(dir, 'rehearse/flat'), { recursive: true });
    if (picture) await writeFile(join(dir, 'rehearse/flat/screen.png'), picture);
  }
  if (folder.lastRun) files['last-run.json'] = folder.lastRun;
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return dir;
}

/** A rehearsal that failed while the image was extracted. */
export const rehearsal = (text = 'x'): KeptRehearsal => ({
  ...{ ok: false, baseImage: 'ubuntu/focal', layout: 'flat', until: 'accepted', curtin: `24.1${text}` },
  ephemeral: { kind: 'lean', name: 'c0ffee' },
  ...{ accelerator: 'tcg', seconds: 300, acceptance: null, screenshot: 'screen.png' },
  phases: [
    { phase: 'power-on', seconds: 60 },
    { phase: 'partitioning', seconds: 100 },
    { phase: 'extract', seconds: 140 },
  ],
  failure: {
    ...{ phase: 'extract', said: `tar ended ${text}`, error: `ProcessExecutionError ${text}` },
    ...{ cause: 'The artifact is damaged', remedy: 'Pack it again.' },
    log: { name: 'install.log', lines: ['one'] },
  },
});

/** A machine's result on the artifact of the folder. */
export const acceptance = (verdict: Verdict, text = 'x'): Acceptance => ({
  format: 1,
  accepted: verdict.passed,
  ...{ image: 'demo', name: `demo-1.0${text}`, sha256: SHA, size: 1, target: 'lab', url: 'http://maas' },
  machine: { systemId: 'abc', hostname: `gpu-1${text}`, address: '10.0.0.1', hostKeys: [] },
  ...{ startedAt: '2026-11-23T00:06:00.000Z', seconds: 900, deployS: 700, sshS: 60, checks: 'c', verdict },
  logs: [
    { id: 'units', file: 'logs/units.log', size: 20, note: null },
    { id: 'fabric', file: null, size: 0, note: `no such file ${text}` },
  ],
  released: 'released',
});

/** Facts with some hundred files' worth of sizes. */
export function facts(text = '') {
  return {
    ...whole({
      packages: [{ name: `evil${text}`, version: `1${text}`, arch: 'all', status: 'ii' }],
      services: [`x${text}.service`],
      bytes: { apparent: 10_000, stored: 10_000 },
      counts: { ...whole().counts, files: 1234 },
      directories: [
        { path: `usr/lib/x86_64-linux-gnu${text}`, bytes: 4000, files: 100 },
        { path: 'usr/lib/modules', bytes: 2500, files: 300 },
        { path: 'usr/bin', bytes: 1500, files: 200 },
        { path: 'boot', bytes: 900, files: 4 },
        { path: 'opt', bytes: 500, files: 50 },
        { path: '', bytes: 100, files: 1 },
      ],
      biggest: [
        { path: `usr/lib/x86_64-linux-gnu${text}/libbig.so`, bytes: 1200 },
        { path: 'boot/vmlinuz-5.4.0-42-generic', bytes: 600 },
      ],
    }),
    osRelease: { id: 'ubuntu', versionId: '20.04', codename: 'focal', name: `Ubuntu 20.04${text}` },
  };
}

export const lastRun = (rest: Partial<LastRun> = {}): LastRun => ({
  endedAt: '2026-11-23T01:00:00.000Z',
  seconds: 150,
  stages: [
    { stage: 'iso', state: 'fresh', seconds: 0 },
    { stage: 'render', state: 'ran', seconds: 20 },
    { stage: 'build', state: 'ran', seconds: 30 },
    { stage: 'pack', state: 'ran', seconds: 40 },
    { stage: 'validate', state: 'ran', seconds: 50 },
  ],
  failure: null,
  ...rest,
});
