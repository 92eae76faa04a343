import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { QUEUE } from '../../../pipeline/config/settings/queue.ts';
import type { QueueConfig } from '../../../pipeline/config/types.ts';
import { Fault, type FaultCode } from '../../../pipeline/core/faults/fault.ts';
import type { Json } from '../../../pipeline/core/json.ts';
import { TIMING, type Timing } from '../../../pipeline/queue/timing.ts';
import type { StageId } from '../../../pipeline/stages/rows.ts';
import type { RunRequest } from '../../../pipeline/stages/run/runner.ts';
import type { Stage } from '../../../pipeline/stages/types.ts';
import { FolderStore } from '../../../pipeline/store/folder.ts';
import { SharedResults } from '../../../pipeline/store/results.ts';

/** The behaviour of the stand-in for the build of one image: a JSON file of its name in the folder of controls. */
export interface Control {
  /** Milliseconds that it takes. */
  ms?: number;
  /** Ends only when this file is in the folder of controls. */
  until?: string;
  /** The stage that takes this time; the build otherwise. */
  in?: StageId;
  fail?: FaultCode;
  /** The process ends as by a crash. */
  crash?: boolean;
  /** Counts among the inputs: another value is another result. */
  knob?: Json;
}

export const SHORT: Timing = {
  ...TIMING,
  ...{
    lockMs: 1500,
    renewMs: 500,
    stalledMs: 500,
    heartbeatMs: 200,
    aliveMs: 1500,
    pollMs: 300,
    reportMs: 50,
  },
  ...{ retryMs: 100, storeRetryMs: 200, storeWaitMs: 8000, connectMs: 3000 },
};

export function queueSettings(url: string, more: Partial<QueueConfig> = {}): QueueConfig {
  return { place: url, user: null, password: QUEUE.password.default as never, caCert: null, ...more };
}

export const openShared = async (store: string, signal: AbortSignal) =>
  new SharedResults(async () => new FolderStore(store, signal), false);

const controlOf = (controls: string, image: string): Control => {
  const file = join(controls, `${image}.json`);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Control) : {};
};

/** Images of archives, whose stages are small programs in place of hours of work; each run of one is a line of `log` among the controls. */
export function standInStages(controls: string, image: string): Stage[] {
  const row = (id: StageId, needs: StageId[], data: (dir: string) => object): Stage =>
    ({
      ...{ id, title: id, label: id, needs, code: [] },
      ...(id === 'sources' ? {} : { stored: true }),
      async inputs({ output }: { output(id: StageId): Record<string, Json> }) {
        const { knob } = controlOf(controls, image);
        return {
          knob: id === 'render' ? (knob ?? null) : null,
          image,
          before: needs.map((need) => output(need).id ?? null),
        };
      },
      async run(
        _: object,
        { dir, signal, emit }: { dir: string; signal: AbortSignal; emit: RunRequest['emit'] },
      ) {
        const { ms, until, fail, crash, in: where = 'build' } = controlOf(controls, image);
        appendFileSync(join(controls, 'log'), `${id} ${image}\n`);
        if (id === where) {
          emit({ type: 'activity', id: 'installer', label: 'the installer runs' });
          if (ms) await sleep(ms, undefined, { signal });
          while (until && !existsSync(join(controls, until))) await sleep(25, undefined, { signal });
          if (crash) process.kill(process.pid, 'SIGKILL');
          if (fail) throw new Fault(fail, `${id} of ${image} fails as it should`, { hint: 'Nothing to do.' });
        }
        await mkdir(dir, { recursive: true });
        await writeFile(join(dir, 'out'), `${id} of ${image}`);
        return { data: data(dir), files: ['out'], summary: `${id} made` };
      },
    }) as unknown as Stage;
  return [
    row('sources', [], () => ({ id: 'sources' })),
    row('render', ['sources'], (dir) => ({ id: 'rendered', packerDir: join(dir, 'packer') })),
    row('build', ['render'], (dir) => ({ id: 'built', root: { path: join(dir, 'out') } })),
    row('pack', ['build'], (dir) => ({ id: 'packed', facts: join(dir, 'out') })),
  ];
}

/** The request of a run of such an image. */
export function requestOf(
  { controls, workspace, image }: { controls: string; workspace: string; image: string },
  more: Pick<RunRequest, 'emit' | 'signal'> & Partial<RunRequest>,
): RunRequest {
  return {
    config: { workspace, sign: { keyFile: null } } as never,
    image: {
      ...{ name: image, files: [], lateCommands: {}, packages: [], upload: [] },
      archive: { root: { source: 'http://m.example/root' }, repository: { source: null } },
      resource: {
        architecture: image.startsWith('arm') ? 'arm64/generic' : 'amd64/generic',
        baseImage: 'custom',
      },
    } as never,
    release: { baseImage: '', ubuntu: { codename: '' } } as never,
    stages: standInStages(controls, image),
    selection: {},
    env: {},
    ...more,
  };
}
