import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import { earlierNights } from '../../../pipeline/nightly/store.ts';
import { nightsFolder } from '../../../pipeline/workspace/layout.ts';
import { finding } from '../page/folder.ts';
import { House } from './house.ts';

let house: House;
afterEach(() => house.remove());

const statuses = (night: { images: { image: string; status: string }[] }) =>
  Object.fromEntries(night.images.map(({ image, status }) => [image, status]));

describe('a night', () => {
  it('builds what has changed and leaves the rest alone, saying why', async () => {
    house = new House('a', 'b');
    const first = await house.night();
    expect(statuses(first)).toEqual({ a: 'built', b: 'built' });
    expect(first).toMatchObject({ outcome: 'new', exitCode: 0, since: null });
    expect(first.images[0]).toMatchObject({ reason: 'build: no finished earlier run', changes: null });

    house.set('b', { bash: '5.2-1' });
    const second = await house.night();
    expect(statuses(second)).toEqual({ a: 'unchanged', b: 'built' });
    expect(second.images[0]?.reason).toBe(
      'all stages are fresh: no input, tool or setting has changed since the build of 2026-11-23',
    );
    expect(second.images[1]?.reason).toBe('build: changed: packages');
    expect(second.since?.id).toBe(first.id);
    expect(house.built).toEqual(['a', 'b', 'b']);

    expect(await house.night()).toMatchObject({ outcome: 'unchanged', exitCode: 0 });
    expect(house.built).toHaveLength(3);
  });

  it('reports what changed since the last night: packages, size, checks', async () => {
    house = new House('a');
    house.set('a', {
      findings: [
        finding(1, { status: 'fail' }),
        finding(2),
        finding(3, { status: 'fail', severity: 'warning' }),
      ],
    });
    await house.night();
    house.set('a', {
      bash: '5.2.15-1',
      findings: [
        finding(1),
        finding(2, { status: 'fail' }),
        finding(3, { status: 'fail', severity: 'warning' }),
      ],
    });
    const { images } = await house.night();
    const changes = images[0]?.changes;
    expect(changes?.newlyFailing.map(({ id }) => id)).toEqual(['check-2']);
    expect(changes?.fixed.map(({ id }) => id)).toEqual(['check-1']);
    expect(changes?.size.after).toBeGreaterThan(changes?.size.before ?? Number.POSITIVE_INFINITY);
    expect(changes?.sections.find(({ title }) => title === 'Packages')?.rows).toMatchObject([
      { word: 'upgraded', name: 'bash', before: '5.1-1', after: '5.2.15-1' },
    ]);
  });

  it('goes on when an image fails; the next night compares with the last artifact there was', async () => {
    house = new House('a', 'b', 'c');
    await house.night();
    for (const name of ['a', 'b', 'c']) house.set(name, { bash: '5.2-1' });
    house.set('b', { fails: 'build' });
    const broken = await house.night();
    expect(statuses(broken)).toEqual({ a: 'built', b: 'failed', c: 'built' });
    expect(broken).toMatchObject({ outcome: 'broken', exitCode: 5 });
    expect(broken.images[1]).toMatchObject({
      artifact: null,
      failure: { step: 'build', code: 'BUILD_FAILED', hint: 'Mend it.', exitCode: 5 },
    });
    // The folder still has the artifact of the first night.
    expect(broken.images[1]?.before?.sha256).toMatch(/^[0-9a-f]{64}$/);

    house.set('b', { fails: undefined });
    const mended = await house.night();
    expect(statuses(mended)).toEqual({ a: 'unchanged', b: 'built', c: 'unchanged' });
    expect(mended.images[1]?.changes?.sections.map(({ title }) => title)).toContain('Packages');
  });

  it('a rejected image is broken; its artifact is compared, and the same failure is not new the next night', async () => {
    house = new House('a');
    await house.night();
    const blocker = finding(1, { status: 'fail', severity: 'blocker' });
    house.set('a', { bash: '5.2-1', findings: [blocker] });
    const rejected = await house.night();
    expect(rejected).toMatchObject({ outcome: 'broken', exitCode: 6 });
    expect(rejected.images[0]?.changes?.newlyFailing.map(({ id }) => id)).toEqual(['check-1']);
    const again = await house.night();
    expect(again).toMatchObject({ outcome: 'broken', exitCode: 6 });
    expect(again.images[0]?.changes).toMatchObject({ sameContent: true, newlyFailing: [] });
  });

  it('an image that fails on a machine is broken, and its checks there are reported', async () => {
    house = new House('a');
    const title = 'no failed unit';
    const headline = 'a systemd unit has failed: exim4.service';
    house.set('a', {
      onMachine: [finding(1), finding(2, { status: 'fail', severity: 'blocker', title, headline })],
    });
    const night = await house.night();
    expect(night).toMatchObject({ outcome: 'broken', exitCode: 6 });
    expect(night.images[0]).toMatchObject({
      failure: { step: 'accept', code: 'IMAGE_QUARANTINED' },
      acceptances: [{ target: 'lab', machine: 'node1', accepted: false, failing: [{ title, headline }] }],
    });
    const written = (name: string) =>
      readFileSync(join(nightsFolder(house.workspace), night.id, name), 'utf8');
    expect(written('junit.xml')).toMatch(/errors="0"/);
    expect(written('junit.xml')).toMatch(
      /classname="a\.accept lab\.blocker" name="2 check-2: no failed unit">\s*<failure/,
    );
    expect(written('summary.md')).toContain(`failed on node1 of lab: ${headline}`);
    expect(written('summary.html')).toContain(`failed on node1 of lab: ${headline}`);

    house.set('a', { onMachine: [finding(1)] });
    const mended = await house.night();
    expect(mended.images[0]).toMatchObject({
      status: 'updated',
      acceptances: [{ accepted: true, failing: [] }],
    });
    expect(house.built).toEqual(['a']);
    expect((await house.night()).outcome).toBe('unchanged');
  });

  it('its exit code is that of the first lasting failure; 75 when all may work when run again', async () => {
    house = new House('a', 'b');
    house.set('a', { fails: 'build', fault: new Fault('PORT_TAKEN', 'taken') });
    expect(await house.night()).toMatchObject({ outcome: 'broken', exitCode: 75 });
    house.set('b', { fails: 'pack', bash: '6', fault: new Fault('TOOL_MISSING', 'no tar') });
    expect((await house.night()).exitCode).toBe(4);
  });

  it('builds at the same time, never more than asked for', async () => {
    house = new House('a', 'b', 'c', 'd');
    let now = 0;
    let most = 0;
    for (const name of house.knobs.keys())
      house.set(name, {
        waits: async () => {
          most = Math.max(most, ++now);
          await sleep(20);
          now--;
        },
      });
    await house.night({ jobs: 2 });
    expect(most).toBe(2);
    const labels = house.events.flatMap((event) => (event.type === 'activity' ? [event.label] : []));
    expect(labels.sort()).toEqual(['a', 'b', 'c', 'd'].map((name) => `${name}: the VM boots`));
  });

  it('interrupted, it has no summary, and goes on under its own name', async () => {
    house = new House('a', 'b');
    house.set('b', {
      waits: async () => {
        house.abort.abort(new Fault('INTERRUPTED', 'Interrupted'));
        throw new Error('the tool was ended');
      },
    });
    await expect(house.night()).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(await earlierNights(house.workspace, ['a'])).toEqual([]);
    const { id } = JSON.parse(readFileSync(join(nightsFolder(house.workspace), 'under-way.json'), 'utf8'));
    house.set('b', { waits: undefined });
    const night = await house.night({
      signal: new AbortController().signal,
      requests: ['a', 'b'].map((name) => ({
        ...house.request(name),
        signal: new AbortController().signal,
      })),
    });
    expect(night).toMatchObject({ id, continued: true, outcome: 'new' });
    expect(house.built).toEqual(['a', 'b', 'b']);
    expect(readdirSync(nightsFolder(house.workspace))).toEqual([id]);
  });

  it('a build between two nights is new to the second', async () => {
    house = new House('a');
    await house.night();
    house.set('a', { bash: '5.2-1' });
    const { runStages } = await import('../../../pipeline/stages/run/runner.ts');
    await runStages(house.request('a'));
    const night = await house.night();
    expect(night.images[0]).toMatchObject({
      status: 'updated',
      reason: 'built since the last night; all stages are fresh',
    });
  });

  it('of a selection, the others keep their last artifact for the next comparison', async () => {
    house = new House('a', 'b');
    await house.night();
    await house.night({}, ['a']);
    house.set('b', { bash: '5.2-1' });
    const night = await house.night();
    expect(night.images[1]?.changes?.sameContent).toBe(false);
  });

  it('keeps thirty nights, and takes no damaged one for one', async () => {
    house = new House('a');
    for (let day = 10; day < 45; day++) {
      const dir = join(nightsFolder(house.workspace), `202601${day}T000000.000Z`);
      mkdirSync(dir, { recursive: true });
      writeFileSync(join(dir, 'summary.json'), day === 44 ? '{"format":1,"im' : '{}');
    }
    const night = await house.night();
    expect(night.since).toBeNull();
    expect(readdirSync(nightsFolder(house.workspace))).toHaveLength(30);
    expect((await earlierNights(house.workspace, [])).map(({ id }) => id)).toEqual([night.id]);
  });

  it('earlier nights are read back to one that had each image', async () => {
    house = new House('a', 'b');
    const first = await house.night();
    const second = await house.night({}, ['a']);
    const third = await house.night({}, ['a']);
    const readFor = async (...images: string[]) =>
      (await earlierNights(house.workspace, images)).map(({ id }) => id);
    expect(await readFor('a')).toEqual([third.id]);
    expect(await readFor('a', 'b')).toEqual([third.id, second.id, first.id]);
    expect(await readFor('a', 'never')).toEqual([third.id, second.id, first.id]);
  });
});
