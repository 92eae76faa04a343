import { describe, expect, it } from 'vitest';
import type { Severity } from '../../../pipeline/image/checks/types.ts';
import { goodRoot, judged, type Root } from './root.ts';

async function finding(spoil: (root: Root) => unknown) {
  const root = goodRoot();
  spoil(root);
  return (await judged(root)).findings.find((f) => f.id === 'network-state')!;
}
const put = (path: string, text: string) => (r: Root) => r.put(path, text);
const netplan = (text: string, name = '01-x.yaml') => put(`etc/netplan/${name}`, text);
const group = (text: string) => netplan(`network:\n  version: 2\n  ${text}\n`);
const networkd = (name: string, text: string) => put(`etc/systemd/network/${name}`, text);
const ifupdown = (text: string) => (r: Root) =>
  r.put('etc/network/interfaces', text).put('usr/sbin/ifup', 'x');
const manager = (text: string) => (r: Root) =>
  r.put('etc/NetworkManager/system-connections/Wired.nmconnection', text).put('usr/sbin/NetworkManager', 'x');
const KEYFILE = '[connection]\nid=Wired\ntype=ethernet\ninterface-name=ens3\n';

describe('network-state finds', () => {
  it.each<[string, Severity, RegExp, (r: Root) => unknown]>([
    ['ethernets', 'major', /ethernets\/ens3/, group('ethernets: {ens3: {dhcp4: true}}')],
    [
      'ethernets by address',
      'major',
      /by the address/,
      group('ethernets: {a: {match: {macaddress: "52:54:00:12:34:56"}, set-name: a}}'),
    ],
    [
      'ethernets by pattern',
      'major',
      /ethernets\/all/,
      group('ethernets: {all: {match: {name: "en*"}, dhcp4: true}}'),
    ],
    ['wifis', 'major', /wifis\/w/, group('wifis: {w: {access-points: {x: {password: y}}}}')],
    ['bonds', 'major', /bonds\/b/, group('bonds: {b: {interfaces: []}}')],
    ['bridges', 'major', /bridges\/b/, group('bridges: {b: {}}')],
    ['vlans', 'major', /vlans\/v/, group('vlans: {v: {id: 1, link: e}}')],
    ['vrfs', 'major', /vrfs\/v/, group('vrfs: {v: {table: 1}}')],
    ['tunnels', 'major', /tunnels\/t/, group('tunnels: {t: {mode: gre}}')],
    ['modems', 'major', /modems\/m/, group('modems: {m: {}}')],
    ['dummy-devices', 'major', /dummy-devices\/d/, group('dummy-devices: {d: {}}')],
    ['nm-devices', 'major', /nm-devices\/n/, group('nm-devices: {n: {renderer: NetworkManager}}')],
    [
      "cloud-init's file",
      'major',
      /50-cloud-init\.yaml/,
      netplan('network: {ethernets: {a: {}}}', '50-cloud-init.yaml'),
    ],
    [
      'a file in /lib',
      'major',
      /lib\/netplan/,
      put('usr/lib/netplan/x.yaml', 'network: {ethernets: {a: {}}}\n'),
    ],
    ['a file that netplan refuses', 'major', /refuses it.*unknown key "foo"/, netplan('network: {foo: 1}')],
    ['no YAML', 'major', /not YAML/, netplan('network: [')],
    ['an empty network', 'major', /not a mapping/, netplan('network:\n')],
    ['another version', 'major', /version is not 2/, netplan('network: {version: 1}')],
    [
      'a renderer that is not installed',
      'major',
      /NetworkManager is not installed/,
      netplan('network: {renderer: NetworkManager}'),
    ],
    [
      'networkd before MAAS',
      'major',
      /before MAAS/,
      networkd('05-x.network', '[Match]\nName=en*\n[Network]\nDHCP=yes\n'),
    ],
    [
      'networkd behind MAAS',
      'major',
      /leaves alone/,
      networkd('20-x.network', '[Match]\nMACAddress=52:54:00:1:2:3\n[Network]\nDHCP=yes\n'),
    ],
    ['a netdev', 'major', /makes bond0/, networkd('x.netdev', '[NetDev]\nName=bond0\nKind=bond\n')],
    [
      'a link',
      'major',
      /names a card lan0/,
      networkd('10-x.link', '[Match]\nMACAddress=52:54:00:1:2:3\n[Link]\nName=lan0\n'),
    ],
    [
      'a drop-in',
      'major',
      /changes another/,
      networkd('10-netplan-a.network.d/x.conf', '[Network]\nDNS=10.0.2.3\n'),
    ],
    ['a connection', 'major', /ethernet, ens3/, manager(KEYFILE)],
    [
      'a connection without that end',
      'major',
      /ethernet/,
      (r) =>
        r.put('etc/NetworkManager/system-connections/Wired 1', KEYFILE).put('usr/sbin/NetworkManager', 'x'),
    ],
    [
      'a connection with a password',
      'major',
      /with a password/,
      manager('[connection]\ntype=wifi\n[wifi-security]\npsk=SECRETPW\n'),
    ],
    [
      'a connection that nothing reads',
      'warning',
      /not installed/,
      put('etc/NetworkManager/system-connections/x', KEYFILE),
    ],
    [
      'a card by address',
      'warning',
      /by its address/,
      put('etc/NetworkManager/conf.d/x.conf', '[keyfile]\nunmanaged-devices=mac:52:54:00:1:2:3\n'),
    ],
    [
      'ifupdown',
      'major',
      /interfaces \(ens3\)/,
      ifupdown('auto lo\niface lo inet loopback\nauto ens3\niface ens3 inet dhcp\n'),
    ],
    [
      'ifupdown, sourced',
      'major',
      /50-cloud-init \(eth0\)/,
      (r) =>
        ifupdown('source interfaces.d/*\n')(
          r.put('etc/network/interfaces.d/50-cloud-init', 'iface eth0 inet \\\n dhcp\n'),
        ),
    ],
    [
      'ifupdown, a folder',
      'major',
      /d\/x \(eth0\)/,
      (r) =>
        ifupdown('source-directory /etc/network/d/\n')(r.put('etc/network/d/x', 'iface eth0 inet dhcp\n')),
    ],
    [
      'ifupdown that is not installed',
      'warning',
      /not installed/,
      put('etc/network/interfaces', 'iface eth0 inet dhcp\n'),
    ],
    [
      'a name by udev',
      'major',
      /names cards/,
      put(
        'etc/udev/rules.d/10-net.rules',
        'SUBSYSTEM=="net", ACTION=="add", ATTR{address}=="52:54:00:1:2:3", NAME="eth0"\n',
      ),
    ],
    [
      'dhclient',
      'warning',
      /supersede/,
      put(
        'etc/dhcp/dhclient.conf',
        'send host-name = gethostname();\nsupersede domain-name-servers 10.0.2.3;\n',
      ),
    ],
    ['a lease', 'warning', /lease/, put('etc/dhcp/dhclient.conf', 'lease {\n fixed-address 10.0.2.15;\n}\n')],
    [
      'a name in hosts',
      'warning',
      /127\.0\.1\.1 packer-vm/,
      put('etc/hosts', '127.0.0.1 localhost\n127.0.1.1\tpacker-vm\n'),
    ],
    [
      'an address in hosts',
      'warning',
      /10\.0\.2\.2 mirror/,
      put('etc/hosts', '10.0.2.2 mirror.example # c\n'),
    ],
  ])('%s', async (_how, severity, text, spoil) => {
    const found = await finding(spoil);
    expect(found).toMatchObject({ status: 'fail', severity });
    expect(found.found).toMatch(text);
    expect(found.found).not.toContain('SECRETPW');
  });
});

