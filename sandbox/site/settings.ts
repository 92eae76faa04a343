import type { SandboxContext } from '../context.ts';
import { json, plain, type Reply, refuse, repr } from '../reply.ts';
import type { Call, Route } from '../route.ts';
import { SYNCED } from '../store.ts';
import { parseAddress } from './address.ts';
import { Fields, fieldsOf, REQUIRED } from './fields.ts';
import { isWebUrl } from './web-url.ts';

/** A setting: its first value, and how MAAS cleans a new one (a string gives the message of its error). */
interface Setting {
  value: unknown;
  clean: (text: string, world: SandboxContext) => unknown;
}

class InvalidSetting extends Error {}

const words = { value: null, clean: (text: string) => text };
const flag = (value: boolean): Setting => ({
  value,
  clean: (text) => !['', 'false', '0'].includes(text.toLowerCase()),
});
const count = (value: number): Setting => ({
  value,
  clean: (text) => (/^-?\d+$/.test(text) ? Number(text) : invalidSetting('Enter a whole number.')),
});

const LAYOUTS = ['flat', 'lvm', 'bcache', 'vmfs6', 'blank'];
const NEWER_LAYOUTS = [...LAYOUTS, 'vmfs7', 'custom'];

/** Of MAAS' settings those of the region itself. */
const SETTINGS: Record<string, Setting> = {
  maas_name: { value: 'maas-vm', clean: (text) => text || invalidSetting(REQUIRED) },
  kernel_opts: words,
  enable_http_proxy: flag(true),
  maas_proxy_port: count(8000),
  use_peer_proxy: flag(false),
  prefer_v4_proxy: flag(false),
  http_proxy: {
    value: null,
    clean: (text) => {
      // Django puts a scheme before what has none.
      const url = text === '' || /^[a-z][a-z0-9+.-]*:/i.test(text) ? text : `http://${text}`;
      return url === '' || isWebUrl(url) ? url : invalidSetting('Enter a valid URL.');
    },
  },
  default_dns_ttl: count(30),
  upstream_dns: { value: null, clean: addresses },
  dnssec_validation: {
    value: 'auto',
    clean: (text) => choice('dnssec_validation', text, ['auto', 'yes', 'no']),
  },
  dns_trusted_acl: words,
  ntp_servers: { value: 'ntp.ubuntu.com', clean: hosts },
  ntp_external_only: flag(false),
  network_discovery: {
    value: 'enabled',
    clean: (text) => choice('network_discovery', text, ['enabled', 'disabled']),
  },
  active_discovery_interval: count(10_800),
  default_osystem: { value: 'ubuntu', clean: (text, world) => choice('osystem', text, osystems(world)) },
  default_distro_series: {
    value: 'jammy',
    clean: (text, world) => choice('release', text, series(world)),
  },
  commissioning_distro_series: {
    value: 'jammy',
    clean: (text, world) =>
      choice('commissioning_distro_series', text, [
        ...new Set([String(settingOf(world, 'commissioning_distro_series')), ...series(world)]),
      ]),
  },
  default_min_hwe_kernel: { value: '', clean: (text) => text },
  default_storage_layout: {
    value: 'flat',
    clean: (text, world) =>
      (world.traits.disabledBootArchitectures ? NEWER_LAYOUTS : LAYOUTS).includes(text)
        ? text
        : invalidSetting(`Select a valid choice. ${text} is not one of the available choices.`),
  },
  enable_third_party_drivers: flag(true),
  remote_syslog: words,
  enable_disk_erasing_on_release: flag(false),
  disk_erase_with_secure_erase: flag(true),
  disk_erase_with_quick_erase: flag(false),
  boot_images_auto_import: flag(true),
  boot_images_no_proxy: flag(false),
  curtin_verbose: flag(true),
  enable_analytics: flag(true),
  completed_intro: flag(false),
  node_timeout: count(30),
  release_notifications: flag(true),
  use_rack_proxy: flag(true),
  enlist_commissioning: flag(true),
};

export const settingRoutes: Route[] = [
  {
    path: 'maas/',
    operations: {
      'GET get_config': { kind: 'get-config', run: read },
      'POST set_config': { kind: 'set-config', admin: true, run: write },
    },
  },
];

