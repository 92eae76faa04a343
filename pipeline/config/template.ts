import { isDeepStrictEqual } from 'node:util';
import { parse, stringify } from 'yaml';
import { inMidSentence, sentences } from './describe.ts';
import { variableOf } from './given.ts';
import {
  type AnyNamed,
  type AnySetting,
  type ExampleScope,
  isNamed,
  isSetting,
  type Node,
  rowsOf,
} from './setting.ts';
import { SETTINGS } from './settings/table.ts';

/** Required settings are there to be filled in; all others are behind a #. */
const LIVE = 'images';
/** Wider lines have their remark above them. */
const WIDEST = 132;

/** One line of YAML, its remark and what stands above it. */
interface Line {
  text: string;
  remark?: string | undefined;
  above?: string | undefined;
}

/** Every setting as commented YAML: what a file of one image needs, and all others with their defaults or an example. */
export function settingsTemplate(scope: ExampleScope): string {
  const rows = rowsOf(SETTINGS).sort(([, a], [, b]) => rank(a) - rank(b));
  const images = rows.find(([name]) => name === LIVE)![1] as AnyNamed;
  const live = [`# ${sentences(images.help, images.details)}`, `${LIVE}:`, ...liveLines(images, scope)].join(
    '\n',
  );
  const others = rows.filter(([name]) => name !== LIVE);
  return [live, ...commented(others, '', scope)].join('\n\n');
}

/** Images and targets, then sections, then what is a single line. */
function rank(node: Node): number {
  return isNamed(node) ? 0 : isSetting(node) ? 2 : 1;
}

/** Required settings come first; the others follow behind a #. */
function liveLines(images: AnyNamed, scope: ExampleScope): string[] {
  const name = exampleName(images, scope);
  const rows = rowsOf(images.entry.fields);
  const placed = ([, node]: [string, Node]) =>
    ('inTemplate' in node ? node.inTemplate?.(scope) : undefined) ??
    ('required' in node && node.required === true ? 'live' : 'commented');
  const live = rows
    .filter((row) => placed(row) === 'live')
    .flatMap(([key, node]) => linesOf(key, node, scope, name));
  const others = rows.filter((row) => placed(row) === 'commented');
  return [
    `  ${name}:`,
    ...layOut(live, '    '),
    '',
    '    # Everything below has a default; take the # away to change it.',
    '',
    commented(others, '    ', scope).join('\n\n'),
  ];
}

/** Blocks behind a #: one for each section, and one for the settings between two of them. */
function commented(rows: readonly [string, Node][], indent: string, scope: ExampleScope): string[] {
  const blocks: { head: string[]; lines: Line[] }[] = [];
  let open = false;
  for (const [name, node] of rows) {
    const lines = linesOf(name, node, scope);
    if (lines.length === 0) continue;
    if (isSetting(node) && open) blocks.at(-1)?.lines.push(...lines);
    else {
      const head = isSetting(node) ? [] : [`${indent}# ${sentences(node.help, node.details)}`];
      blocks.push({ head, lines: [...lines] });
    }
    open = isSetting(node);
  }
  return blocks.map(({ head, lines }) => [...head, ...layOut(lines, `${indent}# `, indent)].join('\n'));
}

/** @param image where the lines are of an image that has a name already */
function linesOf(name: string, node: Node, scope: ExampleScope, image?: string): Line[] {
  if (isSetting(node)) return settingLines(name, node, scope, image);
  if (isNamed(node)) {
    const entry = rowsOf(node.entry.fields).flatMap(([key, inner]) => linesOf(key, inner, scope));
    return [{ text: `${name}:` }, { text: `  ${exampleName(node, scope)}:` }, ...indented(entry, '    ')];
  }
  // It is there in full where it inherits from.
  if (node.inherits) return [];
  const inner = rowsOf(node.fields).flatMap(([key, row]) => {
    const lines = linesOf(key, row, scope, image);
    // In a block that is in force.
    const off = image !== undefined && 'inTemplate' in row && row.inTemplate?.(scope) === 'commented';
    return off ? indented(lines, '# ') : lines;
  });
  return [{ text: `${name}:` }, ...indented(inner, '  ')];
}

function settingLines(name: string, row: AnySetting, scope: ExampleScope, image?: string): Line[] {
  const remark = remarkOf(row, image);
  const above = row.note?.(scope);
  const value = exampleOf(row, scope);
  if (value !== undefined)
    return [{ text: `${name}: ${inYaml(value)}`, remark: above === undefined ? remark : undefined, above }];
  // A list of mappings: one of them, member by member.
  const members = rowsOf(row.kind.members ?? {}).flatMap(([key, member]) => linesOf(key, member, scope));
  const items = members.map((line, i) => ({ ...line, text: `${i === 0 ? '  - ' : '    '}${line.text}` }));
  return [{ text: `${name}:`, remark }, ...items];
}

function remarkOf(row: AnySetting, image: string | undefined): string {
  const { help, kind, variable, example, default: fallback, defaultText } = row;
  const words = kind.choices ? `${kind.choices.join(' | ')}; ${inMidSentence(help)}` : help;
  const fixed = fallback && typeof fallback === 'object' && kind.write(fallback);
  const elsewhere =
    typeof example !== 'function' && example !== undefined && !isDeepStrictEqual(example, fixed);
  return sentences(
    words,
    elsewhere && defaultText && `Default: ${defaultText}.`,
    variable && image !== undefined && `${variableOf(variable, image)} overrides it.`,
  );
}

function exampleOf(row: AnySetting, scope: ExampleScope): unknown {
  const { example, default: fallback, kind } = row;
  if (example !== undefined) return typeof example === 'function' ? example(scope) : example;
  return kind.members || fallback === undefined || fallback === null ? undefined : kind.write(fallback);
}

function exampleName(
  node: { example: string | ((scope: ExampleScope) => string) },
  scope: ExampleScope,
): string {
  return typeof node.example === 'function' ? node.example(scope) : node.example;
}

/** A value on one line; text that any reader of YAML could take for something else is in quotes. */
function inYaml(value: unknown): string {
  const isPlain = typeof value === 'string' && /^[\w~./][\w./~@:*-]*$/.test(value) && parse(value) === value;
  if (isPlain && !/^\d+:/.test(value)) return value;
  return stringify(value, {
    collectionStyle: 'flow',
    flowCollectionPadding: false,
    defaultStringType: typeof value === 'string' ? 'QUOTE_DOUBLE' : 'PLAIN',
    lineWidth: 0,
  }).trim();
}

function indented(lines: readonly Line[], indent: string): Line[] {
  return lines.map((line) => ({ ...line, text: indent + line.text }));
}

/**
 * Remarks below each other, behind the values where the line stays readable.
 * @param prefix of lines with a value; `margin` of lines with a sentence
 */
function layOut(lines: readonly Line[], prefix: string, margin = prefix): string[] {
  const short = lines.filter(
    ({ text, remark }) => remark && prefix.length + text.length + remark.length < WIDEST,
  );
  const column = Math.min(48, Math.max(0, ...short.map(({ text }) => text.length)));
  return lines.flatMap(({ text, remark, above }) => {
    const fits = prefix.length + Math.max(column, text.length) + (remark?.length ?? 0) < WIDEST;
    const sentence = above ?? (remark && !fits ? remark : undefined);
    const indent = margin + (margin === prefix ? (/^ */.exec(text)?.[0] ?? '') : '');
    const line = remark && fits ? `${prefix}${text.padEnd(column)}  # ${remark}` : `${prefix}${text}`;
    return sentence === undefined ? [line] : [`${indent}# ${sentence}`, line];
  });
}
