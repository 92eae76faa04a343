import { mappingSchema } from './json-schema.ts';
import type { AnySetting, Kind, Raw, Resolved, Setting } from './setting.ts';
import type { Path } from './yaml/problem.ts';

/** Settings of a mapping that is one value; their names are the same in the resolved configuration. */
// biome-ignore lint/suspicious/noExplicitAny: rows of every kind of value
type Members = Record<string, Setting<any, any, never, any>>;

/** A mapping that is one value, with the defaults of its members filled in. */
export function mapping<F extends Members>(members: F): Kind<Raw<F>, Resolved<F>> {
  const rows = Object.entries<AnySetting>(members);
  return {
    schema: mappingSchema(members),
    accepts: 'a mapping',
    members,
    read(written, base) {
      const given = written as Record<string, unknown>;
      const read = rows.map(([name, { kind, default: fallback }]) => [
        name,
        given[name] === undefined ? fallback : kind.read(given[name], base),
      ]);
      return Object.fromEntries(read) as Resolved<F>;
    },
    write: (value) =>
      Object.fromEntries(
        rows.map(([name, { kind }]) => [name, kind.write((value as Record<string, unknown>)[name])]),
      ) as Raw<F>,
    problems: (written, path) => membersProblems(rows, written, path),
  };
}

/** A mapping of exactly one of these members, which are all text. */
export function oneOf<const F extends Members, V>(
  members: F,
  to: {
    read(name: keyof F & string, value: string): V;
    write(value: V): [name: keyof F & string, value: string];
  },
): Kind<Raw<F>, V> {
  const rows = Object.entries<AnySetting>(members);
  return {
    schema: { ...mappingSchema(members), minProperties: 1, maxProperties: 1 },
    accepts: `a mapping of one of ${Object.keys(members).join(', ')}`,
    members,
    read(written, base) {
      const [name, value] = Object.entries(written)[0] as [keyof F & string, unknown];
      return to.read(name, members[name]!.kind.read(value, base));
    },
    write: (value) => Object.fromEntries([to.write(value)]) as Raw<F>,
    problems: (written, path) => membersProblems(rows, written, path),
  };
}

function membersProblems(rows: [string, AnySetting][], written: object, path: Path) {
  const given = written as Record<string, unknown>;
  return rows.flatMap(([name, { kind }]) =>
    given[name] === undefined ? [] : (kind.problems?.(given[name], [...path, name]) ?? []),
  );
}
