import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { goodRoot } from '../../unit/checks/root.ts';
import { makeIso } from '../iso/make-iso.ts';
import { liveRoot } from '../namespace/medium.ts';
import { runOk } from '../process/run-tool.ts';

export interface SmallIso {
  path: string;
  sha256: string;
}

/**
 * A medium of the release `demo` whose installer unpacks a root that passes the checks: real stages in a few seconds. The installer
 * needs namespaces and no VM.
 */
export async function smallInstaller(dir: string): Promise<SmallIso> {
  const live = join(dir, 'live-root');
  liveRoot(live);
  const root = goodRoot().put('usr/weight', Buffer.alloc(51_000_000));
  for (let i = 0; i < 1000; i++) root.put(`usr/share/f${i}`);
  writeFileSync(join(live, 'curtin/small-root.tar.gz'), 'the root is beside it');
  writeFileSync(join(live, 'curtin/root.tar'), await root.tar());
  writeFileSync(join(live, 'curtin/demo1-curtin.yaml'), 'stages: {}\n');
  const script = (path: string, text: string) =>
    writeFileSync(join(live, path), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  script('curtin/preseed.sh', 'tar -C /target -xf /curtin/root.tar\necho /target > /run/build-target');
  script('usr/bin/curtin', 'exit 0');
  const tree = join(dir, 'iso-tree');
  mkdirSync(join(tree, 'live'), { recursive: true });
  const squashfs = ['-quiet', '-no-progress', '-noappend', '-comp', 'lz4', '-all-root'];
  await runOk(['mksquashfs', live, join(tree, 'live/filesystem.squashfs'), ...squashfs]);
  for (const name of ['vmlinuz', 'initrd']) writeFileSync(join(tree, name), name);
  const path = await makeIso(tree, join(dir, 'small.iso'), undefined, 'DEMO_INSTALLER');
  return { path, sha256: createHash('sha256').update(readFileSync(path)).digest('hex') };
}
