import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import { consoleTail } from '../../../pipeline/report/page/console-tail.ts';
import { lastRun as lastRunOf } from '../../../pipeline/report/page/last-run.ts';
import { gather } from '../../../pipeline/report/page/material.ts';
import { outcome } from '../../../pipeline/report/page/outcome.ts';
import { timeline } from '../../../pipeline/report/page/timeline.ts';
import { RunLog } from '../../../pipeline/stages/run/run-log.ts';
import { finding, lastRun, writeFolder } from './folder.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'html-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const blocker = finding(3, { status: 'fail', severity: 'blocker' });
const failing = (stage: 'build' | 'validate' | 'upload', code: string) =>
  lastRun({
    stages: [{ stage, state: 'failed', seconds: 75 }],
    failure: { stage, code, message: 'the message', hint: 'the hint', detail: 'the detail' },
  });

describe('facts of an image folder', () => {
  it('is everything of a finished run', async () => {
    const material = await gather(await writeFolder(dir));
    expect(Object.keys(material.records)).toEqual(['iso', 'render', 'build', 'pack', 'validate']);
    expect(material.verdict?.passed).toBe(true);
    expect(material.console).toEqual(['line one', 'line two x']);
  });

  it('is nothing where no stage has run', async () => {
    await expect(gather(dir)).rejects.toMatchObject({ code: 'IMAGE_NOT_BUILT' });
  });

  it('takes a damaged file for none', async () => {
    await writeFolder(dir);
    for (const file of ['build.json', 'pack/facts.json', 'pack/demo.manifest.json', 'validate/verdict.json'])
      await writeFile(join(dir, file), '{"half');
    const material = await gather(dir);
    expect(material).toMatchObject({ facts: null, manifest: null, verdict: null });
    expect(material.records.build).toBeUndefined();
    expect(outcome(material).word).toBe('Not judged');
  });

  it('leaves out a verdict on an earlier artifact', async () => {
    await writeFolder(dir);
    const record = JSON.parse(await readFile(join(dir, 'validate.json'), 'utf8'));
    const other = { ...record, inputs: { artifact: 'f'.repeat(64) } };
    await writeFile(join(dir, 'validate.json'), JSON.stringify(other));
    expect((await gather(dir)).verdict).toBeNull();
  });

  it('takes the verdict of a rejected image, which has no record, unless the artifact is newer', async () => {
    await writeFolder(dir, { findings: [blocker], without: ['validate'] });
    const verdict = join(dir, 'validate/verdict.json');
    await utimes(verdict, new Date(), new Date('2026-11-23T00:06:00Z'));
    expect((await gather(dir)).verdict?.passed).toBe(false);
    await utimes(verdict, new Date(), new Date('2026-11-23T00:01:00Z'));
    expect((await gather(dir)).verdict).toBeNull();
  });

  it('leaves out a run that a later one, killed since, has overtaken', async () => {
    await writeFolder(dir, { lastRun: lastRun({ endedAt: '2026-11-23T00:04:30.000Z' }) });
    expect((await gather(dir)).run).toBeNull();
  });
});

describe('the outcome', () => {
  it.each([
    ['a clean image', [finding(1)], undefined, 'good', 'Passed'],
    ['a major failure', [finding(1, { status: 'fail' })], undefined, 'warn', 'Passed with warnings'],
    ['a blocker', [blocker], failing('validate', 'IMAGE_REJECTED'), 'bad', 'Rejected'],
    ['a failed build', [finding(1)], failing('build', 'BUILD_FAILED'), 'bad', 'Build failed'],
    ['a failed upload', [finding(1)], failing('upload', 'MAAS_REFUSED'), 'bad', 'Upload failed'],
    ['an interrupted run', [finding(1)], failing('build', 'INTERRUPTED'), 'warn', 'Interrupted'],
  ])('of %s', async (_, findings, run, tone, word) => {
    const folder = await writeFolder(dir, { findings, lastRun: run });
    expect(outcome(await gather(folder))).toMatchObject({ tone, word });
  });

  it('of a failed stage has its message, its hint and its detail', async () => {
    const folder = await writeFolder(dir, { lastRun: failing('build', 'BUILD_FAILED') });
    expect(outcome(await gather(folder))).toMatchObject({
      sentence: 'Stage build failed after 1 min 15 s: the message',
      hint: 'the hint',
      detail: 'the detail',
      note: expect.stringContaining('an earlier run, packed 2026-11-23 00:04 UTC'),
    });
  });
});

