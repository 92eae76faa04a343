import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runAndReport } from '../../../pipeline/cli/run-image.ts';
import type { Config, ImageConfig, TargetConfig } from '../../../pipeline/config/types.ts';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import type { Json } from '../../../pipeline/core/json.ts';
import type { Finding } from '../../../pipeline/image/checks/judge.ts';
import { type NightRequest, runNight } from '../../../pipeline/nightly/night.ts';
import { endNight, folderOf } from '../../../pipeline/nightly/store.ts';
import type { Night } from '../../../pipeline/nightly/types.ts';
import { writeNight } from '../../../pipeline/nightly/write.ts';
import { promoteTo } from '../../../pipeline/stages/promote.ts';
import { rowOf, STAGE_IDS, type StageId } from '../../../pipeline/stages/rows.ts';
import type { RunRequest } from '../../../pipeline/stages/run/runner.ts';
import type { Stage, StageContext } from '../../../pipeline/stages/types.ts';
import { notCounted } from '../../../pipeline/workspace/fingerprint.ts';
import { pkg, whole } from '../diff/facts.ts';
import { acceptance, finding, verdictOf } from '../page/folder.ts';

/** A test's description of one image of tonight. */
export interface Knobs {
  /** Version of bash in it; another one is another artifact. */
  bash: string;
  findings: Finding[];
  /** The stage that fails, and how. */
  fails?: StageId;
  fault?: Fault;
  /** The findings on a machine; with them the image has a stage `accept`. */
  onMachine?: Finding[];
  /** Awaited in `build`. */
  waits?: (signal: AbortSignal) => Promise<void>;
}

export const content = (name: string, knobs: Knobs) =>
  Buffer.from(`${name} with bash ${knobs.bash}\n`.repeat(40));
export const digest = (data: Buffer) => createHash('sha256').update(data).digest('hex');

/** A workspace whose stages are quick stand-ins that leave what real ones leave; upload may be the real one. */
export class House {
  readonly dir = mkdtempSync(join(tmpdir(), 'night-'));
  readonly knobs = new Map<string, Knobs>();
  readonly events: Event[] = [];
  readonly env: NodeJS.ProcessEnv = { XDG_STATE_HOME: join(this.dir, 'state') };
  readonly workspace = join(this.dir, 'work');
  readonly abort = new AbortController();
  /** Names of images whose stage `build` ran, in order. */
  readonly built: string[] = [];
  targets: Record<string, TargetConfig> = {};
  upload: Stage | undefined;

  constructor(...images: string[]) {
    for (const name of images) this.knobs.set(name, { bash: '5.1-1', findings: [finding(1)] });
  }

  set(name: string, change: Partial<Knobs>): void {
    this.knobs.set(name, { ...(this.knobs.get(name) as Knobs), ...change });
  }

