import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Verdict } from '../../../pipeline/image/checks/judge.ts';
import { keepRelease } from '../../../pipeline/image/diff/release-store.ts';
import { createInspector } from '../../../pipeline/image/facts/inspector.ts';
import type { StageContext } from '../../../pipeline/stages/types.ts';
import { validate } from '../../../pipeline/stages/validate.ts';
import { counted, resolved } from '../../../pipeline/workspace/fingerprint.ts';
import { goodRoot } from '../checks/root.ts';

let dir: string;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'validate-'));
  const inspector = createInspector();
  // An archive that holds nothing: many blockers.
  inspector.end(Buffer.alloc(10_240));
  const evidence = {
    facts: await inspector.facts(),
    stream: { format: 'gzip', whole: true, bytes: 100, problem: null },
    build: { pack: 'guest' },
  };
  writeFileSync(join(dir, 'facts.json'), JSON.stringify(evidence));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function context(waivers: string | null): StageContext<'validate'> {
  if (waivers !== null) writeFileSync(join(dir, 'waivers.yaml'), waivers);
  return {
    config: { waivers: waivers === null ? null : join(dir, 'waivers.yaml') },
    image: {
      name: 'dgx1',
      platform: 'demo1',
      resource: { baseImage: 'ubuntu/jammy', architecture: 'amd64/generic' },
    },
    release: { profile: 'demo' },
    dir,
    output: () => ({
      artifact: { path: 'x.tar.gz', sha256: 'x' },
      ...{ facts: join(dir, 'facts.json'), factsSha256: 'f' },
    }),
    emit() {},
    env: { XDG_STATE_HOME: dir },
  } as unknown as StageContext<'validate'>;
}

const inputs = async (waivers: string | null) => counted(await validate.inputs(context(waivers)));

async function judged(waivers: string | null) {
  const { signal } = new AbortController();
  return validate.run(resolved(await validate.inputs(context(waivers))), { dir, emit() {}, signal, env: {} });
}

const verdict = () => JSON.parse(readFileSync(join(dir, 'verdict.json'), 'utf8')) as Verdict;

describe('the stage validate', () => {
  it('lets no image with a blocker pass, and leaves the verdict to be read', async () => {
    await expect(judged(null)).rejects.toMatchObject({ code: 'IMAGE_REJECTED', exitCode: 6 });
    expect(verdict().passed).toBe(false);
  });

  it("takes the site's waivers, and shows them", async () => {
    await expect(judged(null)).rejects.toThrow();
    const failed = verdict().findings.find((finding) => finding.status === 'fail')?.id as string;
    const waivers = `- { check: ${failed}, reason: known here, until: 2999-12-31 }\n`;
    await judged(waivers).catch(() => {});
    expect(verdict().findings.find(({ id }) => id === failed)).toMatchObject({
      status: 'waived',
      waiver: { reason: 'known here' },
    });
  });

  it('judges anew when a waiver is written or has ended', async () => {
    const until = (day: string) => inputs(`- { check: machine-id, reason: r, until: ${day} }\n`);
    expect(await until('2999-12-31')).not.toEqual(await inputs(null));
    // The verdict says of it that it has ended.
    expect(await until('2020-01-01')).not.toEqual(await inputs(null));
    const written = `- { check: machine-id, reason: r, until: ${new Date().toISOString().slice(0, 10)} }\n`;
    const today = await inputs(written);
    expect(today).toEqual(await inputs(written));
    vi.useFakeTimers({ now: Date.now() + 86_400_000, toFake: ['Date'] });
    try {
      expect(await inputs(written)).not.toEqual(today);
    } finally {
      vi.useRealTimers();
    }
  });

  it('compares the size with the last release of the image, and judges anew when there is another', async () => {
    const alone = await inputs(null);
    const [other, mine] = ['a'.repeat(64), 'x'];
    const env = { XDG_STATE_HOME: dir };
    const made = { target: 'http://maas/MAAS', architecture: 'amd64/generic', set: '20260101', file: '/x' };
    const entry = {
      ...made,
      did: 'completed',
      image: 'dgx1',
      name: 'dgx1-5.0-1',
      time: '2026-01-01T00:00:00Z',
    };
    mkdirSync(join(dir, 'dgxos-maas'));
    writeFileSync(
      join(dir, 'dgxos-maas/ledger.ndjson'),
      // Its own upload is not an earlier release.
      [other, mine].map((sha256) => `${JSON.stringify({ ...entry, sha256 })}\n`).join(''),
    );
    expect(await inputs(null)).toEqual(alone);
    const inspector = createInspector();
    inspector.end(await goodRoot().tar());
    const facts = await inspector.facts();
    writeFileSync(
      join(dir, 'facts.json'),
      JSON.stringify({
        facts,
        stream: { format: 'gzip', whole: true, bytes: 100, problem: null },
        build: {},
      }),
    );
    const bytes = { ...facts.bytes, stored: 100 };
    await keepRelease({ name: 'before', sha256: other, facts: { ...facts, bytes } }, env);
    expect(await inputs(null)).not.toEqual(alone);
    await expect(judged(null)).rejects.toThrow();
    expect(verdict().findings.find(({ id }) => id === 'size')).toMatchObject({
      status: 'fail',
      found: expect.stringMatching(/, \+\d+\.\d % against the last release/),
    });
  });
});
