import type { SandboxContext } from '../context.ts';
import { json, type Reply } from '../reply.ts';
import type { Call } from '../route.ts';

/** One parameter of a power type, as describe_power_types describes it. */
export interface PowerField {
  name: string;
  label: string;
  required: boolean;
  field_type: 'string' | 'choice' | 'multiple_choice' | 'password';
  choices: [string, string][];
  default: string | string[];
  scope: 'bmc' | 'node';
  secret: boolean;
}

export interface PowerType {
  driver_type: 'power';
  name: string;
  description: string;
  fields: PowerField[];
  missing_packages: string[];
  chassis: boolean;
  can_probe: boolean;
  queryable: boolean;
}

function field(name: string, label: string, more: Partial<PowerField> = {}): PowerField {
  const type = more.field_type ?? 'string';
  return {
    name,
    label,
    required: false,
    field_type: type,
    choices: [],
    default: type === 'multiple_choice' ? [] : '',
    scope: 'bmc',
    secret: type === 'password',
    ...more,
  };
}

const required = { required: true } as const;
const password = { field_type: 'password' } as const;
const ofNode = { scope: 'node', required: true } as const;

function type(
  name: string,
  description: string,
  fields: PowerField[],
  more: Partial<PowerType> = {},
): PowerType {
  return {
    driver_type: 'power',
    name,
    description,
    fields,
    missing_packages: [],
    chassis: false,
    can_probe: false,
    queryable: true,
    ...more,
  };
}

const chassis = { chassis: true } as const;
const probed = { chassis: true, can_probe: true } as const;

const IPMI = type('ipmi', 'IPMI', [
  field('power_driver', 'Power driver', {
    ...required,
    field_type: 'choice',
    choices: [
      ['LAN', 'LAN [IPMI 1.5]'],
      ['LAN_2_0', 'LAN_2_0 [IPMI 2.0]'],
    ],
    default: 'LAN_2_0',
  }),
  field('power_boot_type', 'Power boot type', {
    field_type: 'choice',
    choices: [
      ['auto', 'Automatic'],
      ['legacy', 'Legacy boot'],
      ['efi', 'EFI boot'],
    ],
    default: 'auto',
  }),
  field('power_address', 'IP address', required),
  field('power_user', 'Power user'),
  field('power_pass', 'Power password', password),
  field('k_g', 'K_g BMC key', password),
  field('cipher_suite_id', 'Cipher Suite ID', {
    field_type: 'choice',
    choices: [
      ['17', '17 - HMAC-SHA256::HMAC_SHA256_128::AES-CBC-128'],
      ['3', '3 - HMAC-SHA1::HMAC-SHA1-96::AES-CBC-128'],
      ['', 'freeipmi-tools default'],
      ['8', '8 - HMAC-MD5::HMAC-MD5-128::AES-CBC-128'],
      ['12', '12 - HMAC-MD5::MD5-128::AES-CBC-128'],
    ],
    default: '3',
  }),
  field('privilege_level', 'Privilege Level', {
    field_type: 'choice',
    choices: [
      ['USER', 'User'],
      ['OPERATOR', 'Operator'],
      ['ADMIN', 'Administrator'],
    ],
    default: 'OPERATOR',
  }),
  field('workaround_flags', 'Workaround Flags', {
    field_type: 'multiple_choice',
    choices: [
      ['opensesspriv', 'Opensesspriv'],
      ['authcap', 'Authcap'],
      ['idzero', 'Idzero'],
      ['unexpectedauth', 'Unexpectedauth'],
      ['forcepermsg', 'Forcepermsg'],
      ['endianseq', 'Endianseq'],
      ['intel20', 'Intel20'],
      ['supermicro20', 'Supermicro20'],
      ['sun20', 'Sun20'],
      ['nochecksumcheck', 'Nochecksumcheck'],
      ['integritycheckvalue', 'Integritycheckvalue'],
      ['ipmiping', 'Ipmiping'],
      ['', 'None'],
    ],
    default: ['opensesspriv'],
  }),
  field('mac_address', 'Power MAC', { scope: 'node' }),
]);

