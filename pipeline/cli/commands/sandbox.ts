import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { Fault } from '../../core/faults/fault.ts';
import type { Act } from '../command.ts';

interface SandboxFlags {
  dir?: string;
  port?: number;
  family?: string;
  maas?: string;
  regions?: number;
  front?: 'nginx';
  fault?: string[];
  machines?: number;
  fail?: string[];
  speed?: number;
  guests?: 'chroot' | 'qemu';
  curtin?: string[];
  guestPort: number;
  trouble?: string[];
  admin: boolean;
}

function whole(from: number, to: number) {
  return (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < from || value > to)
      throw new InvalidArgumentError(`The value must be a whole number from ${from} to ${to}.`);
    return value;
  };
}

function factor(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1000))
    throw new InvalidArgumentError('The value must be a number above 0, up to 1000.');
  return value;
}

const collect = (text: string, earlier: string[] = []): string[] => [...earlier, text];

/** `sandbox`: a server that answers as MAAS does, until it is interrupted. */
export function declare(program: Command, act: Act): void {
  program
    .command('sandbox')
    .description('start a server on loopback that answers as the MAAS API does; it is not MAAS')
    .option('--dir <dir>', 'folder for images, state and API key (default: sandbox in the state directory)')
    .option('--port <port>', 'port on 127.0.0.1 (default: a free one)', whole(1, 65_535))
    .option(
      '--family <version>',
      'version of MAAS to imitate, 2.8 to 3.8, or a release such as 3.5.3 (default: that of the folder, else 3.5)',
    )
    .addOption(new Option('--maas <version>', 'the same as --family').conflicts('family'))
    .option(
      '--regions <count>',
      'number of region controllers, each with its own copies (from 3.5 on)',
      whole(1, 100),
    )
    .addOption(
      new Option('--front <server>', 'answer as behind this web server, with its limits').choices(['nginx']),
    )
    .option('--fault <rule>', 'KIND:WHICH:FAULT[:ARGUMENT], such as put:3:reset; may be repeated', collect)
    .option(
      '--machines <count>',
      'number of machines that enlist at the start: gpu-001, gpu-002, …',
      whole(1, 10_000),
    )
    .option(
      '--fail <rule>',
      'HOST:STAGE[:HOW], such as gpu-007:commissioning or gpu-1*:deploying:once; may be repeated',
      collect,
    )
    .option('--speed <factor>', 'factor by which machines are faster than usual (seconds per stage)', factor)
    .addOption(
      new Option(
        '--guests [kind]',
        'deployed machines run the unpacked image and answer ssh (chroot), or are installed by real curtin in QEMU (qemu), see docs/acceptance.md',
      )
        .choices(['chroot', 'qemu'])
        .preset('chroot'),
    )
    .option(
      '--curtin <path...>',
      'for --guests qemu: curtin as `rehearse --curtin` takes it (DGXOS_MAAS_CURTIN)',
    )
    .option(
      '--guest-port <port>',
      'the ssh port of deployed machines, each at its own address',
      whole(1, 65_535),
      22_022,
    )
    .option(
      '--trouble <rule>',
      'HOST:TROUBLE for a guest, such as gpu-001:failed-unit; may be repeated',
      collect,
    )
    .option('--no-admin', 'print the key of a user who is not an administrator')
    .addHelpText(
      'after',
      '\nStdout is shell code, but eval "$(dgxos-maas sandbox …)" would wait for the end:\n' +
        'redirect it to a file and source the file. --verbose logs each request.',
    )
    .action(
      act(async (session, flags: SandboxFlags) => {
        const { serve } = await import('../serve-sandbox.ts');
        const { fault, fail, dir, guests, guestPort, trouble, curtin, maas, ...rest } = flags;
        const stray = guests === 'qemu' ? trouble : curtin;
        if (stray)
          throw new Fault(
            'USAGE',
            `--${curtin ? 'curtin' : 'trouble'} is not for --guests ${guests ?? '(none)'}`,
            {
              hint: '--trouble is for --guests chroot, --curtin for --guests qemu.',
            },
          );
        await serve(session, {
          ...rest,
          family: rest.family ?? maas,
          ssh: guests === 'chroot' ? { port: guestPort, troubles: trouble ?? [] } : undefined,
          qemu: guests === 'qemu' ? { port: guestPort, curtin } : undefined,
          faults: fault,
          failures: fail,
          dir: dir === undefined ? undefined : resolve(dir),
        });
      }),
    );
}
