import { Fault } from '../../core/faults/fault.ts';
import { parseJson } from '../../host/files/read-json.ts';
import { anything } from '../../host/files/shape.ts';
import type { Compared, Description } from './description.ts';
import { PART_NAMES, shapeProblem } from './shape.ts';

const KNOWN = 'a manifest (NAME.manifest.json), pack/facts.json, or what `validate --json --facts` writes';

/**
 * Reads a description from JSON: a manifest, a file of facts, or a validation with facts.
 * @throws Fault IMAGE_UNREADABLE when it is none of these
 */
export function describeJson(name: string, content: string): Description {
  let json: unknown;
  try {
    json = parseJson(content, anything, name);
  } catch (error) {
    throw new Fault('IMAGE_UNREADABLE', (error as Error).message, {
      hint: `Give ${KNOWN}.`,
      cause: error,
    });
  }
  const top = record(json) ?? {};
  const facts = record(top.facts) ?? top;
  const parts = PART_NAMES.filter((part) => facts[part] !== undefined);
  if (parts.length === 0)
    throw new Fault('IMAGE_UNREADABLE', `${name} does not describe an image`, { hint: `Give ${KNOWN}.` });
  const problem = shapeProblem(facts);
  if (problem !== null)
    throw new Fault('IMAGE_UNREADABLE', `${name} cannot be understood: ${problem}`, {
      hint: `Give ${KNOWN}, unchanged.`,
    });
  const artifact = record(top.artifact) ?? {};
  const stream = record(top.stream) ?? {};
  return {
    name,
    sha256: string(top.sha256) ?? string(artifact.sha256),
    size: number(top.size) ?? number(artifact.size) ?? number(stream.bytes),
    version: string(top.version),
    date: string(top.date),
    facts: Object.fromEntries(parts.map((part) => [part, facts[part]])) as Partial<Compared>,
  };
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

const string = (value: unknown) => (typeof value === 'string' ? value : undefined);
const number = (value: unknown) => (typeof value === 'number' ? value : undefined);
