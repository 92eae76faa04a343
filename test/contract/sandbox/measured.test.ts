import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../../sandbox/server.ts';
import { type Answer, call, type Send, sign } from './client.ts';

/** Of what was measured on MAAS 3.4.10 and 3.5.13, in November 2026: a request and what both answer, or one of them. */
interface Row {
  /** METHOD path; {new} and {ready} stand for machines in these states. */
  ask: string;
  form?: Record<string, string | string[]>;
  send?: Send;
  only?: '3.4' | '3.5';
  status: number;
  type?: string;
  /** The whole text, or the body's shape. */
  says?: string | RegExp | Record<string, unknown> | unknown[];
  without?: string[];
  headers?: Record<string, string>;
}

const JSON_TYPE = 'application/json; charset=utf-8';
const TEXT = 'text/plain; charset=utf-8';
const NO_CHOICE = 'Select a valid choice. That choice is not one of the available choices.';
const MAC = (last: string) => `52:54:00:00:01:${last}`;
const IPMI = { power_type: 'ipmi', power_parameters_power_address: '10.9.9.9', commission: 'false' };
const unsigned = { authorization: null };
const key = 'aaaaaaaaaaaaaaaaaa:bbbbbbbbbbbbbbbbbb:cccccccccccccccccccccccccccccccc';
const header = (edit: (text: string) => string) => ({ authorization: edit(sign(key)), key });

