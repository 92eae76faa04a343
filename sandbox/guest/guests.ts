import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SandboxError } from '../error.ts';
import type { GuestAddress, GuestImage, GuestMachine, Guests } from '../machines/guests.ts';
import { type FirstBoot, firstBoot, newHostKey } from './first-boot.ts';
import type { RunTool } from './run-tool.ts';
import { type Output, type SshServer, startSshServer } from './ssh-server.ts';
import { guestFacts, putStandIns, STAND_INS } from './stand-ins.ts';
import { type TroubleRule, troublesOf } from './troubles.ts';
import { inside, unpack } from './unpack.ts';

export interface GuestsOptions {
  /** The folder of unpacked images: a machine's disk, as a folder that stays until its next deployment. */
  dir: string;
  /** The same for every machine, as each has its own address. */
  port: number;
  /** The starter of tar, chroot and others. */
  run: RunTool;
  /** GPUs of every machine whose image brings the driver. */
  gpus?: number;
  /** The troubles of machines; may grow while they run, and apply to later deployments. */
  troubles?: TroubleRule[];
}

/** cloud-init's user in Ubuntu. */
const USER = 'ubuntu';
const PATH = `${STAND_INS}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
/** curtin unpacks these; a disk image would need a disk. */
const TARS = ['tgz', 'tbz', 'txz', 'root-tgz', 'root-tbz', 'root-txz'];

/**
 * Guests that are directories: the uploaded image is unpacked as curtin does it, its first boot is imitated, and a session by
 * ssh runs in it with the directory as its root. Bytes, unpacking, files and ssh are real; systemd, kernel and GPUs are
 * stand-ins.
 */
export function directoryGuests(options: GuestsOptions): Guests {
  const running = new Map<string, { server: SshServer | null; abort: AbortController }>();
  const sameKey = newHostKey();

  async function stop(systemId: string): Promise<void> {
    const guest = running.get(systemId);
    if (!guest) return;
    running.delete(systemId);
    // Before its commands end: a machine without power answers nothing any more.
    const closed = guest.server?.close();
    guest.abort.abort(new SandboxError('TERMINATED', `${systemId} was turned off`));
    await closed;
  }

  return {
    stop,
    async start(machine: GuestMachine, image: GuestImage): Promise<GuestAddress> {
      await stop(machine.systemId);
      const root = join(options.dir, machine.systemId);
      const abort = new AbortController();
      const guest = { server: null as SshServer | null, abort };
      running.set(machine.systemId, guest);
      const troubles = troublesOf(options.troubles ?? [], machine.hostname);
      const { address } = machine;
      const { blobPath } = image;
      let disk = await diskOf(root, machine.deployment);
      if (!disk) {
        await rm(noteOf(root), { force: true });
        if (blobPath !== null) await unpackImage(options.run, blobPath, image, root, abort.signal);
        else await mkdir(root, { recursive: true });
        disk = await firstBoot(root, machine, { run: options.run, user: USER, troubles, sameKey });
        await writeFile(noteOf(root), JSON.stringify({ ...disk, deployment: machine.deployment }), {
          mode: 0o600,
        });
      }
      const { machineId, hostKey } = disk;
      await putStandIns(root, guestFacts(root, machine, { gpus: options.gpus ?? 8, machineId }), troubles);
      if (troubles.has('no-ssh')) return { address, port: options.port };
      guest.server = await startSshServer({
        address,
        port: options.port,
        hostKey,
        user: USER,
        authorizedKeys: troubles.has('no-keys') ? [] : machine.sshKeys,
        exec: (line, out, aborted) =>
          blobPath === null
            ? emptySession(line, image.resource, out)
            : session(options.run, root, line, out, AbortSignal.any([aborted, abort.signal])),
      });
      // Released while it was being started.
      if (abort.signal.aborted) await guest.server.close();
      return { address, port: guest.server.port };
    },
  };
}

const noteOf = (root: string) => `${root}.json`;

/** The state that the first boot of this deployment left, when the machine is only turned on again. */
async function diskOf(root: string, deployment: number): Promise<FirstBoot | undefined> {
  try {
    const note = JSON.parse(await readFile(noteOf(root), 'utf8')) as FirstBoot & { deployment: number };
    return note.deployment === deployment ? note : undefined;
  } catch {
    return undefined;
  }
}

async function unpackImage(
  run: RunTool,
  file: string,
  image: GuestImage,
  root: string,
  signal: AbortSignal,
): Promise<void> {
  if (!TARS.includes(image.filetype ?? ''))
    throw new SandboxError(
      'TAR_INVALID',
      `A guest of the sandbox is made of a tgz, tbz or txz, not of ${image.filetype}`,
    );
  await unpack(run, file, root, signal);
}

/** Ubuntu itself has no bytes in a sandbox: such a machine answers, and has nothing to run. */
async function emptySession(line: string, resource: string, out: Output): Promise<number> {
  if (/^(sh -c )?'?(exit 0|true)'?$/.test(line)) return 0;
  out.stderr(`${resource} has no bytes in this sandbox, so nothing can run here\n`);
  return 127;
}

/** Runs one line in the root, as its login shell would. */
async function session(
  run: RunTool,
  root: string,
  line: string,
  out: Output,
  signal: AbortSignal,
): Promise<number> {
  const { exitCode, stdout, stderr } = await run(inside(root, ['/bin/sh', '-c', line]), {
    env: { PATH, HOME: `/home/${USER}`, USER, LOGNAME: USER },
    signal,
    keep: 8_000_000,
    graceMs: 1000,
  }).catch((error) => {
    // The runner says only that it was interrupted.
    throw signal.reason instanceof SandboxError ? signal.reason : error;
  });
  out.stdout(stdout);
  out.stderr(stderr);
  return exitCode;
}
