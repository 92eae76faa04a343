import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import type { Json } from '../../../pipeline/core/json.ts';
import { preflight } from '../../../pipeline/stages/preflight.ts';
import type { StageId } from '../../../pipeline/stages/rows.ts';
import { planRun, planStages } from '../../../pipeline/stages/run/dry-run.ts';
import type { Selection } from '../../../pipeline/stages/run/plan.ts';
import { type RunRequest, runStages } from '../../../pipeline/stages/run/runner.ts';
import type { Stage } from '../../../pipeline/stages/types.ts';
import { notCounted } from '../../../pipeline/workspace/fingerprint.ts';
import { readRecord } from '../../../pipeline/workspace/record.ts';

/** Three stages that count how often they ran; `knobs` are their inputs, `failing` makes one fail. */
let workspace: string;
let ran: StageId[];
let knobs: Record<string, Json>;
/** An input that does not count. */
let limit: number;
/** The inputs that each run got, in order. */
let received: object[];
let failing: StageId | undefined;
let events: Event[];

function stage(id: StageId, needs: StageId[]): Stage {
  return {
    id,
    title: `the ${id} stage`,
    label: id,
    needs,
    code: [],
    async inputs(context) {
      return {
        knob: knobs[id] ?? null,
        limit: notCounted(limit, 'a time limit'),
        before: needs.map((need) => context.output(need as never) as unknown as Json),
      };
    },
    async run(inputs, { dir }) {
      ran.push(id);
      received.push(inputs);
      await writeFile(join(dir, 'out'), `${id}${JSON.stringify(knobs[id] ?? null)}`);
      if (failing === id) throw new Fault('BUILD_FAILED', `${id} fails`);
      return { data: { made: knobs[id] ?? null } as never, files: ['out'], summary: 'made' };
    },
  } as Stage;
}

const stages = [stage('iso', []), stage('render', ['iso']), stage('build', ['render'])];

function request(selection: Selection = {}): RunRequest {
  return {
    config: { workspace } as never,
    image: { name: 'img' } as never,
    release: {} as never,
    stages,
    selection,
    emit: (event) => events.push(event),
    signal: new AbortController().signal,
    env: {},
  };
}

async function go(selection: Selection = {}): Promise<StageId[]> {
  ran = [];
  await runStages(request(selection));
  return ran;
}

beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'runner-'));
  ran = [];
  knobs = {};
  limit = 1;
  received = [];
  failing = undefined;
  events = [];
});
afterEach(() => rm(workspace, { recursive: true, force: true }));

