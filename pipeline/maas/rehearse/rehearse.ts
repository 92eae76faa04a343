import { createHash } from 'node:crypto';
import { readFile, rm, stat, statfs } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { json } from '../../core/escape/json.ts';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import type { Json } from '../../core/json.ts';
import { redactDeep } from '../../core/secrets/registry.ts';
import { chooseAccelerator } from '../../host/accelerator.ts';
import { makeFolders } from '../../host/files/folders.ts';
import { $ } from '../../host/process/tool.ts';
import { endLeftovers } from '../../host/vm/leftovers.ts';
import type { Verdict } from '../../image/checks/judge.ts';
import { rehearsalFiles, rehearsalFolder } from '../../workspace/layout.ts';
import { lockWorkspace } from '../../workspace/lock.ts';
import { bootInstalled } from './boot.ts';
import { curtinConfigs, type Deployment, preseed } from './configs.ts';
import { type Curtin, findCurtin, packInstaller } from './curtin.ts';
import { obtainCurtin } from './curtin-source.ts';
import { deploy } from './deploy.ts';
import { deploymentKey, filesOf, findDeployed, noteDeployed } from './deployed.ts';
import { type Ephemeral, leanEphemeral, ownEphemeral } from './ephemeral.ts';
import { type Firmwares, firmwaresFor } from './firmwares.ts';
import { newIdentity, paths } from './identity.ts';
import { layoutOf } from './layout-file.ts';
import { diskBytes, disksFor, namedLayout, storageConfig } from './layouts.ts';
import { liveReport } from './live.ts';
import { lookAt, untilPowerCut } from './look.ts';
import { ARTIFACT_SOURCE, expectPlainPath, prepareBoot, type RunMachine, runMachine } from './machine.ts';
import { readMachineConfig } from './machine-config.ts';
import { Progress } from './phases.ts';
import { keepPosted } from './posted.ts';
import { emptied, removeMachine } from './remains.ts';
import { serveRehearsal } from './server.ts';
import type { Failure, Rehearsal, RehearseRequest, Sign } from './types.ts';
import { unpacked } from './unpacked.ts';
import { usualSeconds } from './usual.ts';
import { rejection } from './verdict.ts';

const GIB = 2 ** 30;

/**
 * Deploys an artifact on a virtual machine as MAAS would, by real curtin. An image that fails is a result.
 * @throws Fault CURTIN_MISSING, EPHEMERAL_UNUSABLE, TOOL_MISSING, FIRMWARE_MISSING (4), REHEARSAL_TIMEOUT, REHEARSAL_STOPPED (75), INTERRUPTED
 */
