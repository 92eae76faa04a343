import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CLI } from '../../cli.ts';

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
  /** The one object of --json. */
  // biome-ignore lint/suspicious/noExplicitAny: the tests say what they expect in it
  json: any;
}

/** A home and a working folder of their own for the real command line; keeps everything that was ever said. */
export class Host {
  readonly dir = mkdtempSync(join(tmpdir(), 'host-'));
  readonly env: Record<string, string>;
  /** All output, and the arguments of every process seen below the command. */
  said = '';

  constructor(env: Record<string, string> = {}) {
    this.env = {
      PATH: process.env.PATH ?? '',
      HOME: this.dir,
      XDG_STATE_HOME: join(this.dir, 'state'),
      XDG_CONFIG_HOME: join(this.dir, 'config'),
      XDG_CACHE_HOME: join(this.dir, 'cache'),
      NO_COLOR: '1',
      ...env,
    };
  }

  run(
    args: readonly string[],
    { input = '', env = {} as Record<string, string>, cwd = this.dir } = {},
  ): Promise<Ran> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [CLI, ...args], {
        cwd,
        env: { ...this.env, ...env },
      });
      let [stdout, stderr] = ['', ''];
      const look = () => {
        this.said += commandLines(child.pid);
      };
      child.stdout.on('data', (part) => {
        look();
        stdout += part;
      });
      child.stderr.on('data', (part) => {
        look();
        stderr += part;
      });
      const timer = setInterval(look, 50);
      child.on('error', reject);
      child.on('close', (code) => {
        clearInterval(timer);
        this.said += stdout + stderr;
        resolve({
          code,
          stdout,
          stderr,
          get json() {
            return JSON.parse(stdout);
          },
        });
      });
      child.stdin.on('error', () => {});
      child.stdin.end(input);
    });
  }

  /** Every file below the host's folder, with its path. @param but those that may hold a key */
  written(but: readonly string[] = []): string {
    return readdirSync(this.dir, { recursive: true, encoding: 'utf8' })
      .map((name) => join(this.dir, name))
      .filter((path) => !but.includes(path) && statSync(path).isFile())
      .map((path) => `${path}\n${readFileSync(path, 'latin1')}`)
      .join('\n');
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Arguments of a process and of those below it, where the kernel still has them. */
function commandLines(pid: number | undefined): string {
  try {
    const own = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean);
    return `${own}\n${children.map((child) => commandLines(Number(child))).join('')}`;
  } catch {
    return '';
  }
}

/** Every spelling in which a key or a part of it could lie somewhere. */
export function spellings(key: string): string[] {
  return [key, ...key.split(':')].flatMap((part) => {
    const bytes = Buffer.from(part);
    // Inside a longer text, base64 starts at any of three places.
    const inside = [0, 1, 2].map((skip) =>
      Buffer.from(bytes.subarray(skip, skip + Math.floor((bytes.length - skip) / 3) * 3)).toString('base64'),
    );
    return [part, encodeURIComponent(part), bytes.toString('hex'), ...inside, [...part].reverse().join('')];
  });
}
