import data from './endpoints.json' with { type: 'json' };

/** The operations at one path of API 2.0, as MAAS' own source has them (scripts/maas-endpoints.py reads them). */
export interface Endpoint {
  /** Below api/2.0/, with {placeholders}. */
  path: string;
  /** MAAS' class, which the maas command makes its word of: MachinesHandler is `maas PROFILE machines`. */
  handler: string;
  /** By method ("GET"), or by method and op ("POST deploy"): the versions that have it, such as "2.8-3.8". */
  operations: ReadonlyMap<string, string>;
  /** Those of them, or others, that need no key. */
  anonymous: ReadonlyMap<string, string>;
}

interface Row {
  handler: string;
  operations: Record<string, string>;
  anonymous?: Record<string, string>;
}

/** Every endpoint of any version. */
export const ENDPOINTS: readonly Endpoint[] = Object.entries(data.endpoints as Record<string, Row>).map(
  ([path, { handler, operations, anonymous = {} }]) => ({
    path,
    handler,
    operations: new Map(Object.entries(operations)),
    anonymous: new Map(Object.entries(anonymous)),
  }),
);

/** The minor versions that were read, the oldest first. */
export const READ_VERSIONS: readonly string[] = Object.keys(data.sources).sort(
  (a, b) => numberOf(a) - numberOf(b),
);

/** The endpoint of a path whose placeholders have names or values; undefined where no MAAS has one. */
export function findEndpoint(path: string): Endpoint | undefined {
  const parts = path.split('/');
  return ENDPOINTS.find((one) => {
    const own = one.path.split('/');
    return (
      own.length === parts.length &&
      own.every((part, at) => part === parts[at] || (part.startsWith('{') && parts[at] !== ''))
    );
  });
}

/** Whether a version is among those of an operation ("2.8-3.0 3.2-3.8"). */
export function isIn(versions: string | undefined, version: string): boolean {
  return (versions?.split(' ') ?? []).some((span) => {
    const [first = '', last = first] = span.split('-');
    return numberOf(first) <= numberOf(version) && numberOf(version) <= numberOf(last);
  });
}

function numberOf(version: string): number {
  const [major, minor] = version.split('.').map(Number);
  return (major ?? 0) * 1000 + (minor ?? 0);
}
