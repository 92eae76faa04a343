import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { NamespaceBuildRequest } from '../../../pipeline/install/namespace/build.ts';
import { renderBuild } from '../../../pipeline/install/render/render.ts';
import { example } from '../../unit/render/example.ts';

const PROGRAMS = [
  ...[
    'sh',
    'awk',
    'cat',
    'chmod',
    'cut',
    'cp',
    'dd',
    'df',
    'du',
    'env',
    'find',
    'grep',
    'ln',
    'ls',
    'mkdir',
    'mount',
  ],
  ...['mv', 'readlink', 'rm', 'sed', 'setsid', 'sleep', 'sync', 'tar', 'touch', 'umount'],
];

/** Leaves a root in the target that may be handed over. */
export const INSTALL = `mkdir -p /target/etc
echo ID=one > /target/etc/os-release
echo 'root:*:1::::::' > /target/etc/shadow
echo /target > /run/build-target`;

/** A folder with this host's programs and their libraries: the smallest live system. */
export function liveRoot(dir: string): void {
  for (const name of ['etc', 'usr/bin', 'usr/sbin', 'usr/lib', 'usr/lib64', 'curtin', 'var/log'])
    mkdirSync(join(dir, name), { recursive: true });
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, join(dir, name));
  const libraries = new Set<string>();
  for (const program of PROGRAMS) {
    const path = execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();
    copyFileSync(realpathSync(path), join(dir, 'usr/bin', program));
    const needs = execFileSync('ldd', [path], { encoding: 'utf8' });
    for (const [, library] of needs.matchAll(/(\/\S+) \(0x/g)) libraries.add(library!);
  }
  for (const library of libraries) {
    const to = join(dir, library.replace(/^\/(?=lib)/, '/usr/'));
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(realpathSync(library), to);
  }
}

/**
 * A medium whose installer is a script, and what a build of it is asked for.
 * @param preseed the script, run by sh; null: the live system has none
 */
export async function medium(
  preseed: string | null,
  { curtin = true, dir = mkdtempSync(join(tmpdir(), 'namespace-')) } = {},
): Promise<Omit<NamespaceBuildRequest, 'emit' | 'signal'>> {
  const live = join(dir, 'live');
  liveRoot(live);
  const script = (path: string, text: string) =>
    writeFileSync(join(live, path), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  if (preseed !== null) script('curtin/preseed.sh', preseed);
  if (curtin) script('usr/bin/curtin', 'exit 0');
  const squashfs = join(dir, 'medium.squashfs');
  execFileSync('mksquashfs', [
    live,
    squashfs,
    '-quiet',
    '-no-progress',
    '-noappend',
    '-comp',
    'lz4',
    '-all-root',
  ]);
  const none = { packerVersion: null, accelerator: null, kernel: null, initrd: null } as const;
  const { packerDir, httpDir } = await renderBuild(
    example({
      way: 'namespace',
      squashfs: { path: 'a.squashfs', offset: 0 },
      ...none,
      dir: join(dir, 'rendered'),
    }),
  );
  const build = join(dir, 'build');
  mkdirSync(build);
  return {
    ...{ packerDir, httpDir, iso: squashfs, dir: build, installTimeoutS: 60 },
    layer: { cache: join(dir, 'cache'), most: 0, rule: null, decidedBy: {} },
  };
}
