import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dir, faultOf, KEY, load } from './written.ts';

const NET = 'subnets: [{cidr: 10.0.0.0/24';
const range = (type: string, start: string, end: string) => `{type: ${type}, start: ${start}, end: ${end}}`;
const dynamic = (start: string, end: string) => range('dynamic', start, end);

/** The mistake, the file, line:column, the message and the accepted values. */
const WRONG: [what: string, text: string, place: string, message: RegExp, accepted: RegExp][] = [
  // the schema
  ['an unknown section', 'zone: []', '1:1', /unknown key "zone". Did you mean "zones"/, /region, ssh_keys/],
  ['a mapping for a list', 'zones: {a: {}}', '1:8', /zones: .* is not a list/, /a list/],
  ['a zone without a name', 'zones:\n  - description: x', '2:5', /zones\[0\]: name is missing/, /./],
  ['an unknown setting', 'region:\n  upstream_nds: []', '2:3', /Did you mean "upstream_dns"/, /upstream_dns/],
  [
    'a layout nobody knows',
    'region: {storage_layout: flatt}',
    '1:26',
    /"flatt".*Did you mean "flat"/,
    /flat, lvm/,
  ],
  ['two lines of kernel options', 'region:\n  kernel_options: "a\\nb"', '2:19', /kernel_options/, /one line/],
  [
    'a VLAN id beyond 4094',
    'fabrics: [{name: a, vlans: [{vid: 4095}]}]',
    '1:35',
    /vid: must be <= 4094/,
    /./,
  ],
  [
    'an MTU that Linux has not',
    'fabrics: [{name: a, vlans: [{vid: 1, mtu: 500}]}]',
    '1:43',
    /mtu: must be >= 552/,
    /./,
  ],
  ['a tag with a space', 'tags: [{name: a b}]', '1:15', /tags\[0\]\.name: "a b"/, /letters, digits/],
  ['an import of another site', 'ssh_keys: [{import: "gl:a"}]', '1:21', /import: the value/, /lp:NAME/],
  ['no domain name', 'domains: [{name: a_b}]', '1:18', /"a_b"/, /deepops\.local/],
  ['no time', 'import: {timeout: soon}', '1:19', /"soon"/, /45m/],
  // Limits of MAAS' own forms and columns (maasserver/models, forms and fields of 2.8 to 3.8).
  ['a tag that is too long', `tags: [{name: ${'a'.repeat(257)}}]`, '1:15', /256 characters/, /./],
  ['a zone that is too long', `zones: [{name: ${'a'.repeat(257)}}]`, '1:16', /256 characters/, /./],
  ['a fabric that is too long', `fabrics: [{name: ${'a'.repeat(257)}}]`, '1:18', /256 characters/, /./],
  [
    'a VLAN that is too long',
    `fabrics: [{name: f, vlans: [{vid: 1, name: ${'a'.repeat(257)}}]}]`,
    '1:44',
    /256 characters/,
    /./,
  ],
  [
    'a subnet that is too long',
    `subnets: [{cidr: 10.0.0.0/24, name: ${'a'.repeat(256)}}]`,
    '1:37',
    /255 characters/,
    /./,
  ],
  [
    'a domain that is too long',
    `domains: [{name: ${`${'a'.repeat(60)}.`.repeat(5)}de}]`,
    '1:18',
    /255 characters/,
    /./,
  ],
  [
    "MAAS' internal domain",
    'domains: [{name: maas-internal}]',
    '1:18',
    /reserves the domain maas-internal/,
    /another/,
  ],
  [
    'a proxy whose host has no domain',
    'region:\n  proxy: {mode: external, url: "http://proxy:3128"}',
    '2:32',
    /"proxy" has no domain/,
    /localhost or an address/,
  ],
  [
    'a proxy whose domain ends in a digit',
    'region:\n  proxy: {mode: external, url: "http://proxy.dc1:3128"}',
    '2:32',
    /ends in ".dc1"/,
    /proxy\.example/,
  ],
  [
    'a proxy with a port of one digit',
    'region:\n  proxy: {mode: external, url: "http://proxy.example:8"}',
    '2:32',
    /does not accept this URL/,
    /proxy\.example/,
  ],
  [
    'a mirror without domain',
    'boot_sources: [{url: "http://mirror/"}]',
    '1:22',
    /"mirror" has no domain/,
    /domain/,
  ],
  [
    'a time server that is too long',
    `region: {ntp_servers: [${`${'a'.repeat(60)}.`.repeat(5)}de]}`,
    '1:24',
    /not a host/,
    /host name/,
  ],
  // region
  [
    'DNS by name',
    'region:\n  upstream_dns: [dns.example]',
    '2:18',
    /"dns\.example" is not an address/,
    /IPv4/,
  ],
  [
    'a time server of four and a half octets',
    'region: {ntp_servers: ["10.0.0.300"]}',
    '1:24',
    /not a host/,
    /host name/,
  ],
  [
    'an outer proxy without URL',
    'region:\n  proxy: {mode: external}',
    '2:3',
    /needs the proxy's URL/,
    /3128/,
  ],
  [
    'a URL for the built-in proxy',
    'region: {proxy: {mode: builtin, url: "http://p.example:3128"}}',
    '1:38',
    /has no url/,
    /external/,
  ],
  [
    'a proxy of another scheme',
    'region: {proxy: {mode: peer, url: "socks://p"}}',
    '1:35',
    /starts with http/,
    /http:/,
  ],
  [
    'a password without user',
    'region: {proxy: {mode: peer, url: "http://p.example", password: {environment: P}}}',
    '1:65',
    /needs a username/,
    /username: NAME/,
  ],
  [
    'a password that is not set',
    'region: {proxy: {mode: peer, url: "http://p.example", username: u, password: {environment: NO_SUCH}}}',
    '1:92',
    /NO_SUCH is not set/,
    /variable/,
  ],
  // keys
  ['a key of no type', 'ssh_keys: [{key: ssh-foo AAAA}]', '1:18', /does not start with a key type/, /\.pub/],
  [
    'a key whose data is another',
    'ssh_keys: [{key: ssh-rsa AAAAC3NzaC1lZDI1NTE5}]',
    '1:18',
    /not the data of such a key/,
    /\.pub/,
  ],
  [
    'a private key',
    'ssh_keys:\n  - key: |\n      -----BEGIN OPENSSH PRIVATE KEY-----\n      abcdef0123',
    '2:10',
    /this is a private key/,
    /\.pub/,
  ],
  [
    'a key twice',
    `ssh_keys:\n  - key: ${KEY} me\n  - key: ${KEY} you`,
    '3:5',
    /occurs twice, also as ssh_keys\[0\]/,
    /./,
  ],
  [
    'a key file that is not there',
    'ssh_keys: [{file: none.pub}]',
    '1:19',
    /There is no file .*none\.pub/,
    /public keys/,
  ],
  [
    'two ways of one key',
    'ssh_keys: [{file: a, import: "gh:a"}]',
    '1:12',
    /exactly one is required/,
    /key, file, import/,
  ],
  // boot sources
  ['a source by ftp', 'boot_sources: [{url: "ftp://a/b"}]', '1:22', /not a URL of a mirror/, /http or https/],
  [
    'a source with a password',
    'boot_sources: [{url: "http://u:topsecret@a/b"}]',
    '1:22',
    /must not contain a user or password/,
    /without user/,
  ],
  [
    'a source twice',
    'boot_sources:\n  - url: http://a.example/b\n  - url: http://a.example/b/',
    '3:10',
    /"http:\/\/a.example\/b" occurs twice/,
    /./,
  ],
  [
    'a selection twice',
    'boot_sources: [{url: "http://a.example", selections: [{release: jammy}, {os: ubuntu, release: jammy}]}]',
    '1:95',
    /"ubuntu\/jammy" occurs twice/,
    /./,
  ],
  // names
  ['a tag twice', 'tags: [{name: a}, {name: a}]', '1:26', /"a" occurs twice, also as tags\[0\]/, /./],
  ['a fabric twice', 'fabrics: [{name: a}, {name: a}]', '1:29', /occurs twice/, /./],
  [
    'a VLAN twice',
    'fabrics: [{name: a, vlans: [{vid: 5}, {vid: 5}]}]',
    '1:45',
    /5 occurs twice, also as fabrics\[0\]\.vlans\[0\]/,
    /./,
  ],
  ['a space of MAAS itself', 'spaces: [{name: undefined}]', '1:17', /that MAAS reserves/, /letters/],
  [
    'a name for the untagged VLAN',
    'fabrics: [{name: a, vlans: [{vid: 0, name: lan}]}]',
    '1:44',
    /"untagged", whatever/,
    /no name/,
  ],
  [
    'two default domains',
    'domains: [{name: a, default: true}, {name: b, default: true}]',
    '1:56',
    /domains\[0\] is already the default/,
    /./,
  ],
  [
    'pruning what is not written',
    'tags: []\nprune: [zones]',
    '2:9',
    /everything would be deleted, because the file has no zones/,
    /tags/,
  ],
  ['pruning ranges without any', `${NET}}]\nprune: [ranges]`, '2:9', /no ranges/, /subnets/],
  // networks
  [
    'no network',
    'subnets: [{cidr: 10.0.0.0}]',
    '1:18',
    /"10\.0\.0\.0" is not a network/,
    /192\.168\.1\.0\/24/,
  ],
  ['a network of 33 bits', 'subnets: [{cidr: 10.0.0.0/33}]', '1:18', /is not a network/, /length/],
  [
    'a host in place of a network',
    'subnets: [{cidr: 10.0.0.7/24}]',
    '1:18',
    /Did you mean "10\.0\.0\.0\/24"/,
    /10\.0\.0\.0\/24/,
  ],
  ['everything', 'subnets: [{cidr: 0.0.0.0/0}]', '1:18', /whole Internet/, /length of 1/],
  ['a network twice', `${NET}}, {cidr: 10.0.0.0/24}]`, '1:39', /occurs twice/, /./],
  [
    'networks inside each other',
    `${NET}}, {cidr: 10.0.0.0/16}]`,
    '1:39',
    /10\.0\.0\.0\/16 overlaps with 10\.0\.0\.0\/24/,
    /./,
  ],
  ['a VLAN of no fabric', `${NET}, vlan: 5}]`, '1:37', /of which fabric/, /fabric: NAME/],
  [
    'a gateway outside',
    `${NET}, gateway: 10.0.1.1}]`,
    '1:40',
    /10\.0\.1\.1 is not in 10\.0\.0\.0\/24/,
    /or none/,
  ],
  ['a gateway by name', `${NET}, gateway: router}]`, '1:40', /"router" is not an address/, /none/],
  ['DNS of four letters', `${NET}, dns_servers: [abcd]}]`, '1:45', /"abcd" is not an address/, /IPv6/],
  [
    'a range outside',
    `${NET}, ranges: [${range('reserved', '10.0.1.1', '10.0.1.9')}]}]`,
    '1:64',
    /10\.0\.1\.1 is not in/,
    /addresses of 10/,
  ],
  [
    'a range that leaves',
    `${NET}, ranges: [${range('reserved', '10.0.0.9', '10.0.1.9')}]}]`,
    '1:79',
    /10\.0\.1\.9 is not in/,
    /addresses of 10/,
  ],
  [
    'a range backwards',
    `${NET}, ranges: [${range('reserved', '10.0.0.9', '10.0.0.1')}]}]`,
    '1:79',
    /10\.0\.0\.1 comes before/,
    /later/,
  ],
  [
    'a range with the network',
    `${NET}, ranges: [${range('reserved', '10.0.0.0', '10.0.0.1')}]}]`,
    '1:64',
    /network itself/,
    /addresses/,
  ],
  [
    'a range with the broadcast',
    `${NET}, ranges: [${range('reserved', '10.0.0.1', '10.0.0.255')}]}]`,
    '1:79',
    /broadcast/,
    /addresses/,
  ],
  [
    'a range of a third type',
    `${NET}, ranges: [${range('dynamc', '10.0.0.1', '10.0.0.9')}]}]`,
    '1:47',
    /Did you mean "dynamic"/,
    /dynamic, reserved/,
  ],
  [
    'overlapping ranges',
    `${NET}, ranges: [\n  ${range('reserved', '10.0.0.1', '10.0.0.9')},\n  ${dynamic('10.0.0.9', '10.0.0.20')}]}]`,
    '3:26',
    /10\.0\.0\.9-10\.0\.0\.20 overlaps with the reserved range 10\.0\.0\.1-10\.0\.0\.9/,
    /share no address/,
  ],
  [
    'a gateway that DHCP would give away',
    `${NET}, gateway: 10.0.0.5, ranges: [${dynamic('10.0.0.1', '10.0.0.9')}]}]`,
    '1:40',
    /inside the dynamic range/,
    /outside/,
  ],
  [
    'a DNS server that DHCP would give away',
    `${NET}, dns_servers: [10.0.0.5], ranges: [${dynamic('10.0.0.1', '10.0.0.9')}]}]`,
    '1:45',
    /inside the dynamic range/,
    /outside/,
  ],
  [
    'a short range of IPv6',
    `subnets: [{cidr: "fd00::/64", ranges: [${dynamic('"fd00::1"', '"fd00::f"')}]}]`,
    '1:79',
    /256 addresses/,
    /later/,
  ],
  // DHCP
  [
    'DHCP without addresses',
    `${NET}, dhcp: {}}]`,
    '1:37',
    /no addresses for 10\.0\.0\.0\/24/,
    /type: dynamic/,
  ],
  [
    'DHCP of a VLAN without addresses',
    'fabrics: [{name: a, vlans: [{vid: 0, dhcp: {rack: r}}]}]',
    '1:44',
    /for a, VLAN 0/,
    /type: dynamic/,
  ],
  ['DHCP off, by a rack', `${NET}, dhcp: {enabled: false, rack: r}}]`, '1:47', /has no other keys/, /alone/],
  [
    'a relay with a rack',
    'fabrics: [{name: a, vlans: [{vid: 5, dhcp: {rack: r, relay: {fabric: a, vlan: 0}}}]}]',
    '1:61',
    /relay is not a rack/,
    /rack or relay/,
  ],
  [
    'a relay to itself',
    'fabrics: [{name: a, vlans: [{vid: 5, dhcp: {relay: {fabric: a, vlan: 5}}}]}]',
    '1:52',
    /to itself/,
    /the VLAN that serves/,
  ],
  [
    'a stand-in for nobody',
    `${NET}, dhcp: {secondary_rack: r}, ranges: [${dynamic('10.0.0.1', '10.0.0.9')}]}]`,
    '1:54',
    /needs a primary rack/,
    /rack: NAME/,
  ],
  [
    'a stand-in for itself',
    `${NET}, dhcp: {rack: r, secondary_rack: r}, ranges: [${dynamic('10.0.0.1', '10.0.0.9')}]}]`,
    '1:63',
    /cannot be its own secondary rack/,
    /another/,
  ],
  [
    'two DHCPs of one VLAN',
    `fabrics: [{name: a, vlans: [{vid: 0, dhcp: {enabled: false}}]}]\n${NET}, fabric: a, dhcp: {enabled: false}}]`,
    '2:48',
    /the DHCP of a, VLAN 0, is already set at fabrics\.0\.vlans\.0/,
    /one place/,
  ],
];

