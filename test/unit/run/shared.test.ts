import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import type { StageId } from '../../../pipeline/stages/rows.ts';
import { planStages } from '../../../pipeline/stages/run/dry-run.ts';
import { begunAt, type Selection } from '../../../pipeline/stages/run/plan.ts';
import { type RunRequest, runStages } from '../../../pipeline/stages/run/runner.ts';
import type { Stage } from '../../../pipeline/stages/types.ts';
import type { Entry } from '../../../pipeline/store/entry.ts';
import type { SharedResults } from '../../../pipeline/store/results.ts';
import { readRecord, type StageRecord } from '../../../pipeline/workspace/record.ts';

/** A stage that is shared and one that is not, and the results that another builder has put in the store. */
let workspace: string;
let ran: StageId[];
let events: Event[];
/** The results in the store, by stage; whether they can be fetched. */
let entries: Map<string, Entry>;
let whole: boolean;
let found: string[];
let put: [stage: string, replace: boolean][];

const shared = {
  async find(stage: string) {
    found.push(stage);
    return entries.get(stage);
  },
  recordOf: (entry: Entry) => entry,
  async take(entry: Entry) {
    return whole ? ({ ...entry, summary: 'fetched' } as unknown as StageRecord) : undefined;
  },
  async put(record: StageRecord, _context: object, replace: boolean) {
    put.push([record.stage, replace]);
  },
} as unknown as SharedResults;

const stage = (id: StageId, stored: boolean): Stage =>
  ({
    ...{ id, title: id, label: id, needs: [], code: [], stored },
    async inputs() {
      return { id };
    },
    async run(_inputs: object, { dir }: { dir: string }) {
      ran.push(id);
      await writeFile(join(dir, 'out'), id);
      return { data: { made: id }, files: ['out'], summary: 'made' };
    },
  }) as unknown as Stage;

const request = (selection: Selection = {}, results: SharedResults | null = shared): RunRequest => ({
  config: { workspace } as never,
  image: { name: 'img' } as never,
  release: {} as never,
  stages: [stage('iso', false), stage('build', true)],
  selection,
  emit: (event) => events.push(event),
  signal: new AbortController().signal,
  env: {},
  shared: results ?? undefined,
});
const FINISHED = '2026-11-29T10:00:00.000Z';
const entry = { stage: 'build', data: { made: 'elsewhere' }, seconds: 60, finishedAt: FINISHED } as Entry;
const reasons = () => events.flatMap((event) => (event.type === 'stage-start' ? [event.reason] : []));

beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'shared-'));
  ran = [];
  events = [];
  entries = new Map();
  whole = true;
  found = [];
  put = [];
});
afterEach(() => rm(workspace, { recursive: true, force: true }));

describe('the results that builders share', () => {
  test('are those of the stages that are stored: only these are looked for and put', async () => {
    await runStages(request());
    expect([ran, found, put]).toEqual([['iso', 'build'], ['build'], [['build', false]]]);
    await runStages(request({ force: 'build' }));
    expect([found, put.at(-1)]).toEqual([['build'], ['build', true]]);
  });

  test('are fetched in place of a run; one that cannot be fetched is made', async () => {
    entries.set('iso', entry).set('build', entry);
    const { outcomes } = await runStages(request());
    expect([ran, put]).toEqual([['iso'], []]);
    expect(outcomes.map(({ state, fromStore, summary }) => [state, fromStore, summary])).toEqual([
      ['ran', undefined, 'made'],
      ['fresh', true, 'fetched'],
    ]);
    whole = false;
    await runStages(request());
    expect([ran, put]).toEqual([['iso', 'build'], [['build', false]]]);
  });

  test('are not needed', async () => {
    await runStages(request({}, null));
    expect([ran, found, put]).toEqual([['iso', 'build'], [], []]);
  });

  test.each<[string, Entry | undefined, object[]]>([
    ['has it', entry, [{ runs: true }, { runs: true }]],
    ['does not have it', undefined, [{ runs: true }, { runs: true }]],
  ])('are in the plan only once the earlier stages are fresh: the store %s', async (_what, stored, plan) => {
    if (stored) entries.set('build', stored);
    expect(await planStages(request())).toMatchObject(plan);
    await runStages(request({ until: 'iso' }));
    expect((await planStages(request())).at(-1)).toMatchObject(
      stored
        ? { runs: false, reason: 'fresh, from the store', fromStore: true }
        : { runs: true, reason: 'no finished earlier run' },
    );
    expect((await planStages(request({}, null))).at(-1)).toMatchObject({ runs: true });
    expect(ran).toEqual(['iso']);
  });

  const BEGUN = Date.parse(FINISHED) - 60_000;
  test.each<[string, StageId, number, boolean]>([
    ['begun after the limit', 'build', BEGUN - 1, true],
    ['begun at the limit', 'build', BEGUN, true],
    ['begun before the limit', 'build', BEGUN + 1, false],
    ['with a limit for another stage', 'iso', BEGUN + 1, true],
  ])('count as long as they are not outdated: %s', async (_what, of, before, counts) => {
    expect(begunAt(entry)).toBe(BEGUN);
    const outdated = { stage: of, before, reason: 'a week old' };
    await runStages(request({ outdated }));
    // Without a result in the store there is nothing that could be outdated.
    expect(reasons()).toEqual(Array(2).fill('no finished earlier run'));
    await rm(join(workspace, 'img'), { recursive: true });
    events = [];
    ran = [];
    entries.set('build', entry);
    await runStages(request({ outdated }));
    expect(ran).toEqual(counts ? ['iso'] : ['iso', 'build']);
    if (!counts) expect(reasons().at(-1)).toBe('a week old');
  });

  const recordHere = async () => (await readRecord(join(workspace, 'img'), 'build'))!;

  test('and results here are outdated by the same limit', async () => {
    await runStages(request());
    const outdated = { stage: 'build', before: begunAt(await recordHere()), reason: 'a week old' } as const;
    ran = [];
    await runStages(request({ outdated }));
    await runStages(request({ outdated: { ...outdated, stage: 'iso', before: 0 } }));
    expect(ran).toEqual([]);
    await runStages(request({ outdated: { ...outdated, before: outdated.before + 1 } }));
    expect([ran, reasons().at(-1)]).toEqual([['build'], 'a week old']);
  });

  test('are all there is of a stage that other builders run', async () => {
    const elsewhere = { elsewhere: 'build' } as const;
    await expect(runStages(request(elsewhere))).rejects.toMatchObject({
      code: 'BUILD_MISSING',
      message: 'No result of build is here or in the store (no finished earlier run)',
    });
    expect(ran).toEqual(['iso']);
    await runStages(request());
    const { finishedAt, seconds } = await recordHere();
    const stored = (later: number) =>
      entries.set('build', { ...entry, finishedAt, seconds: seconds - later });
    const states = async (selection: Selection = elsewhere) =>
      (await runStages(request(selection))).outcomes.map(({ fromStore }) => fromStore === true);
    expect(await states()).toEqual([false, false]);
    stored(0);
    expect(await states()).toEqual([false, false]);
    stored(0.01);
    expect(await states({})).toEqual([false, false]);
    expect(await states({ elsewhere: 'iso' })).toEqual([false, false]);
    expect(await states()).toEqual([false, true]);
    expect(ran).toEqual(['iso', 'build']);
  });
});