/** The default for switching a machine off; since 3.5. */
const POWER_OFF_MODE = field('power_off_mode', 'Power off mode', {
  field_type: 'choice',
  choices: [
    ['soft', 'Soft power off'],
    ['hard', 'Power off'],
  ],
  default: 'hard',
});

const POWER_TYPES: PowerType[] = [
  type(
    'apc',
    'American Power Conversion (APC) PDU',
    [
      field('power_address', 'IP for APC PDU', required),
      field('node_outlet', 'APC PDU node outlet number (1-16)', ofNode),
      field('power_on_delay', 'Power ON outlet delay (seconds)', { default: '5' }),
    ],
    chassis,
  ),
  IPMI,
  type('manual', 'Manual', [], { queryable: false }),
  type('openbmc', 'OpenBMC Power Driver', [
    field('power_address', 'OpenBMC address', required),
    field('power_user', 'OpenBMC user', required),
    field('power_pass', 'OpenBMC password', { ...required, ...password }),
  ]),
  type(
    'lxd',
    'LXD (virtual systems)',
    [
      field('power_address', 'LXD address', required),
      field('instance_name', 'Instance name', ofNode),
      field('project', 'LXD project', { ...required, default: 'default' }),
      field('password', 'LXD password (optional)', password),
      field('certificate', 'LXD certificate (optional)'),
      field('key', 'LXD private key (optional)', password),
    ],
    probed,
  ),
  type(
    'redfish',
    'Redfish',
    [
      field('power_address', 'Redfish address', required),
      field('power_user', 'Redfish user', required),
      field('power_pass', 'Redfish password', { ...required, ...password }),
      field('node_id', 'Node ID', { scope: 'node' }),
    ],
    chassis,
  ),
  type(
    'virsh',
    'Virsh (virtual systems)',
    [
      field('power_address', 'Address', required),
      field('power_pass', 'Password (optional)', password),
      field('power_id', 'Virsh VM ID', ofNode),
    ],
    probed,
  ),
  type('wedge', "Facebook's Wedge", [
    field('power_address', 'IP address', required),
    field('power_user', 'Power user'),
    field('power_pass', 'Power password', password),
  ]),
];

const WEBHOOK = type('webhook', 'Webhook', [
  field('power_on_uri', 'URI to power on the node', required),
  field('power_off_uri', 'URI to power off the node', required),
  field('power_query_uri', 'URI to query the nodes power status', required),
  field('power_on_regex', 'Regex to confirm the node is on', {
    ...required,
    default: 'status.*\\:.*running',
  }),
  field('power_off_regex', 'Regex to confirm the node is off', {
    ...required,
    default: 'status.*\\:.*stopped',
  }),
  field('power_user', 'Power user'),
  field('power_pass', 'Power password', password),
  field('power_token', 'Power token, will be used in place of power_user and power_pass', password),
  field('power_verify_ssl', 'Verify SSL connections with system CA certificates', {
    ...required,
    field_type: 'choice',
    choices: [
      ['n', 'No'],
      ['y', 'Yes'],
    ],
    default: 'n',
  }),
]);

/** The answer of describe_power_types: those types of a MAAS that one meets with DGX systems. The webhook came with 3.1. */
export function powerTypes({ traits }: SandboxContext): PowerType[] {
  const minor = Number(traits.version.replace('.', ''));
  const types = POWER_TYPES.map((one) =>
    one === IPMI && minor >= 35 ? { ...one, fields: [...one.fields, POWER_OFF_MODE] } : one,
  );
  return minor >= 31 ? [...types, WEBHOOK].sort((a, b) => (a.description < b.description ? -1 : 1)) : types;
}

/** rackcontrollers/?op=describe_power_types */
export const describePowerTypes = ({ world }: Call): Reply => json(200, powerTypes(world));
