import { isMap, isSeq, LineCounter, type Node, type YAMLMap } from 'yaml';
import { parseYaml } from '../../config/yaml/parse.ts';
import { Fault } from '../../core/faults/fault.ts';
import { reasonOf } from '../../core/faults/system-causes.ts';
import { readBoundedText } from '../../host/files/regular.ts';
import { CHECKS } from './table.ts';

/** A finding that a site accepts, with the reason and the last day of that. */
export interface Waiver {
  /** Id of the check. */
  check: string;
  /** Subject of the finding, `*` standing for any text; without it, whatever the check finds (the verdict then says how to narrow it). */
  finding?: string;
  reason: string;
  /** YYYY-MM-DD, in UTC; that day included. */
  until: string;
}

const SHAPE = 'a list of {check, finding, reason, until: YYYY-MM-DD}; `finding` is optional';

/**
 * Reads waivers from YAML: a list, or a map with the list under `waivers`.
 * @throws Fault CONFIG_NOT_FOUND, CONFIG_SYNTAX or CONFIG_INVALID, with file, line and column
 */
export async function readWaivers(file: string): Promise<Waiver[]> {
  let text: string;
  try {
    text = await readBoundedText(file);
  } catch (error) {
    throw new Fault('CONFIG_NOT_FOUND', `The waivers ${file} cannot be read: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  return parseWaivers(text, file);
}

/** The waivers of a YAML text; `file` is for messages. */
export function parseWaivers(text: string, file: string): Waiver[] {
  const counter = new LineCounter();
  const document = parseYaml(text, { lineCounter: counter, prettyErrors: false });
  if (document === null)
    throw new Fault('CONFIG_SYNTAX', `${file} nests too deeply`, { hint: `Expected ${SHAPE}.` });
  const where = (offset: number) => {
    const { line, col } = counter.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const invalid = (message: string, node?: unknown) =>
    new Fault('CONFIG_INVALID', message, {
      where: where((node as Node | undefined)?.range?.[0] ?? 0),
      hint: `Expected ${SHAPE}.`,
    });
  const [broken] = document.errors;
  if (broken) throw new Fault('CONFIG_SYNTAX', broken.message, { where: where(broken.pos[0]) });
  const top = document.contents;
  const list = isMap(top) ? top.get('waivers', true) : top;
  if (list === null || list === undefined) {
    if (isMap(top)) throw invalid('There is no `waivers` in this file', top);
    return [];
  }
  if (!isSeq(list)) throw invalid('The waivers are not a list', list);
  return list.items.map((item) => {
    if (!isMap(item)) throw invalid('A waiver must be a mapping', item);
    return waiver(item, invalid);
  });
}

function waiver(item: YAMLMap, invalid: (message: string, node?: unknown) => Fault): Waiver {
  const field = (name: string) => {
    const value = item.get(name);
    if (typeof value !== 'string' || value.trim() === '') throw invalid(`The waiver has no "${name}"`, item);
    return value.trim();
  };
  const result: Waiver = { check: field('check'), reason: field('reason'), until: field('until') };
  if (item.has('finding')) result.finding = field('finding');
  const key = item.items.find((pair) => !Object.hasOwn(result, String(pair.key)));
  if (key) throw invalid(`A waiver has no "${String(key.key)}"`, key.key);
  if (!CHECKS.some((check) => check.id === result.check))
    throw invalid(
      `There is no check "${result.check}"; \`dgxos-maas checks\` lists them`,
      item.get('check', true),
    );
  if (!isDay(result.until))
    throw invalid(`"${result.until}" is not a day of the form YYYY-MM-DD`, item.get('until', true));
  return result;
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.valueOf()) && date.toISOString().startsWith(text);
}

/** Whether a waiver speaks of a finding, by its subject. Linear in both texts. */
export function waives({ finding }: Waiver, subject: string): boolean {
  if (finding === undefined) return true;
  const [first = '', ...rest] = finding.split('*');
  if (rest.length === 0) return subject === first;
  const last = rest.pop()!;
  if (!subject.startsWith(first) || subject.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of rest) {
    const found = subject.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return subject.length - last.length >= at && subject.endsWith(last);
}
