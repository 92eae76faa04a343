import { Ajv, type ValidateFunction } from 'ajv';

const text = { type: 'string' };
const count = { type: 'number', minimum: 0 };
const flag = { type: 'boolean' };
const textOrNull = { type: ['string', 'null'] };

const object = (properties: Record<string, object>) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
});
const list = (properties: Record<string, object>) => ({ type: 'array', items: object(properties) });

/** The parts that are compared, as a manifest or a file of facts must have them if it has them. */
const PARTS = {
  packages: list({ name: text, version: text, arch: text, status: text }),
  kernels: list({
    version: text,
    image: textOrNull,
    initrd: textOrNull,
    modules: flag,
    modulesDep: flag,
    nvidia: flag,
  }),
  boot: object({
    defaultKernel: { anyOf: [{ type: 'null' }, object({ version: text, from: text })] },
  }),
  bytes: object({ stored: count }),
  counts: object({ files: count }),
  biggest: list({ path: text, bytes: count }),
  directories: list({ path: text, bytes: count, files: count }),
  owners: object({ setuid: list({ path: text, mode: text, uid: count, gid: count }) }),
  xattrs: object({ capabilities: list({ path: text, capabilities: text }) }),
  services: { type: 'array', items: text },
  accounts: list({ name: text, uid: count, shell: text, password: text, scheme: textOrNull }),
};

/** Names of the parts, in the order of the facts. */
export const PART_NAMES = Object.keys(PARTS) as (keyof typeof PARTS)[];

// Compiled when it is first needed: a report without a release before it needs none.
let compiled: ValidateFunction | undefined;

/** What is wrong with the parts of a file, as "packages/3/version must be string", or null. */
export function shapeProblem(facts: object): string | null {
  compiled ??= new Ajv({ allowUnionTypes: true }).compile({ type: 'object', properties: PARTS });
  if (compiled(facts)) return null;
  const [error] = compiled.errors ?? [];
  return `${error?.instancePath.slice(1) || 'the file'} ${error?.message ?? 'has an unexpected form'}`;
}
