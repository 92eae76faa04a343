import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import { redact } from '../../../pipeline/core/secrets/registry.ts';
import {
  type GroupVars,
  type GroupVarsOptions,
  readGroupVars,
} from '../../../pipeline/maas/site/group-vars.ts';
import type { Site } from '../../../pipeline/maas/site/site.ts';
import { withGroupVars } from '../../../pipeline/maas/site/with-group-vars.ts';

const dir = mkdtempSync(join(tmpdir(), 'group-vars-'));
afterAll(() => rmSync(dir, { recursive: true }));

function read(text: string, options?: GroupVarsOptions) {
  const file = join(dir, 'all.yml');
  writeFileSync(file, text);
  return readGroupVars(file, options);
}

const faultOf = (promise: Promise<unknown>): Promise<Fault> =>
  promise.then(
    () => Promise.reject(new Error('nothing was thrown')),
    (error: unknown) => (error instanceof Fault ? error : Promise.reject(error)),
  );

/** As the guide of DeepOps has it. */
const GUIDE = `---
maas_adminusers:
  - username: 'admin'
    email: 'admin@{{ maas_dns_domain }}'
    password: 'a-long-password'
maas_dns_domain: 'deepops.local'
maas_region_controller: '192.168.1.1'
maas_region_controller_url: 'http://{{ maas_region_controller }}:5240/MAAS'
maas_repo: 'ppa:maas/2.8'
`;
const BY_VERSION = `maas_repo: "{{ 'ppa:maas/3.7' if ansible_distribution_version is version('24.04', '>=') else 'ppa:maas/3.5' }}"`;

describe("DeepOps' variables", () => {
  it('of the guide are read, with what refers to another filled in', async () => {
    expect(await read(GUIDE)).toMatchObject({
      adminUsers: [{ username: 'admin', email: 'admin@deepops.local', password: 'a-long-password' }],
      dnsDomain: 'deepops.local',
      regionController: '192.168.1.1',
      regionControllerUrl: 'http://192.168.1.1:5240/MAAS',
      repo: 'ppa:maas/2.8',
      unresolved: [],
    });
    expect(redact('it is a-long-password')).toBe('it is ***');
  });

  it('take what the file does not set as not set', async () => {
    const vars = await read('docker_version: "24"\n');
    expect(vars).toMatchObject({ adminUsers: [], dnsDomain: null, regionControllerUrl: null, repo: null });
  });

  it('may refer through several others', async () => {
    const vars = await read('site: lab\nnet: "{{site}}.example"\nmaas_dns_domain: "{{ net }}"\n');
    expect(vars.dnsDomain).toBe('lab.example');
  });

  it('may have a default', async () => {
    expect((await read(`maas_dns_domain: "{{ nowhere | default('maas') }}"`)).dnsDomain).toBe('maas');
  });

  it.each([
    ['24.04', 'ppa:maas/3.7'],
    ['22.04', 'ppa:maas/3.5'],
  ])("choose MAAS' repository by the version of Ubuntu: %s", async (version, repo) => {
    const facts = { ansible_distribution_version: version };
    expect((await read(BY_VERSION, { facts })).repo).toBe(repo);
  });

  it('that need a fact of the host are reported, not guessed', async () => {
    const vars = await read(`\n${BY_VERSION}`);
    expect(vars.repo).toBeNull();
    expect(vars.unresolved).toMatchObject([
      { variable: 'maas_repo', expression: 'ansible_distribution_version', where: { line: 2 } },
    ]);
  });

  it.each([
    ["{{ lookup('env', 'DOMAIN') }}", /more of Jinja/],
    ['{% if x %}a{% endif %}', /statements/],
  ])('that are more than references are reported: %s', async (value, why) => {
    const { unresolved } = await read(`maas_dns_domain: "${value.replaceAll('"', '\\"')}"`);
    expect(unresolved[0]!.why).toMatch(why);
  });

  it('encrypted by Ansible Vault are reported by name, never by content', async () => {
    const vars = await read(`maas_adminusers:
  - username: admin
    email: a@b
    password: !vault |
      $ANSIBLE_VAULT;1.1;AES256
      6162636465666768
`);
    expect(vars.adminUsers).toEqual([]);
    expect(vars.unresolved).toMatchObject([{ variable: 'maas_adminusers[0].password', expression: '***' }]);
  });
});

