import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../../../pipeline/config/load.ts';
import { loadRelease } from '../../../pipeline/config/releases/load.ts';
import { countedOf } from '../../../pipeline/stages/run/plan.ts';
import { contextFor, imageDirectory } from '../../../pipeline/stages/run/runner.ts';
import { STAGES } from '../../../pipeline/stages/table.ts';
import type { StageData } from '../../../pipeline/stages/types.ts';
import { fingerprint } from '../../../pipeline/workspace/fingerprint.ts';
import { writeRecord } from '../../../pipeline/workspace/record.ts';
import type { Host } from '../cli/host.ts';
import { KERNELS, tinyImage } from './tiny-image.ts';

/** The day of the build, as in names. */
export const DATE = '20261122';

/** Leaves a workspace as a build of the image would, up to its verdict. @returns the artifact's sum */
export async function built(
  host: Pick<Host, 'dir' | 'env'>,
  files: Record<string, string> = {},
  name = 'demo',
  /** The root that the build has left; without one it cannot be packed again. */
  root: Uint8Array | undefined = undefined,
): Promise<string> {
  const { config } = await loadConfig({
    file: join(host.dir, 'dgxos-maas.yaml'),
    env: host.env,
    cwd: host.dir,
  });
  const image = config.images[name]!;
  const imageDir = imageDirectory(config, image);
  mkdirSync(join(imageDir, 'pack'), { recursive: true });
  const path = join(imageDir, 'pack', `${name}.tar.gz`);
  tinyImage(path, files);
  const content = readFileSync(path);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const tar = join(imageDir, 'root.tar');
  if (root) writeFileSync(tar, root);
  const facts = join(imageDir, 'pack', 'facts.json');
  writeFileSync(facts, JSON.stringify({ facts: { kernels: KERNELS } }));
  const data = {
    iso: {
      medium: { path: image.iso.source, sha256: image.iso.sha256, size: 1 },
      facts: { installer: 'live-curtin', platforms: ['demo1'], volumeId: 'DEMO' },
      kernel: 'vmlinuz',
      initrd: 'initrd',
    },
    render: {
      ...{ files: [], sources: [], settings: {}, packerDir: 'packer', httpDir: 'http' },
      ...{ accelerator: 'tcg', packerVersion: '1.6.6' },
    },
    build: {
      ...{ buildId: 'b', startedAt: '2026-11-22T00:00:00.000Z', tools: {}, boot: 'direct' },
      root: { kind: 'tar', path: tar, bytes: root?.length ?? 0 },
      origin: {
        parameters: { release: image.release, platform: image.platform },
        ...{ pack: 'guest', packerMaasCommit: null },
        rendered: { accelerator: 'tcg', settings: {}, sources: [], files: [] },
        iso: {
          source: 'none.iso',
          medium: { sha256: image.iso.sha256, size: 1 },
          facts: { volumeId: 'DEMO' },
        },
      },
    },
    pack: {
      artifact: { path, manifest: `${path}.none`, sha256, size: content.length, date: DATE },
      facts,
      factsSha256: 'f',
    },
    validate: { verdict: { passed: true, findings: [], counts: {} } },
  } as unknown as Partial<StageData>;
  const signal = new AbortController().signal;
  const request = {
    ...{ config, image, stages: STAGES, selection: {}, signal, env: host.env, emit() {} },
    release: await loadRelease(image.release),
  };
  for (const stage of STAGES.slice(0, 5)) {
    const { id } = stage;
    const now = countedOf(stage, await stage.inputs(contextFor(request, stage, data)));
    await writeRecord(imageDir, {
      ...{ stage: id, fingerprint: fingerprint(now), inputs: now, data: data[id] as never, files: [] },
      ...{ summary: '', seconds: 1, finishedAt: new Date().toISOString() },
    });
  }
  return sha256;
}
