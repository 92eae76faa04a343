import { ownCell, table } from '../core/escape/markdown.ts';
import type { Paint } from '../core/text/paint.ts';
import { hanging } from '../core/text/width.ts';
import { defaultWords, sentences } from './describe.ts';
import { ANY_NAME, everySetting } from './every-setting.ts';
import { flagName } from './given.ts';
import { type AnySetting, isNamed, isSetting, type Node, type Rows, rowsOf } from './setting.ts';
import { SETTINGS } from './settings/table.ts';

/** One setting as `config settings --json` has it. */
export interface SettingFacts {
  /** Its keys in the file, joined by dots; `*` stands for the name of an image or a target. */
  name: string;
  accepts: string;
  default: string | null;
  flag: string | null;
  environment: string | null;
  help: string;
}

export function settingFacts(): SettingFacts[] {
  return everySetting(SETTINGS).map(({ path, row }) => ({
    name: path.join('.'),
    accepts: row.kind.accepts,
    default: defaultWords(row) ?? null,
    flag: row.flag === undefined ? null : flagName(row),
    environment: row.variable ?? row.implied ?? null,
    help: sentences(row.help, row.details),
  }));
}

/** The same for a terminal. */
export function settingsText(paint: Paint): string {
  return settingFacts()
    .map(({ name, accepts, help, ...facts }) =>
      [
        paint.bold(name),
        hanging('   ', help, paint),
        hanging('   accepted: ', accepts, paint),
        ...(['default', 'flag', 'environment'] as const).flatMap((key) =>
          facts[key] === null ? [] : [hanging(`   ${key}: `, facts[key], paint)],
        ),
      ].join('\n'),
    )
    .join('\n\n');
}

const HEAD = `# Configuration

Every setting of \`dgxos-maas.yaml\`. Made by \`dgxos-maas config settings --markdown\`; edit pipeline/config/settings, not this page.
\`dgxos-maas init\` writes a commented file, \`config validate\` checks one, and \`config show --origin\` lists the values in force, each with its origin.

A flag overrides the environment, the environment overrides the file, and the file overrides the default. A variable that is set to
nothing counts as not set. Paths are relative to the file; those of flags and variables are relative to the current folder, and \`~/\`
is the home folder. For flags, see \`--help\` of the command.`;

/** The page docs/configuration.md. */
export function settingsPage(): string {
  const plain = rowsOf(SETTINGS).filter(([, node]) => isSetting(node));
  const others = rowsOf(SETTINGS).filter(([, node]) => !isSetting(node));
  return `${[HEAD, ...settingsTable(plain), ...others.flatMap(([name, node]) => chapter(name, node))].join('\n\n')}\n`;
}

function chapter(name: string, node: Node): string[] {
  if (isSetting(node)) return [];
  const text = sentences(node.help, node.details);
  if (isNamed(node)) {
    const entry = `${name}.${ANY_NAME}`;
    return [`## ${name}`, text, ...tables(entry, node.entry.fields)];
  }
  if (node.inherits)
    return [
      `## ${name}`,
      `${text} The settings are those of [${node.inherits.join('.')}](#${node.inherits.join('')}).`,
    ];
  return [`## ${name}`, text, ...tables(name, node.fields)];
}

/** The table of a mapping, with what is directly in it, and the chapters of the mappings in it. */
function tables(name: string, fields: Rows): string[] {
  const rows = rowsOf(fields);
  const plain = rows.filter(([, node]) => isSetting(node)) as [string, AnySetting][];
  const inner = plain.flatMap(([key, { kind, help }]) =>
    kind.members ? [`## ${name}.${key}`, help, ...tables(`${name}.${key}`, kind.members)] : [],
  );
  const chapters = rows.flatMap(([key, node]) => chapter(`${name}.${key}`, node));
  return [...settingsTable(plain), ...inner, ...chapters];
}

function settingsTable(rows: readonly [string, Node][]): string[] {
  if (rows.length === 0) return [];
  const lines = rows.map(([name, node]) => {
    const row = node as AnySetting;
    const sources = [flagName(row), row.variable ?? row.implied].filter(Boolean).map((one) => `\`${one}\``);
    const fallback = row.required ? 'required' : ownCell(defaultWords(row) ?? '');
    const cells = [`\`${name}\``, ownCell(row.kind.accepts), fallback, sources.join(', ')];
    return [...cells, ownCell(sentences(row.help, row.details))];
  });
  return [table(['setting', 'accepted', 'default', 'flag, environment', 'meaning'], lines).join('\n')];
}
