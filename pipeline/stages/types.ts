import type { Architecture, Config, ImageConfig, Release } from '../config/types.ts';
import type { Emit } from '../core/events/event.ts';
import type { Artifact, RootOutput } from '../image/artifact.ts';
import type { Verdict } from '../image/checks/judge.ts';
import type { Origin, RootVerification } from '../image/origin.ts';
import type { IsoFacts, LocalIso } from '../install/iso/facts.ts';
import type { RenderSource } from '../install/render/sources.ts';
import type { InstallWay, Rendered } from '../install/render/types.ts';
import type { ChannelState } from '../maas/images/promote-new.ts';
import type { End, Timed, UsedEphemeral } from '../maas/rehearse/types.ts';
import type { NotCounted, Resolved } from '../workspace/fingerprint.ts';
import { type NeedsOf, type Row, rowOf, type StageId } from './rows.ts';

/** The data that each stage hands to the later ones. */
export interface StageData {
  iso: { medium: LocalIso; facts: IsoFacts; kernel: string; initrd: string };
  /** `archives`: the sources whose signatures were verified, as apt names them. */
  sources: {
    root: LocalIso;
    repository: LocalIso;
    architecture: Architecture;
    archives: string[];
    /** The sums by which the root was verified. */
    verified: RootVerification;
  };
  /** `accelerator` and `packerVersion` are null where no VM is needed. */
  render: Rendered & {
    way: InstallWay;
    accelerator: 'kvm' | 'tcg' | null;
    packerVersion: string | null;
    sources: RenderSource[];
  };
  /** With what its provenance says of it, as it was when it was built. */
  build: Origin['build'] & { root: RootOutput; origin: Omit<Origin, 'build'> };
  /** `facts`: path of the evidence for `validate`. */
  pack: { artifact: Artifact; facts: string; factsSha256: string };
  validate: { verdict: Verdict };
  rehearse: { rehearsals: RehearsedLayout[] };
  upload: { resources: UploadedResource[] };
  accept: { acceptances: AcceptedResource[] };
  promote: { moved: ChannelState[] };
}

/** A rehearsal that ended well. */
export interface RehearsedLayout {
  layout: string;
  until: End;
  /** Its version. */
  curtin: string;
  ephemeral: UsedEphemeral;
  accelerator: 'kvm' | 'tcg';
  seconds: number;
  phases: Timed[];
}

export interface UploadedResource {
  target: string;
  id: number;
  name: string;
  sha256: string;
  skipped: boolean;
}

/** The result of an acceptance, of this run or of an earlier one. */
export interface AcceptedResource {
  target: string;
  name: string;
  /** Host name of the machine. */
  machine: string;
  /** ISO 8601, UTC. */
  at: string;
  /** Whether it was accepted by the same checks earlier, so that no machine was deployed now. */
  before: boolean;
}

/** The context in which a stage declares its inputs. */
export interface StageContext<S extends StageId = StageId> {
  config: Config;
  image: ImageConfig;
  release: Release;
  /** The stage's own directory. */
  dir: string;
  /** The data of an earlier stage, one of the row's `needs`. */
  output<N extends NeedsOf<S>>(stage: N): StageData[N];
  emit: Emit;
  signal: AbortSignal;
  env: NodeJS.ProcessEnv;
}

/** The parameters of a stage beside its inputs. */
export interface StageIo {
  /** The stage's own directory, empty at the start. */
  dir: string;
  emit: Emit;
  signal: AbortSignal;
  /** Holds secrets and where this host keeps its state; nothing in it decides a result. */
  env: NodeJS.ProcessEnv;
}

export interface StageResult<S extends StageId> {
  data: StageData[S];
  /** Files, relative to `dir` or absolute, that must stand unchanged for the stage to count as fresh. */
  files: string[];
  /** One short phrase for the log. */
  summary: string;
}

/** The work of a stage: it declares every value it uses, and works with these alone. */
export interface StageWork<S extends StageId, Declared extends object> {
  /**
   * Resolves every value that decides the result: of the configuration, the release, the outputs of earlier stages, versions
   * of tools, digests of files. What is used and does not decide it is wrapped by `notCounted`. Changes nothing.
   */
  inputs(context: StageContext<S>): Promise<Declared>;
  /**
   * The present paths of outputs outside of the workspace, by the dotted name of the member that names each: the folder of the
   * configuration may have been moved since the stage ran.
   */
  outside?(context: StageContext<S>): Record<string, string>;
  /** The tools it will start, for --dry-run. */
  argv?(context: StageContext<S>): Promise<string[][]>;
  run(inputs: Resolved<Declared>, io: StageIo): Promise<StageResult<S>>;
}

/** A row with what it does. The runner alone decides whether and when it runs. */
export interface Stage<S extends StageId = StageId> extends Omit<Row, 'id' | 'needs'> {
  id: S;
  needs: readonly StageId[];
  inputs(context: StageContext): Promise<object>;
  outside?(context: StageContext): Record<string, string>;
  argv?(context: StageContext): Promise<string[][]>;
  run(inputs: object, io: StageIo): Promise<StageResult<S>>;
}

/** Whole parts of the configuration: what a stage reads of them could not be seen from its inputs. */
type Whole = Config | ImageConfig | Release;

/** The values that may be declared: JSON, and any value that does not count; `never` in the place of anything else. */
type Declarable<T> = T extends Whole
  ? never
  : T extends NotCounted<unknown>
    ? T extends NotCounted<Whole>
      ? never
      : T
    : T extends string | number | boolean | null | undefined
      ? T
      : T extends (...args: never[]) => unknown
        ? never
        : { [Member in keyof T]: Declarable<T[Member]> };

/** Puts a row and its work together. */
export function defineStage<S extends StageId, Declared extends object>(
  id: S,
  work: StageWork<S, Declared>,
  ..._: Declared extends Declarable<Declared>
    ? []
    : ['inputs() declares a whole part of the configuration, or what JSON does not hold']
): Stage<S> & StageWork<S, Declared> {
  return { ...rowOf(id), ...work } as unknown as Stage<S> & StageWork<S, Declared>;
}
