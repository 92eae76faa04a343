import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { $, type ProcessOutput } from 'zx';
import { Fault } from '../../pipeline/core/faults/fault.ts';
import { redact } from '../../pipeline/core/secrets/registry.ts';
import { PROXY_VARIABLES } from '../../pipeline/host/process/environment.ts';
import { shellWord } from '../../pipeline/host/process/shell-word.ts';

/** Commands get our environment without what may hold a secret. */
const KEPT_ENV = ['PATH', 'HOME', ...PROXY_VARIABLES];

interface Change {
  /** Given to the command by stdin; never shown. */
  input?: string;
  env?: Record<string, string>;
  /** Such as "10m". */
  timeout?: `${number}m`;
}

/** The Ubuntu host: looked at freely, changed only outside a dry run, every step reported in one line. */
export class Host {
  readonly dryRun: boolean;
  readonly #root: string;
  #changes = 0;

  /** @param root where /etc and the like are; only tests have another than "/" */
  constructor({ dryRun, root }: { dryRun: boolean; root: string }) {
    this.dryRun = dryRun;
    this.#root = root;
  }

  /** The text of a file, or undefined when there is none, or none that we may read. */
  async file(path: string): Promise<string | undefined> {
    return readFile(this.path(path), 'utf8').catch(() => undefined);
  }

  path(path: string): string {
    return join(this.#root, path);
  }

  /** Whole seconds since 1970, or undefined. */
  async changedAt(path: string): Promise<number | undefined> {
    const found = await stat(this.path(path)).catch(() => undefined);
    return found && Math.floor(found.mtimeMs / 1000);
  }

  /** Runs a command that changes nothing; what it answers is a result, a command that is not there exit code 127. */
  async look(argv: string[], env: Record<string, string> = {}): Promise<ProcessOutput> {
    return this.#run(argv, { env, timeout: '5m' });
  }

  /** Nothing to do for this step. */
  already(what: string): void {
    this.#say('is so', what);
  }

  /**
   * Runs a command that changes the host; in a dry run only its argv is printed.
   * @throws Fault TOOL_FAILED with the last lines of what it said
   */
  async change(what: string, argv: string[], change: Change = {}): Promise<void> {
    this.#changes += 1;
    const env = Object.entries(change.env ?? {}).map(([name, value]) => `${name}=${value}`);
    const shown = [...env, ...argv].map(shellWord).join(' ');
    this.#say(this.dryRun ? 'would do' : 'doing', what);
    process.stdout.write(
      `          ${shown}${change.input === undefined ? '' : '  (the secret on stdin)'}\n`,
    );
    if (this.dryRun) return;
    const result = await this.#run(argv, change);
    if (result.exitCode !== 0) throw failed(argv, result);
  }

  async mustBeUbuntu(): Promise<void> {
    const release = (await this.file('/etc/os-release')) ?? '';
    if (!/^ID="?ubuntu"?$/m.test(release))
      throw new Fault('TOOL_MISSING', 'MAAS is packaged for Ubuntu, and this host is another system', {
        hint: 'Run this on the Ubuntu host that should become the MAAS region controller.',
      });
  }

  async mustBeRoot(): Promise<void> {
    if ((await this.look(['id', '-u'])).stdout.trim() !== '0')
      throw new Fault('NO_PERMISSION', 'Installing MAAS needs root', {
        hint: 'sudo scripts/install-maas …, or --dry-run to see the commands.',
      });
  }

  finish(url: string): void {
    const { stdout } = process;
    if (this.#changes === 0) stdout.write('Nothing to do.\n');
    else if (this.dryRun) stdout.write(`${this.#changes} changes; nothing was done.\n`);
    else stdout.write(`${this.#changes} changes done. Next: dgxos-maas login ${url}\n`);
  }

  #say(state: string, what: string): void {
    process.stdout.write(redact(`${state.padEnd(9)} ${what}\n`));
  }

  async #run(argv: string[], { input, env = {}, timeout = '60m' as const }: Change): Promise<ProcessOutput> {
    const kept = Object.fromEntries(
      KEPT_ENV.flatMap((name) => {
        const value = process.env[name];
        return value === undefined ? [] : [[name, value]];
      }),
    );
    // A secret is read by getpass from the terminal if there is one, else from stdin: a session of its own has none.
    const detached = input !== undefined;
    // SHLVL: without it bash takes our pipe for a remote shell's and reads ~/.bashrc.
    const shell = $({
      input: input ?? '',
      env: { ...kept, LC_ALL: 'C.UTF-8', SHLVL: '1', ...env },
      nothrow: true,
      quiet: true,
      detached,
      timeout,
    });
    return shell`${argv}`;
  }
}

/** The fault for a command that failed, with the end of what it said. */
export function failed(
  argv: string[],
  result: { exitCode: number | null; stderr: string; stdout?: string },
): Fault {
  const said = (result.stderr.trim() || (result.stdout ?? '').trim()).split('\n').slice(-12).join('\n');
  return new Fault(
    'TOOL_FAILED',
    `${argv.slice(0, 2).join(' ')} ended with exit code ${result.exitCode ?? 'of a time-out'}`,
    {
      detail: said || undefined,
      hint: 'Fix the cause and run this script again; it continues there.',
    },
  );
}
