// A night in which nothing is new: 50 images that are fresh, with a store, and a MAAS of 300 boot resources.
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { parseApiKey } from '../pipeline/maas/api/api-key.ts';
import { uploadImage } from '../pipeline/maas/images/upload.ts';
import { fingerprint } from '../pipeline/workspace/fingerprint.ts';
import { programVersion } from '../pipeline/workspace/program.ts';
import { startSandbox } from '../sandbox/server.ts';
import { built } from '../test/contract/acceptance/built.ts';
import { judged } from './goals.ts';
import { installPacked } from './installed.ts';
import { alternate, describe, measure, say } from './measure.ts';
import { benchOptions } from './options.ts';

const IMAGES = 50;
const RESOURCES = 300;
const { runs } = benchOptions('0', 5);
const names = Array.from({ length: IMAGES }, (_, at) => `image-${at + 1}`);
const dir = mkdtempSync(join(tmpdir(), 'bench-idle-night-'));
const maas = await startSandbox({ dir: join(dir, 'maas') });
const env = { PATH: process.env.PATH!, HOME: dir, MAAS_API_KEY: maas.apiKey };
try {
  writeFileSync(join(dir, 'dgxos-maas.yaml'), configuration());
  for (const name of names) {
    await built({ dir, env }, { 'etc/hostname': name }, name);
    madeByInstalled(join(dir, 'work', name));
  }
  mkdirSync(join(dir, 'installed'));
  const installed = installPacked(join(dir, 'installed'));
  const nightly = (...argv: string[]) => [
    process.execPath,
    installed,
    '--config',
    join(dir, 'dgxos-maas.yaml'),
    'nightly',
    ...argv,
  ];
  const night = () => measure(nightly('--exit-code'), { env, accept: [77] });
  say(`The first night of ${IMAGES} images: ${describe(await measure(nightly(), { env }))}`);
  const others = Array.from({ length: RESOURCES - 2 * IMAGES }, (_, at) => `other-${at}`);
  const limit = pLimit(20);
  await Promise.all(others.map((name) => limit(() => uploaded(name))));
  const before = maas.requests.length;
  const { idle, node } = await alternate(runs, {
    idle: night,
    node: () => measure([process.execPath, '-e', '0']),
  });
  const requests = (maas.requests.length - before) / runs;
  const result = {
    bench: 'idle-night',
    runs,
    wallS: idle.wallS,
    nodeS: node.wallS,
    requests,
    ...judged({
      'wall <= 1 s': { now: idle.wallS, most: 1, unit: 's' },
      'requests <= 20': { now: requests, most: 20 },
    }),
  };
  say(JSON.stringify(result));
} finally {
  await maas.close();
  rmSync(dir, { recursive: true });
}

/** Makes the records of an image those of the installed package, whose program has its version for a digest. */
function madeByInstalled(folder: string): void {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    const record = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    record.inputs.program = programVersion();
    record.fingerprint = fingerprint(record.inputs);
    writeFileSync(join(folder, file), JSON.stringify(record));
  }
}

/** Another user's image, of a few bytes. */
async function uploaded(name: string): Promise<void> {
  const file = join(dir, name);
  writeFileSync(file, name);
  const key = { from: 'environment', variable: 'MAAS_API_KEY' } as const;
  await uploadImage({
    target: { name: 'lab', url: maas.url, key, caCert: null, patienceS: 10 },
    key: parseApiKey(maas.apiKey, 'of the sandbox'),
    ...{ file, size: name.length, sha256: createHash('sha256').update(name).digest('hex') },
    ...{
      name: `custom/${name}`,
      title: name,
      validated: false,
      architecture: 'amd64/generic',
      baseImage: 'ubuntu/focal',
    },
    ...{ filetype: 'tgz', patienceS: 10, id: name, emit() {} },
    ...{ signal: new AbortController().signal, env: {} },
  });
}

function configuration(): string {
  const images = names.map(
    (name) => `  ${name}:
    release: demo
    platform: demo1
    version: "1.0"
    iso: { source: none.iso, sha256: "${'0'.repeat(64)}" }
    vm: { accelerator: tcg }
    resource: { name: "custom/${name}-{version}-{digest}" }
`,
  );
  return `workspace: work\nstore: store\nimages:\n${images.join('')}targets:\n  lab: { url: "${maas.url}" }\n`;
}
