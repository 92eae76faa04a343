import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { paint } from '../../../pipeline/core/text/paint.ts';
import type { Verdict } from '../../../pipeline/image/checks/judge.ts';
import { CHECKS } from '../../../pipeline/image/checks/table.ts';
import { parseWaivers, waives } from '../../../pipeline/image/checks/waivers.ts';
import { CHECK_LIST } from '../../../pipeline/report/formats/checks-page.ts';
import { verdictGithub } from '../../../pipeline/report/formats/verdict-github.ts';
import { verdictJunit } from '../../../pipeline/report/formats/verdict-junit.ts';
import { verdictMarkdown } from '../../../pipeline/report/formats/verdict-markdown.ts';
import { checkList } from '../../../pipeline/report/text/checks.ts';
import { verdictTable } from '../../../pipeline/report/text/verdict.ts';
import fc from '../../property.ts';
import { expectJunit } from '../report/junit-shape.ts';
import { goodRoot, judged } from './root.ts';

const file = { name: 'dgx1.tar.gz', size: 1_234_567, sha256: 'ab'.repeat(32) };
const of = (verdict: Verdict) => [{ suite: `dgxos-maas validate ${file.name}`, ...file, verdict }];
let bad: Verdict;

beforeAll(async () => {
  const root = goodRoot()
    .put('etc/ssh/ssh_host_rsa_key', 'x')
    .put('etc/resolv.conf', 'x')
    .put('etc/apt/sources.list', 'deb http://127.0.0.1/<a>|&%"`x`",: focal main\n');
  bad = await judged(root, { buildFacts: null });
});

describe('a verdict', () => {
  it('as a table explains what failed, the worst first, and ends with the result', () => {
    const text = verdictTable(file, bad, paint(false));
    const lines = text.split('\n');
    expect(lines[0]).toBe('✗ 29 BLOCKER ssh host keys are in the image: /etc/ssh/ssh_host_rsa_key');
    expect(lines[1]).toBe('     check: No ssh host keys [ssh-host-keys]');
    expect(text).toMatch(/^✓ 31 sshd +sshd accepts neither root nor passwords$/m);
    expect(text.indexOf('apt-sources')).toBeLessThan(text.indexOf('resolv-conf'));
    expect(text).toMatch(
      /^- 43 clean-file-system +The file system was clean when it was read: not known from an archive/m,
    );
    expect(lines.at(-1)).toBe(
      `REJECTED: 2 blockers, 1 warning, ${CHECKS.length - 4} passed, 1 not applicable (profile dgxos5, base image ubuntu/focal)`,
    );
    expect(text).not.toContain('\u001b');
    expect(verdictTable(file, bad, paint(true))).toContain('\u001b[31m');
  });

  it('as Markdown lets nothing of the image become markup', () => {
    const text = verdictMarkdown(of(bad));
    expect(text).toContain('REJECTED');
    expect(text).toContain('http&#58;//127.0.0.1/\\<a\\>\\|\\&%"\\`x\\`');
    for (const line of text.split('\n').filter((l) => l.startsWith('| ')))
      expect(line.match(/(?<!\\)\|/g)?.length).toBeLessThanOrEqual(5);
  });

  it('as JUnit has a case a check; blockers fail', () => {
    const text = verdictJunit(of(bad));
    expect(text).toContain(`tests="${CHECKS.length}" failures="2" errors="0" skipped="1"`);
    expect(text.match(/<testcase /g)).toHaveLength(CHECKS.length);
    expect(text.match(/<failure type="blocker" message="/g)).toHaveLength(2);
    expect(text).toContain('&lt;a&gt;|&amp;%&quot;');
  });

  it('as JUnit is well-formed whatever was found', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (found) => {
        const text = verdictJunit(
          of({ ...bad, findings: bad.findings.map((f) => ({ ...f, found, headline: found })) }),
        );
        expectJunit(text);
      }),
    );
  });

  it('beside others is one report: a suite, a heading and an annotation each', () => {
    const two = [...of(bad), { ...of(bad)[0]!, suite: 'the other', name: 'other' }];
    const xml = verdictJunit(two);
    expectJunit(xml);
    expect(xml.match(/<testsuite name="[^"]*"/g)).toEqual([
      '<testsuite name="dgxos-maas validate dgx1.tar.gz"',
      '<testsuite name="the other"',
    ]);
    expect(verdictMarkdown(two).match(/^## .*$/gm)).toEqual(['## ❌ dgx1.tar.gz', '## ❌ other']);
    expect(verdictGithub(two).match(/^::notice title=.*?::/gm)).toEqual([
      '::notice title=dgx1.tar.gz::',
      '::notice title=other::',
    ]);
  });

  it('as annotations is one line a defect, escaped', () => {
    const lines = verdictGithub(of(bad)).split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(
      /^::error title=29 ssh-host-keys%3A ssh host keys are in the image%3A \/etc\/ssh\/ssh_host_rsa_key::.*%0Acheck: No ssh host keys%0Awhy: /,
    );
    expect(lines[1]).toContain('&%25"');
    expect(lines[2]).toMatch(/^::warning title=38 /);
    expect(lines[3]).toMatch(/^::notice title=dgx1\.tar\.gz::REJECTED/);
  });
});

