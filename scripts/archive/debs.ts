import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { $ } from 'zx';
import { DEMO } from '../iso/inputs.ts';

/** A package of a stand-in archive. */
export interface StandIn {
  version: string;
  depends?: string[];
  /** Text by path; those below /etc are conffiles. */
  files?: Record<string, string>;
  /** Names of services that do nothing. */
  units?: string[];
  /** Whether it is installed only after a licence has been accepted. */
  licence?: boolean;
}

export async function standIns(): Promise<Record<string, StandIn>> {
  return parse(await readFile(join(DEMO, 'archive', 'packages.yaml'), 'utf8'));
}

/** Asks as NVIDIA's packages do, by debconf, and stops where the licence was not accepted. */
const LICENCE = {
  templates: `Template: nvidia/accepted-eula
Type: boolean
Default: false
Description: Do you accept the licence of this stand-in?
`,
  preinst: `#!/bin/sh
set -e
. /usr/share/debconf/confmodule
db_get nvidia/accepted-eula || RET=false
[ "$RET" = true ] || { echo 'the licence was not accepted' >&2; exit 1; }
`,
};

/** Makes the packages of one architecture in `dir`. */
export async function makeDebs(
  dir: string,
  packages: Record<string, StandIn>,
  architecture: string,
): Promise<void> {
  await mkdir(dir, { recursive: true });
  const tree = join(dir, '.tree');
  for (const [name, one] of Object.entries(packages)) {
    const units = (one.units ?? []).map((unit): [string, string] => [
      `/lib/systemd/system/${unit}.service`,
      `[Unit]\nDescription=Stand-in of ${unit}\nConditionPathExists=/dev/nvidiactl\n\n[Service]\nType=oneshot\nExecStart=/bin/true\n\n[Install]\nWantedBy=multi-user.target\n`,
    ]);
    const files = new Map([
      ...Object.entries(one.files ?? {}),
      ...units,
      [`/usr/share/doc/${name}/README`, 'A stand-in of dgxos-maas: not DGX OS, nothing of NVIDIA’s.\n'],
    ]);
    for (const [path, text] of files) {
      await mkdir(dirname(join(tree, path)), { recursive: true });
      await writeFile(join(tree, path), text);
    }
    const depends = (one.depends ?? []).join(', ').replaceAll('{architecture}', architecture);
    const control = [
      `Package: ${name}`,
      `Version: ${one.version}`,
      `Architecture: ${architecture}`,
      'Maintainer: dgxos-maas <maintainers@dgxos-maas.invalid>',
      ...(depends ? [`Depends: ${depends}`] : []),
      ...(one.licence ? ['Pre-Depends: debconf'] : []),
      'Section: admin',
      'Priority: optional',
      'Description: stand-in of dgxos-maas, not DGX OS',
    ];
    const debian = join(tree, 'DEBIAN');
    await mkdir(debian, { recursive: true });
    await writeFile(join(debian, 'control'), `${control.join('\n')}\n`);
    const conffiles = [...files.keys()].filter((path) => path.startsWith('/etc/'));
    if (conffiles.length) await writeFile(join(debian, 'conffiles'), `${conffiles.join('\n')}\n`);
    if (one.licence)
      for (const [script, text] of Object.entries(LICENCE)) {
        await writeFile(join(debian, script), text);
        await chmod(join(debian, script), script === 'templates' ? 0o644 : 0o755);
      }
    await $`chmod -R u=rwX,go=rX ${tree}`;
    await $`dpkg-deb --root-owner-group -Zxz --build ${tree} ${dir}`;
    await rm(tree, { recursive: true });
  }
}