describe('the runner', () => {
  it('runs every stage once and nothing the second time', async () => {
    expect(await go()).toEqual(['iso', 'render', 'build']);
    expect(await go()).toEqual([]);
  });

  it('runs a stage whose input changed, and those after it only when its result changed', async () => {
    await go();
    knobs.render = 'other';
    expect(await go()).toEqual(['render', 'build']);
  });

  it('gives a stage what it has declared, and leaves out of its record what does not count', async () => {
    await go();
    expect(received).toEqual([
      { knob: null, limit: 1, before: [] },
      { knob: null, limit: 1, before: [{ made: null }] },
      { knob: null, limit: 1, before: [{ made: null }] },
    ]);
    limit = 2;
    expect(await go()).toEqual([]);
    expect((await readRecord(join(workspace, 'img'), 'render'))?.inputs).toEqual({
      knob: null,
      before: [{ made: null }],
      program: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('takes a record of an earlier format for none', async () => {
    await go();
    const file = join(workspace, 'img', 'iso.json');
    const record = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify({ ...record, format: 1 }));
    expect(await go()).toEqual(['iso']);
  });

  it('lets no stage read what its row does not need', async () => {
    const [iso, render] = stages as [Stage, Stage];
    const nosy = { ...render, needs: [], inputs: render.inputs };
    await expect(runStages({ ...request(), stages: [iso, nosy] })).rejects.toThrow('does not need');
  });

  it('stops after --until and starts again at --from', async () => {
    expect(await go({ until: 'render' })).toEqual(['iso', 'render']);
    await go();
    expect(await go({ from: 'render' })).toEqual(['render', 'build']);
  });

  it('runs only the forced stage when its result stays the same', async () => {
    await go();
    expect(await go({ force: 'render' })).toEqual(['render']);
    // A reason names an option only where one was given.
    const reasons = async (selection: Selection) =>
      (await planStages(request(selection))).find(({ stage }) => stage === 'render')?.reason;
    expect(await reasons({ force: 'render' })).toBe('requested by --force render');
    expect(await reasons({ force: 'render', reason: 'requested by `dgxos-maas upload`' })).toBe(
      'requested by `dgxos-maas upload`',
    );
  });

  it('continues at the stage that failed', async () => {
    failing = 'build';
    await expect(go()).rejects.toThrow('build fails');
    failing = undefined;
    expect(await go()).toEqual(['build']);
  });

  it.each([
    ['removed', (file: string) => rm(file)],
    ['overwritten with another size', (file: string) => writeFile(file, 'tampered with')],
    ['touched', (file: string) => utimes(file, 1, 1)],
  ])('does not trust an output that was %s', async (_, tamper) => {
    await go();
    await tamper(join(workspace, 'img', 'render', 'out'));
    expect(await go()).toContain('render');
  });

  it('takes a damaged record for none', async () => {
    await go();
    await writeFile(join(workspace, 'img', 'iso.json'), '{ "format": 1, "stage"');
    expect(await go()).toEqual(['iso']);
  });

  it('has no record of a stage while it runs', async () => {
    await go();
    failing = 'iso';
    await expect(go({ force: 'iso' })).rejects.toThrow();
    await expect(readFile(join(workspace, 'img', 'iso.json'))).rejects.toThrow('ENOENT');
  });

  it('reports the failure as an event with the stage and the fault', async () => {
    failing = 'render';
    await expect(go()).rejects.toThrow();
    const failed = events.find((event) => event.type === 'stage-failed');
    expect(failed).toMatchObject({ stage: 'render', error: { code: 'BUILD_FAILED' } });
    expect(events.at(-1)).toMatchObject({ type: 'run-end', ok: false });
  });

  it('starts no stage once it was interrupted', async () => {
    const abort = new AbortController();
    abort.abort(new Fault('INTERRUPTED', 'Interrupted'));
    await expect(runStages({ ...request(), signal: abort.signal })).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
    expect(ran).toEqual([]);
  });
});

describe('the dry run', () => {
  it('changes nothing and says why each stage would run', async () => {
    const first = await planStages(request());
    expect(first.map(({ stage, runs, reason }) => [stage, runs, reason])).toEqual([
      ['iso', true, 'no finished earlier run'],
      ['render', true, 'after iso'],
      ['build', true, 'after iso'],
    ]);
    expect(ran).toEqual([]);
  });

  it('names the input that changed', async () => {
    await go();
    knobs.build = 7;
    const plan = await planStages(request());
    expect(plan.map((stage) => stage.reason)).toEqual(['fresh', 'fresh', 'changed: knob']);
  });

  it('decides for the run too where all is fresh; another run decides by itself', async () => {
    await go();
    const { records } = await planRun(request());
    expect([...records.keys()]).toEqual(['iso', 'render', 'build']);
    const decided = vi.spyOn(stages[0] as Stage, 'inputs');
    onTestFinished(() => decided.mockRestore());
    expect((await runStages({ ...request(), fresh: records })).outcomes.map(({ state }) => state)).toEqual([
      'fresh',
      'fresh',
      'fresh',
    ]);
    expect(decided).not.toHaveBeenCalled();
    await runStages(request());
    expect(decided).toHaveBeenCalledOnce();
  });
});

describe('the look before a run', () => {
  const target = {
    name: 'lab',
    url: 'http://127.0.0.1:1/MAAS',
    key: { from: 'environment', variable: 'KEY' },
  };
  const last = stage('upload' as StageId, ['build']);
  const uploading = (): RunRequest => ({
    ...request(),
    stages: [...stages, last],
    config: { workspace, sign: { keyFile: null }, targets: { lab: { ...target, patienceS: 1 } } } as never,
    image: { name: 'img', upload: ['lab'] } as never,
    env: { KEY: `${'a'.repeat(18)}:${'b'.repeat(18)}:${'c'.repeat(32)}` },
  });

  it('gives the records where every stage is fresh', async () => {
    await runStages(uploading());
    expect([...((await preflight(uploading())) ?? [])].map(([id]) => id)).toEqual([
      ...['iso', 'render', 'build', 'upload'],
    ]);
  });

  it('gives none where one is not', async () => {
    await runStages(uploading());
    knobs.upload = 2;
    expect(await preflight(uploading())).toBeUndefined();
  });
});
