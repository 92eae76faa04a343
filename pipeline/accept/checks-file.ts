import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../catalogue/root.ts';
import { dotted, type Path, type Problem, quoted, toFault } from '../config/problem.ts';
import { prune } from '../config/prune.ts';
import { schemaProblems } from '../config/schema.ts';
import { Source } from '../config/source.ts';
import { suggest } from '../config/suggest.ts';
import { parseDuration } from '../config/units.ts';
import { Fault, fromSystemError } from '../errors/fault.ts';
import { ANSWERS, DEPLOYS } from './first-checks.ts';
import { unknownPlaceholders } from './placeholders.ts';
import type { AcceptanceCheck, CheckList, Condition, LogCommand, OutputExpectation } from './types.ts';

const SCHEMA = 'schema/acceptance.schema.json';
const FOLDER = 'templates/acceptance';
/** What is used where nothing is said. */
const ALL_SETS = ['base', 'dgx'] as const;
const TIMEOUT_S = 60;

interface WrittenOutput extends Omit<OutputExpectation, 'hasLines' | 'notMatches'> {
  has_lines?: string;
  not_matches?: string;
}
interface WrittenCheck extends Pick<AcceptanceCheck, 'id' | 'title' | 'command' | 'why' | 'fix'> {
  severity?: AcceptanceCheck['severity'];
  when?: Condition;
  root?: boolean;
  timeout?: string;
  expect?: {
    exit?: number;
    stdout?: WrittenOutput;
    stderr?: WrittenOutput;
    fresh?: 'deployment' | 'machine';
  };
}
interface WrittenChecks {
  use?: string[];
  without?: string[];
  gpus?: Record<string, number>;
  checks?: WrittenCheck[];
  logs?: { id: string; when?: Condition; command: LogCommand['command']; root?: boolean }[];
}

/**
 * The checks of a file and of the sets that it uses; without a file, of all sets.
 * @throws Fault CONFIG_NOT_FOUND, CONFIG_SYNTAX, CONFIG_INVALID with every problem at its place
 */
export async function loadChecks(file: string | null): Promise<CheckList> {
  if (file === null) return combine(await sets(ALL_SETS), {});
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR')
      throw new Fault('CONFIG_NOT_FOUND', `There is no file ${file} with acceptance checks`);
    throw fromSystemError(error, `reading ${file}`);
  }
  return parseChecks(text, file);
}

/** The checks of a YAML text; `file` is for messages. */
export async function parseChecks(text: string, file: string): Promise<CheckList> {
  const source = new Source(file, text);
  const data = source.data ?? {};
  const found = schemaProblems(SCHEMA, data);
  const written = prune(data, found) as WrittenChecks;
  const used = await sets(written.use ?? []);
  const useIsKnown = !found.some(({ path }) => path[0] === 'use');
  found.push(...ruleProblems(written, used, useIsKnown));
  if (found.length > 0)
    throw toFault(
      'CONFIG_INVALID',
      found.map((problem) => source.place(problem)),
    );
  return combine(used, written);
}

async function sets(names: readonly string[]): Promise<WrittenChecks[]> {
  return Promise.all(
    names.map(async (name) => {
      const file = join(packageRoot(), FOLDER, `${name}.yaml`);
      return new Source(file, await readFile(file, 'utf8')).data as WrittenChecks;
    }),
  );
}

/** The sets' checks in their order, each replaced by the file's own of that id; then what else the file has. */
function combine(used: readonly WrittenChecks[], own: WrittenChecks): CheckList {
  const checks = new Map<string, AcceptanceCheck>();
  const logs = new Map<string, LogCommand>();
  for (const { checks: some = [], logs: more = [] } of [...used, own]) {
    for (const check of some) checks.set(check.id, resolved(check));
    for (const { id, when = {}, command, root = false } of more) logs.set(id, { id, when, command, root });
  }
  for (const id of own.without ?? []) checks.delete(id);
  return {
    checks: [...checks.values()],
    logs: [...logs.values()],
    gpus: Object.assign({}, ...used.map(({ gpus }) => gpus), own.gpus) as Record<string, number>,
  };
}

