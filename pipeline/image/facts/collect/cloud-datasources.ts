import {
  DS_IDENTIFY,
  type DsIdentify,
  datasourceList,
  dsIdentifyConfig,
  policyMode,
} from '../../parsers/ds-identify.ts';
import { shown } from '../../tar/names.ts';
import type { KeptFiles } from '../kept-files.ts';
import type { Tree } from '../tree.ts';
import type { CloudFinding } from './cloud.ts';
import { CURTIN_PREFIXES, type DeployedFile, deployedCloudFiles } from './cloud-files.ts';

const CONFIG = 'etc/cloud/ds-identify.cfg';
const SEEDS = ['var/lib/cloud/seed/nocloud', 'var/lib/cloud/seed/nocloud-net'];

/** Settings that keep cloud-init from using MAAS as its data source: ds-identify's configuration and the list of data sources. */
export function datasources(tree: Tree, files: KeptFiles): CloudFinding[] {
  const text = files.text(CONFIG);
  const { datasource, policy } = text === null ? { datasource: null, policy: null } : dsIdentifyConfig(text);
  const config = (what: string): CloudFinding[] => [
    { subject: `/${CONFIG}`, text: `/${CONFIG}: ${what}`, effect: 'off' },
  ];
  if (policyMode(policy) === 'disabled') return config(`policy ${shown(policy!).slice(0, 80)}`);
  // A policy "enabled" leaves the choice to cloud-init itself, which reads the same list.
  if (datasource !== null)
    return datasource === 'MAAS' ? [] : config(`datasource ${shown(datasource).slice(0, 80)}`);
  const seeded = SEEDS.some((seed) =>
    ['user-data', 'meta-data'].every((name) => tree.exists(`${seed}/${name}`)),
  );
  const found = new Map<string, CloudFinding & { cloudInit: string[] }>();
  const [older, newer] = CURTIN_PREFIXES.map((prefix) => deployedCloudFiles(files, prefix));
  for (const way of DS_IDENTIFY) {
    const now = listProblem(newer!, way, seeded);
    const before = listProblem(older!, way, seeded);
    const problem = now ?? (before && { ...before, text: `${before.text} (deployed by curtin up to 23.1)` });
    if (!problem) continue;
    const known = found.get(problem.text);
    if (known) known.cloudInit.push(way.from);
    else found.set(problem.text, { ...problem, cloudInit: [way.from] });
  }
  return [...found.values()];
}

function listProblem(
  files: readonly DeployedFile[],
  { reading, testsMaas }: DsIdentify,
  seeded: boolean,
): CloudFinding | null {
  const list = datasourceList(files, reading);
  const off = (file: string, text: string): CloudFinding => ({
    subject: `/${shown(file)}`,
    text: `/${shown(file)}: ${text}`,
    effect: 'off',
  });
  // Without a list, or with one that it cannot read, ds-identify goes through its own, and its test for MAAS decides.
  if (list === null || list.builtIn) {
    if (list === null || testsMaas) return null;
    return off(
      list.file,
      'ds-identify cannot read its datasource_list (it wants a flow list in one line) and finds no data source',
    );
  }
  const names = list.names.map((name) => shown(name).slice(0, 40));
  const said = `datasource_list: [ ${names.slice(0, 8).join(', ')} ]`;
  const real = list.names.filter((name) => name !== 'None');
  if (!real.includes('MAAS')) return off(list.file, `${said} leaves MAAS out`);
  if (list.names.length === 1 || (list.names.length === 2 && list.names[1] === 'None')) return null;
  if (!testsMaas)
    return off(
      list.file,
      `${said}: from cloud-init 26.1 on, ds-identify finds MAAS only when the list names nothing else`,
    );
  if (seeded && real.slice(0, real.indexOf('MAAS')).includes('NoCloud'))
    return off(list.file, `${said}, and the seed in /var/lib/cloud/seed answers before MAAS`);
  return null;
}
