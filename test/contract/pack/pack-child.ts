// Packs in a process of its own, to be killed or to meet a full disk: argv is the tar and the artifact.
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import { packTar } from '../../../pipeline/image/pack/pack.ts';

const [tar, out] = process.argv.slice(2) as [string, string];
try {
  const { sha256 } = await packTar({ tar, out, level: 'normal', emit: () => {}, id: 'pack' });
  process.stdout.write(sha256);
} catch (error) {
  process.stdout.write(error instanceof Fault ? error.code : String(error));
  process.exitCode = 1;
}
