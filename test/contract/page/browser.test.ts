import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reportPage } from '../../../pipeline/report/page/write-report.ts';
import { finding, lastRun, writeFolder } from '../../unit/page/folder.ts';
import { png } from '../../unit/page/png.ts';

const HOSTILE = `<script>document.title='owned'</script><img src="https://evil.example/x" onerror="alert(1)">${'long'.repeat(60)}`;
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const FLAGS =
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';

/** A screen of 640 by 480, as QEMU's screendump writes one. */
const SCREEN = png(640, 480);

let dir: string;
let browser: Browser;
const pages: Record<string, string> = {};

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'html-'));
  const env = { XDG_STATE_HOME: join(dir, 'state') };
  const failure = {
    stage: 'build' as const,
    code: 'BUILD_FAILED',
    message: HOSTILE,
    hint: 'do `this`',
    detail: HOSTILE,
  };
  const since = {
    description: { name: 'old', facts: { packages: [], services: [], accounts: [] } },
    note: 'Since old.',
  };
  const put = async (name: string, folder: Parameters<typeof writeFolder>[1], options = {}) => {
    const html = await reportPage(await writeFolder(join(dir, name), folder), { env, ...options });
    writeFileSync(join(dir, `${name}.html`), html);
    pages[name] = pathToFileURL(join(dir, `${name}.html`)).href;
  };
  await put('passed', { lastRun: lastRun(), console: 'a line\n'.repeat(200), acceptance: {} });
  await put(
    'rejected',
    {
      text: HOSTILE,
      acceptance: {},
      findings: [
        finding(1, { status: 'fail', severity: 'blocker', found: HOSTILE }),
        finding(2, { status: 'fail', severity: 'warning' }),
        finding(3, { status: 'waived', waiver: { check: 'x', reason: HOSTILE, until: '2027-01-01' } }),
        finding(4),
        finding(5, { status: 'not-applicable' }),
      ],
    },
    { since },
  );
  await put('rehearsed', {
    text: HOSTILE,
    rehearsal: { picture: SCREEN },
    lastRun: lastRun({
      stages: [{ stage: 'rehearse', state: 'failed', seconds: 300 }],
      failure: { ...failure, stage: 'rehearse', code: 'REHEARSAL_FAILED' },
    }),
  });
  await put('failed', {
    without: ['build', 'pack', 'validate'],
    lastRun: lastRun({ stages: [{ stage: 'build', state: 'failed', seconds: 9 }], failure }),
  });
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS.split(' ') });
});
afterAll(async () => {
  await browser?.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Opens a page with every fold open, and notes what it asks for and what it complains of. */
async function open(name: string, colorScheme: 'light' | 'dark', width: number) {
  const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
  const noted: string[] = [];
  page.on('request', (request) => {
    const url = request.url();
    // The picture is in the page.
    if (url !== pages[name] && !url.startsWith('data:image/png;base64,')) noted.push(url);
  });
  page.on('console', (message) => noted.push(message.text()));
  page.on('dialog', (dialog) => {
    noted.push('dialog');
    void dialog.dismiss();
  });
  await page.goto(pages[name]!);
  await page.evaluate(`document.querySelectorAll('details').forEach((fold) => { fold.open = true; })`);
  return { page, noted };
}

/** The findings of axe against WCAG 2.2 AA and good practice. */
async function violations(page: Page): Promise<string[]> {
  interface Result {
    violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
  }
  await page.evaluate(AXE);
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const result = await page.evaluate<Result>(`axe.run({ runOnly: ${JSON.stringify(tags)} })`);
  return result.violations.map((v) => `${v.id}: ${v.nodes[0]?.html} ${v.nodes[0]?.failureSummary}`);
}

describe.each(['passed', 'rejected', 'rehearsed', 'failed'])('the report on an image that %s', (name) => {
  it.each([
    ['light', 1200],
    ['dark', 1200],
    ['light', 360],
    ['dark', 360],
  ] as const)('is accessible, whole and silent: %s, %d pixels wide', async (scheme, width) => {
    const { page, noted } = await open(name, scheme, width);
    const wider = await page.evaluate(
      `document.documentElement.scrollWidth - document.documentElement.clientWidth`,
    );
    expect(wider, 'the page scrolls sideways').toBe(0);
    expect(await violations(page)).toEqual([]);
    expect(noted).toEqual([]);
    await page.close();
  });
});

it('texts of an image stay text in a browser', async () => {
  const { page } = await open('rejected', 'light', 1200);
  expect(await page.title()).toContain('Rejected');
  expect(await page.locator('script, img, iframe, link, object, embed').count()).toBe(0);
  expect(await page.locator('body').innerText()).toContain("<script>document.title='owned'</script>");
  await page.close();
});

it('a failed rehearsal has its phases, cause, picture and logs', async () => {
  const { page } = await open('rehearsed', 'light', 1200);
  const section = page.locator('#rehearsal');
  const text = await section.innerText();
  for (const part of [
    'Failed',
    'partitioning',
    'The artifact is damaged',
    'curtin said <script>',
    'install.log',
  ])
    expect(text).toContain(part);
  expect(await section.locator('.timeline li.failed .stage').allInnerTexts()).toEqual(['extract']);
  expect(
    await section.locator('img').evaluate((img) => (img as unknown as { naturalWidth: number }).naturalWidth),
  ).toBe(640);
  if (process.env.PICTURE) await section.screenshot({ path: process.env.PICTURE });
  await page.close();
});

it('reads the same without script', async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(pages.rejected!);
  expect(await page.locator('h1').innerText()).toContain('demo');
  const passed = page.locator('#checks summary', { hasText: '1 passed' });
  await passed.click();
  expect(await page.locator('#checks >> text=Title of 4').isVisible()).toBe(true);
  await context.close();
});

it('shows the end of the console first', async () => {
  const { page } = await open('passed', 'light', 1200);
  const last = page.locator('#console .console pre');
  const [box, text] = [await page.locator('#console .console').boundingBox(), await last.boundingBox()];
  expect(text!.height).toBeGreaterThan(box!.height);
  expect(text!.y + text!.height).toBeLessThanOrEqual(box!.y + box!.height);
  await page.close();
});

it('a map of sizes is shown on every width, one at a time', async () => {
  for (const [width, shown] of [
    [1200, 'wide'],
    [800, 'wide'],
    [360, 'narrow'],
  ] as const) {
    const { page } = await open('passed', 'light', width);
    expect(await page.locator('.treemap:visible').getAttribute('class')).toContain(shown);
    await page.close();
  }
});
