import type { Path, Problem } from '../../config/yaml/problem.ts';
import type { Emit } from '../../core/events/event.ts';
import type { MaasClient } from '../api/client.ts';
import type { Ids } from './ids.ts';
import type { LiveSite } from './live-site.ts';
import type { Site } from './site.ts';

/** The steps of `apply`, in their order: what others stand on comes first, deletions come when nothing stands on them. */
export const PHASES = [
  'settings',
  'ssh keys',
  'domains',
  'zones',
  'pools',
  'spaces',
  'dhcp off',
  'fabrics',
  'vlans',
  'old subnets',
  'subnets',
  'ranges',
  'dhcp',
  'tags',
  'boot sources',
  'selections',
  'import',
  'settings that need images',
  'old selections',
  'old boot sources',
  'old tags',
  'old vlans',
  'old fabrics',
  'old spaces',
  'old pools',
  'old zones',
  'old domains',
  'old ssh keys',
] as const;
export type Phase = (typeof PHASES)[number];

export type Value = string | number | boolean | readonly string[] | null;

/** A field that gets another value. */
export interface FieldChange {
  name: string;
  from: Value;
  to: Value;
}

/** One difference between the file and the MAAS, and the request that removes it. */
export interface Change {
  kind: 'create' | 'update' | 'delete';
  phase: Phase;
  /** The object, such as "subnet 192.168.1.0/24". */
  name: string;
  fields: FieldChange[];
  /** The position in the file; undefined for something that is deleted. */
  path?: Path;
  /** Of fields that MAAS has to itself: where in the file the key is that gives them. */
  keys?: Readonly<Record<string, Path>>;
  run(work: ApplyContext): Promise<void>;
}

/** The means to carry out a change. */
export interface ApplyContext {
  client: MaasClient;
  /** Ids of what is there, and of what earlier changes have made. */
  ids: Ids;
  emit: Emit;
  signal: AbortSignal;
  /** Waits; rejects when the signal is aborted. */
  pause(seconds: number): Promise<void>;
  /** Milliseconds, growing evenly. */
  now(): number;
}

/** The inputs of a comparison. Problems that only the running MAAS shows are added to `problems`. */
export interface Comparison {
  site: Site;
  current: LiveSite;
  problems: Problem[];
}

/**
 * Those of the fields that are wanted (not undefined) and differ.
 * @param fields name, what is there, what is wanted
 */
export function fieldChanges(
  fields: readonly (readonly [string, Value, Value | undefined])[],
): FieldChange[] {
  return fields.flatMap(([name, from, to]) =>
    to === undefined || JSON.stringify(from) === JSON.stringify(to) ? [] : [{ name, from, to }],
  );
}
