import { type Command, InvalidArgumentError, Option } from 'commander';
import { EXIT } from '../../core/faults/catalogue.ts';
import { Fault } from '../../core/faults/fault.ts';
import type { Act } from '../command.ts';
import type { Session } from '../session.ts';

interface PackFlags {
  from: string;
  out?: string;
  partition?: number;
  fast?: boolean;
  small?: boolean;
  profile: string;
  baseImage?: string;
}

function partitionNumber(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text))
    throw new InvalidArgumentError('The value must be a number from 1 to 999.');
  return Number(text);
}

/** `pack --from DISK`: the checked artifact of a disk that somebody else has made. */
export function declare(program: Command, act: Act): void {
  program
    .command('pack')
    .description('pack and check a finished disk image (raw or qcow2, with an ext4 root)')
    .requiredOption('--from <disk>', 'the disk image of a machine that was shut down')
    .option('--out <file>', 'NAME.tar.gz (default: the name of the disk, in the current folder)')
    .option(
      '--partition <number>',
      'the partition with the root (default: the largest with an ext4 root)',
      partitionNumber,
    )
    .addOption(new Option('--fast', 'compress less').conflicts('small'))
    .option('--small', 'compress more')
    .option(
      '-p, --profile <profile>',
      'dgxos5, dgxos6, dgxos7, dgxos8, dgxos (by base image), demo or any-ubuntu',
      'any-ubuntu',
    )
    .option('--base-image <os/series>', 'the base image for MAAS, such as ubuntu/focal')
    .addHelpText(
      'after',
      '\nAs root, the kernel mounts the disk and nothing is lost; otherwise fuse2fs loses\n' +
        'sub-second times and trusted.* attributes. Exit code 6 if a blocker fails;\n' +
        'the files are kept for `validate` and `diff`.',
    )
    .action(act(pack));
}

async function pack(session: Session, flags: PackFlags): Promise<void> {
  const { basename } = await import('node:path');
  const stem = basename(flags.from).replace(/\.(?:raw|img|qcow2?)$/i, '');
  const out = flags.out ?? `${stem}.tar.gz`;
  if (!/[^/]\.(?:tar\.gz|tgz)$/.test(out))
    throw new Fault('USAGE', `"${out}" is not a name for an artifact`, {
      hint: 'Use a name that ends in .tar.gz or .tgz.',
    });
  if (flags.baseImage !== undefined && !/^[a-z]+\/[a-z0-9.-]+$/i.test(flags.baseImage))
    throw new Fault('USAGE', `"${flags.baseImage}" is not a base image`, {
      hint: 'Use os/series, such as ubuntu/focal.',
    });
  const { packDisk } = await import('../../image/disk/from-disk.ts');
  const { emit, signal, env } = session;
  const { packed, verdict, partition, read, files } = await packDisk({
    disk: flags.from,
    out,
    partition: flags.partition,
    level: flags.fast ? 'fast' : flags.small ? 'small' : 'normal',
    profile: flags.profile,
    baseImage: flags.baseImage ?? null,
    emit,
    signal,
    env,
  });
  const { verdictTable } = await import('../../report/text/verdict.ts');
  const { path, sha256, size, tarBytes } = packed;
  session.data(
    { ok: verdict.passed, file: path, size, sha256, tarBytes, partition, read, files, ...verdict },
    () => {
      const lost = read.loses.length > 0 ? `lost: ${read.loses.join(', ')}` : 'nothing lost';
      const table = verdictTable({ name: path, size, sha256 }, verdict, session.paint);
      return `${table.trimEnd()}\nRead by ${read.way}, ${lost}. Written:\n${files.map((file) => `  ${file}`).join('\n')}\n`;
    },
  );
  if (!verdict.passed) session.exitCode = EXIT.validation;
}
