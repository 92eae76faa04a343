import { createHash } from 'node:crypto';
import { stat, statfs } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import type { Json } from '../../core/json.ts';
import { chooseAccelerator } from '../../host/accelerator.ts';
import { makeFolders } from '../../host/files/folders.ts';
import { endLeftovers } from '../../host/vm/leftovers.ts';
import { redeployedFolder, rehearsalFiles, rehearsalFolder } from '../../workspace/layout.ts';
import { lockWorkspace } from '../../workspace/lock.ts';
import { findCurtin } from './curtin.ts';
import { obtainCurtin } from './curtin-source.ts';
import { deployAndBoot, type Prerequisites, type Turn } from './deploy-and-boot.ts';
import { deploymentKey, filesOf, findDeployed } from './deployed.ts';
import { type Ephemeral, leanEphemeral, ownEphemeral } from './ephemeral.ts';
import { fetchEphemeral } from './ephemeral-source.ts';
import { firmwaresFor } from './firmwares.ts';
import { newIdentity } from './identity.ts';
import { removeAllUnfinished } from './kept.ts';
import { labelOf } from './label.ts';
import { layoutOf } from './layout-file.ts';
import { diskBytes, disksFor, type Layout, namedLayout, roomFor, storageConfig } from './layouts.ts';
import { expectPlainPath, type RunMachine, runMachine, type UsedMachine } from './machine.ts';
import { readMachineConfig } from './machine-config.ts';
import { emptied, removeMachine } from './remains.ts';
import { serveRehearsal } from './server.ts';
import type { End, Rehearsal, RehearseRequest, Sign } from './types.ts';
import { usualSeconds } from './usual.ts';

const GIB = 2 ** 30;
/** As the deployment before it. */
export const SAME = 'same';

/**
 * Deploys an artifact on a virtual machine as MAAS would, by real curtin; then again on the same disks, where that is asked for. An image that fails is a
 * result, and the last one.
 * @throws Fault CURTIN_MISSING, EPHEMERAL_UNUSABLE, TOOL_MISSING, FIRMWARE_MISSING (4), REHEARSAL_TIMEOUT, REHEARSAL_STOPPED (75), INTERRUPTED
 */
export async function* rehearse(
  request: RehearseRequest,
  run: RunMachine = runMachine,
): AsyncGenerator<Rehearsal, void> {
  const { cache, emit, signal, redeploy = [] } = request;
  const artifact = resolve(request.artifact);
  const { size } = await artifactOf(artifact);
  const key = createHash('sha256').update(`${artifact}\0${request.layout}`).digest('hex').slice(0, 16);
  const folder = request.node?.folder ?? rehearsalFolder(cache, key);
  expectPlainPath(folder);
  const release = await lockWorkspace(folder, {
    doing: `rehearse ${basename(artifact)}`,
    wait: true,
    emit,
    signal,
  });
  try {
    await endLeftovers(folder);
    await removeAllUnfinished(cache);
    yield* inFolder(folder, artifact, size, request, run);
  } finally {
    for (const number of redeploy.keys())
      await removeMachine(redeployedFolder(folder, number + 1), request.keep);
    await removeMachine(folder, request.keep);
    await release();
  }
}

async function artifactOf(path: string): Promise<{ size: number }> {
  try {
    const found = await stat(path);
    if (!found.isFile())
      throw new Fault('PATH_UNUSABLE', `${path} is not a file`, { hint: 'Name an image: a .tar.gz file.' });
    return found;
  } catch (error) {
    throw fromSystemError(error, `reading ${path}`);
  }
}

/** Finds what the host gives, before anything long. */
async function prerequisites(folder: string, request: RehearseRequest): Promise<Prerequisites> {
  const { emit, signal } = request;
  const curtin = await findCurtin(await obtainCurtin(request.curtin, request), folder, signal);
  const firmware = await firmwaresFor(request.secureBoot === true);
  const { accelerator } = await chooseAccelerator(request.accelerator, { signal, emit });
  const ephemeral = await ephemeralOf(request);
  for (const path of [ephemeral.kernel, ephemeral.initrd]) expectPlainPath(path);
  return { curtin, firmware, accelerator, ephemeral };
}

