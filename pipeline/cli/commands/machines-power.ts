import type { Command } from 'commander';
import type { Act } from '../command.ts';
import type { Flags } from '../machines/batches.ts';
import { withBatch } from '../machines/options.ts';
import type { PowerFlags } from '../machines/power-flags.ts';

const collectPairs = (text: string, earlier: string[] = []): string[] => [...earlier, text];

/** The power driver by which MAAS turns a machine on and off, and its parameters; never a password itself. */
export function withPower(command: Command): Command {
  return command
    .option('--power-type <type>', 'ipmi, redfish, virsh, lxd, manual, … (the types that the MAAS supports)')
    .option(
      '--power <name=value>',
      'a power parameter, such as power_address=10.0.0.7; may be repeated',
      collectPairs,
    )
    .option('--power-password-env <variable>', 'the environment variable with the power password')
    .option('--power-password-file <file>', 'the file with the power password, "-" for stdin')
    .option(
      '--power-secret <name=where>',
      'another secret: k_g=env:VARIABLE or k_g=file:PATH; may be repeated',
      collectPairs,
    );
}

export function declarePower(machines: Command, act: Act): void {
  const power = machines.command('power').description('turn machines on and off, and configure their power');
  for (const want of ['on', 'off'] as const) {
    const command = withBatch(power.command(want)).description(`turn machines ${want}`);
    if (want === 'off')
      command.option('--soft', 'ask the operating system to shut down, if the power type can');
    command.option('--comment <text>', "text for the machine's event log").action(
      act(async (session, names: string[], flags: Flags) => {
        const { powerOnOff } = await import('../machines/power.ts');
        await powerOnOff(session, want, names, flags);
      }),
    );
  }
  withBatch(power.command('cycle'))
    .description('turn machines off and on again')
    .option('--soft', 'ask the operating system to shut down, if the power type can')
    .option('--comment <text>', "text for the machine's event log")
    .action(
      act(async (session, names: string[], flags: Flags) => {
        const { powerCycle } = await import('../machines/power.ts');
        await powerCycle(session, names, flags);
      }),
    );
  withBatch(power.command('status'))
    .description('show whether machines are on, as MAAS last saw it')
    .option('--query', 'ask each BMC now; takes up to a minute per machine')
    .action(
      act(async (session, names: string[], flags: Flags & { query?: boolean }) => {
        const { powerStatus } = await import('../machines/power.ts');
        await powerStatus(session, names, flags);
      }),
    );
  withPower(withBatch(power.command('set')))
    .description('set the power type and parameters; others are not changed')
    .action(
      act(async (session, names: string[], flags: Flags & PowerFlags) => {
        const { powerSet } = await import('../machines/power.ts');
        await powerSet(session, names, flags);
      }),
    );
}
