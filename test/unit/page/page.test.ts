import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { safeText } from '../../../pipeline/core/escape/html.ts';
import { registerSecret } from '../../../pipeline/core/secrets/registry.ts';
import { keepRelease } from '../../../pipeline/image/diff/release-store.ts';
import { reportPage, writeReport } from '../../../pipeline/report/page/write-report.ts';
import { ledgerFile } from '../../../pipeline/workspace/layout.ts';
import fc from '../../property.ts';
import { pkg, whole } from '../diff/facts.ts';
import { finding, lastRun, verdictOf, writeFolder } from './folder.ts';

const HOSTILE = `"'><script>alert(1)</script><img src=x onerror=alert(1)></style></title><%= it %>&lt;`;

let dir: string;
let env: NodeJS.ProcessEnv;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'html-'));
  env = { XDG_STATE_HOME: join(dir, 'state') };
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const hostileFolder = (text: string) =>
  writeFolder(join(dir, 'demo'), {
    text,
    findings: [
      finding(1, { status: 'fail', severity: 'blocker', title: text, found: text, why: text, fix: text }),
      finding(2, {
        status: 'waived',
        found: text,
        waiver: { check: 'x', reason: text, until: '2027-01-01' },
      }),
      finding(3, { found: text }),
      finding(4, { status: 'not-applicable', found: text }),
    ],
    acceptance: {},
    lastRun: lastRun({
      failure: { stage: 'upload', code: 'MAAS_REFUSED', message: text, hint: text, detail: text },
    }),
  });

