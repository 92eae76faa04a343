import { Fault } from '../../core/faults/fault.ts';
import type { MaasClient } from '../api/client.ts';

/** A way of controlling power, as the server describes it. */
export interface PowerType {
  /** ipmi, redfish, … */
  name: string;
  /** For people: "IPMI". */
  title: string;
  fields: PowerField[];
}

export interface PowerField {
  /** power_address, … */
  name: string;
  label: string;
  kind: 'text' | 'choice' | 'choices' | 'mac' | 'secret';
  required: boolean;
  /** Of a choice. */
  choices: string[];
  /** "" for none. */
  fallback: string;
  /** It is of the machine, such as an outlet; the others are of the BMC, which machines may share. */
  ofNode?: boolean;
}

type Raw = Record<string, unknown>;

/**
 * The power types of the server. One request.
 * @throws Fault MAAS_BUSY while no rack controller has reported it (up to 3.4 the racks are asked)
 */
export async function readPowerTypes(client: MaasClient): Promise<PowerType[]> {
  const path = 'rackcontrollers/?op=describe_power_types';
  const answer = await client.get(path);
  if (!Array.isArray(answer)) throw client.notMaas(path, 'there is no list of power types in it');
  if (answer.length === 0)
    throw new Fault('MAAS_BUSY', 'MAAS has no power types: no rack controller answers', {
      hint: 'Start a rack controller (MAAS, Controllers) and run the command again; the power types come from it.',
    });
  return (answer as Raw[]).map((raw) => ({
    name: String(raw.name),
    title: String(raw.description ?? raw.name),
    fields: Array.isArray(raw.fields) ? (raw.fields as Raw[]).map(field) : [],
  }));
}

function field(raw: Raw): PowerField {
  const secret = raw.field_type === 'password' || raw.secret === true;
  return {
    name: String(raw.name),
    label: String(raw.label ?? raw.name),
    kind: secret
      ? 'secret'
      : (Object.hasOwn(KINDS, String(raw.field_type)) && KINDS[String(raw.field_type)]) || 'text',
    required: raw.required === true,
    choices: Array.isArray(raw.choices) ? (raw.choices as unknown[][]).map(([value]) => String(value)) : [],
    fallback: typeof raw.default === 'string' ? raw.default : '',
    ...(raw.scope === 'node' ? { ofNode: true } : {}),
  };
}

const KINDS: Record<string, PowerField['kind']> = {
  choice: 'choice',
  multiple_choice: 'choices',
  mac_address: 'mac',
};

/** The field that a person calls the password: of ipmi power_pass, of lxd password. */
export function passwordField({ fields }: PowerType): PowerField | undefined {
  const secrets = fields.filter(({ kind }) => kind === 'secret');
  const usual = ['power_pass', 'password'];
  return secrets.find(({ name }) => usual.includes(name)) ?? (secrets.length === 1 ? secrets[0] : undefined);
}
