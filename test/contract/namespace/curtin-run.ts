import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { TEMPLATES } from '../../../pipeline/install/render/templates.ts';
import { liveRoot } from './medium.ts';

/** The result of an installation, without what belongs to a run. */
export interface Observed {
  code: number;
  /** Output of its commands. */
  said: string[];
  /** Mode, owner and content of the files in the target, but for programs and libraries, by their paths. */
  files: Record<string, string>;
}

/** The interpreter as it is rendered, or a checkout of curtin. */
export type Curtin = { interpreter: true } | { checkout: string };

export interface CurtinRun extends Observed {
  stderr: string;
  console: string[];
}

/** Folder with the archives of the sources: `root.tgz` with programs, `etc.tar.xz` and `etc.tgz` over it. */
export function makeSources(dir: string): void {
  liveRoot(join(dir, 'root'));
  rmSync(join(dir, 'root/curtin'), { recursive: true });
  mkdirSync(join(dir, 'root/tmp'));
  for (const [name, text] of [
    ['one', 'one\n'],
    ['two', 'two\n'],
  ] as const) {
    mkdirSync(join(dir, name, 'etc'), { recursive: true });
    writeFileSync(join(dir, name, 'etc/last'), text);
    writeFileSync(join(dir, name, `etc/${name}`), text);
  }
  writeFileSync(join(dir, 'two/etc/resolv.conf'), "the image's\n");
  mkdirSync(join(dir, 'two/curtin'));
  writeFileSync(join(dir, 'two/curtin/finalize'), '#!/bin/sh\necho "finalize $#"\n', { mode: 0o755 });
  for (const [folder, to, by] of [
    ['root', 'root.tgz', '-z'],
    ['one', 'one.tar.xz', '-J'],
    ['two', 'two.tgz', '-z'],
    ['two', 'two.tar.bz2', '-j'],
  ] as const)
    execFileSync('tar', [by, '--owner=0', '--group=0', '-cf', join(dir, to), '-C', join(dir, folder), '.']);
}

/**
 * Runs `curtin install` of a configuration in a mount namespace of its own; `@S@` in it stands for the folder of the sources, `@T@` for
 * one of this run's.
 */
export async function runCurtin(curtin: Curtin, config: string, sources: string): Promise<CurtinRun> {
  const dir = mkdtempSync(join(tmpdir(), 'curtin-run-'));
  try {
    const bin = join(dir, 'bin');
    for (const folder of [bin, join(dir, 'target')]) mkdirSync(folder);
    // Says what it was asked for: it need not be on this host.
    writeFileSync(join(bin, 'rsync'), '#!/bin/sh\necho "rsync $* in $(pwd)"\n', { mode: 0o755 });
    if ('interpreter' in curtin) {
      chmodSync(join(TEMPLATES, 'namespace/interpreter/main.py'), 0o755);
      symlinkSync(join(TEMPLATES, 'namespace/interpreter/main.py'), join(bin, 'curtin'));
    }
    const first = 'interpreter' in curtin ? bin : `${join(curtin.checkout, 'bin')}:${bin}`;
    const own = (text: string) => text.replaceAll('@T@', dir).replaceAll('@S@', sources);
    writeFileSync(join(dir, 'curtin.yaml'), own(config));
    const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
    const argv = [
      '--mount',
      '--propagation',
      'private',
      'curtin',
      'install',
      '--config',
      join(dir, 'curtin.yaml'),
    ];
    const result = await execa('unshare', [...user, ...argv], {
      ...{ cwd: dir, reject: false, extendEnv: false, stdin: 'ignore' },
      env: {
        ...{ PATH: `${first}:/usr/sbin:/usr/bin:/sbin:/bin`, HOME: '/root', LANG: 'C.UTF-8' },
        ...{ PYTHONDONTWRITEBYTECODE: '1', CURTIN_CONSOLE: join(dir, 'console') },
      },
    });
    const normal = (text: string) =>
      text
        .replace(/\/\S*?\/tmp[a-z0-9_]{8}\//g, 'TOP/')
        .replaceAll(dir, 'T')
        .replaceAll(sources, 'S')
        .split('\n')
        .filter(
          (line) => !/^curtin: |^(?:PATH|PYTHON\w*|CURTIN_CONSOLE|_|OLDPWD|SHLVL)=/.test(line) && line !== '',
        );
    return {
      code: result.exitCode ?? -1,
      said: normal(result.stdout),
      files: filesOf(join(dir, 'target'), normal),
      stderr: result.stderr,
      console: existsSync(join(dir, 'console'))
        ? readFileSync(join(dir, 'console'), 'utf8').split('\n').filter(Boolean)
        : [],
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function filesOf(target: string, normal: (text: string) => string[]): Record<string, string> {
  const found: Record<string, string> = {};
  const resolver = readFileSync('/etc/resolv.conf', 'utf8');
  for (const path of readdirSync(target, { recursive: true, encoding: 'utf8' }).sort()) {
    const stat = lstatSync(join(target, path));
    if (!stat.isFile() || /^(?:usr|bin|sbin|lib|lib64)\//.test(path)) continue;
    const text = readFileSync(join(target, path), 'utf8');
    // Of the host that this runs on.
    const content = text === resolver ? "the live system's" : normal(text).join('|');
    found[path] =
      path === 'etc/resolv.conf'
        ? content
        : `${(stat.mode & 0o7777).toString(8)} ${stat.uid}:${stat.gid} ${content}`;
  }
  return found;
}
