import { suggest } from '../../core/text/suggest.ts';
import { MAC } from './mac.ts';
import { type PowerField, type PowerType, passwordField } from './power-types.ts';

/** Power of a machine as somebody gave it; `secrets` never leave the process but to MAAS. */
export interface Power {
  /** Undefined: the one that it has. */
  type: string | undefined;
  /** A list for a parameter that takes several values. */
  parameters: Record<string, string | string[]>;
  /** For the field that the type calls its password. */
  password?: string;
  /** Other secret fields, such as k_g. */
  secrets?: Record<string, string>;
}

/** Something wrong with them; never holds a value of a secret. */
export interface PowerProblem {
  /** The parameter, "" for the type. */
  name: string;
  message: string;
  accepts?: string;
  suggestion?: string | undefined;
}

/** Names that hold secrets in every MAAS, known before a server is asked. */
export function looksSecret(name: string): boolean {
  return /pass|secret|token|^k_g$|(?:^|_)key$/i.test(name);
}

/**
 * Checks power against what the server's power types say.
 * @param partial parameters that are not given are kept, so none can be missing
 */
export function powerProblems(types: readonly PowerType[], power: Power, partial = false): PowerProblem[] {
  const type = types.find(({ name }) => name === power.type);
  if (!type) {
    const names = types.map(({ name }) => name);
    const message = `There is no power type "${power.type ?? ''}"`;
    return [{ name: '', message, accepts: names.join(', '), suggestion: suggest(power.type ?? '', names) }];
  }
  const given = givenSecrets(type, power);
  const problems: PowerProblem[] = [];
  if (power.password !== undefined && !passwordField(type))
    problems.push({ name: '', message: `The power type ${type.name} has no password` });
  for (const [name, value] of Object.entries(power.parameters))
    problems.push(...valueProblems(type, name, value));
  for (const [name, value] of Object.entries(given)) {
    const tooLong = lengthProblem(type, name, value);
    if (tooLong) problems.push(tooLong);
  }
  for (const name of Object.keys(power.secrets ?? {}))
    if (type.fields.find((field) => field.name === name)?.kind !== 'secret')
      problems.push(unknownParameter(type, name));
  // A misspelt parameter is also a missing one; its own message says enough.
  const meant = new Set(problems.map(({ suggestion }) => suggestion));
  if (!partial)
    for (const { name, required, kind, fallback, label } of type.fields) {
      const written = kind === 'secret' ? given : power.parameters;
      const has = Object.hasOwn(written, name) ? written[name] : kind === 'secret' ? undefined : fallback;
      if (required && !has && !meant.has(name))
        problems.push({
          name,
          message: `The power type ${type.name} needs ${name} (${label})`,
          ...(kind === 'secret' ? { accepts: 'a password from the environment, a file or stdin' } : {}),
        });
    }
  return problems;
}

function valueProblems(type: PowerType, name: string, value: string | string[]): PowerProblem[] {
  const field = type.fields.find((one) => one.name === name);
  if (!field) return [unknownParameter(type, name)];
  if (field.kind === 'secret')
    return [
      { name, message: `${name} is a secret`, accepts: 'a password from the environment, a file or stdin' },
    ];
  if (field.kind !== 'choices' && Array.isArray(value))
    return [{ name, message: `${name} has one value`, accepts: 'one value, not a list' }];
  const tooLong = typeof value === 'string' ? lengthProblem(type, name, value) : null;
  if (tooLong) return [tooLong];
  const values = field.kind === 'choices' ? splitList(value) : [String(value)];
  const odd = values.find((one) => !fits(field, one));
  if (odd === undefined) return [];
  const accepts = field.kind === 'mac' ? 'a MAC address' : field.choices.filter(Boolean).join(', ');
  return [
    {
      name,
      message: `${name}: "${odd}" is not accepted`,
      accepts,
      suggestion: field.kind === 'mac' ? undefined : suggest(odd, field.choices),
    },
  ];
}

function fits({ kind, choices, required }: PowerField, value: string): boolean {
  if (kind === 'mac') return MAC.test(value) || (value === '' && !required);
  if (kind !== 'choice' && kind !== 'choices') return true;
  return choices.includes(value) || (value === '' && !required);
}

function unknownParameter(type: PowerType, name: string): PowerProblem {
  const names = type.fields.map((field) => field.name);
  return {
    name,
    message: `The power type ${type.name} has no parameter ${name}`,
    accepts: names.join(', ') || 'no parameters',
    suggestion: suggest(name, names),
  };
}

/**
 * Bytes that a BMC keeps of a user's name and password: IPMI 2.0, 22.28 Set User Name (16) and 22.30 Set User Password (20); K_g is
 * 20 bytes, or 40 digits behind 0x. MAAS passes on what is longer, and the BMC cuts it without a word.
 */
const IPMI_BYTES = new Map([
  ['power_user', 16],
  ['power_pass', 20],
  ['k_g', 20],
]);

function lengthProblem({ name: type }: PowerType, name: string, value: string): PowerProblem | null {
  const most = type === 'ipmi' ? IPMI_BYTES.get(name) : undefined;
  const bytes = Buffer.byteLength(value);
  if (most === undefined || bytes <= most) return null;
  if (name === 'k_g' && /^0x[0-9a-f]{1,40}$/i.test(value)) return null;
  return {
    name,
    message: `${name} has ${bytes} bytes; IPMI allows ${most}, and the BMC silently cuts off the rest`,
    accepts: `at most ${most} bytes`,
  };
}

function splitList(value: string | string[]): string[] {
  return (Array.isArray(value) ? value : value.split(',')).map((one) => one.trim()).filter(Boolean);
}

function givenSecrets(type: PowerType, { password, secrets = {} }: Power): Record<string, string> {
  const field = passwordField(type);
  return { ...secrets, ...(field && password !== undefined ? { [field.name]: password } : {}) };
}

/** The fields of a form that sets them. They must have been checked. */
export function powerForm(
  types: readonly PowerType[],
  power: Power & { type: string },
): Record<string, string | string[]> {
  const type = types.find(({ name }) => name === power.type) as PowerType;
  const all = { ...power.parameters, ...givenSecrets(type, power) };
  return {
    power_type: power.type,
    ...Object.fromEntries(
      Object.entries(all).map(([name, value]) => [
        `power_parameters_${name}`,
        type.fields.find((field) => field.name === name)?.kind === 'choices' ? splitList(value) : value,
      ]),
    ),
  };
}