describe('the list of checks', () => {
  it('has each check with reason and remedy', () => {
    const [list, page] = [checkList(CHECKS, paint(false)), CHECK_LIST.markdown?.(CHECKS)];
    for (const check of CHECKS) {
      expect(list).toContain(`${check.id} ${check.severity}`);
      expect(list).toContain(check.why);
      expect(page).toContain(`\`${check.id}\``);
    }
  });
});

describe('waivers', () => {
  const good = 'waivers:\n  - check: sshd\n    reason: lab\n    until: 2026-12-31\n';

  it('are a list, bare or under `waivers`', () => {
    const waiver = { check: 'sshd', reason: 'lab', until: '2026-12-31' };
    expect(parseWaivers(good, 'w.yaml')).toEqual([waiver]);
    expect(parseWaivers(JSON.stringify([waiver]), 'w.yaml')).toEqual([waiver]);
    expect(parseWaivers('# none\n', 'w.yaml')).toEqual([]);
    const narrow = { ...waiver, finding: '/etc/ssh/*' };
    expect(parseWaivers(JSON.stringify([narrow]), 'w.yaml')).toEqual([narrow]);
  });

  it('name findings by text in which * stands for any', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*'), maxLength: 8 });
    fc.assert(
      fc.property(text, text, (finding, subject) => {
        const pattern = finding
          .split('*')
          .map((part) => part.replace(/[/]/g, '\\/'))
          .join('.*');
        const waiver = { check: 'sshd', reason: 'lab', until: '2026-12-31', finding };
        expect(waives(waiver, subject)).toBe(new RegExp(`^${pattern}$`, 's').test(subject));
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['an unknown check', good.replace('sshd', 'shd'), 2, 12, /no check "shd"/],
    ['no reason', good.replace('    reason: lab\n', ''), 2, 5, /no "reason"/],
    ['a day that is none', good.replace('12-31', '02-30'), 4, 12, /"2026-02-30" is not a day/],
    ['an unknown key', `${good}    who: me\n`, 5, 5, /no "who"/],
    ['an empty finding', `${good}    finding: ''\n`, 2, 5, /no "finding"/],
    ['a text', 'waivers: all', 1, 10, /not a list/],
    ['a map of something else', 'checks: []', 1, 1, /no `waivers`/],
    ['broken YAML', 'waivers: [', 1, 11, /./],
  ])('say where they are wrong: %s', (_how, text, line, column, message) => {
    expect(() => parseWaivers(text, 'w.yaml')).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(message),
        where: { file: 'w.yaml', line, column },
      }),
    );
  });
});

describe('the hook that the pipeline puts into images', () => {
  it('passes the checks of hooks', async () => {
    const hook = readFileSync(new URL('../../../templates/hooks/curtin-hooks', import.meta.url));
    const verdict = await judged(goodRoot().put('curtin/curtin-hooks', hook, { mode: 0o755 }));
    const found = verdict.findings.filter((f) => f.id === 'hook' || f.id === 'hook-kernel');
    expect(found.map((f) => f.status)).toEqual(['pass', 'pass']);
    expect(found[0]?.found).toContain("python3's parser");
  });
});
