import type { Form } from '../api/client.ts';
import type { Machine, Selector } from './types.ts';

/** Longer queries are cut off by the web server in front of MAAS; then everything is listed and filtered here. */
const LONGEST_QUERY = 4000;

export function isPattern(name: string): boolean {
  return /[*?]/.test(name);
}

/** Whether a name is meant: host name, FQDN or system id, with * and ? for patterns; upper and lower case are the same. */
export function nameMatches(machine: Machine, name: string): boolean {
  const names = [machine.hostname, machine.fqdn, machine.systemId].map((text) => text.toLowerCase());
  const wanted = name.toLowerCase();
  if (!isPattern(wanted)) return names.includes(wanted);
  return names.some((text) => globMatches(wanted, text));
}

/** Linear in both lengths: a star only ever goes back to its own last place. */
function globMatches(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let mark = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p;
      mark = t;
      p += 1;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p += 1;
      t += 1;
    } else if (star >= 0) {
      p = star + 1;
      mark += 1;
      t = mark;
    } else return false;
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}

/** Whether every condition holds. */
export function selects(selector: Selector, machine: Machine): boolean {
  const { names, systemIds, tags, pools, zones, statuses } = selector;
  if (names || systemIds) {
    const named = names?.some((name) => nameMatches(machine, name)) ?? false;
    if (!named && !systemIds?.includes(machine.systemId)) return false;
  }
  return (
    (tags ?? []).every((tag) => machine.tags.includes(tag)) &&
    (pools === undefined || pools.includes(machine.pool)) &&
    (zones === undefined || zones.includes(machine.zone)) &&
    (statuses === undefined || statuses.includes(machine.status))
  );
}

/**
 * The part that the server can filter by itself; the answer is filtered again here, since releases before 3.0 know fewer filters.
 * Tags are left out: MAAS refuses a tag that it does not know, where here nothing matches.
 */
export function queryOf(selector: Selector): string {
  const { names, systemIds, pools, zones, statuses } = selector;
  const form: Form = {};
  if (systemIds && !names) form.id = systemIds;
  if (pools?.length === 1) form.pool = pools;
  if (zones?.length === 1) form.zone = zones;
  if (statuses && statuses.length > 0) form.status = statuses;
  const query = new URLSearchParams(
    Object.entries(form).flatMap(([key, values]) =>
      (values as readonly string[]).map((value): [string, string] => [key, value]),
    ),
  ).toString();
  return query.length > 0 && query.length <= LONGEST_QUERY ? `?${query}` : '';
}
