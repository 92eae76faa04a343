import { cp, mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeBuilt } from '../../../pipeline/image/diff/workspace.ts';
import { gather } from '../../../pipeline/report/page/material.ts';
import { reportPage } from '../../../pipeline/report/page/write-report.ts';
import { planStages } from '../../../pipeline/stages/run/dry-run.ts';
import { type RunRequest, runStages } from '../../../pipeline/stages/run/runner.ts';
import type { Stage } from '../../../pipeline/stages/types.ts';
import { isoFiles, packFiles, recordFile, renderFolders } from '../../../pipeline/workspace/layout.ts';
import { readRecord, writeRecord } from '../../../pipeline/workspace/record.ts';
import { writeFolder } from '../page/folder.ts';

/** Stages that hand over every sort of path that real ones do, and read those of the stages before. */
let home: string;
let iso: string;

const row = (id: string, needs: string[], run: (dir: string, before: never) => Promise<object>) =>
  ({
    ...{ id, title: id, label: id, needs, code: [] },
    async inputs(context: { output(id: string): unknown; dir: string }) {
      return { before: needs.map((need) => Object.keys(context.output(need) as object)) };
    },
    async run(_: unknown, { dir }: { dir: string }) {
      return { summary: 'made', ...(await run(dir, undefined as never)) };
    },
  }) as unknown as Stage;

const stages = () => [
  row('iso', [], async (dir) => {
    const { kernel, initrd } = isoFiles(dir);
    await writeFile(kernel, 'k');
    await writeFile(initrd, 'i');
    return { data: { medium: { path: iso }, kernel, initrd }, files: [iso, kernel, initrd] };
  }),
  row('render', ['iso'], async (dir) => {
    const { packer, http } = renderFolders(dir);
    await writeFile(join(dir, 'one'), '1');
    return { data: { packerDir: packer, httpDir: http }, files: ['one'] };
  }),
  row('build', ['render'], async (dir) => {
    await writeFile(join(dir, 'root.tar'), 'root');
    return { data: { root: { path: join(dir, 'root.tar') } }, files: [join(dir, 'root.tar')] };
  }),
  row('pack', ['build'], async (dir) => {
    const { artifact: path, evidence } = packFiles(dir, 'img');
    await writeFile(path, 'tgz');
    await writeFile(evidence, '{}');
    return {
      data: { artifact: { path, manifest: join(dir, 'img.manifest.json') }, facts: evidence },
      files: [path, evidence],
    };
  }),
];

const request = (workspace: string): RunRequest => ({
  config: { workspace } as never,
  image: { name: 'img' } as never,
  release: {} as never,
  stages: stages(),
  selection: {},
  emit: () => {},
  signal: new AbortController().signal,
  env: {},
});

const fresh = async (workspace: string) =>
  (await planStages(request(workspace))).map(({ stage, reason }) => `${stage} ${reason}`);
const ALL_FRESH = ['iso fresh', 'render fresh', 'build fresh', 'pack fresh'];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'moved-'));
  iso = join(home, 'a.iso');
  await writeFile(iso, 'iso');
  await runStages(request(join(home, 'one')));
});
afterEach(() => rm(home, { recursive: true, force: true }));

describe('a workspace', () => {
  it('that is moved is fresh, and its records name what lies in it now', async () => {
    await rename(join(home, 'one'), join(home, 'two'));
    const moved = join(home, 'two');
    expect(await fresh(moved)).toEqual(ALL_FRESH);
    const { data } = await runStages(request(moved));
    expect(data).toMatchObject({
      iso: {
        medium: { path: iso },
        kernel: join(moved, 'img/iso/vmlinuz'),
        initrd: join(moved, 'img/iso/initrd'),
      },
      render: { packerDir: join(moved, 'img/render/packer'), httpDir: join(moved, 'img/render/http') },
      build: { root: { path: join(moved, 'img/build/root.tar') } },
      pack: {
        artifact: {
          path: join(moved, 'img/pack/img.tar.gz'),
          manifest: join(moved, 'img/pack/img.manifest.json'),
        },
        facts: join(moved, 'img/pack/facts.json'),
      },
    });
  });

  it('keeps no path of its own in any of its files', async () => {
    const workspace = join(home, 'one');
    const files = await readdir(workspace, { recursive: true, withFileTypes: true });
    const records = files.filter((file) => file.name.endsWith('.json'));
    expect(records.length).toBeGreaterThanOrEqual(4);
    for (const file of records)
      expect(await readFile(join(file.parentPath, file.name), 'utf8')).not.toContain(workspace);
  });

  it('that another host has fetched is fresh, with times to the second as an archive has them', async () => {
    const fetched = join(home, 'fetched');
    await cp(join(home, 'one'), fetched, { recursive: true, preserveTimestamps: true });
    expect(await fresh(fetched)).toEqual(ALL_FRESH);
    const record = await readRecord(join(fetched, 'img'), 'build');
    const [file] = record!.files;
    const seconds = Math.floor(file!.mtimeMs / 1000);
    await utimes(file!.path, seconds, seconds);
    expect(await fresh(fetched)).toEqual(ALL_FRESH);
    await utimes(file!.path, seconds + 1, seconds + 1);
    expect((await fresh(fetched))[2]).toBe('build output root.tar was changed');
  });

  it('with a lost medium finds it again, and its later stages stay fresh', async () => {
    await rm(iso);
    expect((await fresh(join(home, 'one')))[0]).toBe(`iso output ${iso} is gone`);
  });

  it('that is moved is reported on, and compared, as before', async () => {
    const before = await writeFolder(join(home, 'first/demo'));
    for (const stage of ['iso', 'render', 'build', 'pack', 'validate'])
      await writeRecord(before, (await readRecord(before, stage))!);
    const page = (dir: string) => reportPage(dir, { env: { XDG_STATE_HOME: home } });
    const there = { report: await page(before), image: await describeBuilt(before) };
    await rename(join(home, 'first'), join(home, 'second'));
    const after = join(home, 'second/demo');
    expect(await describeBuilt(after)).toEqual(there.image);
    expect((await gather(after)).manifest).toMatchObject({ image: 'demox' });
    expect(await page(after)).toContain('1.6.6x');
    expect(there.report).toContain('1.6.6x');
  });

  it.each(['../../../etc/passwd', 'pack/../../../x'])(
    'takes no record that leads out of it by %s',
    async (out) => {
      const imageDir = join(home, 'one/img');
      const file = recordFile(imageDir, 'build');
      const record = JSON.parse(await readFile(file, 'utf8'));
      record.data.root.path = out;
      await writeFile(file, JSON.stringify(record));
      expect(await readRecord(imageDir, 'build')).toBeUndefined();
    },
  );

  it('named by a relative path has the same records', async () => {
    const imageDir = join(home, 'one/img');
    const before = process.cwd();
    process.chdir(home);
    try {
      const record = await readRecord('one/img', 'pack');
      expect(record).toEqual(await readRecord(imageDir, 'pack'));
      await writeRecord('one/img', record!);
      expect(await readRecord(imageDir, 'pack')).toEqual(record);
    } finally {
      process.chdir(before);
    }
  });
});
