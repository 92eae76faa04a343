import { plain } from '../../core/escape/terminal.ts';
import { Fault } from '../../core/faults/fault.ts';
import { reasonOf } from '../../core/faults/system-causes.ts';
import type { Stop } from '../../host/vm/stops.ts';

/** QEMU's own failure, which says nothing on the image. */
export function stopped(qemu: string): Fault {
  return new Fault('REHEARSAL_STOPPED', 'The machine of the rehearsal ended by an error of QEMU', {
    detail: qemu,
    hint: 'Check the free memory of the host, or give the machine less: --memory.',
  });
}

/** The remedies, by the system's words for the error of a file. */
const REMEDIES: readonly [says: RegExp, hint: string][] = [
  [
    /^no space left|^disk quota exceeded/i,
    'Look at the space, the inodes and the quota there (`df -h`, `df -i`, `quota -s`): free some, ask for more, or set `cache:` to a folder on another disk.',
  ],
  [
    /^file too large/i,
    'A file may not become as large there: look at `ulimit -f` and at the limit of the file system, or set `cache:` to a folder on another disk.',
  ],
  [
    /^stale (?:nfs )?file handle|^(?:remote i\/o error|connection timed out|transport endpoint|host is down)/i,
    'The file system is a remote one: look at its server and at `dmesg`, or set `cache:` to a folder on a disk of this host.',
  ],
];
const HEALTH = "Look at the disk's health: `dmesg`, `smartctl -a DEVICE`. Then run it again.";

/**
 * QEMU has stopped the machine since this host cannot read or write the file of a disk: the guest sees nothing of it, and no fault of the image is known.
 * @param files of the disk, the uppermost first
 */
export function machineStopped({ disk, operation, reason }: Stop, files: readonly string[]): Fault {
  if (disk === null)
    return new Fault('REHEARSAL_STOPPED', `QEMU has stopped the machine of the rehearsal: ${reason}`, {
      hint: 'Look at `dmesg` of this host; with nested virtualisation, --accelerator tcg is an alternative.',
    });
  return unusable(`${operation ?? 'use'} the machine's disk ${disk}`, reason, files);
}

/**
 * QEMU 7.2 does not stop a machine whose firmware's variables it cannot write: it prints it, and the boot entry of the installed system may be lost.
 * @param line of QEMU's
 * @returns undefined: it says something else
 */
export function variablesNotWritten(line: string, file: string): Fault | undefined {
  const reason = /\bCould not update PFLASH: (.{1,200})/.exec(line)?.[1];
  return reason === undefined
    ? undefined
    : unusable("write the variables of the machine's firmware", plain(reason), [file]);
}

function unusable(doing: string, reason: string, files: readonly string[]): Fault {
  return new Fault('REHEARSAL_STOPPED', `This host cannot ${doing}: ${reason}`, {
    detail: files.map((path, at) => `${at === 0 ? 'its file' : 'on top of'}: ${path}`).join('\n'),
    hint: REMEDIES.find(([says]) => says.test(reason))?.[1] ?? HEALTH,
  });
}

/** A file that the machine fetches, and that this host cannot read. */
export function unreadable(path: string, error: Error): Fault {
  return new Fault(
    'REHEARSAL_STOPPED',
    `This host cannot read ${path}, which the machine fetches: ${plain(reasonOf(error))}`,
    {
      hint: HEALTH,
      cause: error,
    },
  );
}
