import { describe, expect, it } from 'vitest';
import { goodRoot, judged, type Root } from './root.ts';

const D = 'etc/cloud/cloud.cfg.d';

async function finding(root: Root) {
  const verdict = await judged(root);
  return verdict.findings.find((f) => f.id === 'cloud-init-enabled')!;
}

const withVersion = (version: string) =>
  goodRoot().withoutPackage('cloud-init').package('cloud-init', 'install ok installed', version);

/**
 * Whether ds-identify led to MAAS, seen by running tools/ds-identify of 22.4.2, 24.2 and 26.2 over a root with this file and the two
 * that MAAS sends, under curtin's older and newer names for these (50-, 95-); it is a blocker when either order fails.
 */
const SEEN: readonly [name: string, text: string, v22: boolean, v24: boolean, v26: boolean][] = [
  ['99-x.cfg', 'datasource_list: [ NoCloud, None ]\n', false, false, false],
  ['99-x.cfg', 'datasource_list: [ NoCloud, None ]', true, false, false],
  ['99-x.cfg', 'datasource_list:\n  - NoCloud\n', true, true, false],
  ['99-x.cfg', 'datasource_list:\n  - MAAS\n', true, true, false],
  ['99-x.cfg', 'datasource_list: [ NoCloud ] # c\n', false, false, false],
  ['99-x.cfg', 'datasource_list: [ MAAS ] # c\n', true, true, true],
  ['99-x.cfg', 'datasource_list: []\n', true, true, false],
  ['99-x.cfg', '  "datasource_list" : [ NoCloud, Ec2 ]\n', true, false, false],
  ['99-x.cfg', 'datasource_list: NoCloud, Ec2\n', false, false, false],
  ['99-x.cfg', 'datasource_list: [ NoCloud, MAAS ]\n', true, true, false],
  ['99-x.cfg', 'datasource_list: [ NoCloud,\n MAAS ]\n', false, false, false],
  ['99-x.cfg', "datasource_list: [ 'MAAS', None ]\n", true, true, true],
  ['99-x.cfg', '# datasource_list: [ NoCloud ]\n', true, true, true],
  ['99-x.cfg', ' # datasource_list: [ NoCloud ]\n', true, true, false],
  ['99-x.cfg', 'xdatasource_list: [ NoCloud, Ec2 ]\n', true, false, false],
  ['99-x.cfg', 'datasource_list: \\\n[ NoCloud ]\n', false, false, false],
  ['99-x.cfg', 'datasource_list: [ NoCloud ]\r\n', false, false, false],
  ['90-x.cfg', 'datasource_list: [ NoCloud, None ]\n', false, false, false],
  ['10-x.cfg', 'datasource_list: [ NoCloud, None ]\n', false, true, true],
  ['99-x.cfg', 'datasource_list: [ None ]\n', false, false, false],
  ['99-x.cfg', 'datasource_list: [ NoCloud ]\ndatasource_list: [ MAAS ]\n', true, true, true],
  ['99-x.txt', 'datasource_list: [ NoCloud ]\n', true, true, true],
  // debconf's file goes at the deployment.
  ['90_dpkg.cfg', 'datasource_list: [ NoCloud ]\n', true, true, true],
];

describe('the data source of a deployed machine', () => {
  for (const [at, version] of ['22.4.2-1', '24.2-0ubuntu1', '26.2-0ubuntu1'].entries())
    it.each(SEEN)(`is MAAS or not, with %s %j and cloud-init ${version}`, async (name, text, ...led) => {
      const { status, severity } = await finding(withVersion(version).put(`${D}/${name}`, text));
      expect(status === 'fail' && severity === 'blocker').toBe(!led[at]);
    });

  it('names the order in which only older curtins fail', async () => {
    const root = withVersion('24.2-0ubuntu1').put(`${D}/90-x.cfg`, 'datasource_list: [ NoCloud ]\n');
    expect((await finding(root)).found).toContain('(deployed by curtin up to 23.1)');
  });

  it('is not MAAS when a seed answers first', async () => {
    const root = withVersion('24.2-0ubuntu1').put(`${D}/99-x.cfg`, 'datasource_list: [ NoCloud, MAAS ]\n');
    expect((await finding(root)).status).toBe('pass');
    root.put('var/lib/cloud/seed/nocloud/user-data').put('var/lib/cloud/seed/nocloud/meta-data');
    expect((await finding(root)).found).toContain('answers before MAAS');
  });
});

