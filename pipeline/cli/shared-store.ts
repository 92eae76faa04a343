import { loadConfig } from '../config/load.ts';
import { plain } from '../core/escape/terminal.ts';
import { EXIT } from '../core/faults/catalogue.ts';
import { Fault } from '../core/faults/fault.ts';
import { columns } from '../core/text/columns.ts';
import { bytes } from '../core/text/human.ts';
import { openStore } from '../store/open.ts';
import { BadEntry, type Store } from '../store/store.ts';
import { loadTrust } from '../store/trust.ts';
import { type Contents, collect, contentsOf, type Kept, type Problem, verifyStore } from '../store/upkeep.ts';
import { entryIn, inOrder, readLedger } from '../workspace/ledger/ledger.ts';
import { namedArtifacts } from '../workspace/ledger/named.ts';
import type { GcOptions } from './commands/store.ts';
import type { Session } from './session.ts';

/** `store list`. @throws Fault STORE_REFUSED for a store that cannot list its files */
export async function listStore(session: Session): Promise<void> {
  await withStore(session, async (store, contents) => {
    const results = contents.results.map(shown);
    session.data({ ok: true, place: store.place, results, bad: contents.bad }, () =>
      [
        results.length === 0
          ? 'No results.'
          : columns(
              [
                'STAGE',
                'FINGERPRINT',
                'PUT',
                'SIZE',
                { head: 'VERSION', spare: 1 },
                { head: 'RESULT', wrap: true },
              ],
              results.map((one) => [
                ...[one.stage, one.fingerprint.slice(0, 12), `${one.putAt.slice(0, 16)}Z`, bytes(one.bytes)],
                ...[one.version, one.summary],
              ]),
              session.paint,
            ),
        ...badLines(contents.bad),
      ].join('\n'),
    );
  });
}

/** `store verify`: exit code 6 where anything is bad and stays. */
export async function checkStore(session: Session, remove: boolean): Promise<void> {
  await withStore(session, async (store, contents) => {
    const bad = await verifyStore(store, contents, session.emit);
    if (remove)
      await removeAll(
        store,
        session,
        bad.map(({ key }) => key),
      );
    const counts = { results: contents.results.length, files: contents.blobs.size };
    session.data({ ok: bad.length === 0, place: store.place, ...counts, removed: remove, bad }, () =>
      [
        `${counts.results} results, ${counts.files} files: ${bad.length === 0 ? 'all are as they were put.' : `${bad.length} are bad.`}`,
        ...badLines(bad),
        ...(remove && bad.length > 0 ? ['They are deleted.'] : []),
      ].join('\n'),
    );
    if (bad.length > 0 && !remove) session.exitCode = EXIT.validation;
  });
}

/** `store gc`. @throws Fault USAGE where nothing says what may go */
export async function collectStore(session: Session, options: GcOptions): Promise<void> {
  const { olderThan, keepBytes, dryRun = false } = options;
  await withStore(session, async (store, contents) => {
    const ledger = [
      ...(await readLedger(session.env)),
      ...contents.facts.flatMap((line) => entryIn(line) ?? []),
    ];
    const named = namedArtifacts(inOrder(ledger));
    const limit = { olderThanMs: olderThan === undefined ? undefined : olderThan * 1000, keepBytes, named };
    const gone = collect(contents, limit, Date.now());
    if (!dryRun) await removeAll(store, session, gone.keys);
    const results = gone.results.map(shown);
    const files = gone.keys.length - results.length;
    session.data(
      { ok: true, dryRun, place: store.place, results, files, named: gone.named.length, bytes: gone.bytes },
      () =>
        [
          ...results.map(({ stage, fingerprint, putAt, summary }) =>
            plain(`${stage} ${fingerprint.slice(0, 12)}, put ${putAt.slice(0, 16)}Z: ${summary}`),
          ),
          ...(gone.named.length === 0
            ? []
            : [`${gone.named.length} more stay: uploads or channels have their artifacts.`]),
          `${results.length} of ${contents.results.length} results and ${files} files, ${bytes(gone.bytes)}: ${dryRun ? 'nothing was deleted (--dry-run).' : 'deleted.'}`,
        ].join('\n'),
    );
  });
}

/** The store of the configuration with everything in it. */
async function withStore(
  session: Session,
  use: (store: Store, contents: Contents) => Promise<void>,
): Promise<void> {
  const { env, configFile: file } = session;
  const { config } = await loadConfig({ file, env, cwd: process.cwd() });
  const { place } = config.store;
  if (place === null)
    throw new Fault('CONFIG_INVALID', 'The configuration names no store', {
      hint: 'Set `store:` in dgxos-maas.yaml, or DGXOS_MAAS_STORE.',
    });
  const trust = await loadTrust(config.store, session);
  const store = await openStore(place, config.store, session);
  try {
    await use(store, await contentsOf(store, store.list(), trust));
  } finally {
    store.close();
  }
}

/** Deletes files; one that cannot be deleted is reported. */
async function removeAll(store: Store, { emit }: Session, keys: readonly string[]): Promise<void> {
  for (const key of keys)
    try {
      await store.remove(key);
    } catch (error) {
      if (!(error instanceof BadEntry)) throw error;
      emit({ type: 'notice', level: 'warning', message: `${key} is not deleted: ${error.message}` });
    }
}

function shown({ entry, changedMs, bytes: size }: Kept) {
  const { stage, fingerprint, summary, seconds, finishedAt, version, files } = entry;
  return {
    ...{ stage, fingerprint, summary, seconds, finishedAt, version, files: files.length },
    ...{ putAt: new Date(changedMs).toISOString(), bytes: size },
  };
}

const badLines = (bad: readonly Problem[]) => bad.map(({ key, problem }) => plain(`bad: ${key}: ${problem}`));
