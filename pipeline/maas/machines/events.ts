import type { MaasClient } from '../api/client.ts';
import { printable } from './printable.ts';
import type { MachineEvent } from './types.ts';

type Raw = Record<string, unknown>;

/** The last events of a machine, level INFO and above, the newest last. One request. */
export async function readEvents(client: MaasClient, systemId: string, limit = 25): Promise<MachineEvent[]> {
  const query = new URLSearchParams({ id: systemId, limit: String(limit) });
  const path = `events/?op=query&${query}`;
  const answer = (await client.get(path)) as Raw | null;
  if (!Array.isArray(answer?.events)) throw client.notMaas(path, 'there are no events in it');
  return (answer.events as Raw[])
    .map((event) => ({
      id: Number(event.id),
      time: String(event.created ?? ''),
      level: String(event.level ?? ''),
      type: printable(String(event.type ?? '')),
      description: printable(String(event.description ?? '')),
    }))
    .sort((a, b) => a.id - b.id);
}

/** One line: when, what, and what about it. */
export function eventLine({ time, type, description }: MachineEvent): string {
  return `${time.replace(/^\w+, /, '')}  ${type}${description ? ` - ${description}` : ''}`;
}
