import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { DEMO } from '../../../scripts/iso/inputs.ts';

const LIVE = join(DEMO, 'live', 'files');

export interface Outcome {
  exitCode: number;
  /** Lines on the serial console. */
  console: string[];
  log: string;
  stderr: string;
}

/** The live system's programs in a directory of their own instead of a machine. */
export class StandIn {
  readonly dir: string;
  private constructor(dir: string) {
    this.dir = dir;
  }

  static async open(): Promise<StandIn> {
    const dir = await mkdtemp(join(tmpdir(), 'demo-stand-in-'));
    await mkdir(join(dir, 'target'));
    await writeFile(join(dir, 'console'), '');
    return new StandIn(dir);
  }

  async close(): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
  }

  path(...names: string[]): string {
    return join(this.dir, ...names);
  }

  /** `curtin install` of a configuration given as text, or as a value with the paths of this directory laid under it. */
  async install(config: string | Record<string, unknown>): Promise<Outcome> {
    const install = { log_file: this.path('curtin.log'), target: this.path('target') };
    const value =
      typeof config === 'string'
        ? config
        : stringify({ ...config, install: { ...install, ...(config.install as object | undefined) } });
    await writeFile(this.path('curtin.yaml'), value);
    return this.run([join(LIVE, 'usr/bin/curtin'), 'install', '--config', this.path('curtin.yaml')]);
  }

  /** preseed.sh with the given kernel parameters; curtin is a program that keeps the configuration it is given. */
  async preseed(parameters: string): Promise<Outcome> {
    await writeFile(this.path('cmdline'), `${parameters}\n`);
    await mkdir(this.path('bin'), { recursive: true });
    await writeFile(this.path('bin/curtin'), `#!/bin/sh\necho "$@" > "${this.path('curtin.argv')}"\n`);
    await chmod(this.path('bin/curtin'), 0o755);
    return this.run([join(LIVE, 'curtin/preseed.sh')], { PATH: `${this.path('bin')}:${process.env.PATH}` });
  }

  /** A line of bash after preseed.sh's functions are known. */
  async preseedFunction(line: string, ...args: string[]): Promise<string> {
    const script = `. "$PRESEED"; ${line}`;
    const env = {
      PRESEED: join(LIVE, 'curtin/preseed.sh'),
      DEMO_RUN: this.dir,
      DEMO_CURTIN: join(LIVE, 'curtin'),
    };
    return (await execa('bash', ['-c', script, 'test', ...args], { env, stripFinalNewline: false })).stdout;
  }

  private async run(argv: string[], env: Record<string, string> = {}): Promise<Outcome> {
    const result = await execa(argv[0] as string, argv.slice(1), {
      reject: false,
      env: {
        PATH: `${join(LIVE, 'usr/bin')}:${process.env.PATH}`,
        PYTHONDONTWRITEBYTECODE: '1',
        DEMO_CURTIN_LIB: join(LIVE, 'usr/lib/demo-curtin'),
        DEMO_CONSOLE: this.path('console'),
        DEMO_CMDLINE: this.path('cmdline'),
        DEMO_CURTIN: join(LIVE, 'curtin'),
        DEMO_RUN: this.path('run'),
        ...env,
      },
    });
    const read = async (name: string) => readFile(this.path(name), 'utf8').catch(() => '');
    return {
      exitCode: result.exitCode ?? -1,
      console: (await read('console')).split('\n').filter(Boolean),
      log: await read('curtin.log'),
      stderr: result.stderr,
    };
  }
}
