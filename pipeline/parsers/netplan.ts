const INTERFACES = [
  'ethernets',
  'wifis',
  'bonds',
  'bridges',
  'vlans',
  'modems',
  'tunnels',
  'vrfs',
  'dummy-devices',
];

/** No real one is longer, and a YAML parser can be slow on what is made to be. */
const LONGEST = 16_384;

/**
 * Interfaces that a netplan file configures; a file with none (a renderer only) is harmless.
 * @returns null when it is no YAML, or longer than any netplan file
 */
export async function netplanInterfaces(text: string): Promise<string[] | null> {
  if (text.length > LONGEST) return null;
  const { parseDocument } = await import('yaml');
  const parsed = parseDocument(text, { prettyErrors: false, logLevel: 'silent' });
  if (parsed.errors.length > 0) return null;
  let document: unknown;
  try {
    document = parsed.toJS({ maxAliasCount: 20 });
  } catch {
    // Aliases that would grow without end.
    return null;
  }
  const network = (document as { network?: unknown } | null)?.network;
  if (typeof network !== 'object' || network === null) return [];
  return INTERFACES.flatMap((kind) => {
    const group = (network as Record<string, unknown>)[kind];
    return typeof group === 'object' && group !== null ? Object.keys(group) : [];
  });
}
