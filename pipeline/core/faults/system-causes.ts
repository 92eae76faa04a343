import type { FaultCode } from './catalogue.ts';

interface Cause {
  code: FaultCode;
  why: string;
  hint: string;
}

/** The meanings of the system's error codes for disks, paths, permissions and limits. */
export const SYSTEM_CAUSES = new Map<string, Cause>();

function cause(codes: string, code: FaultCode, why: string, hint: string): void {
  for (const name of codes.split(' ')) SYSTEM_CAUSES.set(name, { code, why, hint });
}

cause(
  'ENOSPC EDQUOT',
  'DISK_FULL',
  'No space left on the disk',
  'Free some space, or set `workspace:` in dgxos-maas.yaml to a larger disk, and run the command again.',
);
cause(
  'EACCES EPERM EROFS',
  'NO_PERMISSION',
  'No permission',
  'Run as the owner of that folder, or set `workspace:` to a folder that you may write.',
);
cause('ENOENT', 'PATH_UNUSABLE', 'There is no such file or folder', 'Check the path.');
cause('ENOTDIR', 'PATH_UNUSABLE', 'A part of the path is a file, not a folder', 'Check the path.');
cause('EISDIR', 'PATH_UNUSABLE', 'It is a folder, not a file', 'Name a file.');
cause('ENOTREG ENXIO ENODEV ESPIPE', 'PATH_UNUSABLE', 'It is not a file', 'Name a file.');
cause('EEXIST ENOTEMPTY', 'PATH_UNUSABLE', 'It already exists', 'Move it away, or use another path.');
cause('ENAMETOOLONG', 'PATH_UNUSABLE', 'The path or a name in it is too long', 'Use a shorter path.');
cause(
  'ELOOP',
  'PATH_UNUSABLE',
  'The path leads through too many symbolic links',
  'Check where its links lead.',
);
cause('EINVAL EILSEQ ERR_INVALID_ARG_VALUE', 'PATH_UNUSABLE', 'The path cannot be used', 'Check the path.');
cause('EXDEV EMLINK', 'PATH_UNUSABLE', 'The file system cannot do that', 'Use a path on one file system.');
cause(
  'EFBIG ERR_FS_FILE_TOO_LARGE ERR_STRING_TOO_LONG',
  'PATH_UNUSABLE',
  'The file is too large',
  'Check that it is the file that you mean.',
);
cause(
  'EMFILE ENFILE ENOMEM EAGAIN ENOLCK',
  'HOST_LIMIT',
  'A limit of the host or the shell was reached',
  'Check `ulimit -a` and the free memory, and run the command again.',
);
cause(
  'EIO ESTALE EREMOTEIO EBUSY ETXTBSY ENOTSUP ENOTCONN ETIMEDOUT EUCLEAN',
  'IO_FAILED',
  'The disk or the file system failed',
  'Check `dmesg`; a network file system may be unavailable. Then run the command again.',
);
cause('E2BIG ENOEXEC', 'TOOL_FAILED', 'A tool cannot be started', 'Check the tool that the message names.');

/** The reason of an error for the middle of a sentence: in plain words if the system raised it, else its message. */
export function reasonOf(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  // Node begins a message of the system with its code; one of ours says more than the table.
  const why = message.startsWith(`${code}: `) ? SYSTEM_CAUSES.get(code)?.why : undefined;
  return why === undefined ? message : `${why[0]?.toLowerCase()}${why.slice(1)}`;
}
