import { redactDeep } from '../../core/secrets/registry.ts';
import type { NamedImage, Origin, PinnedFile, TakenPackage } from '../origin.ts';
import type { HostFacts } from './host.ts';

export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
export const PREDICATE_TYPE = 'https://slsa.dev/provenance/v1';
/** Names the meaning of the parameters below; a change of that meaning is a new version. */
const BUILD_TYPE = 'urn:dgxos-maas:build:v1';
/** The builder id of everybody who runs dgxos-maas on their own host; the signature says who that was. */
const BUILDER_ID = 'urn:dgxos-maas:builder:local';

/** in-toto's ResourceDescriptor, as far as it is used. */
export interface Resource {
  name?: string;
  uri?: string;
  digest?: Record<string, string>;
  annotations?: Record<string, unknown>;
}

/** An in-toto Statement v1 with a SLSA v1 provenance predicate. */
export interface Statement {
  _type: string;
  subject: Resource[];
  predicateType: string;
  predicate: {
    buildDefinition: {
      buildType: string;
      externalParameters: Record<string, unknown>;
      internalParameters: Record<string, unknown>;
      resolvedDependencies: Resource[];
    };
    runDetails: {
      builder: { id: string; version: Record<string, string> };
      metadata: { invocationId: string; startedOn?: string; finishedOn: string };
      byproducts: Resource[];
    };
  };
}

export interface ProvenanceSource {
  image: NamedImage;
  origin: Origin;
  artifact: { name: string; sha256: string; compressor: string };
  /** Other files made of the image, by their digests: so the statement covers it too. */
  byproducts: { name: string; sha256: string }[];
  host: HostFacts;
  /** Of dgxos-maas. */
  toolVersion: string;
  finishedOn: Date;
}

/** The origin of the artifact. @see https://slsa.dev/spec/v1.0/provenance */
export function provenance(source: ProvenanceSource): Statement {
  const { image, artifact } = source;
  const { parameters, rendered, build } = source.origin;
  return {
    _type: STATEMENT_TYPE,
    subject: [{ name: artifact.name, digest: { sha256: artifact.sha256 } }],
    predicateType: PREDICATE_TYPE,
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: { image: redactDeep({ ...image, ...parameters }) },
        internalParameters: {
          install: rendered.way,
          accelerator: rendered.accelerator,
          boot: build.boot,
          settings: rendered.settings,
          host: source.host,
        },
        resolvedDependencies: dependencies(source.origin),
      },
      runDetails: {
        builder: {
          id: BUILDER_ID,
          version: {
            'dgxos-maas': source.toolVersion,
            node: process.versions.node,
            ...build.tools,
            compressor: artifact.compressor,
          },
        },
        metadata: {
          invocationId: build.buildId,
          startedOn: build.startedAt,
          finishedOn: source.finishedOn.toISOString(),
        },
        byproducts: source.byproducts.map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
      },
    },
  };
}

/** Everything that went in, by digest: the medium, templates and upstream files, what was rendered of them. */
function dependencies({ iso, archive, rendered, packerMaasCommit }: Origin): Resource[] {
  const file = (path: string, sha256: string): Resource => ({ name: path, digest: { sha256 } });
  return [
    ...(iso ? [pinned('iso', { source: iso.source, ...iso.medium }, { volumeId: iso.facts.volumeId })] : []),
    ...(archive
      ? [
          pinned('root', archive.root, {
            architecture: archive.architecture,
            verified: archive.root.verified,
          }),
          pinned('repository-files', archive.repository, {}),
          ...archive.packages.map(taken),
        ]
      : []),
    ...(packerMaasCommit ? [{ name: 'packer-maas', digest: { gitCommit: packerMaasCommit } }] : []),
    ...rendered.sources.map(({ path, sha256 }) => file(`source:${path}`, sha256)),
    ...rendered.files.map(({ path, sha256 }) => file(`rendered:${path}`, sha256)),
  ];
}

function pinned(name: string, { source, sha256, size }: PinnedFile, more: Record<string, unknown>): Resource {
  return {
    name,
    ...(URL.canParse(source) ? { uri: source } : {}),
    digest: { sha256 },
    annotations: { ...more, size, file: source.split('/').pop() },
  };
}

/** Before the name of a package that apt took. */
export const DEB = 'deb:';

function taken({ name, version, architecture, sha256, source }: TakenPackage): Resource {
  return {
    name: `${DEB}${name}`,
    uri: source,
    digest: { sha256 },
    annotations: { package: name, version, architecture },
  };
}
