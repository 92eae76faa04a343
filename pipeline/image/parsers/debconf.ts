import { linesOf } from './lines.ts';

/** Names and values of debconf's database (/var/cache/debconf/config.dat); questions without a value are left out. */
export function parseDebconf(text: string): Map<string, string> {
  const values = new Map<string, string>();
  let name: string | undefined;
  for (const line of linesOf(text)) {
    const field = /^(Name|Value):[ \t]?(.*?)\r?$/.exec(line);
    if (line.trim() === '') name = undefined;
    else if (field?.[1] === 'Name') name = field[2]!.trim();
    else if (field && name !== undefined) values.set(name, field[2]!.trim());
  }
  return values;
}
