import { createHash } from 'node:crypto';
import { readdir, rm, stat, statfs } from 'node:fs/promises';

import { basename, join, resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { json } from '../../core/escape/json.ts';
import type { Emit } from '../../core/events/event.ts';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { redactDeep } from '../../core/secrets/registry.ts';
import { duration } from '../../core/text/human.ts';
import { chooseAccelerator } from '../../host/accelerator.ts';
import { findFirmware } from '../../host/firmware.ts';
import { endLeftovers } from '../../host/vm/leftovers.ts';
import { lockFiles, rehearsalFiles, rehearsalFolder } from '../../workspace/layout.ts';
import { lockWorkspace } from '../../workspace/lock.ts';
import { curtinConfigs, type Deployment, preseed } from './configs.ts';
import { findCurtin, packInstaller } from './curtin.ts';
import { type Ephemeral, leanEphemeral, ownEphemeral } from './ephemeral.ts';
import { newIdentity, paths } from './identity.ts';
import { diskBytes, disksFor } from './layouts.ts';
import { expectPlainPath, type MachineRequest, prepareMachine, runMachine } from './machine.ts';
import { Progress } from './phases.ts';
import { keepPosted } from './posted.ts';
import { followScreen } from './screen.ts';
import { serveRehearsal } from './server.ts';
import type { Rehearsal, RehearseRequest, Sign } from './types.ts';
import { failureOf } from './verdict.ts';
import { type Watched, watchHost } from './watch-host.ts';

/** The machine; a test has one of its own. */
export type RunMachine = typeof runMachine;

const GIB = 2 ** 30;

/**
 * Deploys an artifact on a virtual machine as MAAS would, by real curtin. An image that fails is a result.
 * @throws Fault CURTIN_MISSING, EPHEMERAL_UNUSABLE, TOOL_MISSING, FIRMWARE_MISSING (4), REHEARSAL_TIMEOUT, REHEARSAL_STOPPED (75), INTERRUPTED
 */
export async function rehearse(request: RehearseRequest, run: RunMachine = runMachine): Promise<Rehearsal> {
  const { cache, emit, signal } = request;
  const artifact = resolve(request.artifact);
  const { size } = await artifactOf(artifact);
  const folder = rehearsalFolder(cache, createHash('sha256').update(artifact).digest('hex').slice(0, 16));
  expectPlainPath(folder);
  const release = await lockWorkspace(folder, {
    doing: `rehearse ${basename(artifact)}`,
    wait: true,
    emit,
    signal,
  });
  try {
    await endLeftovers(folder);
    await emptied(folder);
    return await inFolder(folder, artifact, size, request, run);
  } finally {
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

async function inFolder(
  folder: string,
  artifact: string,
  size: number,
  request: RehearseRequest,
  run: RunMachine,
): Promise<Rehearsal> {
  const { emit, signal, layout, baseImage, keep, until } = request;
  const files = rehearsalFiles(folder);
  await expectSpace(folder, size);
  // Prerequisites of the host are examined before anything long.
  const curtin = await findCurtin(request.curtin, folder, signal);
  const firmware = await findFirmware('amd64');
  const { accelerator } = await chooseAccelerator(request.accelerator, { signal, emit });
  const ephemeral = await ephemeralOf(request);
  for (const path of [ephemeral.kernel, ephemeral.initrd]) expectPlainPath(path);

  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const progress = new Progress(seconds);
  const posted = keepPosted(files);
  const server = await serveRehearsal((sign: Sign) => {
    const { phase } = progress;
    progress.see(sign);
    posted.see(sign, seconds());
    if (progress.phase !== phase) report(progress, emit);
    const activity = progress.activity || 'the machine starts';
    emit({
      type: 'activity',
      id: 'rehearse',
      label: `${progress.phase}, ${duration(seconds())}: ${activity}`,
    });
  });
  const screen = followScreen(files, emit);
  try {
    const { identity, keys } = newIdentity(server.port);
    const disks = disksFor(layout, request.disks, request.diskBytes ?? diskBytes(size));
    const aptProxy = `${identity.origin}/`;
    const deployment: Deployment = { identity, keys, layout, disks, baseImage, aptProxy };
    const name = archiveName(artifact);
    const { version, installer } = await packInstaller(curtin, {
      configs: curtinConfigs(deployment),
      source: `${identity.origin}${paths(identity).image(name)}`,
      signal,
    });
    const system = `${ephemeral.kind === 'own' ? 'yours' : 'the lean one'}, ${ephemeral.name}`;
    emit({ type: 'notice', level: 'info', message: `curtin ${version}; ephemeral: ${system}` });
    const images = new Map([[name, artifact]]);
    if (ephemeral.squashfs !== null) images.set('squashfs', ephemeral.squashfs);
    server.give({ identity, keys, artifact, images, preseed: preseed(deployment), userData: installer });

    const { memory, kernelOptions } = request;
    const machine = { folder, identity, ephemeral, kernelOptions, disks, firmware, accelerator, memory };
    await prepareMachine(machine);
    const watched = {
      folder,
      console: files.rawConsole,
      progress,
      accelerator,
      ephemeral,
      tail: screen.tail,
    };
    const { failed } = await watchedRun(machine, watched, { run, emit, signal });
    await screen.close();
    if (failed !== null && progress.failures.length === 0) throw stopped(failed);
    progress.close();
    await posted.done();
    const failure = failureOf(progress, { installLog: posted.installLog(), screen: screen.tail });
    const result: Rehearsal = {
      ok: failure === null,
      ...{ artifact, baseImage, layout, until, curtin: version },
      ephemeral: { kind: ephemeral.kind, name: ephemeral.name },
      ...{ accelerator, seconds: seconds(), phases: progress.done, failure, folder },
      ...{ acceptance: null, screenshot: null },
    };
    await writeFileAtomic(files.result, `${json(redactDeep(result), 2)}\n`, { mode: 0o600 });
    return result;
  } finally {
    await screen.close();
    await server.close();
    if (keep) emit({ type: 'notice', level: 'info', message: `the machine's disks are kept in ${folder}` });
  }
}

/** Runs the machine as long as the host can. */
async function watchedRun(
  machine: MachineRequest,
  watched: Watched,
  { run, emit, signal }: { run: RunMachine; emit: Emit; signal: AbortSignal },
): Promise<{ failed: string | null }> {
  const ending = new AbortController();
  const host = watchHost(watched, (fault) => ending.abort(fault));
  try {
    return await run(machine, { emit, signal: AbortSignal.any([signal, ending.signal]) });
  } finally {
    host.close();
  }
}

function stopped(qemu: string): Fault {
  return new Fault('REHEARSAL_STOPPED', 'The machine of the rehearsal ended by an error of QEMU', {
    detail: qemu,
    hint: 'Check the free memory of the host, or give the machine less: --memory.',
  });
}

function report(progress: Progress, emit: Emit): void {
  const last = progress.done.at(-1);
  if (last) emit({ type: 'notice', level: 'info', message: `${last.phase}: ${duration(last.seconds)}` });
}

function ephemeralOf({ ephemeral, cache, emit, signal }: RehearseRequest): Promise<Ephemeral> {
  return ephemeral === null ? leanEphemeral(cache, emit, signal) : ownEphemeral(ephemeral);
}

/** As MAAS calls the file, by which curtin knows nothing: it looks at the bytes. */
function archiveName(artifact: string): string {
  if (/\.(?:tar\.xz|txz)$/.test(artifact)) return 'root.txz';
  return /\.(?:tar\.bz2|tbz)$/.test(artifact) ? 'root.tbz' : 'root.tgz';
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

/** Removes the files of the rehearsal before; the lock is ours. */
async function emptied(folder: string): Promise<void> {
  const kept = Object.values(lockFiles(folder)).map((path) => basename(path));
  for (const name of await readdir(folder))
    if (!kept.includes(name)) await rm(join(folder, name), { recursive: true, force: true });
}

/** Everything of the machine but the records; the disks with `keep`. */
async function removeMachine(folder: string, keep: boolean): Promise<void> {
  const files = rehearsalFiles(folder);
  for (const path of [files.machine, files.rawConsole, files.curtin])
    await rm(path, { recursive: true, force: true });
  if (keep) return;
  await rm(files.efiVars, { force: true });
  for (const name of await readdir(folder).catch(() => []))
    if (/^vd[a-z]\.raw$/.test(name)) await rm(join(folder, name), { force: true });
}
