import { createHash } from 'node:crypto';
import { dotted, type Problem, toFault } from '../../config/yaml/problem.ts';
import { readText } from '../../config/yaml/read-text.ts';
import { Source } from '../../config/yaml/source.ts';
import { Fault } from '../../core/faults/fault.ts';
import { documentsOf } from './documents.ts';
import { parseLayout } from './layout-file.ts';
import type { Layout } from './layouts.ts';
import { forRehearsal, originsIn, type Tokens, tokensIn } from './real-maas.ts';
import { reduced } from './reduce-sizes.ts';
import type { Identity, NodeKeys } from './types.ts';

/** The configuration of a real machine, as far as it is that of a rehearsal's machine too. */
export interface MachineConfig {
  layout: Layout;
  /** The sections that are neither storage nor MAAS' own, for a machine of a rehearsal; null: there are none. */
  more(identity: Identity, keys: NodeKeys): Record<string, unknown> | null;
  /** Every replacement, a sentence each; no secret is in them. */
  replaced: string[];
  /** Of the file. */
  sha256: string;
}

type Section = Record<string, unknown>;

/** Sections that MAAS makes for each deployment; the rehearsal makes its own. */
const OF_MAAS = [
  'storage',
  'partitioning_commands',
  'network',
  'network_commands',
  'reporting',
  'install',
  'apt',
  'apt_mirrors',
  'apt_proxy',
  'proxy',
  'power_state',
  'verbosity',
  'showtrace',
];
/** Members of shared sections that are MAAS' own (`get_curtin_yaml_config`, contrib/preseeds_v2 of MAAS 3.6). */
const MEMBERS_OF_MAAS: Readonly<Record<string, RegExp>> = {
  cloudconfig: /^maas-/,
  debconf_selections: /^(?:maas|grub2)$/,
  late_commands: /^(?:maas|9[89]-validate-custom-image-has-(?:cloud-init|netplan))$/,
};
/** Entries that MAAS makes of a machine's storage, and curtin maps onto disks. */
const STORAGE_TYPES = [
  'disk',
  'partition',
  'format',
  'mount',
  'lvm_volgroup',
  'lvm_partition',
  'raid',
  'bcache',
];
/** A machine with such a partition does not boot by UEFI. */
const FIRMWARE_FLAGS: Readonly<Record<string, string>> = { bios_grub: 'BIOS', prep: 'Open Firmware' };
/** Documents of one file; MAAS gives curtin eight. */
const MOST_DOCUMENTS = 64;

/**
 * The configuration that `maas PROFILE machine get-curtin-config` prints of a machine, or the documents that MAAS gives to curtin one after the other.
 * @throws Fault CONFIG_NOT_FOUND, CONFIG_SYNTAX, CONFIG_INVALID with every problem at its place
 */
export async function readMachineConfig(file: string): Promise<MachineConfig> {
  const hint = 'Get one with: maas PROFILE machine get-curtin-config SYSTEM_ID > FILE';
  return parseMachineConfig(await readText(file, hint, `There is no file ${file} (--curtin-config)`), file);
}

/** The configuration in a text. @param file for messages */
export function parseMachineConfig(text: string, file: string): MachineConfig {
  const documents = documentsOf(text);
  if (documents.length > MOST_DOCUMENTS)
    throw new Fault(
      'CONFIG_INVALID',
      `${file} has ${documents.length} documents, more than ${MOST_DOCUMENTS}`,
    );
  const tokens = tokensIn(text);
  const sources = documents.map((one) => new Source(file, one));
  const at = sources.findLastIndex(({ data }) => isSection(data) && data.storage !== undefined);
  if (at === -1)
    throw new Fault('CONFIG_INVALID', `${file} has no section \`storage\``, {
      where: { file, line: 1, column: 1 },
      hint: 'Use the output of: maas PROFILE machine get-curtin-config SYSTEM_ID',
    });
  const layout = parseLayout(documents[at]!, file);
  expectStorage(sources[at]!, layout);
  const { entries, changes } = reduced(layout);
  const whole: Section = {};
  for (const { data } of sources) if (isSection(data)) merge(whole, data);
  const kept = keptOf(whole);
  const origins = originsIn(text);
  return {
    layout: { ...layout, ...entries },
    more(identity, keys) {
      if (Object.keys(kept).length === 0) return null;
      const replace = { token: (name: keyof NodeKeys) => keys[name], origin: () => identity.origin };
      return forRehearsal(kept, replace, tokens, origins) as Section;
    },
    replaced: [disksSaid(layout), ...changes, ...saidOf(whole, kept, tokens, origins)],
    sha256: createHash('sha256').update(text).digest('hex'),
  };
}

