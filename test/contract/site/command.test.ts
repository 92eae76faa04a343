import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listReleases } from '../../../pipeline/config/releases/load.ts';
import { Host } from '../cli/host.ts';
import { Maas } from './maas.ts';

let host: Host;
let maas: Maas;

const GROUP_VARS = (url: string) => `maas_adminusers:
  - username: admin
    email: 'admin@{{ maas_dns_domain }}'
    password: a-password-of-deepops
maas_dns_domain: 'deepops.local'
maas_region_controller_url: '${url}'
maas_repo: "{{ 'a' if ansible_distribution_version is version('24.04', '>=') else 'b' }}"
`;
const SITE = `# yaml-language-server: $schema=x
subnets:
  - cidr: 192.168.1.0/24
    ranges:
      - { type: dynamic, start: 192.168.1.191, end: 192.168.1.254 }
    dhcp: {}
`;

beforeAll(async () => {
  host = new Host();
  maas = await Maas.start();
  writeFileSync(join(host.dir, 'site.yaml'), SITE);
  writeFileSync(join(host.dir, 'all.yml'), GROUP_VARS(maas.sandbox.url));
  writeFileSync(join(host.dir, 'key'), maas.sandbox.apiKey, { mode: 0o600 });
});
afterAll(async () => {
  await maas.stop();
  host.remove();
});

const site = (...args: string[]) =>
  host.run(['site', ...args, '--group-vars', 'all.yml', '--api-key-file', 'key']);

describe("dgxos-maas site, from DeepOps' variables", () => {
  it('plan shows the differences, and says so by exit code when asked', async () => {
    const { code, stdout } = await site('plan');
    expect(code).toBe(0);
    expect(stdout).toContain('+ domain deepops.local\n    default: true\n');
    expect(stdout).toContain('+ dynamic range 192.168.1.191-192.168.1.254 of 192.168.1.0/24');
    expect((await site('plan', '--detailed-exitcode')).code).toBe(8);
  });

  it('apply changes nothing without a yes', async () => {
    const { code, stderr } = await site('apply');
    expect(code).toBe(2);
    expect(stderr).toContain('--yes');
    expect(await maas.get('ipranges/')).toEqual([]);
  });

  it('apply --yes does it, and a second one nothing', async () => {
    const first = await site('apply', '--yes');
    expect(first.code, first.stderr).toBe(0);
    expect(first.stderr).toContain('~ VLAN fabric-0/untagged');
    expect(first.stdout).toMatch(/: 2 added, 1 changed, 0 deleted\.\n$/);
    const second = await site('apply');
    expect([second.code, second.stdout]).toEqual([0, 'Nothing to do: this MAAS matches the file.\n']);
    expect((await site('plan', '--detailed-exitcode')).code).toBe(0);
  });

  it('show lists what is there', async () => {
    const { stdout } = await site('show');
    expect(stdout).toMatch(
      /VLAN fabric-0\/untagged: DHCP by maas-vm\n {4}192\.168\.1\.0\/24\n {6}dynamic 192/,
    );
    expect(stdout).toContain('deepops.local (default)');
  });

  it('export writes a file whose plan is empty, and does not replace one unasked', async () => {
    expect((await site('export', '-o', 'exported.yaml')).code).toBe(0);
    expect(readFileSync(join(host.dir, 'exported.yaml'), 'utf8')).toMatch(
      /^# yaml-language-server: \$schema=.*site\.schema\.json\n/,
    );
    const { json } = await host.run([
      '--json',
      'site',
      'plan',
      '-f',
      'exported.yaml',
      '--group-vars',
      'all.yml',
      '--api-key-file',
      'key',
    ]);
    expect(json).toMatchObject({ ok: true, changes: [] });
    expect((await site('export', '-o', 'exported.yaml')).code).toBe(3);
  });

  it('init writes a file that is valid and fits the guide', async () => {
    expect((await host.run(['site', 'init', '-f', 'new.yaml'])).code).toBe(0);
    const text = readFileSync(join(host.dir, 'new.yaml'), 'utf8').replace(
      '- file: ~/.ssh/id_ed25519.pub',
      '- import: gh:me',
    );
    writeFileSync(join(host.dir, 'new.yaml'), text);
    const { code, stdout, stderr } = await site('plan', '-f', 'new.yaml');
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('+ tag dgx');
    // The catalogue's releases are deployed from it; it belongs to nobody's network.
    for (const { baseImage, archive } of await listReleases())
      expect(text.includes(`{ release: ${baseImage.split('/')[1]}, arches: [amd64] }`)).toBe(
        !archive?.preview,
      );
    expect(stdout).not.toMatch(/subnet|VLAN|range|dhcp/i);
  });

  it('points at the place of a mistake', async () => {
    writeFileSync(join(host.dir, 'wrong.yaml'), SITE.replace('192.168.1.254', '192.168.2.254'));
    const { code, stderr } = await site('plan', '-f', 'wrong.yaml');
    expect(code).toBe(3);
    expect(stderr).toContain('wrong.yaml:5:53');
    expect(stderr).toContain('192.168.2.254 is not in 192.168.1.0/24');
  });

  it('has shown neither a password nor the key', () => {
    const everything = `${host.said}\n${host.written([join(host.dir, 'key'), join(host.dir, 'all.yml')])}`;
    expect(everything).toContain('deepops.local');
    for (const secret of ['a-password-of-deepops', maas.sandbox.apiKey, ...maas.sandbox.apiKey.split(':')])
      expect(everything.includes(secret)).toBe(false);
  });
});
