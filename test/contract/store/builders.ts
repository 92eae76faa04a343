import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Event } from '../../../pipeline/core/events/event.ts';
import type { Json } from '../../../pipeline/core/json.ts';
import type { StageId } from '../../../pipeline/stages/rows.ts';
import { planStages } from '../../../pipeline/stages/run/dry-run.ts';
import type { Selection } from '../../../pipeline/stages/run/plan.ts';
import { type RunOutcome, type RunRequest, runStages } from '../../../pipeline/stages/run/runner.ts';
import type { Stage } from '../../../pipeline/stages/types.ts';
import { FolderStore } from '../../../pipeline/store/folder.ts';
import { SharedResults } from '../../../pipeline/store/results.ts';
import type { Store } from '../../../pipeline/store/store.ts';
import type { Trust } from '../../../pipeline/store/trust.ts';
import { notCounted } from '../../../pipeline/workspace/fingerprint.ts';

/** A file of a stand-in's output: its bytes and mode. */
export type Tree = Record<string, { bytes: Buffer; mode?: number }>;

const PLAIN: Tree = { out: { bytes: Buffer.from('made') } };

/** A builder: a workspace of its own, and stages that write files in place of hours of work. */
export class Builder {
  readonly workspace: string;
  readonly ran: StageId[] = [];
  readonly events: Event[] = [];
  /** The files that each stage writes. */
  readonly trees: Partial<Record<StageId, Tree>> = {};
  knobs: Record<string, Json> = {};
  /** Of the build, as the real stage has it. */
  buildId = 'one';
  signal = new AbortController().signal;
  /** As the real build has it: its root is fetched for a stage that reads it. */
  large = false;
  readonly #shared: () => SharedResults;
  /** Of one command, which plans and then runs. */
  #ofCommand: SharedResults | undefined;

  constructor(workspace: string, store: string | (() => Promise<Store>), readOnly = false, trust?: Trust) {
    this.workspace = workspace;
    const open = typeof store === 'string' ? async () => new FolderStore(store, this.signal) : store;
    this.#shared = () => new SharedResults(open, readOnly, trust);
  }

  get imageDir(): string {
    return join(this.workspace, 'img');
  }

  #request(selection: Selection): RunRequest {
    return {
      config: { workspace: this.workspace } as never,
      image: { name: 'img' } as never,
      release: {} as never,
      stages: this.#stages(),
      selection,
      emit: (event) => this.events.push(event),
      signal: this.signal,
      env: {},
      shared: this.#ofCommand ?? this.#shared(),
    };
  }

  /** Runs, and returns the stages that ran here. */
  async run(selection: Selection = {}): Promise<StageId[]> {
    await this.outcome(selection);
    return this.ran;
  }

  async outcome(selection: Selection = {}): Promise<RunOutcome> {
    this.ran.length = 0;
    this.events.length = 0;
    return runStages(this.#request(selection));
  }

  /** As a command does that plans before it runs. */
  async planAndRun(): Promise<void> {
    this.#ofCommand = this.#shared();
    this.ran.length = 0;
    this.events.length = 0;
    await planStages(this.#request({}));
    await runStages(this.#request({}));
  }

  plan(selection: Selection = {}) {
    this.events.length = 0;
    return planStages(this.#request(selection));
  }

  get warnings(): string[] {
    return this.events.flatMap((event) =>
      event.type === 'notice' && event.level === 'warning' ? [event.message] : [],
    );
  }

  #stages(): Stage[] {
    const { trees, ran, knobs } = this;
    const row = (id: StageId, needs: StageId[], data: (dir: string) => object): Stage =>
      ({
        ...{ id, title: id, label: id, needs, code: [] },
        ...(id === 'iso' ? {} : { stored: true }),
        ...(id === 'build' && this.large ? { large: 'root.path' } : {}),
        async inputs(context: { output(id: StageId): Record<string, Json>; dir: string }) {
          const before = needs.map((need) => context.output(need));
          return {
            knob: knobs[id] ?? null,
            before: before.map(({ id: made }) => made ?? null),
            dir: notCounted(context.dir, 'a place'),
          };
        },
        async run(_: object, { dir }: { dir: string }) {
          ran.push(id);
          const tree = trees[id] ?? PLAIN;
          for (const [path, { bytes, mode }] of Object.entries(tree)) {
            await mkdir(join(dir, path, '..'), { recursive: true });
            await writeFile(join(dir, path), bytes);
            await chmod(join(dir, path), mode ?? 0o644);
          }
          return { data: data(dir), files: Object.keys(tree), summary: `${id} made` };
        },
      }) as unknown as Stage;
    return [
      row('iso', [], () => ({ id: 'medium' })),
      row('render', ['iso'], (dir) => ({ id: 'rendered', packerDir: join(dir, 'packer') })),
      row('build', ['render'], (dir) => ({
        ...{ id: this.buildId, root: { path: join(dir, 'root.tar') } },
      })),
      row('pack', ['build'], (dir) => ({
        ...{ id: 'packed', artifact: { path: join(dir, 'img.tar.gz') }, facts: join(dir, 'facts.json') },
      })),
    ];
  }
}

/** Every file below a folder: its mode and bytes. */
export async function treeOf(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile()) continue;
    const { mode } = await stat(path);
    const digest = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
    found[path.slice(folder.length + 1)] = `${(mode & 0o7777).toString(8)} ${digest}`;
  }
  return found;
}

/** The paths of the files of a store, sorted. */
export async function keysOf(store: string): Promise<string[]> {
  return Object.keys(await treeOf(store)).sort();
}
