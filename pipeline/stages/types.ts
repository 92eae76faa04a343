import type { Config, ImageConfig, Release } from '../config/types.ts';
import type { Emit, StageId } from '../core/events/event.ts';
import type { Json } from '../core/json.ts';

import type { Artifact, RootOutput } from '../image/artifact.ts';
import type { Verdict } from '../image/checks/judge.ts';
import type { IsoFacts, LocalIso } from '../install/iso/facts.ts';
import type { RenderSource } from '../install/render/sources.ts';
import type { Rendered } from '../install/render/types.ts';

/** What each stage hands to the later ones. */
export interface StageData {
  iso: { medium: LocalIso; facts: IsoFacts; kernel: string; initrd: string };
  render: Rendered & { accelerator: 'kvm' | 'tcg'; packerVersion: string; sources: RenderSource[] };
  build: {
    root: RootOutput;
    buildId: string;
    /** ISO 8601, UTC. */
    startedAt: string;
    tools: Record<string, string>;
    boot: string;
  };
  pack: { artifact: Artifact; facts: string };
  validate: { verdict: Verdict };
  upload: { resources: UploadedResource[] };
  accept: { acceptances: AcceptedResource[] };
  promote: { moved: PromotedResource[] };
}

export interface UploadedResource {
  target: string;
  id: number;
  name: string;
  sha256: string;
  skipped: boolean;
}

/** What became of a resource on a machine, or became of it before. */
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

export interface PromotedResource {
  target: string;
  /** The channel's name in MAAS, and the versioned name that it shows. */
  name: string;
  of: string;
}

/** What a stage gets. Everything else it needs comes by `output` of the stages it names in `needs`. */
export interface StageContext {
  config: Config;
  image: ImageConfig;
  release: Release;
  /** The stage's own directory, empty at the start of `run`. */
  dir: string;
  /** What an earlier stage handed over. */
  output<S extends StageId>(stage: S): StageData[S];
  emit: Emit;
  signal: AbortSignal;
  env: NodeJS.ProcessEnv;
}

export interface StageResult<S extends StageId> {
  data: StageData[S];
  /** Files, relative to `dir` or absolute, that must stand unchanged for the stage to count as fresh. */
  files: string[];
  /** One short phrase for the log. */
  summary: string;
}

/** A stage as data. The runner alone decides whether and when it runs. */
export interface Stage<S extends StageId = StageId> {
  id: S;
  /** What it does, for --dry-run and the guide. */
  title: string;
  needs: readonly StageId[];
  /** True when a dry run may call `inputs` with nothing but the configuration: it reads, it changes nothing. */
  inputs(context: StageContext): Promise<Record<string, Json | undefined>>;
  run(context: StageContext): Promise<StageResult<S>>;
  /** The tools it will start, for --dry-run. */
  argv?(context: StageContext): Promise<string[][]>;
}
