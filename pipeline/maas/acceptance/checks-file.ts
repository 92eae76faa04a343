import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDuration } from '../../config/units.ts';
import { toFault } from '../../config/yaml/problem.ts';
import { prune } from '../../config/yaml/prune.ts';
import { dataAsWritten, schemaProblems } from '../../config/yaml/schema.ts';
import { Source } from '../../config/yaml/source.ts';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { readBoundedText } from '../../host/files/regular.ts';
import { packageRoot } from '../../host/process/package-root.ts';
import { ruleProblems } from './check-rules.ts';
import type { RawCheck, RawChecks, RawOutput } from './raw-checks.ts';
import type { AcceptanceCheck, CheckList, LogCommand, OutputExpectation } from './types.ts';

const SCHEMA = 'schema/acceptance.schema.json';
const FOLDER = 'templates/acceptance';
/** The defaults. */
const ALL_SETS = ['base', 'dgx'] as const;
const TIMEOUT_S = 60;

/**
 * The checks of a file and of the sets that it uses; without a file, of all sets.
 * @throws Fault CONFIG_NOT_FOUND, CONFIG_SYNTAX, CONFIG_INVALID with every problem at its place
 */
export async function loadChecks(file: string | null): Promise<CheckList> {
  if (file === null) return combine(await sets(ALL_SETS), {});
  let text: string;
  try {
    text = await readBoundedText(file);
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
  const data = dataAsWritten(SCHEMA, source);
  const found = schemaProblems(SCHEMA, data);
  const written = prune(data, found) as RawChecks;
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

async function sets(names: readonly string[]): Promise<RawChecks[]> {
  return Promise.all(
    names.map(async (name) => {
      const file = join(packageRoot(), FOLDER, `${name}.yaml`);
      return new Source(file, await readFile(file, 'utf8')).data as RawChecks;
    }),
  );
}

/** The sets' checks in their order, each replaced by the file's own of that id; then what else the file has. */
function combine(used: readonly RawChecks[], own: RawChecks): CheckList {
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
    gpus: Object.fromEntries([...used, own].flatMap(({ gpus }) => Object.entries(gpus ?? {}))) as Record<
      string,
      number
    >,
  };
}

function resolved(check: RawCheck): AcceptanceCheck {
  const { id, title, command, why, fix, severity = 'blocker', when = {}, root = false, expect = {} } = check;
  const { wrong = null, hardware = false } = check;
  return {
    ...{ id, title, wrong, severity, when, hardware, command, root, why, fix },
    timeoutS: check.timeout === undefined ? TIMEOUT_S : (parseDuration(check.timeout) ?? TIMEOUT_S),
    expect: {
      exit: expect.exit ?? 0,
      stdout: output(expect.stdout),
      stderr: output(expect.stderr),
      fresh: expect.fresh ?? null,
    },
  };
}

function output(written: RawOutput = {}): OutputExpectation {
  const { has_lines: hasLines, not_matches: notMatches, ...rest } = written;
  return {
    ...rest,
    ...(hasLines === undefined ? {} : { hasLines }),
    ...(notMatches === undefined ? {} : { notMatches }),
  };
}
