import { basename } from 'node:path';
import { bytes, duration } from '../../core/text/human.ts';
import type { IsoFacts, LocalIso } from '../../install/iso/facts.ts';
import type { InstallWay } from '../../install/render/types.ts';
import type { StageData } from '../../stages/types.ts';
import type { Material } from './material.ts';
import { shownTime } from './time.ts';

/** Settings of the virtual machine: what they are called, and how their values read. */
const SETTINGS: Record<string, [name: string, text: (value: string) => string]> = {
  diskBytes: ['Disk', (value) => bytes(Number(value))],
  memoryMiB: ['Memory', (value) => `${value} MiB`],
  cpus: ['Processors', String],
  installTimeoutS: ['Install time-out', (value) => duration(Number(value))],
  accelerator: ['Accelerator', String],
};
const TOOLS: Record<string, string> = {
  packer: 'Packer',
  qemu: 'QEMU',
  compressor: 'Compressor',
  squashfs: 'squashfs-tools',
};

export interface Fact {
  name: string;
  value: string;
  /** A digest or a path: set in a fixed-width font. */
  code?: boolean;
}

/** The inputs of the artifact, as far as the records have them. */
export interface Provenance {
  artifact: Fact[];
  medium: Fact[];
  build: Fact[];
  settings: { name: string; value: string; from: string }[];
  rendered: { path: string; sha256: string }[];
  resources: Fact[];
}

export function provenance({ records, manifest, verdict }: Material): Provenance {
  const { iso, sources, render, build, pack, upload } = records;
  const artifact = pack?.data.artifact;
  const tools = manifest?.tools ?? build?.data.tools ?? {};
  return {
    artifact: facts([
      ['File', artifact && basename(artifact.path), true],
      ['Size', artifact && `${bytes(artifact.size)} (${artifact.size} bytes)`],
      ['SHA-256', artifact?.sha256, true],
      ['Packed', pack && shownTime(pack.finishedAt)],
      ['Release', manifest?.release],
      ['Platform', manifest?.platform],
      ['Version', manifest?.version],
      ['Base image', verdict?.baseImage ?? undefined],
      ['Profile of checks', verdict?.profile],
    ]),
    medium:
      render?.data.way === 'archive'
        ? archives(sources?.data, build?.data.origin.archive?.packages.length)
        : medium(iso?.data, withoutQuery(iso?.inputs.source)),
    build: facts([
      ['Installed', render && INSTALLED[render.data.way]],
      ['Boot', build?.data.boot ?? undefined],
      ['Build id', build?.data.buildId, true],
      ...Object.entries(tools).map(
        ([name, version]): Row => [Object.hasOwn(TOOLS, name) ? (TOOLS[name] ?? name) : name, version],
      ),
    ]),
    // Those of the build: a time limit is given to it and not rendered.
    settings: Object.entries(build?.data.origin?.rendered.settings ?? render?.data.settings ?? {}).map(
      ([name, { value, from }]) => {
        const [label, text] = (Object.hasOwn(SETTINGS, name) ? SETTINGS[name] : undefined) ?? [name, String];
        return { name: label, value: text(value), from };
      },
    ),
    rendered: render?.data.files ?? [],
    resources: (upload?.data.resources ?? []).map((resource) => ({
      name: resource.target,
      value: `${resource.name}, boot resource ${resource.id}${resource.skipped ? ' (already complete)' : ''}`,
    })),
  };
}

const INSTALLED: Readonly<Record<InstallWay, string>> = {
  vm: 'in a VM',
  namespace: 'in namespaces, without a VM',
  archive: 'from archives, in namespaces',
};

type Row = [name: string, value: string | undefined, code?: boolean];

function facts(rows: readonly Row[]): Fact[] {
  return rows.flatMap(([name, value, code]) => (value ? [{ name, value: String(value), code }] : []));
}

function medium(data: { medium: LocalIso; facts: IsoFacts } | undefined, source: string | undefined): Fact[] {
  return facts([
    ['ISO', data && basename(data.medium.path), true],
    ['Source', source, true],
    ['Size', data && bytes(data.medium.size)],
    ['SHA-256', data?.medium.sha256, true],
    ['Volume', data?.facts.volumeId],
    ['Platforms', data?.facts.platforms?.join(', ')],
  ]);
}

function archives(data: StageData['sources'] | undefined, packages: number | undefined): Fact[] {
  return facts([
    ['Root', data && basename(data.root.path), true],
    ['SHA-256 of the root', data?.root.sha256, true],
    ['Repository files', data && basename(data.repository.path), true],
    ['SHA-256 of the files', data?.repository.sha256, true],
    ['Architecture', data?.architecture],
    ['Archives', data?.archives.join('; ')],
    ['Packages taken', packages?.toString()],
  ]);
}

/** A signed URL carries its key in the query. */
function withoutQuery(source: unknown): string | undefined {
  if (typeof source !== 'string') return undefined;
  return /^https?:/i.test(source) ? source.replace(/[?#].*$/s, '') : source;
}
