import { stringify } from 'yaml';
import { paths } from './identity.ts';
import { type Layout, storageConfig } from './layouts.ts';
import type { Disk, Identity, NodeKeys } from './types.ts';

/** Curtin's log in the ephemeral, and the archive of logs that it packs when it fails; MAAS names both. */
export const INSTALL_LOG = '/tmp/install.log';
export const ERROR_TAR = '/tmp/curtin-logs.tar';

export interface Deployment {
  identity: Identity;
  keys: NodeKeys;
  layout: Layout;
  disks: readonly Disk[];
  /** `ubuntu/focal`. */
  baseImage: string;
  /** The proxy of the machine's apt: the rehearsal's own server, which answers for every archive with 503. */
  aptProxy: string;
  /** Sections of a real machine's configuration; merged by curtin over the others. */
  more?: Record<string, unknown> | null;
}

/**
 * The configurations that curtin gets for a custom image, in MAAS' order (3.6: `get_curtin_yaml_config`): storage, apt, reporting, network, verbosity,
 * cloud-init's files, crash dumps, and the user data's template. A custom image gets no kernel and no swap key.
 */
export function curtinConfigs(deployment: Deployment): string[] {
  const { identity, keys, layout, disks } = deployment;
  const reporting = reportingConfig(identity, keys);
  return [
    storageConfig(layout, disks),
    aptConfig(deployment),
    {
      ...reporting,
      install: { log_file: INSTALL_LOG, error_tarfile: ERROR_TAR, post_files: [INSTALL_LOG, ERROR_TAR] },
    },
    networkConfig(identity),
    { verbosity: 3, showtrace: true },
    cloudConfig(deployment, reporting),
    { 'kernel-crash-dumps': { enabled: false } },
    mainConfig(deployment, reporting),
    ...(deployment.more ? [deployment.more] : []),
  ].map((config) => stringify(config, { lineWidth: 0 }));
}

/** The cloud-config that the ephemeral boots with; MAAS' `get_preseed`. */
export function preseed({ identity, keys, aptProxy, baseImage }: Deployment): string {
  const config = {
    datasource: {
      MAAS: { metadata_url: `${identity.origin}${paths(identity).curtin}`, ...snakeCase(keys) },
    },
    ...reportingConfig(identity, keys),
    ...aptConfig({ aptProxy, baseImage }),
    manage_etc_hosts: true,
    packages: ['python3-packaging'],
    power_state: {
      delay: 'now',
      mode: 'reboot',
      timeout: 1800,
      condition: 'test ! -e /tmp/block-reboot',
    },
  };
  return `#cloud-config\n${stringify(config, { lineWidth: 0 })}`;
}

const snakeCase = ({ consumerKey, tokenKey, tokenSecret }: NodeKeys) => ({
  consumer_key: consumerKey,
  token_key: tokenKey,
  token_secret: tokenSecret,
});

function reportingConfig(identity: Identity, keys: NodeKeys) {
  const endpoint = `${identity.origin}${paths(identity).status}`;
  return { reporting: { maas: { type: 'webhook', endpoint, ...snakeCase(keys) } } };
}

/** Ubuntu's archive in identity of the image's sources.list; what is in sources.list.d stays the image's. */
function aptConfig({ aptProxy, baseImage }: Pick<Deployment, 'aptProxy' | 'baseImage'>) {
  if (!/^ubuntu\//.test(baseImage)) return {};
  const components = 'main restricted universe multiverse';
  const sources = ['', '-updates', '-security', '-backports'].map(
    (pocket) =>
      `deb http://archive.ubuntu.com/ubuntu $RELEASE${pocket} ${components}\n` +
      `# deb-src http://archive.ubuntu.com/ubuntu $RELEASE${pocket} ${components}\n`,
  );
  return {
    apt: { preserve_sources_list: false, sources: {}, sources_list: sources.join(''), proxy: aptProxy },
  };
}

function networkConfig({ mac }: Identity) {
  return {
    network_commands: { builtin: ['curtin', 'net-meta', 'custom'] },
    network: {
      version: 2,
      ethernets: { enp1s0: { match: { macaddress: mac }, mtu: 1500, 'set-name': 'enp1s0', dhcp4: true } },
    },
  };
}

/** The files by which cloud-init on the machine asks MAAS after the reboot. */
function cloudConfig({ identity, keys }: Deployment, reporting: object) {
  const url = `${identity.origin}${paths(identity).metadata}`;
  const file = (path: string, content: string) => ({ path: `/etc/cloud/cloud.cfg.d/${path}`, content });
  const yaml = (config: object) => `#cloud-config\n${stringify(config, { lineWidth: 0 })}`;
  return {
    cloudconfig: {
      'maas-datasource': file('90_maas_datasource.cfg', 'datasource_list: [ MAAS ]'),
      'maas-cloud-config': file(
        '90_maas_cloud_config.cfg',
        yaml({ datasource: { MAAS: { ...snakeCase(keys), metadata_url: url } } }),
      ),
      'maas-reporting': file('90_maas_cloud_init_reporting.cfg', yaml(reporting)),
    },
  };
}

const NOT_DETECTED = 'not detected, MAAS will not be able to configure this machine properly';

function mainConfig({ identity, keys }: Deployment, reporting: object) {
  const { byId, metadata } = paths(identity);
  const inTarget = (command: string) => ['curtin', 'in-target', '--', 'bash', '-c', command];
  const { consumerKey, tokenKey, tokenSecret } = keys;
  const credentials = `oauth_consumer_key=${consumerKey}&oauth_token_key=${tokenKey}&oauth_token_secret=${tokenSecret}`;
  const onMachine = { manage_etc_hosts: true, manual_cache_clean: true, ...reporting };
  // A value of debconf is one line.
  const local = stringify(onMachine, { lineWidth: 0 }).replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return {
    debconf_selections: {
      maas: ['cloud-init', 'cloud-init-base']
        .flatMap((name) => [
          `${name}   ${name}/datasources  multiselect MAAS`,
          `${name}   ${name}/maas-metadata-url  string ${identity.origin}${metadata}`,
          `${name}   ${name}/maas-metadata-credentials  string ${credentials}`,
          `${name}   ${name}/local-cloud-config  string ${local}`,
        ])
        .join('\n'),
      grub2: 'grub2   grub2/update_nvram  boolean false',
    },
    late_commands: {
      maas: [
        'wget',
        '--no-proxy',
        `${identity.origin}${byId}`,
        '--post-data',
        'op=netboot_off',
        '-O',
        '/dev/null',
      ],
      '98-validate-custom-image-has-cloud-init': inTarget(
        `cloud-init --version || (echo "cloud-init ${NOT_DETECTED}" && exit 1)`,
      ),
      '99-validate-custom-image-has-netplan': inTarget(
        `netplan info || (echo "netplan ${NOT_DETECTED}" && exit 1)`,
      ),
    },
  };
}