describe('a site file that cannot be', () => {
  it.each(WRONG)('%s', async (_, text, place, message, accepted) => {
    const fault = await faultOf(load(text));
    expect(fault.code).toBe('CONFIG_INVALID');
    expect(fault.message).toMatch(message);
    const { file, line, column } = fault.where!;
    expect(`${file}:${line}:${column}`).toBe(`site.yaml:${place}`);
    expect(`${fault.hint ?? ''}${fault.detail ?? ''}`).toMatch(accepted);
  });

  it('shows every problem at once, in the order of the file', async () => {
    const fault = await faultOf(
      load(`region:\n  upstream_dns: [x]\nzones:\n  - name: a\n  - name: a\nsubnets:\n  - cidr: 1.2.3.4`),
    );
    expect(fault.message).toContain('"x" is not an address');
    expect(fault.detail).toMatch(
      /2 more problems:[\s\S]*site\.yaml:5:11: .*"a" occurs twice[\s\S]*site\.yaml:7:11: .*is not a network/,
    );
  });

  it('is looked at beside a key that nobody knows', async () => {
    const fault = await faultOf(load('subnets:\n  - cidr: 10.0.0.7/24\n    gatway: 10.0.0.1'));
    expect(fault.message).toContain('Did you mean "10.0.0.0/24"');
    expect(fault.detail).toContain('Did you mean "gateway"');
  });

  it('is still looked at where a part of it is wrong, without echoes', async () => {
    const fault = await faultOf(load('tags: [{nam: a}]\nprune: [tags]'));
    expect(fault.message).toContain('Did you mean "name"');
    expect(fault.detail).not.toContain('deleted');
  });

  it.each([
    ['ssh_keys:\n  - key: |\n      -----BEGIN OPENSSH PRIVATE KEY-----\n      c2VjcmV0\n', 'c2VjcmV0'],
    ['ssh_keys:\n  - "-----BEGIN OPENSSH PRIVATE KEY----- c2VjcmV0"', 'c2VjcmV0'],
    ['region: {proxy: {mode: peer, url: "http://u:c2VjcmV0@p"}}', 'c2VjcmV0'],
    [
      'region:\n  proxy:\n    mode: peer\n    url: http://p\n    username: u\n    password: c2VjcmV0',
      'c2VjcmV0',
    ],
    ['boot_sources: [{url: "ftp://u:c2VjcmV0@p"}]', 'c2VjcmV0'],
  ])('repeats no secret: %s', async (text, secret) => {
    const fault = await faultOf(load(text));
    expect(JSON.stringify(fault)).not.toContain(secret);
    expect(fault.where).toBeDefined();
  });

  it('says so for a file that is not there', async () => {
    const fault = await faultOf(
      import('../../../pipeline/maas/site/load.ts').then(({ loadSite }) =>
        loadSite({ file: 'none.yaml', env: {}, cwd: dir }),
      ),
    );
    expect(fault).toMatchObject({ code: 'CONFIG_NOT_FOUND' });
    expect(fault.hint).toContain('site init');
  });
});

