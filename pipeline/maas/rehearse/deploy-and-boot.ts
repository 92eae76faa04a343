import { rm } from 'node:fs/promises';
import writeFileAtomic from 'write-file-atomic';
import { json } from '../../core/escape/json.ts';
import { underWay } from '../../core/events/under-way.ts';
import { redactDeep } from '../../core/secrets/registry.ts';
import type { Verdict } from '../../image/checks/judge.ts';
import { rehearsalFiles } from '../../workspace/layout.ts';
import { bootInstalled } from './boot.ts';
import { curtinConfigs, type Deployment, preseed } from './configs.ts';
import { type Curtin, packInstaller } from './curtin.ts';
import { deploy } from './deploy.ts';
import { type Deployed, noteDeployed } from './deployed.ts';
import { type Ephemeral, ephemeralPhrase } from './ephemeral.ts';
import type { Firmwares } from './firmwares.ts';
import { paths } from './identity.ts';
import type { Layout } from './layouts.ts';
import { LIVE_ID, liveReport } from './live.ts';
import { lookAt, untilPowerCut } from './look.ts';
import { ARTIFACT_SOURCE, prepareBoot, type RunMachine, type UsedMachine } from './machine.ts';
import { unreadable } from './machine-stopped.ts';
import { Progress } from './phases.ts';
import { keepPosted } from './posted.ts';
import type { Given, RehearsalServer } from './server.ts';
import { newSshKey } from './ssh-key.ts';
import type { Disk, Failure, Identity, NodeKeys, Phase, Rehearsal, RehearseRequest, Sign } from './types.ts';
import { unpacked } from './unpacked.ts';
import { rejection } from './verdict.ts';

/** The parts that the host gives to a rehearsal. */
export interface Prerequisites {
  curtin: Curtin;
  firmware: Firmwares;
  accelerator: 'kvm' | 'tcg';
  ephemeral: Ephemeral;
}

/** Everything that the deployments of a rehearsal have in common. */
export interface Rehearsing extends Prerequisites {
  request: RehearseRequest;
  /** An absolute path. */
  artifact: string;
  run: RunMachine;
  disks: readonly Disk[];
  usual: ReadonlyMap<Phase, number>;
  server: RehearsalServer;
  /** From now on the signs of the machine are given to this one. */
  listen(onSign: (sign: Sign) => void): void;
}

/** One deployment of a rehearsal. */
export interface Turn {
  /** Of this deployment alone. */
  folder: string;
  /** A name or a path, as the user gave it. */
  name: string;
  layout: Layout;
  identity: Identity;
  keys: NodeKeys;
  /** Sections of a real machine's configuration. */
  more: Record<string, unknown> | null;
  /** The deployment that curtin has left on the disks, where an earlier rehearsal has done the same. */
  before: Deployed | null;
  /** By which a later rehearsal finds what curtin leaves; null: it is not looked for. */
  key: string | null;
  /** Disks and variables that an earlier deployment of this rehearsal has left. */
  used: UsedMachine | null;
  /** The layouts of those. */
  after: string[];
}

/**
 * Deploys the artifact, boots what was installed, and looks at it.
 * @throws Fault of the host, INTERRUPTED
 */
export function deployAndBoot(turn: Turn, rehearsing: Rehearsing): Promise<Rehearsal> {
  return underWay(rehearsing.request.emit, LIVE_ID, () => deployedAndBooted(turn, rehearsing));
}