describe('the stages', () => {
  it('stand one after the other, as long as they took', async () => {
    const { total, bars } = timeline(await gather(await writeFolder(dir, { lastRun: lastRun() })));
    expect(total).toBe('2 min 30 s');
    expect(bars.map((bar) => [bar.stage, bar.state])).toEqual([
      ['iso', 'fresh'],
      ['render', 'ran'],
      ['build', 'ran'],
      ['pack', 'ran'],
      ['validate', 'ran'],
      ['upload', 'none'],
    ]);
    expect(bars[0]!.note).toContain('Unchanged since 2026-11-23 00:01 UTC');
    const pack = bars[3]!.bar!;
    expect(pack.start).toBeCloseTo(40);
    expect(pack.width).toBeCloseTo((40 / 150) * 100);
  });

  it('that the last run did not reach stand as the run before left them', async () => {
    await writeFolder(dir, { lastRun: failing('build', 'BUILD_FAILED'), without: ['build'] });
    const { bars } = timeline(await gather(dir));
    expect(bars.map((bar) => bar.state)).toEqual([
      'earlier',
      'earlier',
      'failed',
      'earlier',
      'earlier',
      'none',
    ]);
    expect(bars[3]!.note).toContain('Not reached in the last run; unchanged since 2026-11-23 00:04 UTC.');
  });

  it('never leave the picture', async () => {
    await writeFolder(dir, { lastRun: failing('upload', 'MAAS_REFUSED') });
    for (const { bar } of timeline(await gather(dir)).bars)
      if (bar) expect(bar.start + bar.width).toBeLessThanOrEqual(100.0001);
  });
});

it('a run is put together from its events', () => {
  const log = new RunLog();
  const { see } = log;
  const image = 'demo';
  see({ type: 'run-start', image, stages: ['iso', 'build'] });
  see({ type: 'stage-fresh', image, stage: 'iso' });
  see({ type: 'stage-start', image, stage: 'build', reason: '' });
  const error = new Fault('BUILD_FAILED', 'no', { hint: 'do' });
  see({ type: 'stage-failed', image, stage: 'build', seconds: 3, error });
  see({ type: 'run-end', image, ok: false, seconds: 4 });
  expect(lastRunOf(log)).toMatchObject({
    seconds: 4,
    stages: [
      { stage: 'iso', state: 'fresh' },
      { stage: 'build', state: 'failed', seconds: 3 },
    ],
    failure: { stage: 'build', code: 'BUILD_FAILED', message: 'no', hint: 'do' },
  });
});

describe("the console's last lines", () => {
  const tail = async (text: string) => {
    const file = join(dir, 'console.log');
    await writeFile(file, text);
    return consoleTail(file);
  };

  it('are the last 60, however long the log', async () => {
    const lines = await tail(
      Array.from({ length: 9000 }, (_, i) => `line ${i} ${'.'.repeat(30)}`).join('\n'),
    );
    expect(lines).toHaveLength(60);
    expect(lines.at(-1)).toMatch(/^line 8999/);
  });

  it('carry no control sequences, and of a line written over only what stood last', async () => {
    expect(await tail('\u001b[2J\u001b[1;31mred\u001b[0m\r\n 10%\r 50%\r100%\n\n')).toEqual(['red', '100%']);
  });

  it('are cut where one line is a whole log', async () => {
    const [line] = await tail('x'.repeat(10_000));
    expect(line!.length).toBeLessThanOrEqual(401);
  });

  it('are none where there is no log, or an empty one', async () => {
    expect(await consoleTail(join(dir, 'none'))).toEqual([]);
    expect(await tail('')).toEqual([]);
  });
});
