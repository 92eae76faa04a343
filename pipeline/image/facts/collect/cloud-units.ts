import { shown } from '../../tar/names.ts';
import type { KeptFiles } from '../kept-files.ts';
import type { Tree } from '../tree.ts';
import type { CloudEffect, CloudFinding } from './cloud.ts';

/**
 * cloud-init's units, of all versions, and what goes without each: MAAS calls a machine deployed when cloud-init-local and the network
 * stage have fetched its user data; the later ones only configure.
 */
export const CLOUD_UNITS: ReadonlyMap<string, CloudEffect> = new Map(
  Object.entries({
    'cloud-init.target': 'off',
    'cloud-init-local.service': 'off',
    'cloud-init.service': 'off',
    'cloud-init-network.service': 'off',
    'cloud-init-main.service': 'off',
    'cloud-config.target': 'part',
    'cloud-config.service': 'part',
    'cloud-final.service': 'part',
  } as const),
);

/** Targets that come before multi-user.target, which is what wants cloud-init. */
export const SHORT_TARGETS = new Set([
  'rescue.target',
  'emergency.target',
  'runlevel1.target',
  'basic.target',
  'sysinit.target',
]);
const DEFAULT = 'default.target';

/** The folders of an administrator's units, which override the package's (systemd.unit(5), "Unit File Load Path"). */
const OVER = ['etc/systemd/system', 'usr/local/lib/systemd/system'];
const PACKAGED = ['usr/lib/systemd/system', 'lib/systemd/system'];
const GENERATOR = 'etc/systemd/system-generators/cloud-init-generator';
const WANTS = 'cloud-init.target.wants';

/** Units of cloud-init that are masked, disabled or changed so that they may not start. */
export function cloudUnits(tree: Tree, files: KeptFiles): CloudFinding[] {
  const found: CloudFinding[] = [];
  const masked = (path: string) => tree.symlinks.get(path) === '/dev/null' || isEmpty(path, tree, files);
  if (masked(GENERATOR))
    found.push({
      subject: `/${GENERATOR}`,
      text: `/${GENERATOR} masks the generator of cloud-init`,
      effect: 'off',
    });
  const first = [...OVER, ...PACKAGED].map((folder) => `${folder}/${DEFAULT}`).find((path) => tree.has(path));
  const target = first === undefined ? '' : (tree.symlinks.get(first) ?? '').replace(/^.*\//, '');
  if (SHORT_TARGETS.has(target))
    found.push({
      subject: `/${first}`,
      text: `/${first} leads to ${target}: the boot ends before cloud-init’s turn`,
      effect: 'off',
    });
  for (const [unit, effect] of CLOUD_UNITS) {
    const over = OVER.map((folder) => `${folder}/${unit}`).find(masked);
    if (over) found.push({ subject: `/${over}`, text: `/${over} masks ${unit}`, effect });
    else if (disabled(unit, tree, files))
      found.push({
        subject: unit,
        text: `${unit} is disabled: /etc/systemd/system/${WANTS} has no link to it`,
        effect,
      });
    for (const folder of OVER.map((over) => `${over}/${unit}.d`))
      for (const name of files.list(folder)) {
        if (!name.endsWith('.conf')) continue;
        const line = changes(files.text(`${folder}/${name}`) ?? '');
        if (line)
          found.push({
            subject: `/${folder}/${shown(name)}`,
            text: `/${folder}/${shown(name)}: ${shown(line).slice(0, 80)}`,
            effect: 'part',
          });
      }
  }
  return found;
}

function isEmpty(path: string, tree: Tree, files: KeptFiles): boolean {
  return tree.has(path) && !tree.symlinks.has(path) && files.bytes(path)?.length === 0;
}

/** A unit that its [Install] section ties to cloud-init.target, and no link does. */
function disabled(unit: string, tree: Tree, files: KeptFiles): boolean {
  const path = PACKAGED.map((folder) => `${folder}/${unit}`).find((path) => tree.exists(path));
  const wanted =
    path &&
    files
      .text(path)
      ?.split('\n')
      .some((line) => line.trim() === 'WantedBy=cloud-init.target');
  if (!wanted) return false;
  return ![...OVER, ...PACKAGED].some((folder) => tree.has(`${folder}/${WANTS}/${unit}`));
}

/** The first line of a drop-in that can keep a unit from doing its work. */
function changes(text: string): string | null {
  return text.split('\n').find((line) => /^(?:Condition|Assert|ExecStart)[A-Za-z]{0,40}=/.test(line)) ?? null;
}
