// Our host's part in a process of its own: argv is the tar and the artifact. --bare compresses and digests, no more; --cache has members.
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import writeFileAtomic from 'write-file-atomic';
import { keepMemorySteady } from '../pipeline/host/process/memory.ts';
import { sidecarNames } from '../pipeline/image/attest/names.ts';
import { sbom } from '../pipeline/image/attest/sbom.ts';
import { formatSums } from '../pipeline/image/attest/sums.ts';
import { judge } from '../pipeline/image/checks/judge.ts';
import { contentOf } from '../pipeline/image/pack/manifest.ts';
import { packTar } from '../pipeline/image/pack/pack.ts';
import { packRoot } from '../pipeline/image/pack/root.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    bare: { type: 'boolean' },
    cache: { type: 'string' },
    level: { type: 'string', default: 'normal' },
  },
});
const [tar, out] = positionals as [string, string];
const cache = values.cache === undefined ? undefined : { folder: values.cache, most: 10 * 2 ** 30 };
const options = {
  level: values.level as 'normal',
  cache,
  emit: () => {},
  signal: new AbortController().signal,
};
// As the command does at its start.
keepMemorySteady();
// Not awaited at the top: it is bundled as a CommonJS module, as our command is.
async function main(): Promise<void> {
  if (values.bare) await packTar({ tar, out, id: 'pack', ...options });
  else {
    const packed = await packRoot({ kind: 'tar', path: tar, bytes: 0 }, out, options);
    const { facts, stream, sha256 } = packed;
    const verdict = judge(facts, { profile: 'demo', stream, buildFacts: { pack: 'guest' } });
    const names = sidecarNames(out);
    const image = { name: 'bench', version: '1', release: 'bench', platform: 'bench' };
    const files = new Map([
      [names.manifest, JSON.stringify({ artifact: packed, ...contentOf(facts), verdict }, null, 2)],
      [names.sbom, sbom({ image, artifact: packed, facts, toolVersion: '0' })],
    ]);
    const sums = [...files].map(([path, text]) => ({
      name: basename(path),
      sha256: createHash('sha256').update(text).digest('hex'),
    }));
    files.set(names.sums, formatSums([{ name: basename(out), sha256 }, ...sums]));
    for (const [path, text] of files) await writeFileAtomic(path, text);
  }
}

void main();
