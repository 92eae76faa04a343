import { rm } from 'node:fs/promises';
import writeFileAtomic from 'write-file-atomic';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { redactDeep } from '../../core/secrets/registry.ts';
import { makeFolders } from '../../host/files/folders.ts';
import { verdictOf } from '../../image/checks/judge.ts';
import { acceptanceFile } from '../../workspace/layout.ts';
import { readLedger, record } from '../../workspace/ledger/ledger.ts';
import { createClient, type MaasClient } from '../api/client.ts';
import { releaseMachine } from '../machines/api.ts';
import type { Machine } from '../machines/types.ts';
import { acquireMachine, bootsByEfi } from './acquire-machine.ts';
import { applicable, checksDigest } from './applicable.ts';
import { checkKeys } from './keys.ts';
import { type Lease, machineOf, openLease, releaseAbandoned } from './lease.ts';
import type { AcceptRequest } from './request.ts';

import { runAcceptance } from './run-acceptance.ts';
import type { Acceptance } from './types.ts';

/** Milliseconds that giving a machine back may take, when everything else has been interrupted. */
const RELEASE_WITHIN_MS = 60_000;

/**
 * Deploys an uploaded image on a machine, runs the checks on it, and gives the machine back, whatever happened. Accepted or
 * quarantined is noted in the ledger; what is not the image's doing is thrown and leaves no verdict.
 * @throws Fault USAGE, MACHINE_*, SSH_DENIED, SSH_HOST_KEY, SSH_KEY_UNUSABLE, MAAS_*, INTERRUPTED
 */
export async function acceptImage(request: AcceptRequest): Promise<Acceptance> {
  const { target, image, release, upload, config, emit, signal, env, dir } = request;
  const started = performance.now();
  const startedAt = new Date().toISOString();
  const client = clientOf(request, signal);
  const ourKeyIsKnown = await checkKeys(client, config.ssh.keyFile);
  await releaseAbandoned(client, { emit, signal, env });
  try {
    await rm(dir, { recursive: true, force: true });
    await makeFolders(dir);
  } catch (error) {
    throw fromSystemError(error, `making ${dir}`);
  }

  const { platform } = image;
  const subject = { release: image.release, profile: release.profile, platform, system: request.system };
  const list = applicable(request.checks, subject);
  const comment = `dgxos-maas accept ${upload.name}`;
  const lease = await openLease(client.url, upload.name, { emit, signal, env });
  let machine: Machine | undefined;
  let released: Acceptance['released'] = 'released';
  let tried: Awaited<ReturnType<typeof runAcceptance>>;
  try {
    machine = await acquireMachine(client, {
      machines: config.machines,
      tags: config.tags,
      architecture: upload.architecture,
      needsEfi: bootsByEfi(release),
      agentName: lease.agentName,
      comment,
      waitS: config.waitS,
      pollMs: request.pollMs,
      emit,
      signal,
    });
    emit({ type: 'notice', level: 'info', message: `testing ${upload.name} on ${machine.hostname}` });
    tried = await runAcceptance(client, machine, request, {
      ...{ list, comment, ourKeyIsKnown },
      origin: { machine: `${client.url} ${machine.systemId}`, deployment: lease.agentName },
    });
  } finally {
    released = await giveBack(lease, machine, request);
  }

  const verdict = verdictOf(tried.findings, release.profile, upload.baseImage);
  const acceptance: Acceptance = {
    format: 1,
    accepted: verdict.passed,
    image: image.name,
    name: upload.name,
    sha256: upload.sha256,
    size: upload.size,
    target: target.target.name,
    url: client.url,
    machine: {
      systemId: machine.systemId,
      hostname: machine.hostname,
      address: tried.address,
      hostKeys: tried.hostKeys,
    },
    startedAt,
    seconds: (performance.now() - started) / 1000,
    deployS: tried.deployS,
    sshS: tried.sshS,
    checks: checksDigest(request.checks, subject),
    verdict,
    logs: tried.logs,
    released,
  };
  await writeFileAtomic(acceptanceFile(dir), `${JSON.stringify(redactDeep(acceptance), null, 2)}\n`);
  await note(acceptance, request);
  return acceptance;
}

/** The state that `promote` decides by. */
async function note(acceptance: Acceptance, { upload, emit, env }: AcceptRequest): Promise<void> {
  const { url, checks, image, machine, accepted } = acceptance;
  const uploaded = (await readLedger(env)).findLast(
    (entry) => entry.target === url && entry.name === upload.name && entry.sha256 === upload.sha256,
  );
  const did = accepted ? 'accepted' : 'quarantined';
  const { resourceId = 0, set = '' } = uploaded ?? {};
  const where = { target: url, resourceId, set, machine: machine.hostname };
  await record({ ...upload, ...where, did, image, checks }, env, emit);
}

function clientOf({ target: { target, key }, emit }: AcceptRequest, signal: AbortSignal): MaasClient {
  return createClient({ url: target.url, key, caCert: target.caCert, emit, signal });
}

/** Also after an interruption, by a client of its own. What cannot be given back now is left to the next acceptance. */
async function giveBack(
  lease: Lease,
  machine: Machine | undefined,
  request: AcceptRequest,
): Promise<Acceptance['released']> {
  const { keep, emit } = request;
  const signal = AbortSignal.timeout(RELEASE_WITHIN_MS);
  const client = clientOf(request, signal);
  try {
    if (machine && keep && !request.signal.aborted) {
      await lease.close();
      const hint = `Release it with: dgxos-maas machines release ${machine.hostname}`;
      emit({ type: 'notice', level: 'info', message: `${machine.hostname} is left deployed`, hint });
      return 'kept';
    }
    // Interrupted while it was being allocated, MAAS may know of a machine that we do not.
    const ours = machine ?? (await machineOf(client, lease.agentName));
    if (ours)
      await releaseMachine(client, ours, { comment: 'dgxos-maas accept has finished' }, { signal, emit });
    await lease.close();
    return 'released';
  } catch (error) {
    await lease.leave();
    const message = error instanceof Fault ? error.message : String(error);
    emit({
      type: 'notice',
      level: 'warning',
      message: `${machine?.hostname ?? 'The machine'} could not be released: ${message}`,
      hint: 'The next acceptance releases it, or run: dgxos-maas machines release',
    });
    return 'failed';
  }
}