/** The value of one of MAAS' settings. */
export function settingOf(world: SandboxContext, name: string): unknown {
  const { settings } = world.store.state.site;
  if (Object.hasOwn(settings, name)) return settings[name];
  return Object.hasOwn(SETTINGS, name) ? SETTINGS[name]?.value : undefined;
}

function read({ world, url }: Call): Reply {
  const name = known(url.searchParams.get('name'));
  return json(200, settingOf(world, name) ?? null);
}

async function write(call: Call): Promise<Reply> {
  const { world } = call;
  const fields = await fieldsOf(call);
  const name = known(fields.text('name') ?? null);
  const value = fields.text('value') ?? refuse(400, 'No provided value!');
  try {
    world.store.state.site.settings[name] = (SETTINGS[name] as Setting).clean(value, world);
  } catch (error) {
    if (!(error instanceof InvalidSetting)) throw error;
    const form = new Fields(new Map());
    form.wrong(name, error.message);
    form.check();
  }
  await world.store.save();
  return plain(200, 'OK');
}

function known(name: string | null): string {
  if (!name) return refuse(400, 'No provided name!');
  // The older name of the same setting.
  const current = name === 'ntp_server' ? 'ntp_servers' : name;
  if (Object.hasOwn(SETTINGS, current)) return current;
  const form = new Fields(new Map());
  form.wrong(
    current,
    `${current} is not a valid config setting (valid settings are: ${Object.keys(SETTINGS).join(', ')}).`,
  );
  form.check();
  return current;
}

function invalidSetting(message: string): never {
  throw new InvalidSetting(message);
}

function choice(what: string, text: string, choices: string[]): string {
  if (choices.includes(text)) return text;
  return invalidSetting(
    `'${text}' is not a valid ${what}.  It should be one of: ${choices.map((one) => `'${one}'`).join(', ')}.`,
  );
}

function addresses(text: string): string {
  const all = text.split(/[,\s]+/).filter(Boolean);
  for (const one of all)
    if (!parseAddress(one))
      invalidSetting(`Invalid IP address: ${one}; provide a list of space-separated IP addresses`);
  return all.join(' ');
}

function hosts(text: string): string {
  const all = text.split(/[,\s]+/).filter(Boolean);
  for (const one of all) if (!parseAddress(one)) checkHost(one);
  return all.join(' ');
}

const LABEL = '[a-zA-Z0-9]([-a-zA-Z0-9]{0,62}[a-zA-Z0-9])?';
const HOST = new RegExp(`^(${LABEL}\\.)*${LABEL}\\.?$`);

/** MAAS' validate_hostname; what looks like an address and is none has messages of its own. */
function checkHost(one: string): void {
  if (one.includes(':') || /^\d{1,3}(\.\d{1,3}){3}$/.test(one))
    invalidSetting(`Failed to detect a valid IP address from ${repr(one)}.`);
  if (one.length > 255)
    invalidSetting('Invalid hostname: Hostname is too long.  Maximum allowed is 255 characters.');
  const [first = ''] = one.split('.');
  if (first.includes('_'))
    invalidSetting(`Invalid hostname: Host label cannot contain underscore: ${repr(first)}.`);
  if (HOST.test(one)) return;
  invalidSetting(
    /^[a-zA-Z0-9.-]*$/.test(one)
      ? `Invalid hostname: Invalid domain name: ${one}.`
      : 'Invalid hostname: Domain name contains invalid characters.',
  );
}

/** Operating systems of which there is an image. */
function osystems(world: SandboxContext): string[] {
  const found = [...new Set(synced(world).map((name) => name.split('/')[0] as string))];
  return found.length ? found : ['---'];
}

/** Releases of the default operating system of which there is an image. */
function series(world: SandboxContext): string[] {
  const osystem = settingOf(world, 'default_osystem');
  const found = synced(world).flatMap((name) =>
    name.startsWith(`${osystem}/`) ? [name.split('/')[1] as string] : [],
  );
  return found.length ? [...new Set(found)] : ['---'];
}

const synced = (world: SandboxContext) =>
  world.store.state.resources
    .filter(
      ({ type, sets }) =>
        type === SYNCED && sets.some((set) => set.files.every((file) => file.received === file.size)),
    )
    .map(({ name }) => name);