const BLOCKERS: readonly [how: string, spoil: (r: Root) => Root, found: RegExp][] = [
  ['a policy', (r) => r.put('etc/cloud/ds-identify.cfg', 'policy: disabled\n'), /policy disabled/],
  [
    'a data source of its own',
    (r) => r.put('etc/cloud/ds-identify.cfg', 'datasource: NoCloud\n'),
    /datasource NoCloud/,
  ],
  [
    'cloud-init.disabled by a link',
    (r) => r.put('etc/x').link('etc/cloud/cloud-init.disabled', '../x'),
    /switches/,
  ],
  [
    'an empty unit over the package’s',
    (r) => r.put('etc/systemd/system/cloud-init.service'),
    /masks cloud-init\.service/,
  ],
  [
    'a masked generator',
    (r) => r.link('etc/systemd/system-generators/cloud-init-generator', '/dev/null'),
    /generator/,
  ],
  [
    'a disabled unit',
    (r) =>
      r.put('usr/lib/systemd/system/cloud-init-local.service', '[Install]\nWantedBy=cloud-init.target\n'),
    /cloud-init-local\.service is disabled/,
  ],
  [
    'GRUB_CMDLINE_LINUX',
    (r) => r.put('etc/default/grub', 'GRUB_CMDLINE_LINUX="quiet cloud-init=disabled"\n'),
    /grub:1/,
  ],
  [
    'a file of grub.d that adds to it',
    (r) =>
      r
        .put('etc/default/grub', 'GRUB_CMDLINE_LINUX=""\n')
        .put('etc/default/grub.d/9.cfg', 'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX ci.ds=Ec2"\n'),
    /9\.cfg:1: GRUB_CMDLINE_LINUX has ci\.ds=Ec2/,
  ],
  [
    'the environment of systemd',
    (r) =>
      r.put(
        'etc/systemd/system.conf.d/a.conf',
        '[Manager]\nDefaultEnvironment=KERNEL_CMDLINE=cloud-init=disabled\n',
      ),
    /a\.conf:2/,
  ],
  [
    'another MAAS',
    (r) => r.put(`${D}/99-old.cfg`, 'datasource:\n  MAAS: {metadata_url: "http://old/MAAS"}\n'),
    /wins over the one that MAAS sends/,
  ],
];

const MAJORS: readonly [how: string, spoil: (r: Root) => Root, found: RegExp][] = [
  [
    'cloud-final masked',
    (r) => r.link('etc/systemd/system/cloud-final.service', '/dev/null'),
    /masks cloud-final/,
  ],
  ['manual_cache_clean', (r) => r.put(`${D}/x.cfg`, 'manual_cache_clean: true\n'), /kept for good/],
  [
    'a network in block style',
    (r) => r.put(`${D}/x.cfg`, 'network:\n  config: disabled\n'),
    /is not written/,
  ],
  [
    'a network of the build',
    (r) =>
      r.put(`${D}/90-installer-network.cfg`, 'network:\n  ethernets: {ens3: {dhcp4: true}}\n  version: 2\n'),
    /mixed/,
  ],
  [
    'network-config=disabled',
    (r) => r.put('etc/default/grub', "GRUB_CMDLINE_LINUX='network-config=disabled'\n"),
    /network-config/,
  ],
  [
    'credentials of a machine',
    (r) => r.put(`${D}/10-old.cfg`, 'datasource:\n  MAAS: {consumer_key: a}\n'),
    /credentials/,
  ],
  [
    'a drop-in',
    (r) => r.put('etc/systemd/system/cloud-init.service.d/a.conf', '[Unit]\nConditionPathExists=/x\n'),
    /Condition/,
  ],
];

