import type { SandboxContext } from '../context.ts';
import { type Fields, REQUIRED } from '../site/fields.ts';
import { type PowerField, type PowerType, powerTypes } from './power-types.ts';
import type { Machine } from './state.ts';

const PREFIX = 'power_parameters_';
const SKIP = `${PREFIX}skip_check`;

export type PowerParameters = Machine['powerParameters'];

/**
 * The power part of a machine's form: type and parameters are checked against the power types.
 * @returns undefined where the form says nothing of power
 */
export function cleanPower(
  world: SandboxContext,
  fields: Fields,
  names: string[],
  known: Machine | undefined,
): { type: string; parameters: PowerParameters } | undefined {
  const given = names.filter((name) => name.startsWith(PREFIX) && name !== SKIP);
  const inJson = jsonOf(fields);
  const wanted = fields.text('power_type');
  if (wanted === undefined && given.length === 0 && inJson === undefined) return undefined;
  const name = wanted ?? known?.powerType ?? '';
  if (name === '') return { type: '', parameters: {} };
  const type = powerTypes(world).find((one) => one.name === name);
  if (!type)
    return fields.wrong('power_type', `Select a valid choice. ${name} is not one of the available choices.`);
  const before = known?.powerType === name ? known.powerParameters : {};
  const sent = Object.fromEntries(
    given.map((field) => {
      const values = fields.list(field) ?? [];
      const multiple =
        type.fields.find((one) => PREFIX + one.name === field)?.field_type === 'multiple_choice';
      return [field.slice(PREFIX.length), multiple ? values : (values.at(-1) ?? '')];
    }),
  );
  const parameters: PowerParameters = { ...before, ...inJson, ...sent };
  if (fields.flag(SKIP)) return { type: name, parameters };
  const errors = problems(type, parameters);
  for (const error of errors) fields.wrong('power_parameters', error);
  return errors.length > 0 ? undefined : { type: name, parameters: withDefaults(type, parameters) };
}

function jsonOf(fields: Fields): PowerParameters | undefined {
  const text = fields.text('power_parameters');
  if (!text) return undefined;
  try {
    return JSON.parse(text) as PowerParameters;
  } catch {
    return fields.wrong('power_parameters', 'Failed to parse JSON power_parameters');
  }
}

function problems(type: PowerType, parameters: PowerParameters): string[] {
  const unknown = Object.keys(parameters).filter((name) => !type.fields.some((field) => field.name === name));
  // MAAS looks no further then.
  if (unknown.length > 0) return [`Unknown parameter(s): ${unknown.join(', ')}.`];
  return type.fields.flatMap((field) => problem(field, parameters[field.name] ?? field.default));
}

function problem(field: PowerField, value: string | string[]): string[] {
  if (value.length === 0) return field.required ? [`${field.label}: ${REQUIRED}`] : [];
  const choices = field.choices.map(([choice]) => choice);
  if (choices.length === 0) return [];
  return [value]
    .flat()
    .filter((one) => !choices.includes(one))
    .map(
      (one) =>
        `${field.label}: '${one}' is not a valid ${field.name}.  It should be one of: ${choices.map((choice) => `'${choice}'`).join(', ')}.`,
    );
}

/** The parameters of a power type, each that is not given as it is by default. */
export const withDefaults = (type: PowerType, parameters: PowerParameters): PowerParameters =>
  Object.fromEntries(type.fields.map((field) => [field.name, parameters[field.name] ?? field.default]));

/**
 * The machine whose BMC this is. Of a chassis MAAS shares one BMC between machines, and one without power control has none;
 * of the others each BMC (type and parameters) is one machine's, by an index of the database.
 */
export function ownerOfBmc(
  world: SandboxContext,
  { type: name, parameters }: { type: string; parameters: PowerParameters },
  known: Machine | undefined,
): Machine | undefined {
  const type = powerTypes(world).find((one) => one.name === name);
  // A machine that keeps its type is put to the BMC that is there.
  if (!type || type.chassis || name === 'manual' || known?.powerType === name) return undefined;
  const bmc = bmcOf(type, parameters);
  return world.store.state.machines.machines.find(
    (other) => other !== known && other.powerType === name && bmcOf(type, other.powerParameters) === bmc,
  );
}

const bmcOf = ({ fields }: PowerType, parameters: PowerParameters): string =>
  JSON.stringify(
    fields.filter(({ scope }) => scope === 'bmc').map((field) => parameters[field.name] ?? field.default),
  );
