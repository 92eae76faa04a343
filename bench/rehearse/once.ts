// One rehearsal of an artifact, as a process of its own: `node once.ts JSON`, with the fields of `Once`.
import { readFile, writeFile } from 'node:fs/promises';
import {
  LEAN_OPTIONS,
  machineArgv,
  type RunMachine,
  runMachine,
} from '../../pipeline/maas/rehearse/machine.ts';
import { rehearse } from '../../pipeline/maas/rehearse/rehearse.ts';
import { rehearsalFiles } from '../../pipeline/workspace/layout.ts';

export interface Once {
  /** `plain`: QEMU and the system to install from as one starts them without looking at their speed. */
  way: 'ours' | 'plain';
  artifact: string;
  curtin: string;
  layout: string;
  cache: string;
  /** Deploy although it is deployed already. */
  again: boolean;
  /** For the verdict and the time of each phase. */
  result: string;
}

/** The same machine with QEMU's own processor, cache of translations and disks, and a kernel without options for speed. */
const plainly: RunMachine = async (request, options) => {
  const { machine } = rehearsalFiles(request.folder);
  if (request.ephemeral)
    await writeFile(machine, (await readFile(machine, 'utf8')).replace(`${LEAN_OPTIONS} `, ''), {
      mode: 0o600,
    });
  const memory = request.ephemeral ? request.memory : 2048;
  const argv = machineArgv({ ...request, memory }).map((word) =>
    word
      .replace(/^tcg,.*/, 'tcg')
      .replace(',cache=unsafe', '')
      .replace(',discard=unmap', ''),
  );
  argv[argv.indexOf('-smp') + 1] = '2';
  const processor = argv.indexOf('-cpu');
  argv.splice(processor, 2);
  return runMachine(request, options, argv as [string, ...string[]]);
};

const { way, artifact, curtin, layout, cache, again, result }: Once = JSON.parse(process.argv[2]!);
const abort = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => abort.abort());
const rehearsals = rehearse(
  {
    ...{ artifact, layout, again, cache, baseImage: 'ubuntu/focal', until: 'accepted' },
    curtin: { from: 'folder', path: curtin },
    ...{ checks: null, shell: null, curtinConfig: null, disks: 1, diskBytes: null, memory: 3072 },
    ...{ kernelOptions: '', ephemeral: null, accelerator: 'auto', keep: false },
    wire: way === 'plain',
    signal: abort.signal,
    emit(event) {
      if (event.type === 'notice') process.stderr.write(`${event.message}\n`);
    },
  },
  way === 'plain' ? plainly : runMachine,
);
for await (const one of rehearsals) await writeFile(result, JSON.stringify(one));
