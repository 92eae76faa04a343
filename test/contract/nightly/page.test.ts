import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { nightPage } from '../../../pipeline/nightly/output/page.ts';
import type { ImageNight, Night } from '../../../pipeline/nightly/types.ts';

const HOSTILE = `<script>document.title='owned'</script><img src="https://evil.example/x" onerror="alert(1)">${'long'.repeat(60)}`;
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const FLAGS =
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking';
const check = { id: 'host-keys', title: 'no `ssh_host_*` keys', severity: 'major' as const, found: '1 key' };
const artifact = { sha256: 'ab'.repeat(32), size: 312e6, date: '20261123', failing: [check] };

const image = (name: string, rest: Partial<ImageNight> = {}): ImageNight => ({
  image: name,
  status: 'unchanged',
  reason: 'all stages are fresh: no input, tool or setting has changed',
  seconds: 0.1,
  steps: [{ step: 'iso', state: 'fresh', seconds: 0, summary: '' }],
  failure: null,
  artifact,
  before: artifact,
  resources: [],
  acceptances: [],
  promoted: [],
  changes: null,
  ...rest,
});

const night: Night = {
  format: 1,
  id: '20261123T021500.000Z',
  startedAt: '2026-11-23T02:15:00.000Z',
  endedAt: '2026-11-23T03:30:00.000Z',
  seconds: 4500,
  version: '0.1.0',
  continued: true,
  outcome: 'broken',
  exitCode: 5,
  channel: 'nightly',
  since: { id: '20261122T021500.000Z', startedAt: '2026-11-22T02:15:00.000Z' },
  images: [
    image('dgx1', {
      status: 'built',
      reason: 'build: changed: packages',
      seconds: 1500,
      acceptances: [{ target: 'lab', machine: 'gpu-001', accepted: true, failing: [check] }],
      promoted: [
        { target: 'lab', name: 'dgx1-5.0-nightly', moved: true, note: 'now has dgx1-5.0-20261123-abababa' },
      ],
      changes: {
        since: 'cdcdcdc, packed 2026-11-22',
        sameContent: false,
        size: { before: 311e6, after: 312e6 },
        newlyFailing: [check, { ...check, id: 'b', severity: 'warning', found: HOSTILE }],
        fixed: [check],
        sections: [
          {
            title: 'Packages',
            summary: '1 added, 1 upgraded',
            more: 3,
            rows: [
              {
                sign: 'added',
                word: 'added',
                name: 'nvidia-fabricmanager-550',
                before: '',
                after: '550.90.07-1',
              },
              { sign: 'up', word: 'upgraded', name: HOSTILE, before: '1', after: '2' },
            ],
          },
        ],
        remarks: ['The same: kernels, users.'],
      },
    }),
    image('dgx2'),
    image('dgx_a100', {
      status: 'failed',
      reason: 'build: changed: sources',
      artifact: null,
      seconds: 900,
      failure: {
        step: 'build',
        code: 'BUILD_NO_SSH',
        message: HOSTILE,
        hint: 'look at `console.log`',
        detail: 'a line\n'.repeat(40),
        exitCode: 5,
      },
    }),
  ],
  pruned: [
    { target: 'lab', deleted: ['dgx1-5.0-20261101-1234567'], kept: 6, failure: null },
    {
      target: 'site',
      deleted: [],
      kept: 0,
      failure: {
        step: 'prune',
        code: 'MAAS_UNREACHABLE',
        message: HOSTILE,
        hint: null,
        detail: null,
        exitCode: 75,
      },
    },
  ],
};

let dir: string;
let url: string;
let browser: Browser;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'night-page-'));
  const file = join(dir, 'summary.html');
  writeFileSync(file, await nightPage(night, new Map([['dgx1', 'dgx1/report.html']])));
  url = pathToFileURL(file).href;
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS.split(' ') });
});
afterAll(async () => {
  await browser?.close();
  rmSync(dir, { recursive: true, force: true });
});

it.each([
  ['light', 1200],
  ['dark', 1200],
  ['light', 360],
  ['dark', 360],
] as const)('the page is accessible, whole and silent: %s, %d pixels wide', async (colorScheme, width) => {
  const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
  const noted: string[] = [];
  page.on('request', (request) => request.url() !== url && noted.push(request.url()));
  page.on('console', (message) => noted.push(message.text()));
  await page.goto(url);
  await page.evaluate(`document.querySelectorAll('details').forEach((fold) => { fold.open = true; })`);
  const shots = process.env.NIGHT_PAGE_SHOTS;
  if (shots) await page.screenshot({ path: join(shots, `${colorScheme}-${width}.png`), fullPage: true });
  const wider = `document.documentElement.scrollWidth - document.documentElement.clientWidth`;
  expect(await page.evaluate(wider), 'the page scrolls sideways').toBe(0);
  await page.evaluate(AXE);
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  interface Found {
    violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
  }
  const { violations } = await page.evaluate<Found>(`axe.run({ runOnly: ${JSON.stringify(tags)} })`);
  expect(violations.map((v) => `${v.id}: ${v.nodes[0]?.html} ${v.nodes[0]?.failureSummary}`)).toEqual([]);
  expect(noted).toEqual([]);
  await page.close();
});

it("texts of images, logs and servers stay text; the images' own reports are linked", async () => {
  const page = await browser.newPage();
  await page.goto(url);
  expect(await page.title()).toBe('Broken: Night of 2026-11-23');
  expect(await page.locator('script, img, iframe, object, embed').count()).toBe(0);
  expect(await page.locator('body').innerText()).toContain("<script>document.title='owned'</script>");
  expect(await page.locator('a[href="dgx1/report.html"]').count()).toBe(1);
  await page.close();
});
