import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { StageId } from '../../../pipeline/core/events/event.ts';
import type { Json } from '../../../pipeline/core/json.ts';
import { build } from '../../../pipeline/stages/build.ts';
import { pack } from '../../../pipeline/stages/pack.ts';
import type { Stage, StageContext } from '../../../pipeline/stages/types.ts';
import { upload } from '../../../pipeline/stages/upload.ts';

/** A folder that alone is searched for tools. */
let bin: string;
beforeEach(() => {
  bin = mkdtempSync(join(tmpdir(), 'inputs-'));
  vi.stubEnv('PATH', bin);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(bin, { recursive: true, force: true });
});

function tool(name: string, says: string): void {
  writeFileSync(join(bin, name), `#!/bin/sh\necho "${says}"\n`);
  chmodSync(join(bin, name), 0o755);
}

const IMAGE = {
  name: 'dgx1',
  release: '5.3.1',
  platform: 'dgx1',
  compression: 'fast',
  pack: 'guest',
  upload: ['lab'],
  resource: { name: 'dgx1-{digest}', title: '', architecture: 'amd64/generic', baseImage: 'ubuntu/focal' },
};

/** What the stages before handed over. */
const before = () => ({
  iso: { medium: { sha256: 'a'.repeat(64) } },
  render: { files: { 'dgx.pkr.hcl': 'b'.repeat(64) } },
  build: { buildId: 'one' },
  pack: { artifact: { sha256: 'c'.repeat(64), date: '20261128' } },
});

const everything = () => ({
  config: {
    sign: { keyFile: null },
    targets: { lab: { url: 'http://lab:5240/MAAS' } } as Record<string, { url: string }>,
  },
  image: structuredClone(IMAGE),
  before: before(),
});
type Everything = ReturnType<typeof everything>;

async function inputs(stage: unknown, spoil: (all: Everything) => void = () => {}) {
  const all = everything();
  spoil(all);
  const output = (id: StageId) => (all.before as Record<string, unknown>)[id];
  const context = { ...all, output, emit() {}, env: {} } as unknown as StageContext;
  return (await (stage as Stage).inputs(context)) as Record<string, Json>;
}

/** A stage runs again when one of its inputs is another; all but the one at hand stay as they were. */
async function expectOtherInput(stage: unknown, name: string, spoil: (all: Everything) => void) {
  const was = await inputs(stage);
  const is = await inputs(stage, spoil);
  expect(Object.keys(is).filter((key) => JSON.stringify(is[key]) !== JSON.stringify(was[key]))).toEqual([
    name,
  ]);
}

describe('a build is made again', () => {
  beforeEach(() => {
    tool('packer', 'Packer v1.11.2');
    tool('qemu-system-x86_64', 'QEMU emulator version 8.2.2 (Debian)');
  });

  test('when something else was rendered, when it is of another medium, when it is packed otherwise', async () => {
    await expectOtherInput(build, 'rendered', ({ before }) => {
      before.render.files['dgx.pkr.hcl'] = 'd'.repeat(64);
    });
    await expectOtherInput(build, 'iso', ({ before }) => {
      before.iso.medium.sha256 = 'd'.repeat(64);
    });
    await expectOtherInput(build, 'pack', ({ image }) => {
      image.pack = 'host';
    });
  });

  test.each([
    ['packer', 'Packer v1.12.0'],
    ['qemu-system-x86_64', 'QEMU emulator version 9.0.0'],
  ])('when %s is another', async (name, says) => {
    await expectOtherInput(build, 'tools', () => tool(name, says));
  });
});

describe('an image is packed again', () => {
  test('when the root is of another build', () =>
    expectOtherInput(pack, 'build', ({ before }) => {
      before.build.buildId = 'two';
    }));

  test('when the compressor is another, or of another version', async () => {
    await expectOtherInput(pack, 'compressor', () => tool('libdeflate-gzip', 'libdeflate-gzip v1.19'));
    await expectOtherInput(pack, 'compressor', () => tool('libdeflate-gzip', 'libdeflate-gzip v1.20'));
  });
});

describe('an image is uploaded again', () => {
  test('when a target is added, and when one of the same name is another MAAS', async () => {
    await expectOtherInput(upload, 'targets', ({ image }) => {
      image.upload.push('floor2');
    });
    await expectOtherInput(upload, 'targets', ({ config }) => {
      config.targets.lab = { url: 'http://other:5240/MAAS' };
    });
  });

  test('when the artifact is another, whatever its name', () =>
    expectOtherInput(upload, 'artifact', ({ before }) => {
      before.pack.artifact.sha256 = `${'c'.repeat(63)}d`;
    }));
});
