import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import writeFileAtomic from 'write-file-atomic';
import type { Emit } from '../../core/events/event.ts';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { readJsonOrMiss } from '../../host/files/read-json.ts';
import { object, type Shape, text } from '../../host/files/shape.ts';
import { leaseFile, leaseFolder, leasesFolder } from '../../workspace/layout.ts';
import { lockWorkspace } from '../../workspace/lock.ts';
import type { MaasClient } from '../api/client.ts';
import { releaseMachine } from '../machines/api.ts';
import { parseMachines } from '../machines/parse-machine.ts';
import type { Status } from '../machines/status.ts';
import type { Machine } from '../machines/types.ts';

/** The record that is written before a machine is allocated, so that it can be released whatever happens to this process. */
interface LeaseNote {
  /** URL of the MAAS. */
  url: string;
  image: string;
  /** ISO 8601, UTC. */
  since: string;
}

const NOTE: Shape<LeaseNote> = object({ url: text, image: text, since: text });

interface Session {
  emit: Emit;
  signal: AbortSignal;
  env: NodeJS.ProcessEnv;
}

export interface Lease {
  /** Given to MAAS with the allocation: the machine is found by it, and nobody else's is taken for ours. */
  agentName: string;
  /** The machine is given back, or kept on purpose. */
  close(): Promise<void>;
  /** The machine could not be released: the lease is kept for the next acceptance. */
  leave(): Promise<void>;
}

const PREFIX = 'dgxos-maas-accept-';

/** Notes that a machine is about to be taken; the note is locked as long as this process lives. */
export async function openLease(url: string, image: string, session: Session): Promise<Lease> {
  const agentName = `${PREFIX}${randomBytes(8).toString('hex')}`;
  const dir = leaseFolder(session.env, agentName);
  const note: LeaseNote = { url, image, since: new Date().toISOString() };
  const unlock = await lockWorkspace(dir, { doing: `acceptance of ${image}`, wait: true, ...session });
  try {
    // After the lock: a note that nobody holds is one that was left behind.
    await writeFileAtomic(leaseFile(dir), JSON.stringify(note));
  } catch (error) {
    await unlock();
    throw fromSystemError(error, `recording the machine in ${dir}`);
  }
  return {
    agentName,
    leave: unlock,
    async close() {
      // While it is locked: a machine that is kept must not look left behind for a moment.
      await rm(leaseFile(dir), { force: true });
      await unlock();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** The machine that was taken under this name, or undefined. @throws Fault MAAS_PROTOCOL when there are several */
export async function machineOf(client: MaasClient, agentName: string): Promise<Machine | undefined> {
  const path = `machines/?${new URLSearchParams({ agent_name: agentName })}`;
  const found = parseMachines(client, path, await client.get(path));
  // Each name takes one machine at most: a server that leaves the filter out must not cost others theirs.
  if (found.length > 1) throw client.notMaas(path, 'it lists several machines, so it ignores the filter');
  return found[0];
}

/**
 * Releases machines that an acceptance took and could not give back: its process was killed, or MAAS was away. Those of
 * processes that live are left alone.
 */
export async function releaseAbandoned(client: MaasClient, session: Session): Promise<void> {
  const names = await readdir(leasesFolder(session.env)).catch(() => [] as string[]);
  for (const agentName of names.filter((name) => name.startsWith(PREFIX))) {
    const dir = leaseFolder(session.env, agentName);
    const note = await readJsonOrMiss(leaseFile(dir), NOTE);
    if (note?.url !== client.url) continue;
    let unlock: () => Promise<void>;
    try {
      unlock = await lockWorkspace(dir, { doing: 'release', wait: false, ...session });
    } catch (error) {
      if (error instanceof Fault && error.code === 'WORKSPACE_LOCKED') continue;
      throw error;
    }
    try {
      await releaseHeldMachine(client, agentName, note, session);
      await rm(leaseFile(dir), { force: true });
    } catch (error) {
      if (!(error instanceof Fault) || session.signal.aborted) throw error;
      // It is not a reason not to try this image on another machine.
      const message = `The machine that the acceptance of ${note.image} left allocated cannot be released: ${error.message}`;
      session.emit({ type: 'notice', level: 'warning', message });
      continue;
    } finally {
      await unlock();
    }
    await rm(dir, { recursive: true, force: true });
  }
}

/** Statuses in which a machine is on its way back, or is back. */
const GIVEN_BACK: readonly Status[] = ['releasing', 'disk_erasing', 'ready'];

async function releaseHeldMachine(
  client: MaasClient,
  agentName: string,
  { image, since }: LeaseNote,
  { emit, signal }: Session,
): Promise<void> {
  const machine = await machineOf(client, agentName);
  if (!machine || GIVEN_BACK.includes(machine.status)) return;
  const message = `${machine.hostname} was left allocated by the acceptance of ${image} (${since}) and is now released`;
  emit({ type: 'notice', level: 'warning', message });
  await releaseMachine(client, machine, { comment: 'left by dgxos-maas accept' }, { signal, emit });
}