function resolved(check: WrittenCheck): AcceptanceCheck {
  const { id, title, command, why, fix, severity = 'blocker', when = {}, root = false, expect = {} } = check;
  return {
    ...{ id, title, severity, when, command, root, why, fix },
    timeoutS: check.timeout === undefined ? TIMEOUT_S : (parseDuration(check.timeout) ?? TIMEOUT_S),
    expect: {
      exit: expect.exit ?? 0,
      stdout: output(expect.stdout),
      stderr: output(expect.stderr),
      fresh: expect.fresh ?? null,
    },
  };
}

function output(written: WrittenOutput = {}): OutputExpectation {
  const { has_lines: hasLines, not_matches: notMatches, ...rest } = written;
  return {
    ...rest,
    ...(hasLines === undefined ? {} : { hasLines }),
    ...(notMatches === undefined ? {} : { notMatches }),
  };
}

/** What the schema cannot say. */
function ruleProblems(
  written: WrittenChecks,
  used: readonly WrittenChecks[],
  useIsKnown: boolean,
): Problem[] {
  const problems: Problem[] = [
    ...idProblems('checks', written.checks ?? []),
    ...idProblems('logs', written.logs ?? []),
  ];
  for (const [at, check] of (written.checks ?? []).entries()) {
    problems.push(...patternProblems(check, ['checks', at]), ...textProblems(check, ['checks', at]));
  }
  for (const [at, log] of (written.logs ?? []).entries()) problems.push(...textProblems(log, ['logs', at]));
  // Where `use` itself is wrong, nobody knows what it was to bring.
  if (!useIsKnown) return problems;
  const known = used.flatMap(({ checks = [] }) => checks.map(({ id }) => id));
  for (const [at, id] of (written.without ?? []).entries())
    if (!known.includes(id))
      problems.push({
        path: ['without', at],
        at: 'value',
        message: `${dotted(['without', at])}: the sets in use have no check ${quoted(id)}`,
        accepts: known.join(', ') || 'nothing, as `use` names no set',
        suggestion: suggest(id, known),
      });
  return problems;
}

/** Ids written twice, and those of the checks that always run: a report could not tell them apart. */
function idProblems(list: 'checks' | 'logs', items: readonly { id?: string }[]): Problem[] {
  const seen = new Set<string>();
  return items.flatMap(({ id }, at): Problem[] => {
    const path = [list, at, 'id'];
    const problem = (why: string): Problem[] => [
      { path, at: 'value', message: `${dotted(path)}: ${quoted(id)} ${why}` },
    ];
    if (id === undefined) return [];
    if (list === 'checks' && (id === DEPLOYS.id || id === ANSWERS.id))
      return problem('is a check that always runs; give this one another id');
    if (seen.has(id)) return problem('is written twice');
    seen.add(id);
    return [];
  });
}

function patternProblems(check: WrittenCheck, path: Path): Problem[] {
  return (['stdout', 'stderr'] as const).flatMap((stream) =>
    (['matches', 'not_matches'] as const).flatMap((key): Problem[] => {
      const pattern = check.expect?.[stream]?.[key];
      if (pattern === undefined) return [];
      try {
        new RegExp(pattern, 'm');
        return [];
      } catch (error) {
        const at = [...path, 'expect', stream, key];
        const message = `${dotted(at)}: ${(error as Error).message}`;
        return [{ path: at, at: 'value', message, accepts: 'a JavaScript regular expression' }];
      }
    }),
  );
}

/** Placeholders anywhere in a check that nobody knows, and counts that are no number. */
function textProblems(value: unknown, path: Path): Problem[] {
  if (typeof value === 'string') {
    if (path.at(-1) === 'lines' && !/^(\d+|\{[a-z._]+\})$/.test(value))
      return [
        {
          path,
          at: 'value',
          message: `${dotted(path)}: ${quoted(value)} is no number of lines`,
          accepts: 'a number, or a placeholder such as {platform.gpus}',
        },
      ];
    return unknownPlaceholders(value).map(({ name, meant }) => ({
      path,
      at: 'value' as const,
      message: `${dotted(path)}: there is no placeholder {${name}}`,
      suggestion: meant && `{${meant}}`,
    }));
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    textProblems(member, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}
