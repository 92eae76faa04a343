/** The source of an image. */
export type SourceKind = 'iso' | 'archive';

/** A stage as the table has it. What it does is beside it, in the file of its id. */
export interface Row {
  id: string;
  /** The description, for --dry-run and the guide. */
  title: string;
  /** Its name in sentences of a report. */
  label: string;
  /** The stages whose outputs it reads. */
  needs: readonly string[];
  /** The images it is for: those from an ISO or those from archives; without it all. */
  from?: SourceKind;
  /** The option of `run` that asks for it; without one it is part of every run. */
  option?: string;
  /** Whether builders share its results in the store: neither media nor what was done to a MAAS. */
  stored?: true;
  /** The member of its data with the path of a large file, which is fetched from the store only for a stage that reads it. */
  large?: string;
  /** Sources below pipeline/ that decide what it finds or makes; see `programDigest`. */
  code: readonly string[];
}

const MAAS = ['maas/api', 'maas/images'] as const;

/**
 * The way from an ISO, or from archives, to a boot resource. Everything that names stages (commands, runner, records, reports, nightly) takes them
 * and their order from here.
 */
export const ROWS = [
  {
    id: 'iso',
    title: 'find the ISO, verify its sha256, read its contents',
    label: 'Medium',
    needs: [],
    from: 'iso',
    code: ['install/iso', 'stages/iso.ts'],
  },
  {
    id: 'sources',
    title: 'find the root and the repository files, verify their sha256, ask the archives',
    label: 'Sources',
    needs: [],
    from: 'archive',
    code: ['install/archive', 'install/iso', 'stages/sources.ts'],
  },
  {
    id: 'render',
    title: "write the Packer HCL, the installer's configuration and the curtin hook",
    label: 'Rendering',
    needs: ['iso', 'sources'],
    stored: true,
    code: [
      'install/archive',
      'install/render',
      'install/namespace',
      'install/way.ts',
      'stages/render.ts',
      'stages/render-archive.ts',
    ],
  },
  {
    id: 'build',
    title: 'install in a VM or in namespaces of this host, get the root as a tar',
    label: 'Build',
    needs: ['iso', 'sources', 'render'],
    stored: true,
    large: 'root.path',
    code: [
      'install/archive',
      'install/vm',
      'install/namespace',
      'stages/build.ts',
      'stages/build-archive.ts',
    ],
  },
  {
    id: 'pack',
    title: 'compress the root to a tgz; digest, facts, SBOM and provenance from the same pass',
    label: 'Packing',
    needs: ['build'],
    stored: true,
    code: ['image', 'stages/pack.ts'],
  },
  {
    id: 'validate',
    title: 'run the checks of the release',
    label: 'Validation',
    needs: ['pack'],
    stored: true,
    code: ['image', 'stages/validate.ts'],
  },
  {
    id: 'rehearse',
    title: 'deploy it on a virtual machine of this host by curtin, as MAAS would, boot it, check it by ssh',
    label: 'Rehearsal',
    // Not the verdict: a rejected image does not come to this stage.
    needs: ['pack'],
    option: 'rehearse',
    stored: true,
    code: [
      'maas/rehearse',
      'maas/acceptance',
      'host/vm',
      'image/attest/test-result.ts',
      'stages/rehearse.ts',
    ],
  },
  {
    id: 'upload',
    title: 'upload to MAAS under a new versioned name, wait until complete',
    label: 'Upload',
    needs: ['pack', 'validate'],
    code: [...MAAS, 'stages/upload.ts'],
  },
  {
    id: 'accept',
    title: 'deploy on a machine, check it over ssh, release it',
    label: 'Acceptance',
    needs: ['pack', 'upload'],
    option: 'accept',
    code: [...MAAS, 'maas/acceptance', 'maas/machines', 'stages/accept.ts'],
  },
  {
    id: 'promote',
    title: 'promote it to a channel',
    label: 'Promotion',
    needs: ['pack', 'upload'],
    option: 'promote',
    code: [...MAAS, 'stages/promote.ts'],
  },
] as const satisfies readonly Row[];

type Rows = (typeof ROWS)[number];
export type StageId = Rows['id'];
/** The stages whose outputs a stage may read. */
export type NeedsOf<S extends StageId> = Extract<Rows, { id: S }>['needs'][number];
/** The options of `run` that ask for a stage of their own. */
export type StageOption = Extract<Rows, { option: string }>['option'];

/** In the order of a run. */
export const STAGE_IDS: readonly StageId[] = ROWS.map(({ id }) => id);

export function rowOf(id: StageId): Row {
  return ROWS.find((row) => row.id === id) as Row;
}

/** The name of a stage in sentences; of one that this version does not know, its id. */
export function labelOf(id: string): string {
  return ROWS.find((row) => row.id === id)?.label ?? id;
}

/** The stages of an image that is made of this, in the order of a run. */
export function stageIdsOf(source: SourceKind): readonly StageId[] {
  return ROWS.filter((row) => !('from' in row) || row.from === source).map(({ id }) => id);
}

/** The option of `run` that asks for a stage, or undefined when it is part of every run. */
export function optionOf(id: StageId): StageOption | undefined {
  return rowOf(id).option as StageOption | undefined;
}
