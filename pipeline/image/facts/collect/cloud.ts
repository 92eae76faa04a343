import { shown } from '../../tar/names.ts';
import type { Collector } from '../collector.ts';
import type { KeptFiles } from '../kept-files.ts';
import type { Tree } from '../tree.ts';
import { cloudCommandLine } from './cloud-command-line.ts';
import { cloudConfig } from './cloud-config.ts';
import { datasources } from './cloud-datasources.ts';
import { cloudUnits } from './cloud-units.ts';

/** The effect of a finding on cloud-init on the machine that MAAS deployed. */
export type CloudEffect =
  /** cloud-init does not run, or does not ask MAAS. */
  | 'off'
  /** The network that MAAS configured is not written, or mixed with another. */
  | 'network'
  /** Something of it does not run, or is kept for good. */
  | 'part'
  /** Nothing: MAAS or curtin replace it. */
  | 'replaced';

export interface CloudFinding {
  /** The file. */
  subject: string;
  text: string;
  effect: CloudEffect;
  /** The versions of cloud-init that do it, by the first of each (`dsIdentifyOf`); absent: all. */
  cloudInit?: string[];
}

export interface CloudFacts {
  disabling: CloudFinding[];
  /** State of an earlier boot below /var/lib/cloud. */
  instances: string[];
}

const MOST = 50;

/** Whether cloud-init will run on the machine, ask MAAS and do what it says. */
export function cloudCollector(): Collector<CloudFacts> {
  const instances: string[] = [];
  return {
    member({ path, type }) {
      // An empty `instances` directory means nothing to cloud-init.
      if (!path.startsWith('var/lib/cloud/instance')) return;
      if (path === 'var/lib/cloud/instances' && type === 'directory') return;
      if (instances.length < MOST) instances.push(`/${shown(path)}`);
    },
    finish: async (tree, files) => ({ disabling: (await found(tree, files)).slice(0, MOST), instances }),
  };
}

async function found(tree: Tree, files: KeptFiles): Promise<CloudFinding[]> {
  const disabled = 'etc/cloud/cloud-init.disabled';
  const marker: CloudFinding[] =
    tree.exists(disabled) && !tree.isDirectory(disabled)
      ? [{ subject: `/${disabled}`, text: `/${disabled} switches cloud-init off`, effect: 'off' }]
      : [];
  return [
    ...marker,
    ...cloudUnits(tree, files),
    ...cloudCommandLine(files),
    ...datasources(tree, files),
    ...(await cloudConfig(files)),
  ];
}