const ROWS: Row[] = [
  { ask: 'GET describe/', send: unsigned, status: 200, type: 'application/json' },
  { ask: 'POST tags/', form: { name: 't1' }, status: 200, type: JSON_TYPE },
  { ask: 'DELETE tags/t1/', status: 204, type: 'text/plain', says: '' },
  {
    ask: 'POST resourcepools/',
    form: { name: 'p' },
    status: 200,
    says: { resource_uri: '/MAAS/api/2.0/resourcepool/1/' },
  },
  { ask: 'GET resourcepool/1/', status: 200, says: { name: 'p' } },
  { ask: 'PUT resourcepool/1/', form: { description: 'd' }, status: 200, says: { description: 'd' } },
  { ask: 'DELETE resourcepool/p/', status: 204, type: 'text/plain' },
  { ask: 'GET resourcepools/0/', status: 404, says: 'Unknown API endpoint: /MAAS/api/2.0/resourcepools/0/.' },
  { ask: 'GET vlans/5001/', status: 200, says: { vid: 0, resource_uri: '/MAAS/api/2.0/vlans/5001/' } },
  { ask: 'PUT vlans/5001/', form: { mtu: '9000' }, status: 200, says: { mtu: 9000 } },
  { ask: 'POST fabrics/0/vlans/', form: { vid: '9' }, status: 200, says: { id: 5003 } },
  { ask: 'DELETE vlans/5003/', status: 204 },
  { ask: 'GET vlans/9/', status: 404, says: 'VLAN with specified ID does not exist.' },
  { ask: 'GET users/admin/', status: 200, says: { username: 'admin', is_superuser: true } },
  { ask: 'GET users/nobody/', status: 404, says: 'No User matches the given query.' },
  {
    ask: 'POST machines/',
    form: { ...IPMI, architecture: 'amd64', mac_addresses: MAC('01'), hostname: 'bmc-1' },
    status: 200,
  },
  {
    ask: 'POST machines/',
    form: { ...IPMI, architecture: 'amd64', mac_addresses: MAC('02'), hostname: 'bmc-2' },
    status: 409,
    type: 'text/html; charset=utf-8',
    says: /Conflict Error/,
    headers: { 'retry-after': '5' },
  },
  { ask: 'GET machines/?hostname=bmc-2', status: 200, says: [] },
  {
    ask: 'POST subnets/',
    form: { cidr: '10.1.0.0/24', fabric: '99' },
    status: 400,
    says: { fabric: [NO_CHOICE] },
  },
  {
    ask: 'POST subnets/',
    form: { cidr: '10.1.0.0/24', fabric: 'x' },
    status: 400,
    says: { fabric: [NO_CHOICE] },
  },
  {
    ask: 'POST subnets/',
    form: { cidr: '10.1.0.0/24', vid: '99' },
    status: 400,
    says: { vid: ['No VLAN with vid 99 in default fabric.'] },
  },
  {
    ask: 'PUT subnets/1/',
    form: { rdns_mode: '9' },
    status: 400,
    says: { rdns_mode: ['Select a valid choice. 9 is not one of the available choices.'] },
  },
  {
    ask: 'PUT subnets/1/',
    form: { dns_servers: 'x' },
    status: 400,
    says: { __all__: ['Invalid IP address: x; provide a list of space-separated IP addresses'] },
  },
  { ask: 'POST subnets/', form: { cidr: '10.2.0.0/24', name: 'lan' }, status: 200, says: { gateway_ip: '' } },
  { ask: 'PUT subnets/1/', form: { description: 'd' }, status: 200, says: { gateway_ip: '' } },
  { ask: 'GET subnets/1/', status: 200, says: { gateway_ip: null } },
  { ask: 'GET subnets/name:lan/', status: 200, says: { cidr: '10.2.0.0/24' } },
  { ask: 'GET subnets/10.2.0.0/24/', status: 200, says: { name: 'lan' } },
  { ask: 'GET subnets/10.2.0.0%2F24/', status: 200, says: { name: 'lan' } },
  { ask: 'GET fabrics/0/vlans/untagged/', status: 200, says: { vid: 0 } },
  {
    ask: 'POST maas/?op=set_config',
    form: { name: 'http_proxy', value: 'http://proxy:3128' },
    status: 400,
    says: { http_proxy: ['Enter a valid URL.'] },
  },
  {
    ask: 'POST maas/?op=set_config',
    form: { name: 'http_proxy', value: 'http://localhost:3128' },
    status: 200,
    says: 'OK',
  },
  { ask: 'POST spaces/', status: 200, says: { name: 'space-1', subnets: [], vlans: [] } },
  { ask: 'GET spaces/', status: 200, says: [{ name: 'space-1' }, { id: -1, name: 'undefined' }] },
  {
    ask: 'POST account/prefs/sshkeys/',
    form: { key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f me' },
    status: 201,
    says: { keysource: null },
    without: ['resource_uri'],
  },
  {
    ask: 'POST account/prefs/sshkeys/?op=import',
    form: { keysource: 'xx:me' },
    status: 400,
    type: JSON_TYPE,
    says: { protocol: [expect.any(String)] },
  },
  {
    ask: 'POST machines/{new}/?op=exit_rescue_mode',
    status: 409,
    type: TEXT,
    says: 'Invalid transition: New -> Exiting rescue mode.',
  },
  { ask: 'GET machines/{new}/', status: 200, says: { status_name: 'New' } },
  { ask: 'POST machines/{new}/?op=test', status: 400, type: TEXT, says: /never been commissioned/ },
  {
    ask: 'POST machines/{new}/?op=commission',
    form: { commissioning_scripts: 'x' },
    status: 400,
    says: { commissioning_scripts: ['Select a valid choice. x is not one of the available choices.'] },
  },
  {
    ask: 'POST machines/',
    form: {
      architecture: 'amd64',
      mac_addresses: MAC('03'),
      power_type: 'manual',
      commission: 'false',
      hostname: 'fresh',
    },
    status: 200,
    says: { status_message: null, status_action: null, interface_set: [{ vlan: null }] },
    without: ['constraints_by_type'],
  },
  {
    ask: 'POST machines/?op=allocate',
    form: { system_id: '{ready}', dry_run: 'true' },
    status: 200,
    says: { constraints_by_type: {} },
  },
  {
    ask: 'GET machines/{new}/?op=power_parameters',
    only: '3.5',
    status: 200,
    says: { power_off_mode: 'hard' },
  },
  { ask: 'GET machines/{new}/?op=power_parameters', only: '3.4', status: 200, without: ['power_off_mode'] },
  {
    ask: 'POST machines/',
    form: { architecture: 'amd64', mac_addresses: MAC('04'), hostname: 'enlisted' },
    send: unsigned,
    status: 200,
    says: { hostname: 'enlisted', status_name: 'New' },
    without: ['interface_set'],
  },
  { ask: 'GET machines/', send: unsigned, status: 400, says: 'Unrecognised signature: method=GET op=None' },
  { ask: 'GET tags/', send: unsigned, status: 401, type: 'text/plain', says: 'Forbidden' },
  { ask: 'DELETE machines/{new}/', send: unsigned, status: 401, says: 'Forbidden' },
  {
    ask: 'GET tags/',
    send: header((text) => text.replace(/, oauth_signature="[^"]*"/, '')),
    status: 401,
    type: 'text/html; charset=utf-8',
    says: "Authorization Error: 'Missing signature.'",
  },
  {
    ask: 'GET tags/',
    send: header((text) => text.replace('oauth_version="1.0"', 'oauth_version="2.0"')),
    status: 401,
    says: "Authorization Error: 'OAuth version 2.0 not supported.'",
  },
  { ask: 'GET machines/?fabrics=fabric-1', status: 200 },
  { ask: 'GET machines/?deployment_target=disk', only: '3.5', status: 200 },
  {
    ask: 'GET machines/?deployment_target=disk',
    only: '3.4',
    status: 400,
    says: { deployment_target: ['No such constraint.'] },
  },
  {
    ask: 'POST boot-resources/',
    form: { name: 'big', architecture: 'amd64/generic', sha256: '0'.repeat(64), size: String(2n ** 63n) },
    only: '3.4',
    status: 400,
    says: { total_size: [expect.stringContaining('less than or equal')] },
  },
  {
    ask: 'POST boot-resources/',
    form: { name: 'big', architecture: 'amd64/generic', sha256: '0'.repeat(64), size: String(2n ** 63n) },
    only: '3.5',
    status: 400,
    says: { size: [expect.stringContaining('less than or equal')] },
  },
  { ask: 'GET machines/{ready}/?op=details', status: 200, type: 'application/bson' },
];

describe.each(['3.4', '3.5'] as const)('MAAS %s', (family) => {
  const dir = mkdtempSync(join(tmpdir(), 'measured-'));
  const now = Math.floor(Date.now() / 1000) * 1000;
  const ids: Record<string, string> = {};
  let server: Sandbox;

  beforeAll(async () => {
    server = await startSandbox({ dir, family, machines: 2, key, now: () => now });
    const [fresh, ready] = server.control.machines();
    Object.assign(ids, { new: fresh?.systemId, ready: ready?.systemId });
    await call(server, 'POST', `machines/${ready?.systemId}/?op=commission`);
    server.control.advance(3_600_000);
  });
  afterAll(async () => {
    await server.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const filled = (text: string) => text.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? '');
  const rows = ROWS.filter(({ only }) => only === undefined || only === family);

  test.each(rows.map((row) => [`${row.ask} ${JSON.stringify(row.form ?? {})}`, row] as const))(
    '%s',
    async (_, row) => {
      const [method = '', path = ''] = filled(row.ask).split(' ');
      const form =
        row.form &&
        Object.fromEntries(
          Object.entries(row.form).map(([name, value]) => [
            name,
            typeof value === 'string' ? filled(value) : value,
          ]),
        );
      const answer = await call(server, method, path, { ...(form ? { form } : {}), ...row.send });
      expect([answer.status, answer.text.slice(0, row.status === answer.status ? 0 : 200)]).toEqual([
        row.status,
        '',
      ]);
      if (row.type) expect(answer.headers['content-type']).toBe(row.type);
      if (row.headers) expect(answer.headers).toMatchObject(row.headers);
      saysAs(answer, row.says);
      for (const name of row.without ?? []) expect(answer.json).not.toHaveProperty(name);
    },
  );
});

function saysAs(answer: Answer, says: Row['says']): void {
  if (says === undefined) return;
  if (typeof says === 'string') expect(answer.text).toBe(says);
  else if (says instanceof RegExp) expect(answer.text).toMatch(says);
  else if (Array.isArray(says)) {
    expect(answer.json).toHaveLength(says.length);
    expect(answer.json).toMatchObject(says);
  } else expect(answer.json).toMatchObject(says);
}