describe('a site file that can be', () => {
  it('may be empty: everything stays as it is', async () => {
    expect((await load('')).site).toMatchObject({ settings: [], prune: new Set() });
  });

  it('gets its defaults, and addresses in the spelling of MAAS', async () => {
    const { site } = await load(
      'boot_sources: [{url: "http://a.example/", selections: [{release: jammy}]}]\nsubnets: [{cidr: "FD00:0::/64", gateway: "fd00:0::0001", dns_servers: []}]\ntags: [{name: a, definition: " //x "}]',
    );
    expect(site.bootSources?.[0]?.selections).toMatchObject([
      { os: 'ubuntu', release: 'jammy', arches: ['amd64'], subarches: ['*'], labels: ['*'] },
    ]);
    expect(site.subnets).toMatchObject([
      { cidr: 'fd00::/64', gateway: 'fd00::1', dnsServers: [], vlan: null },
    ]);
    expect(site.tags?.[0]?.definition).toBe('//x');
    expect(site.import).toEqual({ wait: true, timeoutS: 7200 });
  });

  it('reads keys from files, beside it or at home', async () => {
    writeFileSync(join(dir, 'two.pub'), `# mine\n${KEY} one\n\n${KEY.replace(/7/, '8')} two\n`);
    const { site } = await load('ssh_keys: [{file: two.pub}, {import: "lp:me"}]');
    expect(site.sshKeys?.map(({ key, source }) => key?.split(' ')[2] ?? source)).toEqual([
      'one',
      'two',
      'lp:me',
    ]);
  });

  it('takes the password of the proxy from the environment or a file', async () => {
    writeFileSync(join(dir, 'password'), 'p/w\n');
    const proxy = (password: string) =>
      `region: {proxy: {mode: external, url: "http://p.example:3128", username: u, password: ${password}}}`;
    const url = async (text: string, env = {}) =>
      (await load(text, env)).site.settings.find(({ name }) => name === 'http_proxy')?.value;
    expect(await url(proxy('{environment: PW}'), { PW: 'a@b' })).toBe('http://u:a%40b@p.example:3128/');
    expect(await url(proxy('{file: password}'))).toBe('http://u:p%2Fw@p.example:3128/');
  });
});
