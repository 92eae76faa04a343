import { Command, CommanderError } from 'commander';
import { json } from '../core/escape/json.ts';
import { EXIT } from '../core/faults/catalogue.ts';
import { fromSystemError } from '../core/faults/fault.ts';
import { redact } from '../core/secrets/registry.ts';
import { paint } from '../core/text/paint.ts';
import { keepMemorySteady } from '../host/process/memory.ts';
import { packageVersion } from '../host/process/package-root.ts';
import { FORMATS } from '../report/formats/table.ts';
import { faultText } from '../report/text/fault-text.ts';
import { declareCommands } from './commands.ts';
import { act } from './open-session.ts';

/**
 * Builds the program from the table of commands.
 * @param words of the command line: a command that they name is declared alone, so that a start does not pay for the others
 */
export async function program(words: readonly string[] = []): Promise<Command> {
  const top = new Command('dgxos-maas')
    .description(
      "Builds DGX OS images for MAAS: from the ISO or NVIDIA's packages to a checked boot resource, as one pipeline.",
    )
    .version(packageVersion(), '-V, --version')
    .option(
      '-c, --config <file>',
      'configuration file (default: dgxos-maas.yaml in this folder or one above)',
    )
    .option(FORMATS.json.option, FORMATS.json.help.stdout)
    .option('--events <file>', 'append every event as a JSON line to a file, or to an open one (fd:3)')
    .option('-v, --verbose', 'also show the output of tools')
    .option('-q, --quiet', 'no progress')
    .showHelpAfterError('(use --help for the options)')
    .showSuggestionAfterError(true)
    .configureHelp({ showGlobalOptions: true, minWidthToWrap: 20 })
    .addHelpText(
      'after',
      '\nExit codes: 0 success, 1 unclassified, 2 usage, 3 configuration, 4 missing tool\n' +
        'or host capability, 5 build failed, 6 image rejected, 7 MAAS refused,\n' +
        '8 differences (site plan --detailed-exitcode), 75 temporary (run it again),\n' +
        '77 nothing new (nightly --exit-code), 130 SIGINT, 143 SIGTERM.',
    );
  throwInsteadOfExit(top);
  await declareCommands(top, act, top.parseOptions([...words]).operands[0]);
  throwInsteadOfExit(top);
  return top;
}

function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  for (const sub of command.commands) throwInsteadOfExit(sub);
}

/** Parses the command line and runs the command; sets process.exitCode. */
export async function main(argv: readonly string[]): Promise<void> {
  keepMemorySteady();
  guardStreams();
  try {
    await (await program(argv.slice(2))).parseAsync(argv as string[]);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 || error.code === 'commander.help' ? EXIT.ok : EXIT.usage;
    if (process.exitCode === EXIT.usage && argv.includes('--json')) writeUsage(error);
  }
}

/**
 * A reader that went away (`| head`) is not a fault of ours: the command goes on and ends with its own code. A result that could
 * not be written, as on a full disk, is one.
 */
function guardStreams(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    const fault = fromSystemError(error, 'writing the result to stdout');
    process.once('exit', (code) => {
      if (code === EXIT.ok) process.exitCode = fault.exitCode;
    });
    process.stderr.write(`${faultText(fault, paint(false))}\n`);
  });
  // Nobody is left to hear of it.
  process.stderr.on('error', () => {});
}

/** The command line was not understood, so no session is there to write the object of --json. */
function writeUsage({ message }: CommanderError): void {
  const said = redact(message.replace(/^error: /, ''));
  const error = { code: 'USAGE', message: said, hint: '--help shows the options.', exitCode: EXIT.usage };
  process.stdout.write(`${json({ ok: false, error }, 2)}\n`);
}