async function* inFolder(
  folder: string,
  artifact: string,
  size: number,
  request: RehearseRequest,
  run: RunMachine,
): AsyncGenerator<Rehearsal, void> {
  const { emit, signal, baseImage, until, kernelOptions, redeploy = [] } = request;
  const files = rehearsalFiles(folder);
  await expectSpace(folder, size * (1 + redeploy.length));
  const real = request.curtinConfig === null ? null : await readMachineConfig(request.curtinConfig);
  const first = real?.layout ?? (await layoutBy(request.layout));
  const more = await Promise.all(redeploy.map((name) => (name === SAME ? first : layoutBy(name))));
  for (const message of real?.replaced ?? []) emit({ type: 'notice', level: 'info', message });
  const host = await prerequisites(folder, request);

  const disks = disksFor(roomFor([first, ...more]), request.disks, request.diskBytes ?? diskBytes(size));
  const key = await deploymentKey(
    { artifact, curtin: host.curtin, ephemeral: host.ephemeral },
    {
      storage: storageConfig(first, disks) as Json,
      machineConfig: real?.sha256,
      sizes: disks.map(({ bytes }) => bytes),
      baseImage,
      kernelOptions,
      ...(request.secureBoot === true && { secureBoot: true }),
    },
    { emit, signal },
  );
  const mayBoot = until === 'accepted' && request.again !== true;
  let before = mayBoot ? await findDeployed(folder, key, { emit, signal }) : null;
  const usual = await usualSeconds(request.cache, host.accelerator);
  let listener: (sign: Sign) => void = () => {};
  const onSign = (sign: Sign) => listener(sign);
  // The port that the installed system knows may have been taken meanwhile.
  let server = before && (await serveRehearsal(onSign, before.port).catch(() => null));
  if (before !== null && server === null) {
    const message = `port ${before.port} of this host, which the deployed system knows, is in use: it is deployed anew`;
    emit({ type: 'notice', level: 'info', message });
    before = null;
  }
  server ??= await serveRehearsal(onSign);
  const listen = (one: typeof listener) => {
    listener = one;
  };
  const rehearsing = { ...host, request, artifact, run, disks, usual, server, listen };
  try {
    await emptied(folder, [basename(files.curtin), ...(before ? filesOf(before, folder) : [])]);
    const { identity, keys } = before ?? newIdentity(server.port, request.node?.hostname);
    const own = real?.more(identity, keys) ?? null;
    let turn: Turn = {
      ...{ folder, name: request.layout, layout: first, identity, keys, more: own, before, key },
      ...{ used: null, after: [] },
    };
    let result = await deployAndBoot(turn, rehearsing);
    yield result;
    for (const [at, named] of redeploy.entries()) {
      if (!result.ok) return;
      const name = named === SAME ? request.layout : named;
      const message = `the machine is released, and deployed again on the disks that it has used: layout ${labelOf(name)}`;
      emit({ type: 'notice', level: 'info', message });
      // MAAS makes new keys for a machine that is released; its id stays.
      const { keys: fresh } = newIdentity(server.port);
      const own = named === SAME ? (real?.more(identity, fresh) ?? null) : null;
      const used = leftIn(turn.folder, until);
      turn = {
        ...{ folder: redeployedFolder(folder, at + 1), name, layout: more[at]!, identity, keys: fresh },
        ...{ more: own, before: null, key: null, used, after: [...turn.after, turn.name] },
      };
      await makeFolders(turn.folder, 0o700);
      result = await deployAndBoot(turn, rehearsing);
      yield result;
    }
  } finally {
    await server.close();
    if (request.keep)
      emit({ type: 'notice', level: 'info', message: `the machine's disks are kept in ${folder}` });
  }
}

const layoutBy = (name: string): Layout | Promise<Layout> => namedLayout(name) ?? layoutOf(name);

/** The machine as a deployment has left it, with what its first boot has written. */
function leftIn(folder: string, until: End): UsedMachine {
  const { disk, efiVars, overlay, bootVars } = rehearsalFiles(folder);
  return until === 'accepted' ? { disk: overlay, efiVars: bootVars } : { disk, efiVars };
}

function ephemeralOf({ ephemeral, cache, emit, signal }: RehearseRequest): Promise<Ephemeral> {
  if (ephemeral === null) return leanEphemeral(cache, emit, signal);
  return 'from' in ephemeral ? fetchEphemeral(ephemeral, { cache, emit, signal }) : ownEphemeral(ephemeral);
}

/** The disks grow as the image is unpacked. @throws Fault DISK_FULL */
async function expectSpace(folder: string, artifact: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const needed = artifact * 4 + GIB;
  if (bavail * bsize >= needed) return;
  throw new Fault(
    'DISK_FULL',
    `${folder} has ${Math.floor((bavail * bsize) / GIB)} GiB free, and a rehearsal of this image may need ${Math.ceil(needed / GIB)} GiB`,
    {
      hint: 'Free some space, or set `cache:` in dgxos-maas.yaml to a folder on a larger disk.',
    },
  );
}