  stagesOf(name: string): Stage[] {
    const knobsOf = (context: StageContext) => this.knobs.get(context.image.name) as Knobs;
    const stage = (
      id: StageId,
      run: (context: StageContext) => ReturnType<Stage['run']>,
      inputs: (knobs: Knobs, context: StageContext) => Record<string, Json>,
    ): Stage => ({
      ...rowOf(id),
      ...{ id, title: `the ${id} stage`, needs: STAGE_IDS },
      inputs: async (context) => ({
        ...inputs(knobsOf(context), context),
        context: notCounted(context, 'the knobs count'),
      }),
      run: async (inputs, io) => {
        const context = { ...(inputs as { context: StageContext }).context, ...io };
        const { fails, fault } = knobsOf(context);
        if (fails === id && id !== 'validate')
          throw fault ?? new Fault('BUILD_FAILED', `${id} fails`, { hint: 'Mend it.' });
        return run(context);
      },
    });
    const build = stage(
      'build',
      async (context) => {
        this.built.push(context.image.name);
        context.emit({ type: 'activity', id: 'build', label: 'the VM boots' });
        await knobsOf(context).waits?.(context.signal);
        return { data: { buildId: randomUUID() } as never, files: [], summary: 'built' };
      },
      ({ bash }) => ({ packages: bash }),
    );
    const pack = stage(
      'pack',
      async ({ dir, image }) => {
        const knobs = this.knobs.get(image.name) as Knobs;
        const data = content(image.name, knobs);
        const path = join(dir, `${image.name}.tar.gz`);
        writeFileSync(path, data);
        writeFileSync(join(dir, `${image.name}.sbom.cdx.json`), '{}');
        const facts = join(dir, 'facts.json');
        writeFileSync(
          facts,
          JSON.stringify({ facts: whole({ packages: [pkg('bash', knobs.bash)] }), stream: {} }),
        );
        const manifest = join(dir, `${image.name}.manifest.json`);
        writeFileSync(manifest, JSON.stringify({ format: 1, image: image.name }));
        const artifact = { path, manifest, sha256: digest(data), size: data.length, date: '20261123' };
        return { data: { artifact, facts } as never, files: [], summary: 'packed' };
      },
      ({ bash }, context) => ({ bash, build: context.output('build').buildId }),
    );
    const validate = stage(
      'validate',
      async (context) => {
        const verdict = verdictOf(knobsOf(context).findings);
        writeFileSync(join(context.dir, 'verdict.json'), JSON.stringify(verdict));
        if (!verdict.passed) throw new Fault('IMAGE_REJECTED', 'The image has 1 blocker and goes no further');
        return { data: { verdict } as never, files: [], summary: 'judged' };
      },
      ({ bash, findings }) => ({
        artifact: '',
        bash,
        findings: findings.map(({ id, status }) => `${id} ${status}`),
      }),
    );
    // The verdict counts only for the artifact that it names.
    const named: Stage = {
      ...validate,
      inputs: async (context) => ({
        ...(await validate.inputs(context)),
        artifact: context.output('pack').artifact.sha256,
      }),
    };
    const accept = stage(
      'accept',
      async (context) => {
        const verdict = verdictOf(knobsOf(context).onMachine ?? []);
        const { sha256 } = context.output('pack').artifact;
        const result = { ...acceptance(verdict), sha256, logs: [] };
        result.machine.hostname = 'node1';
        mkdirSync(join(context.dir, 'lab'));
        writeFileSync(join(context.dir, 'lab/acceptance.json'), JSON.stringify(result));
        if (!verdict.passed) throw new Fault('IMAGE_QUARANTINED', 'it failed its acceptance on node1');
        return { data: { acceptances: [] } as never, files: [], summary: 'accepted' };
      },
      ({ bash, onMachine = [] }) => ({
        bash,
        onMachine: onMachine.map(({ id, status }) => `${id} ${status}`),
      }),
    );
    return [
      ...[build, pack, named],
      ...(this.upload ? [this.upload] : []),
      ...(this.knobs.get(name)?.onMachine ? [accept] : []),
    ];
  }

  request(name: string): RunRequest {
    const image = {
      name,
      release: 'demo',
      platform: 'demo1',
      version: '1.0',
      vm: {},
      ...{ packages: [], files: [], lateCommands: {} },
      acceptance: { machines: ['node1'], tags: [], checksFile: null, ssh: { keyFile: null } },
      upload: Object.keys(this.targets),
      resource: {
        name: `custom/${name}-{version}-{digest}`,
        title: name,
        architecture: 'amd64/generic',
        baseImage: 'ubuntu/focal',
      },
    } as unknown as ImageConfig;
    return {
      config: {
        workspace: this.workspace,
        targets: this.targets,
        sign: { keyFile: null },
      } as unknown as Config,
      image,
      release: {} as never,
      stages: this.stagesOf(name),
      selection: {},
      emit: (event) => this.events.push(event),
      signal: this.abort.signal,
      env: this.env,
    };
  }

  /** One whole night, with its summary written. */
  async night(change: Partial<NightRequest> = {}, names = [...this.knobs.keys()]): Promise<Night> {
    const promote = change.channel == null ? [] : [promoteTo(change.channel) as unknown as Stage];
    const requests = names.map((name) => {
      const request = this.request(name);
      return { ...request, stages: [...request.stages, ...promote] };
    });
    const night = await runNight({
      requests,
      jobs: 1,
      renewal: { rebuildAfterS: null, force: false },
      since: undefined,
      channel: null,
      retention: null,
      keepIn: join(this.workspace, 'promoted'),
      run: runAndReport,
      emit: (event) => this.events.push(event),
      signal: this.abort.signal,
      env: this.env,
      ...change,
    });
    await writeNight(night, this.imageDirs(names), [await folderOf(this.workspace, night.id)]);
    await endNight(this.workspace);
    return night;
  }

  imageDirs(names = [...this.knobs.keys()]): Map<string, string> {
    return new Map(names.map((name) => [name, join(this.workspace, name)]));
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
