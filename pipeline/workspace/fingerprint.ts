import { createHash } from 'node:crypto';
import type { Json } from '../core/json.ts';

/** The record of everything that decides a stage's result; two equal records give the same digest. */
export type Inputs = Record<string, Json | undefined>;

/** A value that a stage uses and that its fingerprint leaves out. */
export class NotCounted<T> {
  readonly value: T;
  /** Why a change of it does not change the result. */
  readonly why: string;

  constructor(value: T, why: string) {
    this.value = value;
    this.why = why;
  }
}

/** Hands a value to a stage without counting it: a path whose content counts, a time limit, a secret whose public id counts. */
export function notCounted<T>(value: T, why: string): NotCounted<T> {
  return new NotCounted(value, why);
}

/** The values that `run` receives of those that `inputs` has declared. */
export type Resolved<T> =
  T extends NotCounted<infer Value>
    ? Value
    : T extends object
      ? { [Member in keyof T]: Resolved<T[Member]> }
      : T;

/** The declared values with those that do not count, too. */
export function resolved<T>(declared: T): Resolved<T> {
  const resolve = (value: unknown): unknown => {
    if (value instanceof NotCounted) return value.value;
    if (Array.isArray(value)) return value.map(resolve);
    return typeof value === 'object' && value !== null ? mapMembers(value, resolve) : value;
  };
  return resolve(declared) as Resolved<T>;
}

/**
 * The values that decide the result, as a record keeps them.
 * @throws Error for what JSON does not hold: it would count as nothing
 */
export function counted(declared: object): Inputs {
  return plain(declared, 'inputs') as Inputs;
}

function plain(value: unknown, path: string): Json | undefined {
  if (value === undefined || value instanceof NotCounted) return undefined;
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map((item, i) => plain(item, `${path}[${i}]`) ?? null);
  if (typeof value !== 'object' || ![Object.prototype, null].includes(Object.getPrototypeOf(value)))
    throw new Error(`${path} cannot be counted: it is ${Object.prototype.toString.call(value)}`);
  return mapMembers(value, (member, name) => plain(member, `${path}.${name}`)) as Json;
}

function mapMembers<T>(value: object, change: (member: unknown, name: string) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, change(member, name)]));
}

/** JSON with sorted keys and without undefined members, so that the order of writing does not count. */
export function canonical(value: Json | undefined): string {
  if (value === undefined) return 'null';
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const members = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${members.join(',')}}`;
}

/** SHA-256 over the canonical form, hexadecimal. */
export function fingerprint(inputs: Inputs): string {
  return createHash('sha256').update(canonical(inputs)).digest('hex');
}

/** The top-level names in which two records differ; what `--dry-run` gives as the reason. */
export function changed(before: Inputs, now: Inputs): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...names].filter((name) => canonical(before[name]) !== canonical(now[name])).sort();
}
