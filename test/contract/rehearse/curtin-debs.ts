import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { $ } from 'zx';

/** The first real one that the environment names; else a stand-in of curtin's interface. */
export const CURTIN = (
  process.env.DGXOS_MAAS_CURTIN || join(import.meta.dirname, '../../fixtures/stand-in-curtin')
).split(':')[0]!;

export const VERSION = '23.1.1-0ubuntu1~22.04.1';

/** The part of a checkout that each package has, and where it installs it (debian/ of curtin's sources). */
const PACKAGES = {
  'python3-curtin': ['curtin', 'usr/lib/python3/dist-packages/curtin'],
  'curtin-common': ['helpers', 'usr/lib/curtin/helpers'],
} as const;

/** Makes both packages of curtin as Ubuntu has them. */
export async function makeCurtinDebs(dir: string, version = VERSION): Promise<void> {
  mkdirSync(dir, { recursive: true });
  for (const [name, [part, to]] of Object.entries(PACKAGES)) {
    const tree = mkdtempSync(join(tmpdir(), 'deb-'));
    mkdirSync(join(tree, dirname(to)), { recursive: true });
    cpSync(join(CURTIN, part), join(tree, to), { recursive: true });
    mkdirSync(join(tree, 'DEBIAN'));
    const control = `Package: ${name}\nVersion: ${version}\nArchitecture: all\nMaintainer: a <a@dgxos-maas.invalid>\nDescription: for a test\n`;
    writeFileSync(join(tree, 'DEBIAN/control'), control);
    await $({ quiet: true })`chmod -R go-w ${tree} && chmod 755 ${tree}`;
    await $({ quiet: true })`dpkg-deb --root-owner-group --build ${tree} ${dir}`;
    rmSync(tree, { recursive: true });
  }
}
