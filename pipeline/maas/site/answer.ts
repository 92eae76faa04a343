import type { MaasClient } from '../api/client.ts';

/** One thing as MAAS' JSON shows it. */
export type Answer = Record<string, unknown>;

/** The list at an endpoint. @throws Fault MAAS_*, MAAS_PROTOCOL when there is no list of things */
export async function listOf(client: MaasClient, path: string): Promise<Answer[]> {
  const list = await client.get(path);
  if (!Array.isArray(list) || list.some((item) => typeof item !== 'object' || item === null))
    throw client.notMaas(path, 'there is no list in it');
  return list as Answer[];
}

/** Text, or nothing for null and what is not text. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
