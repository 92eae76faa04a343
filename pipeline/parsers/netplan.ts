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

/**
 * Interfaces that a netplan file configures; a file with none (a renderer only) is harmless.
 * @returns null when it is no YAML
 */
export async function netplanInterfaces(text: string): Promise<string[] | null> {
  const { parse } = await import('yaml');
  let document: unknown;
  try {
    document = parse(text, { logLevel: 'silent', maxAliasCount: 20 });
  } catch {
    return null;
  }
  const network = (document as { network?: unknown } | null)?.network;
  if (typeof network !== 'object' || network === null) return [];
  return INTERFACES.flatMap((kind) => {
    const group = (network as Record<string, unknown>)[kind];
    return typeof group === 'object' && group !== null ? Object.keys(group) : [];
  });
}
