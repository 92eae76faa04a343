import { FolderStore } from '../../../pipeline/store/folder.ts';
import { StoreLedger } from '../../../pipeline/store/ledger.ts';
import { NO_SIGNATURES } from '../../../pipeline/store/trust.ts';
import { readLedger, record } from '../../../pipeline/workspace/ledger/ledger.ts';
import { shareLedger } from '../../../pipeline/workspace/ledger/shared.ts';

// A builder as a process of its own, to be killed: STATE STORE NAME COUNT.
const [state, folder, name, count] = process.argv.slice(2) as [string, string, string, string];
const env = { XDG_STATE_HOME: state };
const { signal } = new AbortController();
const context = { env, signal, emit: (event: object) => process.stderr.write(`${JSON.stringify(event)}\n`) };
const store = new FolderStore(folder, signal);
shareLedger(env, new StoreLedger(async () => store, NO_SIGNATURES, false, context));
const before = (await readLedger(env)).filter((entry) => entry.image === name).length;
for (let at = before; at < before + Number(count); at++) {
  await record(
    {
      ...{ did: 'completed', target: 'http://maas/MAAS', resourceId: at, name: `${name}-${at}`, image: name },
      ...{
        architecture: 'amd64/generic',
        set: 's',
        sha256: 'a'.repeat(64),
        size: 1,
        title: '',
        baseImage: '',
      },
      ...{ filetype: 'tgz', file: '/x', validated: true },
    },
    env,
    context.emit,
  );
  process.stdout.write(`${name}-${at}\n`);
}
