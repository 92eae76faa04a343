/** A host that machines are reached through. */
export interface Bastion {
  /** Null: as ssh chooses, the name of the local user. */
  user: string | null;
  host: string;
  port: number;
}

/** The accepted form, for messages. */
export const BASTION_ACCEPTED =
  '[user@]host[:port], such as admin@bastion.example or admin@[2001:db8::1]:2222';

const USER = '[A-Za-z0-9_][A-Za-z0-9._-]*';
const FORM = new RegExp(
  `^(?:(${USER})@)?(?:([A-Za-z0-9][A-Za-z0-9.-]*)|\\[([0-9A-Fa-f:.]+)\\])(?::(\\d{1,5}))?$`,
);

/** Reads `[user@]host[:port]`; null when it is none. */
export function parseBastion(text: string): Bastion | null {
  const found = FORM.exec(text);
  if (!found) return null;
  const port = found[4] === undefined ? 22 : Number(found[4]);
  if (port < 1 || port > 65_535) return null;
  return { user: found[1] ?? null, host: (found[2] ?? found[3]) as string, port };
}