const HARMLESS: readonly [how: string, spoil: (r: Root) => Root][] = [
  ['a comment', (r) => r.put(`${D}/x.cfg`, '# network: {config: disabled}\n# manual_cache_clean: true\n')],
  [
    'curtin’s apt setting',
    (r) => r.put(`${D}/curtin-preserve-sources.cfg`, 'apt:\n  preserve_sources_list: true\n'),
  ],
  ['a renderer', (r) => r.put(`${D}/x.cfg`, 'system_info:\n  network:\n    renderers: [netplan]\n')],
  [
    'a file beside the drop-ins',
    (r) => r.put('etc/systemd/system/cloud-init.service.d/a.txt', '[Unit]\nConditionPathExists=/x\n'),
  ],
  ['a folder of the name', (r) => r.dir('etc/cloud/cloud-init.disabled')],
  ['a dangling link of the name', (r) => r.link('etc/cloud/cloud-init.disabled', 'nowhere')],
  [
    'an enabled unit',
    (r) =>
      r
        .put('usr/lib/systemd/system/cloud-final.service', '[Install]\nWantedBy=cloud-init.target\n')
        .link('etc/systemd/system/cloud-init.target.wants/cloud-final.service', '/lib/x'),
  ],
  ['ci.ds=MAAS', (r) => r.put('etc/default/grub', 'GRUB_CMDLINE_LINUX="ci.ds=MAAS"\n')],
  [
    'a word that was taken back',
    (r) =>
      r
        .put('etc/default/grub', 'GRUB_CMDLINE_LINUX=cloud-init=disabled\n')
        .put('etc/default/grub.d/a.cfg', 'GRUB_CMDLINE_LINUX=""\n'),
  ],
  [
    'manual_cache_clean off again',
    (r) => r.put(`${D}/a.cfg`, 'manual_cache_clean: true\n').put(`${D}/b.cfg`, 'manual_cache_clean: false\n'),
  ],
];

describe('cloud-init on a deployed machine', () => {
  it.each(BLOCKERS)('is stopped by %s', async (_how, spoil, found) => {
    const result = await finding(spoil(goodRoot()));
    expect(result).toMatchObject({ status: 'fail', severity: 'blocker' });
    expect(result.found).toMatch(found);
  });

  it.each(MAJORS)('is hampered by %s', async (_how, spoil, found) => {
    const result = await finding(spoil(goodRoot()));
    expect(result).toMatchObject({ status: 'fail', severity: 'major' });
    expect(result.found).toMatch(found);
  });

  it.each(HARMLESS)('does not mind %s', async (_how, spoil) => {
    expect(await finding(spoil(goodRoot()))).toMatchObject({ status: 'pass' });
  });

  it.each([
    'systemd.unit=rescue.target',
    'systemd.unit=emergency.target',
    'quiet single',
    'emergency',
    'init=/bin/bash',
    'ci.di.policy=disabled',
    'cc:datasource_list:[Ec2]',
    'systemd.mask=cloud-init-local.service',
    'systemd.mask=cloud-init',
  ])('never starts with %j on the kernel command line', async (words) => {
    const root = goodRoot().put('etc/default/grub', `GRUB_CMDLINE_LINUX="console=tty0 ${words}"\n`);
    expect(await finding(root)).toMatchObject({ status: 'fail', severity: 'blocker' });
  });

  it.each([
    'systemd.unit=multi-user.target 3',
    'init=/lib/systemd/systemd',
    'init=/sbin/init',
    'ci.di.policy=search ci.di.policy=enabled',
    'network-config=x other=disabled cloud-init=enabled',
    'cc:manage_etc_hosts:true x.datasource_list=Ec2',
    'cc:datasource_list:[MAAS]',
    'systemd.mask=snapd.service',
    'rootflags=s loglevel=1',
  ])('starts with %j on the kernel command line', async (words) => {
    const root = goodRoot().put('etc/default/grub', `GRUB_CMDLINE_LINUX="${words}"\n`);
    expect(await finding(root)).toMatchObject({ status: 'pass' });
  });

  it('never starts when the boot ends at rescue.target', async () => {
    const at = (target: string) =>
      goodRoot().link('etc/systemd/system/default.target', `/lib/systemd/system/${target}`);
    expect(await finding(at('rescue.target'))).toMatchObject({ status: 'fail', severity: 'blocker' });
    expect(await finding(at('multi-user.target'))).toMatchObject({ status: 'pass' });
    expect(await finding(at('graphical.target'))).toMatchObject({ status: 'pass' });
  });

  it('leaves the name of the machine alone when the last file says so', async () => {
    const root = goodRoot().put(`${D}/98.cfg`, 'preserve_hostname: "Yes"\n');
    expect(await finding(root)).toMatchObject({ status: 'fail', severity: 'major' });
    root.put(`${D}/99.cfg`, '# preserve_hostname: true\npreserve_hostname: false\n');
    expect(await finding(root)).toMatchObject({ status: 'pass' });
  });

  it('hears of an option that the deployment replaces as a warning', async () => {
    const root = goodRoot().put('etc/default/grub', 'GRUB_CMDLINE_LINUX_DEFAULT="cloud-init=disabled"\n');
    expect(await finding(root)).toMatchObject({ status: 'fail', severity: 'warning' });
  });
});
