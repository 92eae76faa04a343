import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';

const SCRIPT = join(import.meta.dirname, '../../../scripts/install-maas.ts');
const STAND_IN = join(import.meta.dirname, 'stand-in.py');
const COMMANDS = [
  'apt-get',
  'add-apt-repository',
  'dpkg-query',
  'maas-region',
  'systemctl',
  'snap',
  'maas',
  'id',
];
/** Those that only look. */
const LOOKS =
  /^(dpkg-query|id|systemctl show|snap list|maas apikey|maas config --show|maas-region local_config_get)\b/;

/** A terminal of its own around a command, such as that of the person who types it. */
const IN_TERMINAL = ['/usr/bin/python3', '-c', 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)'];

interface Call {
  argv: string[];
  env: string[];
}

/** An Ubuntu host made of files: its commands are stand-ins that note their calls; no other is on PATH. */
export class UbuntuHost {
  readonly dir = mkdtempSync(join(tmpdir(), 'ubuntu-host-'));
  readonly root = join(this.dir, 'root');

  constructor() {
    mkdirSync(join(this.dir, 'bin'));
    for (const name of COMMANDS) symlinkSync(STAND_IN, join(this.dir, 'bin', name));
    symlinkSync('/bin/bash', join(this.dir, 'bin/bash'));
    this.write('etc/os-release', 'ID=ubuntu\nVERSION_ID="22.04"\nVERSION_CODENAME=jammy\n');
    this.write('etc/apt/sources.list', 'deb http://archive.ubuntu.com/ubuntu jammy main\n');
  }

  write(path: string, text: string, mode = 0o644): string {
    const file = join(this.root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { mode });
    return file;
  }

  /** One run of the script; `calls` are the commands of this run alone. */
  async run(args: string[], { input = '', env = {} as Record<string, string>, terminal = false } = {}) {
    const log = join(this.root, 'calls.ndjson');
    rmSync(log, { force: true });
    const argv = [...(terminal ? IN_TERMINAL : []), process.execPath, SCRIPT, ...args];
    const result = await execa(argv[0] as string, argv.slice(1), {
      env: { PATH: join(this.dir, 'bin'), INSTALL_MAAS_ROOT: this.root, NO_COLOR: '1', ...env },
      extendEnv: false,
      input,
      reject: false,
    });
    let calls: Call[] = [];
    try {
      calls = readFileSync(log, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Call);
    } catch {
      // no command was started
    }
    const lines = calls.map(({ argv }) => argv.join(' '));
    return {
      code: result.exitCode,
      stdout: result.stdout,
      stderr: result.stderr,
      calls,
      lines,
      changes: lines.filter((line) => !LOOKS.test(line)),
    };
  }

  // biome-ignore lint/suspicious/noExplicitAny: the tests say what they expect in it
  get state(): any {
    return JSON.parse(readFileSync(join(this.root, 'state.json'), 'utf8'));
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
