import { isAbsolute, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Log, ReportingDescriptor, Result } from 'sarif';
import { visible } from '../../../core/escape/visible.ts';
import { type Finding, headlineOf, type Verdict } from '../judge.ts';
import type { Severity } from '../types.ts';

const LEVEL: Record<Severity, Result.level> = { blocker: 'error', major: 'warning', warning: 'note' };

/**
 * A verdict as a SARIF 2.1.0 log, for code scanning: each check is a rule, each failed one a result. What a site waived is a
 * suppressed result. Checks that pass are no results: not every reader knows those.
 * @param version of this tool
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function verdictSarif(
  file: { name: string; size: number; sha256: string },
  verdict: Verdict,
  version: string,
): string {
  const { findings, passed, profile, baseImage, counts } = verdict;
  const uri = uriOf(file.name);
  const log: Log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'dgxos-maas', version, rules: findings.map(rule) } },
        invocations: [{ executionSuccessful: true }],
        artifacts: [
          {
            location: { uri },
            roles: ['analysisTarget'],
            length: file.size,
            hashes: { 'sha-256': file.sha256 },
          },
        ],
        results: findings.flatMap((finding, ruleIndex) =>
          finding.status === 'fail' || finding.status === 'waived' ? [result(finding, ruleIndex, uri)] : [],
        ),
        properties: { passed, profile, baseImage, counts },
      },
    ],
  };
  // What an image says may hold halves of characters, which UTF-8 cannot.
  return `${JSON.stringify(log, (_key, value) => (typeof value === 'string' ? value.toWellFormed() : value), 2)}\n`;
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
      text: [...new Set([headline, found].map(noLink)), `Fix: ${fix}`].join('\n'),
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

/** What an image says must not become a link: section 3.11.6 of the standard makes links of [text](target). */
function noLink(text: string): string {
  return visible(text).replace(/[[\]\\]/g, (c) => `\\${c}`);
}

/** A path as a URI reference: relative ones stay so. */
function uriOf(name: string): string {
  if (/^https?:\/\//i.test(name)) return name;
  return isAbsolute(name)
    ? pathToFileURL(name).href
    : name.toWellFormed().split(sep).map(encodeURIComponent).join('/');
}
