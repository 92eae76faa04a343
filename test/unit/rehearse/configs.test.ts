import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { curtinConfigs, type Deployment, preseed } from '../../../pipeline/maas/rehearse/configs.ts';
import { disksFor, namedLayout } from '../../../pipeline/maas/rehearse/layouts.ts';

const GIB = 2 ** 30;
const identity = {
  origin: 'http://10.0.2.2:5248',
  systemId: 'id1',
  images: 'img1',
  hostname: 'rehearsal',
  mac: '52:54:00:da:60:01',
};
const keys = { consumerKey: 'consumer', tokenKey: 'token', tokenSecret: 'secret' };

const deployment = (name: string): Deployment => ({
  ...{ identity, keys, layout: namedLayout(name)! },
  disks: disksFor(namedLayout(name)!, 1, 16 * GIB),
  baseImage: 'ubuntu/focal',
  aptProxy: 'http://10.0.2.2:5248/',
});
const configs = (layout = 'flat') => curtinConfigs(deployment(layout)).map((text) => parse(text));

// MAAS master's get_curtin_yaml_config: storage, archive, reporter, network, verbose, cloud config, crash dumps, main.
test('eight configurations in the order of MAAS, with no kernel and no swap key', () => {
  expect(configs().map((one) => Object.keys(one))).toEqual([
    ['partitioning_commands', 'storage'],
    ['apt'],
    ['reporting', 'install'],
    ['network_commands', 'network'],
    ['verbosity', 'showtrace'],
    ['cloudconfig'],
    ['kernel-crash-dumps'],
    ['debconf_selections', 'late_commands'],
  ]);
});

test('the ESP is mounted after the root, and curtin partitions and configures the network by itself', () => {
  const [storage, , , network] = configs();
  const mounts = storage.storage.config.filter(({ type }: { type: string }) => type === 'mount');
  expect(mounts.map(({ path }: { path: string }) => path)).toEqual(['/', '/boot/efi']);
  expect(storage.partitioning_commands).toEqual({ builtin: ['curtin', 'block-meta', 'custom'] });
  expect(network.network_commands).toEqual({ builtin: ['curtin', 'net-meta', 'custom'] });
  expect(network.network.version).toBe(2);
});

test('the files that curtin posts, the checks that MAAS adds for custom images, and the way back from the network', () => {
  const all = configs();
  expect(all[2].install).toEqual({
    log_file: '/tmp/install.log',
    error_tarfile: '/tmp/curtin-logs.tar',
    post_files: ['/tmp/install.log', '/tmp/curtin-logs.tar'],
  });
  const late = all[7].late_commands;
  expect(Object.keys(late).sort()).toEqual([
    '98-validate-custom-image-has-cloud-init',
    '99-validate-custom-image-has-netplan',
    'maas',
  ]);
  expect(late.maas).toContain('op=netboot_off');
  expect(late.maas).toContain('http://10.0.2.2:5248/MAAS/metadata/latest/by-id/id1/');
});

test('the machine learns all of MAAS, and a value of debconf is one line', () => {
  const all = configs();
  const { cloudconfig } = all[5];
  expect(parse(cloudconfig['maas-cloud-config'].content).datasource.MAAS).toEqual({
    consumer_key: 'consumer',
    token_key: 'token',
    token_secret: 'secret',
    metadata_url: 'http://10.0.2.2:5248/MAAS/metadata/',
  });
  for (const line of all[7].debconf_selections.maas.split('\n'))
    expect(line).toMatch(/^cloud-init(-base)?\s+cloud-init\S*\/[a-z-]+\s+(string|multiselect) \S/);
});

test.each(['centos/centos70', 'rhel/8'])('%s gets no archives of Ubuntu', (baseImage) => {
  const all = curtinConfigs({ ...deployment('flat'), baseImage }).map((text) => parse(text));
  expect(all[1]).toEqual({});
});

test('the preseed leads to the metadata while curtin installs', () => {
  const text = preseed(deployment('flat'));
  expect(text).toMatch(/^#cloud-config\n/);
  expect(parse(text)).toMatchObject({
    datasource: { MAAS: { metadata_url: 'http://10.0.2.2:5248/MAAS/metadata/curtin' } },
    reporting: { maas: { type: 'webhook', endpoint: 'http://10.0.2.2:5248/MAAS/metadata/status/id1' } },
    packages: ['python3-packaging'],
    power_state: { mode: 'reboot', delay: 'now', timeout: 1800 },
  });
});