describe('the page', () => {
  it('says what was found, why it matters and how to fix it, the failed check first', async () => {
    const findings = [finding(1), finding(2, { status: 'fail', severity: 'blocker', title: 'No driver' })];
    const html = await reportPage(await writeFolder(join(dir, 'demo'), { findings }), { env });
    for (const text of ['Rejected', 'No driver', 'found 2', 'why 2', 'fix <code>it</code> 2', 'line two x'])
      expect(html).toContain(text);
    expect(html.indexOf('No driver')).toBeLessThan(html.indexOf('Title of 1'));
    expect(html).not.toMatch(/undefined|NaN|\[object/);
  });

  it('shows how the image did on a machine, and nothing of that where it was not tried', async () => {
    const plain = await reportPage(await writeFolder(join(dir, 'plain')), { env });
    expect(plain).not.toContain('acceptance-title');
    expect(plain).not.toMatch(/"stage">accept/);
    const good = await reportPage(await writeFolder(join(dir, 'good'), { acceptance: {} }), { env });
    expect(good).toContain('Accepted on gpu-1x. ');
    const acceptance = {
      accepted: false,
      verdict: verdictOf([finding(7, { status: 'fail', severity: 'blocker', title: 'No unit fails' })]),
    };
    const html = await reportPage(await writeFolder(join(dir, 'bad'), { acceptance }), { env });
    for (const text of [
      'Quarantined',
      'gpu-1x, a machine of lab',
      'No unit fails',
      'found 7',
      'a unit failed',
      'no such file',
    ])
      expect(html).toContain(text);
    // An acceptance of another artifact is not evidence for this one.
    const other = { ...acceptance, sha256: 'f'.repeat(64) };
    expect(
      await reportPage(await writeFolder(join(dir, 'other'), { acceptance: other }), { env }),
    ).not.toContain('Quarantined');
  });

  it('is made of whatever is there', async () => {
    const stages = ['iso', 'render', 'build', 'pack', 'validate'];
    for (let gone = 0; gone < stages.length; gone++) {
      const folder = join(dir, String(gone));
      await writeFolder(folder, { without: stages.slice(gone + 1), facts: {} });
      const html = await reportPage(folder, { env });
      expect(html).toContain('</html>');
      expect(html).not.toMatch(/undefined|NaN|\[object/);
    }
  });

  it('holds no markup but its own', async () => {
    const html = await reportPage(await hostileFolder(HOSTILE), { env });
    expect(html).not.toMatch(/<script|<img|onerror=alert\(1\)>/i);
    expect(html.match(/<\/style>/g)).toHaveLength(1);
    expect(html.match(/<\/title>/g)!.length).toBe(html.match(/<title>/g)!.length);
    expect(html).toContain('&lt;script&gt;');
    expect(html).toContain('&amp;lt;');
  });

  it('has the same elements whatever a text holds', async () => {
    // Labels of the size map depend on the length of a name.
    const elements = (html: string) =>
      html
        .replace(/<text[\s\S]*?<\/text>/g, '')
        .match(/<\/?[a-z][a-z0-9]*/gi)!
        .join(' ');
    const plain = elements(await reportPage(await hostileFolder('plain'), { env }));
    const text = fc.string({ unit: fc.constantFrom(...'<>&"\'=/ax!-%'), maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(text, async (text) => {
        // Without a slash: one would change the paths and so the size map.
        const html = await reportPage(await hostileFolder(`z${text.replaceAll('/', '')}`), { env });
        expect(elements(html) === plain, text).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  it('loads nothing, runs nothing and allows neither', async () => {
    const html = await reportPage(await writeFolder(join(dir, 'demo')), { env });
    expect(html).not.toMatch(/\s(?:src|srcset|style|on[a-z]+|action|formaction)=/i);
    for (const [, target] of html.matchAll(/\shref="([^"]*)"/g)) expect(target).toMatch(/^#/);
    const style = /<style>([\s\S]*?)<\/style>/.exec(html)![1]!;
    expect(style).not.toMatch(/url\(|@import/);
    const hash = createHash('sha256').update(style).digest('base64');
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)![1]!.replaceAll('&#39;', "'");
    expect(policy).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`,
    );
  });

  it('shows no secret, no credentials of a URL and no signature', async () => {
    registerSecret('s3cr3t-k3y-of-maas');
    const html = await reportPage(await hostileFolder(' s3cr3t-k3y-of-maas '), { env });
    expect(html).not.toContain('s3cr3t-k3y-of-maas');
    expect(html).not.toContain('user:pass');
    expect(html).not.toContain('SIGNED');
    expect(html).toContain('mirror.example/x.iso');
  });
});

describe('text from outside', () => {
  it('cannot hide or turn around what is read', () => {
    expect(safeText('safe\u202egpj.exe\u200b\u2066')).toBe('safe\\u202egpj.exe\\u200b\\u2066');
    expect(safeText('a\u001b[31mb\u0000c')).toBe('abc');
    expect(safeText('x\ud800y')).toBe('x\ufffdy');
  });

  it('keeps no password of a URL', () => {
    expect(safeText('from https://u:p@h/x and ftp://k@h')).toBe('from https://***@h/x and ftp://***@h');
  });
});

it('only templates and the style sheet are written without escaping', async () => {
  const folder = new URL('../../../templates/report/', import.meta.url);
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.eta')))
    for (const [, raw] of (await readFile(new URL(file, folder), 'utf8')).matchAll(/<%~([\s\S]*?)%>/g))
      expect(raw!.trim(), file).toMatch(/^include\('\.\/[a-z]+', [^<]*\)$|^it\.style$/);
});

describe('changes since the last release', () => {
  const OLD = 'f'.repeat(64);
  const upload = {
    did: 'completed',
    name: 'dgx1-4.9',
    image: 'demox',
    sha256: OLD,
    time: '2026-10-01T10:00:00Z',
    target: 'http://maas/MAAS',
    architecture: 'amd64/generic',
    set: '20261001',
    file: '/x',
  };

  async function ledger(...entries: object[]) {
    await mkdir(dirname(ledgerFile(env)), { recursive: true });
    await writeFile(ledgerFile(env), entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
  }

  it('are those since the last upload of another content', async () => {
    await ledger(upload, { ...upload, name: 'other', image: 'other' });
    const old = whole({ packages: [pkg('gone-package', '1')] });
    await keepRelease({ name: 'old', sha256: OLD, size: 1, facts: old }, env);
    const html = await reportPage(await writeFolder(join(dir, 'demo')), { env });
    expect(html).toContain('Since dgx1-4.9, uploaded 2026-10-01 10:00 UTC.');
    expect(html).toMatch(/removed<\/td><th[^>]*>gone-package/);
  });

  it('are not made up where the facts of that release are gone', async () => {
    await ledger(upload);
    const html = await reportPage(await writeFolder(join(dir, 'demo')), { env });
    expect(html).toContain(
      'The facts of dgx1-4.9 (uploaded 2026-10-01 10:00 UTC) are not stored on this host.',
    );
  });

  it('are none for a first release', async () => {
    const html = await reportPage(await writeFolder(join(dir, 'demo')), { env });
    expect(html).toContain('No other release of this image was uploaded from this host.');
  });
});

it('the report is written beside the records, with the run for later reports', async () => {
  const folder = await writeFolder(join(dir, 'demo'));
  const failure = { stage: 'build' as const, code: 'BUILD_FAILED', message: 'the message' };
  const run = lastRun({ stages: [{ stage: 'build', state: 'failed', seconds: 1 }], failure });
  const file = await writeReport(folder, { env, run });
  expect(file).toBe(join(folder, 'report.html'));
  expect(await readFile(file, 'utf8')).toContain('Build failed');
  expect(await reportPage(folder, { env })).toContain('Build failed');
});