async function deployedAndBooted(turn: Turn, rehearsing: Rehearsing): Promise<Rehearsal> {
  const { folder, name, layout, before, used, identity } = turn;
  const { request, artifact, run, disks, usual, firmware, accelerator, ephemeral } = rehearsing;
  const { emit, until, baseImage, kernelOptions, memory } = request;
  /** Aborted when a file that the machine fetches cannot be read. */
  const broken = new AbortController();
  const signal = AbortSignal.any([request.signal, broken.signal]);
  const onUnreadable = (path: string, error: Error) => broken.abort(unreadable(path, error));
  const files = rehearsalFiles(folder);
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const live = liveReport({ usual, emit });
  const progress = new Progress(seconds, {
    ended: live.ended,
    changed(now) {
      live.changed(now);
      request.node?.entered(now.phase);
    },
  });
  const posted = keepPosted(files);
  rehearsing.listen((sign) => {
    progress.see(sign);
    posted.see(sign, seconds());
  });
  const sshKey = [await newSshKey(folder, signal), ...(request.node?.sshKeys ?? [])].join('\n');
  const systemData = request.node?.userData ?? '';
  const machine = { folder, identity, kernelOptions, disks, used, accelerator, memory };
  const options = { progress, run, emit, signal };
  let failure: Failure | null = null;
  let version = before?.curtin ?? '';
  if (before) {
    const message = `booting what curtin ${version} has deployed on ${before.at.slice(0, 16).replace('T', ' ')} UTC: nothing has changed since`;
    emit({ type: 'notice', level: 'info', message });
    progress.skipDeployment();
    const { keys } = turn;
    const nothing = { preseed: '', userData: Buffer.alloc(0), images: new Map() };
    rehearsing.server.give({ identity, keys, artifact, sshKey, systemData, onUnreadable, ...nothing });
  } else {
    const prepared = await prepare(turn, rehearsing, { sshKey, onUnreadable });
    ({ version } = prepared);
    failure = await deploy(
      { ...machine, firmware: firmware.deploys, ephemeral, artifact: prepared.onDisk },
      { ...options, posted },
    );
    await rm(files.unpacked, { force: true });
    if (failure === null && turn.key !== null) {
      const { port } = rehearsing.server;
      const done = { key: turn.key, seconds: seconds(), curtin: version, port, identity, keys: turn.keys };
      await noteDeployed(
        folder,
        disks.map((disk) => disk.name),
        done,
        { emit, signal },
      );
    }
  }
  let acceptance: Verdict | null = null;
  let screenshot: string | null = null;
  if (failure === null && until === 'accepted') {
    progress.enter('boot');
    const installed = { ...machine, firmware: firmware.boots, ephemeral: null, artifact: null };
    await prepareBoot(installed, signal);
    const env = request.env ?? process.env;
    const look = { machine: installed, request, progress, mounts: layout.mounts, env };
    const afterPowerCut = typeof request.powerCut === 'number';
    let booted = afterPowerCut
      ? await bootInstalled(installed, (booting) => untilPowerCut(booting, request.powerCut!, look), options)
      : null;
    if (afterPowerCut && booted?.failure === null) {
      emit({ type: 'notice', level: 'info', message: 'the power is cut; the machine boots again' });
      progress.enter('boot');
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
    ...{ artifact, baseImage, layout: name, after: turn.after, until, curtin: version },
    ephemeral: { kind: ephemeral.kind, name: ephemeral.name },
    ...{ accelerator, secureBoot: request.secureBoot === true, seconds: seconds() },
    deployedBefore: before && { at: before.at, seconds: before.seconds },
    ...{ phases: progress.done, failure, folder, acceptance, screenshot },
  };
  await writeFileAtomic(files.result, `${json(redactDeep(result), 2)}\n`, { mode: 0o600 });
  return result;
}

/** Packs the installer and serves what the machine fetches. @returns curtin's version, and the file that is the machine's disk of the artifact */
async function prepare(
  { folder, layout, identity, keys, more }: Turn,
  { request, artifact, curtin, accelerator, ephemeral, disks, server }: Rehearsing,
  { sshKey, onUnreadable }: Pick<Given, 'sshKey' | 'onUnreadable'>,
): Promise<{ version: string; onDisk: string | null }> {
  const { emit, signal, baseImage } = request;
  const wire = request.wire === true || ephemeral.disk === null;
  const aptProxy = `${identity.origin}/`;
  const deployment: Deployment = { identity, keys, layout, disks, baseImage, aptProxy, more };
  const file = archiveName(artifact);
  const { version, installer } = await packInstaller(curtin, {
    configs: curtinConfigs(deployment),
    source: wire ? `${identity.origin}${paths(identity).image(file)}` : ARTIFACT_SOURCE,
    signal,
  });
  emit({ type: 'notice', level: 'info', message: `curtin ${version}; ${ephemeralPhrase(ephemeral)}` });
  const images = new Map([[file, artifact]]);
  if (ephemeral.squashfs !== null) images.set('squashfs', ephemeral.squashfs);
  server.give({
    identity,
    keys,
    artifact,
    images,
    sshKey,
    onUnreadable,
    systemData: request.node?.userData ?? '',
    preseed: preseed(deployment),
    userData: installer,
  });
  if (wire) return { version, onDisk: null };
  const { unpacked: to } = rehearsalFiles(folder);
  return {
    version,
    onDisk: accelerator === 'kvm' ? artifact : await unpacked(artifact, to, { emit, signal }),
  };
}

/** As MAAS calls the file, by which curtin knows nothing: it looks at the bytes. */
function archiveName(artifact: string): string {
  if (/\.(?:tar\.xz|txz)$/.test(artifact)) return 'root.txz';
  return /\.(?:tar\.bz2|tbz)$/.test(artifact) ? 'root.tbz' : 'root.tgz';
}
