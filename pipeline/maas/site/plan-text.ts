import { plain } from '../../core/escape/terminal.ts';
import type { Paint } from '../../core/text/paint.ts';
import { hanging } from '../../core/text/width.ts';
import type { Change, FieldChange, Value } from './change.ts';

const SIGNS = { create: '+', update: '~', delete: '-' } as const;

/** The changes as a reviewer reads them: what is added, changed and deleted, each field old -> new, and a count. */
export function planText(changes: readonly Change[], paint: Paint): string {
  if (changes.length === 0) return 'Nothing to do: this MAAS matches the file.';
  const colors = { create: paint.green, update: paint.yellow, delete: paint.red };
  const lines = together(changes).flatMap(({ kind, name, fields }) => [
    hanging(colors[kind](`${SIGNS[kind]} `), plain(name), paint, colors[kind]),
    ...fields.map((field) => fieldText(kind, field, paint)),
  ]);
  return [...lines, '', `${countText(changes)}.`].join('\n');
}

/** The number of each kind. */
export function countText(changes: readonly Change[]): string {
  const count = (kind: Change['kind']) => together(changes).filter((change) => change.kind === kind).length;
  return `${count('create')} to add, ${count('update')} to change, ${count('delete')} to delete`;
}

/** A plan as --json shows it. */
export function planObject(changes: readonly Change[]) {
  return together(changes).map(({ kind, name, fields }) => ({ kind, name, fields }));
}

/** Several steps on one object are shown as one. */
function together(changes: readonly Change[]): Pick<Change, 'kind' | 'name' | 'fields'>[] {
  const byName = new Map<string, Pick<Change, 'kind' | 'name' | 'fields'>>();
  for (const { kind, name, fields } of changes) {
    const earlier = byName.get(name);
    // A VLAN that is made and then gets DHCP is one that is made.
    if (earlier && earlier.kind !== 'delete' && kind !== 'delete')
      earlier.fields = [...earlier.fields, ...fields];
    else byName.set(earlier ? `${name} again` : name, { kind, name, fields });
  }
  return [...byName.values()];
}

function fieldText(kind: Change['kind'], { name, from, to }: FieldChange, paint: Paint): string {
  const value = kind === 'create' ? shown(to) : `${shown(from)} -> ${shown(to)}`;
  return hanging(`    ${name}: `, plain(value), paint);
}

function shown(value: Value): string {
  if (value === null || value === '') return '(none)';
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return String(value).replace(/\s*\n\s*/g, ' ');
  return value.length ? value.join(', ') : '(none)';
}
