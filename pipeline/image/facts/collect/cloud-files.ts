import { compareText } from '../../../core/text/order.ts';
import type { CloudFile } from '../../parsers/ds-identify.ts';
import type { KeptFiles } from '../kept-files.ts';

const CFG = 'etc/cloud/cloud.cfg';
const CFG_D = 'etc/cloud/cloud.cfg.d';

/** Lines that MAAS sends for the deployed system; the first has no newline at its end (maasserver/preseed.py, 3.3 to main). */
const MAAS_FILES = [
  { name: 'maas-cloud-config', text: '#cloud-config\ndatasource:\n  MAAS:\n    metadata_url: http://maas\n' },
  { name: 'maas-datasource', text: 'datasource_list: [ MAAS ]' },
];

/** A file of cloud-init's configuration on the deployed machine; `maas`: written at the deployment. */
export interface DeployedFile extends CloudFile {
  maas: boolean;
}

/** The prefix that curtin gives to the name of a file that MAAS sends: 50- up to 23.1, 95- from 24.1 on (handle_cloudconfig of the tags). */
export const CURTIN_PREFIXES = ['50', '95'] as const;

/**
 * cloud.cfg and cloud.cfg.d of the deployed machine, in the order in which cloud-init and ds-identify read them: with the files of MAAS,
 * and without those of debconf (`*dpkg*`), which curtin removes (`clean_cloud_init`) and dpkg-reconfigure writes anew for MAAS.
 */
export function deployedCloudFiles(
  files: KeptFiles,
  prefix: (typeof CURTIN_PREFIXES)[number],
): DeployedFile[] {
  const own = files.list(CFG_D).filter((name) => name.endsWith('.cfg') && !name.startsWith('.'));
  const kept = own.filter((name) => !name.includes('dpkg'));
  const parts: (DeployedFile & { name: string })[] = [];
  for (const name of kept) {
    const path = `${CFG_D}/${name}`;
    const text = files.text(path);
    if (text !== null) parts.push({ name, path, text, maas: false });
  }
  if (kept.length < own.length)
    parts.push({
      name: '90_dpkg.cfg',
      path: `${CFG_D}/90_dpkg.cfg`,
      text: 'datasource_list: [ MAAS ]\n',
      maas: true,
    });
  for (const { name: what, text } of MAAS_FILES) {
    const name = `${prefix}-cloudconfig-${what}.cfg`;
    parts.push({ name, path: `${CFG_D}/${name}`, text, maas: true });
  }
  parts.sort((a, b) => compareText(a.name, b.name));
  const main = files.text(CFG);
  return [...(main === null ? [] : [{ path: CFG, text: main, maas: false }]), ...parts];
}
