import { isAbsolute, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Log, ReportingDescriptor, Result, Run } from 'sarif';
import { json } from '../../core/escape/json.ts';
import { message } from '../../core/escape/sarif.ts';
import { packageVersion } from '../../host/process/package-root.ts';
import { type Finding, headlineOf } from '../../image/checks/judge.ts';
import type { Severity } from '../../image/checks/types.ts';
import type { Judged } from './judged.ts';

const LEVEL: Record<Severity, Result.level> = { blocker: 'error', major: 'warning', warning: 'note' };

/**
 * Verdicts as a SARIF 2.1.0 log, for code scanning: each image is a run, each check a rule, each failed one a result. What a
 * site waived is a suppressed result. Checks that pass are left out: not every reader knows results of that kind.
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export async function verdictSarif(judged: readonly Judged[]): Promise<string> {
  const version = packageVersion();
  const log: Log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: judged.map((one) => run(one, version)),
  };
  return `${json(wellFormed(log), 2)}\n`;
}

function run({ name, size, sha256, verdict }: Judged, version: string): Run {
  const { findings, passed, profile, baseImage, counts } = verdict;
  const uri = uriOf(name);
  return {
    tool: { driver: { name: 'dgxos-maas', version, rules: findings.map(rule) } },
    invocations: [{ executionSuccessful: true }],
    artifacts: [
      { location: { uri }, roles: ['analysisTarget'], length: size, hashes: { 'sha-256': sha256 } },
    ],
    results: findings.flatMap((finding, ruleIndex) =>
      finding.status === 'fail' || finding.status === 'waived' ? [result(finding, ruleIndex, uri)] : [],
    ),
    properties: { passed, profile, baseImage, counts },
  };
}

/** Text of an image may hold halves of characters, which UTF-8 cannot. */
function wellFormed(log: Log): unknown {
  const text = JSON.stringify(log, (_key, value) =>
    typeof value === 'string' ? value.toWellFormed() : value,
  );
  return JSON.parse(text);
}

function rule({ id, number, title, why, fix, severity }: Finding): ReportingDescriptor {
  return {
    id,
    shortDescription: { text: title },
    fullDescription: { text: why },
    help: {
      text: `Why: ${why}\nFix: ${fix}`,
      markdown: `**Why:** ${why}\n\n**Fix:** ${fix}`,
    },
    defaultConfiguration: { level: LEVEL[severity] },
    properties: { number, severity },
  };
}

function result(finding: Finding, ruleIndex: number, uri: string): Result {
  const { id, severity, status, found, fix, waiver } = finding;
  const headline = headlineOf(finding);
  return {
    ruleId: id,
    ruleIndex,
    level: LEVEL[severity],
    // Viewers show its first sentence in lists.
    message: {
      text: [...new Set([headline, found].map(message)), `Fix: ${fix}`].join('\n'),
    },
    // An image has no lines, but GitHub refuses a location without one.
    locations: [{ physicalLocation: { artifactLocation: { uri, index: 0 }, region: { startLine: 1 } } }],
    // One alert a check and image, whatever the next build finds.
    partialFingerprints: { 'checkOfImage/v1': `${id}:${uri}` },
    // A waiver that has ended suppresses nothing.
    ...(status === 'waived' && waiver
      ? { suppressions: [{ kind: 'external', justification: `${waiver.reason} (until ${waiver.until})` }] }
      : {}),
  };
}

/** A path as a URI reference: relative ones stay so. */
function uriOf(name: string): string {
  if (/^https?:\/\//i.test(name)) return name;
  return isAbsolute(name)
    ? pathToFileURL(name).href
    : name.toWellFormed().split(sep).map(encodeURIComponent).join('/');
}