const isSection = (value: unknown): value is Section =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** As curtin's merge_config: sections member by member, anything else as a whole. */
function merge(into: Section, more: Section): void {
  for (const [name, value] of Object.entries(more)) {
    const before = Object.hasOwn(into, name) ? into[name] : undefined;
    if (isSection(before) && isSection(value)) merge(before, value);
    else
      Object.defineProperty(into, name, {
        ...{ enumerable: true, writable: true, configurable: true },
        value: isSection(value) ? structuredClone(value) : value,
      });
  }
}

/** @throws Fault CONFIG_INVALID with every entry that no machine of a rehearsal can have */
function expectStorage(source: Source, layout: Layout): void {
  const entries = layout.entries([]);
  const problems: Problem[] = [];
  const problem = (at: number, member: string, message: string, accepts?: string) =>
    problems.push({
      path: ['storage', 'config', at, member],
      at: 'value',
      message: `${dotted(['storage', 'config', at, member])}: ${message}`,
      ...(accepts ? { accepts } : {}),
    });
  for (const [at, { type, flag, preserve }] of entries.entries()) {
    if (!STORAGE_TYPES.includes(String(type)))
      problem(at, 'type', `a rehearsal has no ${String(type)}`, STORAGE_TYPES.join(', '));
    const firmware =
      typeof flag === 'string' && Object.hasOwn(FIRMWARE_FLAGS, flag) ? FIRMWARE_FLAGS[flag] : null;
    if (firmware) problem(at, 'flag', `the machine boots by ${firmware}, and a rehearsal's by UEFI`);
    if (preserve === true)
      problem(at, 'preserve', 'the disks of a rehearsal are empty; nothing on them can be preserved');
  }
  if (problems.length === 0 && !layout.mounts.includes('/boot/efi'))
    problems.push({
      path: ['storage', 'config'],
      at: 'key',
      message: 'storage.config: nothing is mounted at /boot/efi, and a rehearsal boots by UEFI',
    });
  if (problems.length > 0)
    throw toFault(
      'CONFIG_INVALID',
      problems.map((one) => source.place(one)),
    );
}

function keptOf(whole: Section): Section {
  const kept: Section = {};
  for (const [name, value] of Object.entries(whole)) {
    if (OF_MAAS.includes(name)) continue;
    const own = Object.hasOwn(MEMBERS_OF_MAAS, name) ? MEMBERS_OF_MAAS[name] : undefined;
    if (!own || !isSection(value)) merge(kept, { [name]: value });
    else {
      const members = Object.entries(value).filter(([member]) => !own.test(member));
      if (members.length > 0) merge(kept, { [name]: Object.fromEntries(members) });
    }
  }
  return kept;
}

function disksSaid(layout: Layout): string {
  const names = layout
    .entries([])
    .filter(({ type }) => type === 'disk')
    .map(({ id }) => String(id));
  return `storage: ${names.length === 1 ? 'disk' : 'disks'} ${names.join(', ')}: serial, model and path of the real machine are those of virtual disks`;
}

/** Sentences on the sections of MAAS that the rehearsal replaces, and on those that are kept. */
function saidOf(whole: Section, kept: Section, tokens: Tokens, origins: ReadonlySet<string>): string[] {
  const said: string[] = [];
  const { network } = whole;
  if (isSection(network)) {
    const text = JSON.stringify(network);
    const macs = new Set(text.match(/(?:[0-9a-f]{2}:){5}[0-9a-f]{2}/gi)).size;
    const addresses = new Set(text.match(/\b\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,2})?\b/g)).size;
    said.push(
      `network: one interface with DHCP in place of the real machine's (MAC addresses: ${macs}, IP addresses: ${addresses})`,
    );
  }
  const others = OF_MAAS.filter(
    (name) => Object.hasOwn(whole, name) && !/^(?:storage|partitioning|network)/.test(name),
  );
  for (const [name, own] of Object.entries(MEMBERS_OF_MAAS))
    if (isSection(whole[name]))
      others.push(
        ...Object.keys(whole[name])
          .filter((member) => own.test(member))
          .map((member) => `${name}.${member}`),
      );
  if (others.length > 0) said.push(`those of the rehearsal: ${others.join(', ')}`);
  for (const [name, value] of Object.entries(kept)) {
    const count = { keys: 0, URLs: 0 };
    const counting = {
      token: () => String(count.keys++),
      origin: () => String(count.URLs++),
    };
    forRehearsal(value, counting, tokens, origins);
    const changes = Object.entries(count).filter(([, times]) => times > 0);
    if (changes.length > 0)
      said.push(
        `${name}: ${changes.map(([what, times]) => `${times} ${times === 1 ? what.slice(0, -1) : what}`).join(' and ')} of the real MAAS are those of the rehearsal`,
      );
  }
  const names = Object.keys(kept);
  if (names.length > 0) said.push(`kept as they are otherwise: ${names.join(', ')}`);
  return said;
}
