/** What the region itself holds: settings, keys, boot sources, networks, zones, pools, domains. */
export interface SiteState {
  /** Of MAAS' own settings those that were set. */
  settings: Record<string, unknown>;
}

/** As a fresh MAAS has it. */
export function freshSite(): SiteState {
  return { settings: {} };
}