describe('a group_vars file that cannot be used', () => {
  it.each([
    [
      'a circle',
      'a: "{{ b }}"\nb: "{{ a }}"\nmaas_repo: "{{ a }}"',
      /refers to itself: maas_repo → a → b → a/,
      2,
    ],
    [
      'a user without password',
      'maas_adminusers:\n  - username: a\n    email: b',
      /\[0\]: password is missing/,
      2,
    ],
    ['users as text', 'maas_adminusers: admin', /not a list/, 1],
    ['a list for a text', 'maas_dns_domain:\n  - a', /maas_dns_domain is not text/, 2],
  ])('%s is reported with its place', async (_, text, message, line) => {
    const fault = await faultOf(read(text));
    expect(fault).toMatchObject({ code: 'CONFIG_INVALID', where: { line } });
    expect(fault.message).toMatch(message);
    expect(fault.hint).toMatch(/^Accepted: /);
  });

  it('is reported when it is encrypted whole', async () => {
    expect((await faultOf(read('$ANSIBLE_VAULT;1.1;AES256\n61'))).hint).toContain('ansible-vault view');
  });

  it('is reported when it is missing or a list', async () => {
    expect((await faultOf(readGroupVars(join(dir, 'none.yml')))).code).toBe('CONFIG_NOT_FOUND');
    expect((await faultOf(read('- a'))).message).toContain('contains no variables');
  });
});

describe('a site with these variables', () => {
  const vars = (dnsDomain: string | null): GroupVars => ({
    file: 'all.yml',
    adminUsers: [],
    dnsDomain,
    regionController: null,
    regionControllerUrl: null,
    repo: null,
    unresolved: [],
    duplicates: [],
  });
  const bare: Site = { settings: [], import: { wait: true, timeoutS: 1 }, prune: new Set() };
  const domain = (name: string, more = {}) => ({ name, path: ['domains', 0], ...more });

  it('gets their domain as the default one', () => {
    expect(withGroupVars(bare, vars('deepops.local')).domains).toMatchObject([
      { name: 'deepops.local', default: true },
    ]);
    expect(withGroupVars(bare, vars(null))).toBe(bare);
  });

  it('keeps what it says itself', () => {
    const other = { ...bare, domains: [domain('a.example', { default: true })] };
    const [own, added] = withGroupVars(other, vars('deepops.local')).domains!;
    expect(own).toMatchObject({ name: 'a.example', default: true });
    expect(added?.default).toBeUndefined();
    const same = { ...bare, domains: [domain('deepops.local', { ttl: 60 })] };
    expect(withGroupVars(same, vars('deepops.local')).domains).toMatchObject([
      { name: 'deepops.local', ttl: 60, default: true },
    ]);
  });
});

describe('a key that is there twice', () => {
  it('of a variable that is not read is named, and the last counts', async () => {
    const vars = await read('slurm_x: 1\nmaas_dns_domain: a.local\nslurm_x: 2\nnested: { a: 1, a: 2 }\n');
    expect(vars.dnsDomain).toBe('a.local');
    expect(vars.duplicates.map(({ key, where }) => [key, where.line])).toEqual([
      ['slurm_x', 3],
      ['a', 4],
    ]);
  });

  it.each([
    ['maas_dns_domain: a\nmaas_dns_domain: b\n', 2],
    ['maas_adminusers:\n  - username: a\n    username: b\n', 3],
  ])('of a variable that is read is an error: %j', async (text, line) => {
    expect(await faultOf(read(text))).toMatchObject({ code: 'CONFIG_SYNTAX', where: { line } });
  });

  it('numbers keep the form in which they are written', async () => {
    expect((await read('maas_repo: 3.10\n')).repo).toBe('3.10');
  });
});
