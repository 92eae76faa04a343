import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fromSystemError } from '../../core/faults/fault.ts';
import { makeFolders } from '../files/folders.ts';
import { supervise } from '../process/supervise.ts';
import { MACHINE, type SshTarget, sshConfig } from './config-file.ts';
import { shellLine } from './quote.ts';

/** An argv, or one line for `sh`. */
export type RemoteCommand = string | readonly string[];

export interface RemoteResult {
  /** Of the command; null when ssh itself failed and the command may not have run. */
  exitCode: number | null;
  stdout: string;
  stderr: string;
  timedOut: boolean;
  /** More was written than is kept: of each stream there is the end only. */
  cut: boolean;
  seconds: number;
}

export interface RemoteOptions {
  /** By sudo, without a password: what MAAS' images let their first user do. */
  root?: boolean;
  timeoutMs: number;
  signal: AbortSignal;
  /** Characters kept of each stream. */
  keep?: number;
}

/** Exit code of ssh for an error of its own. */
const SSH_FAILED = 255;

/** One machine that answers ssh. Each command is a connection of its own: a machine may reboot in between. */
export class Remote {
  readonly target: SshTarget;
  readonly #config: string;
  readonly #knownHosts: string;
  readonly #env: Record<string, string>;

  private constructor(target: SshTarget, dir: string, env: NodeJS.ProcessEnv) {
    this.target = target;
    this.#config = join(dir, 'ssh_config');
    this.#knownHosts = join(dir, 'known_hosts');
    this.#env = env.SSH_AUTH_SOCK === undefined ? {} : { SSH_AUTH_SOCK: env.SSH_AUTH_SOCK };
  }

  /**
   * Writes what ssh reads into `dir`, which belongs to this deployment alone; connects nowhere yet.
   * @param bastionKnownHosts where the bastion's key is kept
   * @throws Fault USAGE, MAAS_PROTOCOL, DISK_FULL, NO_PERMISSION
   */
  static async prepare(
    target: SshTarget,
    dir: string,
    { bastionKnownHosts, env }: { bastionKnownHosts: string; env: NodeJS.ProcessEnv },
  ): Promise<Remote> {
    const remote = new Remote(target, dir, env);
    const text = sshConfig(remote.#config, target, {
      machine: remote.#knownHosts,
      bastion: bastionKnownHosts,
    });
    try {
      await makeFolders(dir, 0o700);
      await makeFolders(dirname(bastionKnownHosts), 0o700);
      // The keys pinned for an earlier deployment are not those of this one.
      await writeFile(remote.#knownHosts, '', { mode: 0o600 });
      await writeFile(remote.#config, text, { mode: 0o600 });
    } catch (error) {
      throw fromSystemError(error, `preparing ssh in ${dir}`);
    }
    return remote;
  }

  /** The argv that runs a command on the machine. */
  argv(command: RemoteCommand, root = false): [string, ...string[]] {
    const line = typeof command === 'string' ? shellLine(['sh', '-c', command]) : shellLine(command);
    return ['ssh', '-F', this.#config, MACHINE, root ? `sudo -n ${line}` : line];
  }

  /**
   * Runs a command; whatever it says and however it ends is a result.
   * @throws Fault TOOL_MISSING without ssh, INTERRUPTED
   */
  async run(command: RemoteCommand, options: RemoteOptions): Promise<RemoteResult> {
    const keep = options.keep ?? 1_000_000;
    const { exitCode, stdout, stderr, timedOut, seconds } = await supervise(
      this.argv(command, options.root),
      {
        env: this.#env,
        timeoutMs: options.timeoutMs,
        signal: options.signal,
        keep,
        // ssh has no children that outlive it: a bastion's connection ends with its pipe.
        guarded: false,
        graceMs: 800,
        reason: 'look into a deployed machine',
      },
    );
    return {
      exitCode: exitCode === SSH_FAILED || timedOut ? null : exitCode,
      stdout,
      stderr,
      timedOut,
      cut: stdout.length >= keep || stderr.length >= keep,
      seconds,
    };
  }

  /** The host keys that were pinned, as "type base64"; none before the first connection. */
  async hostKeys(): Promise<string[]> {
    const text = await readFile(this.#knownHosts, 'utf8').catch(() => '');
    return text.split('\n').flatMap((line) => {
      const [, type, key] = line.split(' ');
      return type && key ? [`${type} ${key}`] : [];
    });
  }
}
