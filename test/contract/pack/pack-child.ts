// Packs in a process of its own, to be killed or to meet a full disk: argv is the tar, the artifact, and the folder of a cache.
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import { packTar } from '../../../pipeline/image/pack/pack.ts';

const [tar, out, cache] = process.argv.slice(2) as [string, string, string?];
const said: string[] = [];
try {
  const { sha256 } = await packTar({
    ...{ tar, out, level: 'normal', id: 'pack' },
    ...(cache !== undefined && { cache: { folder: cache, most: 1 << 30 } }),
    emit: (event) => event.type === 'notice' && said.push(event.message),
  });
  process.stdout.write([sha256, ...said].join('\n'));
} catch (error) {
  process.stdout.write(error instanceof Fault ? error.code : String(error));
  process.exitCode = 1;
}