export async function rehearse(request: RehearseRequest, run: RunMachine = runMachine): Promise<Rehearsal> {
  const { cache, emit, signal } = request;
  const artifact = resolve(request.artifact);
  const { size } = await artifactOf(artifact);
  const key = createHash('sha256').update(`${artifact}\0${request.layout}`).digest('hex').slice(0, 16);
  const folder = rehearsalFolder(cache, key);
  expectPlainPath(folder);
  const release = await lockWorkspace(folder, {
    doing: `rehearse ${basename(artifact)}`,
    wait: true,
    emit,
    signal,
  });
  try {
    await endLeftovers(folder);
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

/** The parts that the host gives to a rehearsal, examined before anything long. */
interface Prerequisites {
  curtin: Curtin;
  firmware: Firmwares;
  accelerator: 'kvm' | 'tcg';
  ephemeral: Ephemeral;
}

async function prerequisites(folder: string, request: RehearseRequest): Promise<Prerequisites> {
  const { emit, signal } = request;
  const curtin = await findCurtin(await obtainCurtin(request.curtin, request), folder, signal);
  const firmware = await firmwaresFor(request.secureBoot === true);
  const { accelerator } = await chooseAccelerator(request.accelerator, { signal, emit });
  const ephemeral = await ephemeralOf(request);
  for (const path of [ephemeral.kernel, ephemeral.initrd]) expectPlainPath(path);
  return { curtin, firmware, accelerator, ephemeral };
}

async function inFolder(
  folder: string,
  artifact: string,
  size: number,
  request: RehearseRequest,
  run: RunMachine,
): Promise<Rehearsal> {
  const { emit, signal, baseImage, until, kernelOptions, memory } = request;
  const files = rehearsalFiles(folder);
  await expectSpace(folder, size);
  const real = request.curtinConfig === null ? null : await readMachineConfig(request.curtinConfig);
  const layout = real?.layout ?? namedLayout(request.layout) ?? (await layoutOf(request.layout));
  for (const message of real?.replaced ?? []) emit({ type: 'notice', level: 'info', message });
  const { curtin, firmware, accelerator, ephemeral } = await prerequisites(folder, request);

  const disks = disksFor(layout, request.disks, request.diskBytes ?? diskBytes(size));
  const key = await deploymentKey(
    { artifact, curtin, ephemeral },
    {
      storage: storageConfig(layout, disks) as Json,
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
  const usual = await usualSeconds(request.cache, accelerator);
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const live = liveReport({ usual, seconds, emit });
  const progress = new Progress(seconds, live.ended);
  const posted = keepPosted(files);
  const follow = live.follow(progress);
  const onSign = (sign: Sign) =>
    follow(() => {
      progress.see(sign);
      posted.see(sign, seconds());
    });
  // The port that the installed system knows may have been taken meanwhile.
  let server = before && (await serveRehearsal(onSign, before.port).catch(() => null));
  if (server === null) before = null;
  server ??= await serveRehearsal(onSign);
  await emptied(folder, [basename(files.curtin), ...(before ? filesOf(before, folder) : [])]);
  try {
    const { identity, keys } = before ?? newIdentity(server.port);
    const sshKey = await newSshKey(files, signal);
    const images = new Map<string, string>();
    const served = { identity, keys, artifact, images, sshKey };
    const wire = request.wire === true || ephemeral.kind === 'own';
    const machine = { folder, identity, kernelOptions, disks, accelerator, memory };
    const options = { progress, run, emit, signal };
    let failure: Failure | null = null;
    let version = before?.curtin ?? '';
    if (before) {
      const message = `booting what curtin ${version} has deployed on ${before.at.slice(0, 16).replace('T', ' ')} UTC: nothing has changed since`;
      emit({ type: 'notice', level: 'info', message });
      progress.skipDeployment();
      server.give({ ...served, preseed: '', userData: Buffer.alloc(0) });
    } else {
      const aptProxy = `${identity.origin}/`;
      const more = real?.more(identity, keys) ?? null;
      const deployment: Deployment = { identity, keys, layout, disks, baseImage, aptProxy, more };
      const name = archiveName(artifact);
      const packed = await packInstaller(curtin, {
        configs: curtinConfigs(deployment),
        source: wire ? `${identity.origin}${paths(identity).image(name)}` : ARTIFACT_SOURCE,
        signal,
      });
      ({ version } = packed);
      const system = `${ephemeral.kind === 'own' ? 'yours' : 'the lean one'}, ${ephemeral.name}`;
      emit({ type: 'notice', level: 'info', message: `curtin ${version}; ephemeral: ${system}` });
      images.set(name, artifact);
      if (ephemeral.squashfs !== null) images.set('squashfs', ephemeral.squashfs);
      server.give({ ...served, preseed: preseed(deployment), userData: packed.installer });
      const onDisk =
        wire || accelerator === 'kvm' ? artifact : await unpacked(artifact, files.unpacked, { emit, signal });
      failure = await deploy(
        { ...machine, firmware: firmware.deploys, ephemeral, artifact: wire ? null : onDisk },
        { ...options, posted },
      );
      await rm(files.unpacked, { force: true });
      if (failure === null)
        await noteDeployed(
          folder,
          disks.map((disk) => disk.name),
          { key, seconds: seconds(), curtin: version, port: server.port, identity, keys },
          { emit, signal },
        );
    }
    let acceptance: Verdict | null = null;
    let screenshot: string | null = null;
    if (failure === null && until === 'accepted') {
      if (!before) follow(() => progress.enter('boot'));
      const installed = { ...machine, firmware: firmware.boots, ephemeral: null, artifact: null };
      await prepareBoot(installed, signal);
      const env = request.env ?? process.env;
      const { mounts } = layout;
      const look = { machine: installed, request, progress, mounts, env };
      const afterPowerCut = typeof request.powerCut === 'number';
      let booted = afterPowerCut
        ? await bootInstalled(
            installed,
            (booting) => untilPowerCut(booting, request.powerCut!, look),
            options,
          )
        : null;
      if (afterPowerCut && booted?.failure === null) {
        emit({ type: 'notice', level: 'info', message: 'the power is cut; the machine boots again' });
        follow(() => progress.enter('boot'));
      }
      if (!booted?.failure)
        booted = await bootInstalled(
          installed,
          async (booting) => {
            acceptance = await lookAt(booting, { ...look, afterPowerCut });
          },
          options,
        );
      failure = booted.failure ?? (acceptance && rejection(acceptance));
      screenshot = booted.screenshot;
    }
    progress.close();
    await posted.done();
    const result: Rehearsal = {
      ok: failure === null,
      ...{ artifact, baseImage, layout: request.layout, until, curtin: version },
      ephemeral: { kind: ephemeral.kind, name: ephemeral.name },
      ...{ accelerator, secureBoot: request.secureBoot === true, seconds: seconds() },
      deployedBefore: before && { at: before.at, seconds: before.seconds },
      ...{ phases: progress.done, failure, folder, acceptance, screenshot },
    };
    await writeFileAtomic(files.result, `${json(redactDeep(result), 2)}\n`, { mode: 0o600 });
    return result;
  } finally {
    await server.close();
    if (request.keep)
      emit({ type: 'notice', level: 'info', message: `the machine's disks are kept in ${folder}` });
  }
}

/** Makes the key by which the installed system is entered. @returns its public half */
async function newSshKey(files: ReturnType<typeof rehearsalFiles>, signal: AbortSignal): Promise<string> {
  await makeFolders(files.ssh, 0o700);
  const options = { signal, reason: 'make the ssh key of a rehearsal' };
  await $(options)`ssh-keygen -q -t ed25519 -N ${''} -C rehearsal -f ${files.sshKey}`;
  return (await readFile(`${files.sshKey}.pub`, 'utf8')).trim();
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