describe('network-state passes', () => {
  it.each<[string, (r: Root) => unknown]>([
    ['.yml, which netplan does not read', netplan('network: {ethernets: {a: {}}}', 'x.yml')],
    ['other ends', netplan('network: {ethernets: {a: {}}}', 'x.yaml.bak')],
    ['a hidden file', netplan('network: {ethernets: {a: {}}}', '.x.yaml')],
    [
      'a file of /lib that one of /etc replaces',
      (r) =>
        netplan('network: {}', 'x.yaml')(r.put('usr/lib/netplan/x.yaml', 'network: {ethernets: {a: {}}}\n')),
    ],
    ['comments', netplan('# Let NetworkManager manage all devices\n')],
    [
      'a renderer that is there',
      (r) =>
        netplan('network:\n  version: 2\n  renderer: NetworkManager\n')(r.put('usr/sbin/NetworkManager')),
    ],
    [
      'a renderer that a later file takes back',
      (r) =>
        netplan('network: {renderer: NetworkManager}')(
          r.put('etc/netplan/99.yaml', 'network: {renderer: networkd}\n'),
        ),
    ],
    ['the loopback of netplan', group('ethernets: {lo: {addresses: [127.0.0.1/8]}}')],
    ['Open vSwitch without interfaces', group('openvswitch: {}')],
    [
      'stock of systemd',
      (r) =>
        r
          .put('usr/lib/systemd/network/80-container-host0.network', '[Match]\nName=host0\n')
          .put('usr/lib/systemd/network/99-default.link', '[Link]\nNamePolicy=keep\n'),
    ],
    [
      'a stock file taken out',
      (r) =>
        r
          .link('etc/systemd/network/99-default.link', '/dev/null')
          .link('etc/udev/rules.d/75-persistent-net-generator.rules', '/dev/null'),
    ],
    [
      'cards of containers',
      networkd('docker.network', '[Match]\nName=docker0 veth*\n[Link]\nUnmanaged=yes\n'),
    ],
    [
      'a link without a name',
      networkd('50-wol.link', '[Match]\nOriginalName=*\n[Link]\nWakeOnLan=magic\nNamePolicy=keep\n'),
    ],
    [
      'stock of ifupdown',
      ifupdown('# c\nsource /etc/network/interfaces.d/*\nauto lo\niface lo inet loopback\n'),
    ],
    [
      'a file that nothing sources',
      (r) => ifupdown('auto lo\n')(r.put('etc/network/interfaces.d/x', 'iface eth0 inet dhcp\n')),
    ],
    [
      'a name that source-directory leaves out',
      (r) =>
        ifupdown('source-directory interfaces.d\n')(
          r.put('etc/network/interfaces.d/x.cfg', 'iface eth0 inet dhcp\n'),
        ),
    ],
    [
      'stock of NetworkManager',
      (r) =>
        r
          .put(
            'etc/NetworkManager/NetworkManager.conf',
            '[main]\nplugins=ifupdown,keyfile\n[ifupdown]\nmanaged=false\n',
          )
          .put(
            'etc/NetworkManager/conf.d/x.conf',
            '[keyfile]\nunmanaged-devices=*,except:type:wifi,interface-name:docker0\n',
          ),
    ],
    ['the loopback of NetworkManager', manager('[connection]\ntype=loopback\n')],
    [
      'rules that compute names',
      put(
        'etc/udev/rules.d/82-net-setup-link.rules',
        'SUBSYSTEM=="net", ACTION=="add", NAME="$env{ID_NET_NAME}"\n',
      ),
    ],
    ['stock of resolved', put('etc/systemd/resolved.conf', '[Resolve]\n#DNS=\n#FallbackDNS=\n')],
    [
      'name servers that a later file drops',
      (r: Root) =>
        r
          .put('etc/systemd/resolved.conf', '[Resolve]\nDNS=10.0.2.3\n')
          .put('etc/systemd/resolved.conf.d/90-x.conf', '[Resolve]\nDNS=\n'),
    ],
    ['an empty persistent-net', put('etc/udev/rules.d/70-persistent-net.rules', '# none\n')],
    [
      'stock of dhclient',
      put(
        'etc/dhcp/dhclient.conf',
        '#supersede domain-name "x";\nsend host-name = gethostname();\nrequest subnet-mask, domain-name;\n',
      ),
    ],
    [
      'stock of hosts',
      put(
        'etc/hosts',
        '127.0.0.1\tlocalhost\n127.0.1.1 ubuntu\n::1 localhost ip6-localhost ip6-loopback\nff02::1 ip6-allnodes\n',
      ),
    ],
  ])('%s', async (_how, spoil) => {
    expect(await finding(spoil)).toMatchObject({ status: 'pass' });
  });
});

it('name servers of the build are a warning, by the file that sets them', async () => {
  const found = await finding((r) =>
    r
      .put('etc/systemd/resolved.conf', '[Resolve]\n#DNS=\n')
      .put('etc/systemd/resolved.conf.d/build.conf', '[Resolve]\nDNS=10.0.2.3 \\\n 10.0.2.4\n')
      .put('usr/lib/systemd/resolved.conf.d/build.conf', '[Resolve]\nDNS=192.0.2.1\n')
      .put('etc/systemd/resolved.conf.d/x.off', '[Resolve]\nDNS=192.0.2.2\n'),
  );
  expect(found).toMatchObject({ status: 'fail', severity: 'warning' });
  expect(found.items?.map((i) => i.subject)).toEqual(['/etc/systemd/resolved.conf.d/build.conf']);
});
