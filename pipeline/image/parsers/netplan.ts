/** The settings of a netplan file. */
export interface NetplanFile {
  /** Interfaces that it configures, as `ethernets/ens3`; the loopback is none. */
  interfaces: string[];
  /** Whether any of them goes by the address of a card. */
  byMac: boolean;
  renderer: string | null;
  /** Why netplan refuses the file, and with it every other. Only the frame is looked at, not the settings of an interface. */
  problem: string | null;
}

/** Keys below `network` that define interfaces, of netplan up to 1.1. */
const GROUPS = new Set(
  'ethernets wifis modems bonds bridges vlans vrfs tunnels nm-devices dummy-devices virtual-ethernets xfrm-interfaces'.split(
    ' ',
  ),
);
const RENDERERS = new Set(['networkd', 'NetworkManager', 'sriov', 'default']);

/** Far longer than any real one, and short enough for a YAML parser on what is made to hurt. */
const LONGEST = 64 << 10;
const MOST_INTERFACES = 200;

/** Reads a file as netplan does (0.106, and the groups of later ones): the first document, no key that it does not know. */
export async function readNetplan(text: string): Promise<NetplanFile> {
  const file: NetplanFile = { interfaces: [], byMac: false, renderer: null, problem: null };
  const refused = (problem: string) => ({ ...file, problem });
  if (text.length > LONGEST) return refused('it is longer than any such file');
  const { parseYaml } = await import('../../config/yaml/parse.ts');
  const document = parseYaml(text, { prettyErrors: false, logLevel: 'silent' });
  if (document === null) return refused('it nests too deep');
  const error = document.errors.find((e) => e.code !== 'MULTIPLE_DOCS' && e.code !== 'DUPLICATE_KEY');
  if (error) return refused('it is not YAML');
  // netplan merges them, and the parser here keeps the last alone: what the others define is not known by name.
  if (document.errors.some((e) => e.code === 'DUPLICATE_KEY')) file.interfaces.push('keys that stand twice');
  let top: unknown;
  try {
    top = document.toJS({ maxAliasCount: 20 });
  } catch {
    // Aliases that would grow without end.
    return refused('its aliases grow without end');
  }
  if (top === null || top === undefined) return file;
  if (!isMap(top)) return refused('it is not a mapping');
  const stranger = Object.keys(top).find((key) => key !== 'network');
  if (stranger !== undefined) return refused(`unknown key "${stranger.slice(0, 60)}"`);
  const network = top.network;
  if (!isMap(network)) return refused('"network" is not a mapping');
  for (const [key, value] of Object.entries(network)) {
    if (key === 'version') {
      if (String(value) !== '2') return refused('its version is not 2');
    } else if (key === 'renderer') {
      if (!RENDERERS.has(String(value))) return refused(`unknown renderer "${String(value).slice(0, 60)}"`);
      file.renderer = String(value);
    } else if (key === 'openvswitch') continue;
    else if (!GROUPS.has(key)) return refused(`unknown key "${key.slice(0, 60)}"`);
    else if (!isMap(value)) return refused(`"${key}" is not a mapping`);
    else
      for (const [name, settings] of Object.entries(value)) {
        if (!isMap(settings)) continue;
        // Groups may have a renderer of their own beside the interfaces.
        const match = isMap(settings.match) ? settings.match : {};
        if (name === 'lo' && Object.keys(match).length === 0) continue;
        if (match.macaddress !== undefined) file.byMac = true;
        if (file.interfaces.length < MOST_INTERFACES) file.interfaces.push(`${key}/${name}`);
      }
  }
  return file;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
