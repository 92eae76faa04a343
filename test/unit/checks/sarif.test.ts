import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Verdict } from '../../../pipeline/image/checks/judge.ts';
import { CHECKS } from '../../../pipeline/image/checks/table.ts';
import { verdictSarif } from '../../../pipeline/report/formats/verdict-sarif.ts';
import { goodRoot, judged } from './root.ts';

const file = { name: 'out/dgx 1.tar.gz', size: 1_234_567, sha256: 'ab'.repeat(32) };

const text = { type: 'string', minLength: 1 };
const object = (properties: Record<string, object>, required = Object.keys(properties)) => ({
  type: 'object',
  properties,
  required,
});
const list = (items: object, more = {}) => ({ type: 'array', items, ...more });
const level = { enum: ['none', 'note', 'warning', 'error'] };
const artifactLocation = object({ uri: { ...text, format: 'uri-reference' } });

/** The demands of SARIF 2.1.0, section 3, on the objects that we write, and those of GitHub's code scanning. */
const SHAPE = object({
  $schema: { ...text, format: 'uri' },
  version: { const: '2.1.0' },
  runs: list(
    object({
      tool: object({
        driver: object({
          name: text,
          version: text,
          rules: list(
            object({
              id: text,
              shortDescription: object({ text }),
              fullDescription: object({ text }),
              help: object({ text, markdown: text }),
              defaultConfiguration: object({ level }),
            }),
            { uniqueItems: true },
          ),
        }),
      }),
      invocations: list(object({ executionSuccessful: { type: 'boolean' } }), { minItems: 1 }),
      artifacts: list(
        object({
          location: artifactLocation,
          roles: list({ const: 'analysisTarget' }),
          length: { type: 'integer', minimum: -1 },
          hashes: object({ 'sha-256': { type: 'string', pattern: '^[0-9a-f]{64}$' } }),
        }),
      ),
      results: list(
        object(
          {
            ruleId: text,
            ruleIndex: { type: 'integer', minimum: 0 },
            level,
            message: object({ text }),
            locations: list(
              object({
                physicalLocation: object({
                  artifactLocation,
                  region: object({ startLine: { type: 'integer', minimum: 1 } }),
                }),
              }),
              { minItems: 1 },
            ),
            partialFingerprints: { type: 'object', additionalProperties: text, minProperties: 1 },
            suppressions: list(object({ kind: { enum: ['inSource', 'external'] } })),
          },
          ['ruleId', 'ruleIndex', 'level', 'message', 'locations', 'partialFingerprints'],
        ),
      ),
    }),
    { minItems: 1 },
  ),
});

const ajv = new Ajv({ allErrors: true });
formats.default(ajv);
const valid = ajv.compile(SHAPE);

async function parsed(verdict: Verdict, of: typeof file = file) {
  const log = JSON.parse(await verdictSarif([{ suite: 'x', ...of, verdict }]));
  expect(valid(log), ajv.errorsText(valid.errors)).toBe(true);
  return log.runs[0];
}

let bad: Verdict;

beforeAll(async () => {
  const root = goodRoot()
    .put('etc/ssh/ssh_host_rsa_key', 'x')
    .put('etc/resolv.conf', 'x')
    .put('etc/apt/sources.list', 'deb http://127.0.0.1/[a](http://evil) focal main\n');
  bad = await judged(root);
});

describe('a verdict as SARIF', () => {
  it('has a rule a check, with why and fix as help', async () => {
    const { rules } = (await parsed(bad)).tool.driver;
    expect(rules.map((rule: { id: string }) => rule.id)).toEqual(CHECKS.map((check) => check.id));
    for (const [i, check] of CHECKS.entries()) {
      expect(rules[i].fullDescription.text).toBe(check.why);
      expect(rules[i].help.text).toContain(check.fix);
    }
  });

  it('has a result for each failed check, with its level and the image as the location', async () => {
    const { results, tool, artifacts } = await parsed(bad);
    const levels = results.map((r: { ruleId: string; level: string }) => [r.ruleId, r.level]);
    expect(levels).toEqual([
      ['ssh-host-keys', 'error'],
      ['apt-sources', 'error'],
      ['resolv-conf', 'note'],
    ]);
    for (const result of results) {
      expect(tool.driver.rules[result.ruleIndex].id).toBe(result.ruleId);
      const { uri, index } = result.locations[0].physicalLocation.artifactLocation;
      expect([uri, index]).toEqual(['out/dgx%201.tar.gz', 0]);
      expect(artifacts[index]).toMatchObject({ location: { uri }, length: file.size });
    }
    expect(results[0].message.text).toContain('/etc/ssh/ssh_host_rsa_key');
  });

  it('beside another is one log of two runs', async () => {
    const of = (name: string) => ({ suite: name, ...file, name, verdict: bad });
    const log = JSON.parse(await verdictSarif([of('a'), of('b')]));
    expect(valid(log), ajv.errorsText(valid.errors)).toBe(true);
    const uris = log.runs.map((run: { artifacts: [{ location: object }] }) => run.artifacts[0].location);
    expect(uris).toEqual([{ uri: 'a' }, { uri: 'b' }]);
  });

  it('is empty of results for a good image', async () => {
    expect((await parsed(await judged(goodRoot()))).results).toEqual([]);
  });

  it('suppresses what a site waived, until the waiver ends', async () => {
    const waivers = [{ check: 'ssh-host-keys', reason: 'lab', until: '2030-01-31' }];
    const root = () => goodRoot().put('etc/ssh/ssh_host_rsa_key', 'x');
    const on = async (day: string) =>
      (await parsed(await judged(root(), { waivers, now: new Date(`${day}T12:00:00Z`) }))).results[0];
    expect((await on('2030-01-30')).suppressions).toEqual([
      { kind: 'external', justification: 'lab (until 2030-01-31)' },
    ]);
    expect((await on('2030-02-01')).suppressions).toBeUndefined();
  });

  it('lets no text of the image become a link', async () => {
    expect((await parsed(bad)).results[1].message.text).toContain('\\[a\\](http://evil)');
  });

  it.each([
    ['/srv/a b#1.tgz', 'file:///srv/a%20b%231.tgz'],
    ['../x:y.tgz', '../x%3Ay.tgz'],
    ['http://host/a.tgz', 'http://host/a.tgz'],
    ['stdin', 'stdin'],
    ['half\ud800', 'half%EF%BF%BD'],
  ])('gives %j the location %s', async (name, uri) => {
    const run = await parsed(bad, { ...file, name });
    expect(run.artifacts[0].location.uri).toBe(uri);
  });
});
