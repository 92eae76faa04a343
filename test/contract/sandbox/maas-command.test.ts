import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import type { Sandbox } from '../../../sandbox/server.ts';
import { VERSIONS } from '../../../sandbox/versions.ts';
import { call, sandbox } from './client.ts';

const SCRIPT = join(import.meta.dirname, 'maas-command.py');

interface Command {
  on: string;
  do: string;
  /** Values of the path, in its order. */
  at?: (string | number)[];
  with?: Record<string, string | number | string[]>;
}

interface Answered {
  status: number;
  type: string;
  // biome-ignore lint/suspicious/noExplicitAny: the tests say what they expect in it
  body: any;
}

/** Gives commands one after the other to one run of the script; a crash of it is a failure with its traceback. */
async function ask(server: Sandbox, commands: Command[]): Promise<Answered[]> {
  const lines = commands.map((one) => JSON.stringify({ ...one, at: one.at?.map(String) })).join('\n');
  // Debian's own Python has Debian's httplib2.
  const { stdout } = await execa('/usr/bin/python3', [SCRIPT, server.url, server.apiKey], { input: lines });
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const answer = JSON.parse(line) as Answered;
      return {
        ...answer,
        body: answer.type.startsWith('application/json') ? JSON.parse(answer.body) : answer.body,
      };
    });
}

const MACHINE = {
  architecture: 'amd64',
  mac_addresses: ['52:54:00:00:00:77'],
  power_type: 'manual',
  hostname: 'cli',
};

describe('a client that looks at headers as the maas command does', () => {
  test.each(VERSIONS)(
    'logs in to %s, reads every list, and every DELETE has a content type',
    async (family) => {
      const server = await sandbox({ family });
      const { json } = await call(server, 'GET', 'describe/', { authorization: null });
      type Described = {
        name: string;
        auth: { path: string; params: string[]; actions: { name: string }[] } | null;
      };
      const lists = (json.resources as Described[]).filter(
        ({ auth }) => auth?.params.length === 0 && auth.actions.some(({ name }) => name === 'read'),
      );
      expect(lists.length).toBeGreaterThan(12);
      for (const { auth } of lists) {
        const answer = await call(server, 'GET', auth?.path ?? '');
        expect([auth?.path, answer.status, Array.isArray(answer.json)]).toEqual([auth?.path, 200, true]);
      }
      const answers = await ask(server, [
        { on: 'version', do: 'read' },
        { on: 'users', do: 'whoami' },
        { on: 'tags', do: 'create', with: { name: 't', kernel_opts: 'iommu=pt' } },
        { on: 'tag', do: 'update', at: ['t'], with: { comment: 'c' } },
        { on: 'tag', do: 'delete', at: ['t'] },
        { on: 'resource-pools', do: 'create', with: { name: 'ai' } },
        { on: 'resource-pool', do: 'update', at: [1], with: { description: 'd' } },
        { on: 'resource-pool', do: 'delete', at: [1] },
        { on: 'zones', do: 'create', with: { name: 'z' } },
        { on: 'zone', do: 'delete', at: ['z'] },
        { on: 'spaces', do: 'create' },
        { on: 'space', do: 'delete', at: [1] },
        { on: 'fabrics', do: 'create', with: { name: 'f' } },
        { on: 'vlans', do: 'create', at: ['f'], with: { vid: 7 } },
        { on: 'vlan', do: 'read', at: ['f', 'untagged'] },
        { on: 'subnets', do: 'create', with: { cidr: '10.7.0.0/24', fabric: 2, vid: 7 } },
        { on: 'subnet', do: 'read', at: ['10.7.0.0/24'] },
        {
          on: 'ipranges',
          do: 'create',
          with: { type: 'reserved', start_ip: '10.7.0.9', end_ip: '10.7.0.9' },
        },
        { on: 'iprange', do: 'delete', at: [1] },
        { on: 'subnet', do: 'delete', at: ['name:10.7.0.0/24'] },
        { on: 'vlan', do: 'delete', at: ['f', 7] },
        { on: 'fabric', do: 'delete', at: ['f'] },
        { on: 'domains', do: 'create', with: { name: 'x.example' } },
        { on: 'domain', do: 'delete', at: [1] },
        { on: 'maas', do: 'set-config', with: { name: 'kernel_opts', value: 'quiet' } },
        { on: 'maas', do: 'get-config', with: { name: 'kernel_opts' } },
        { on: 'machines', do: 'create', with: { ...MACHINE, commission: 'false' } },
        { on: 'machines', do: 'read', with: { hostname: 'cli' } },
      ]);
      expect(answers.map(({ status }) => status).filter((status) => status >= 300)).toEqual([]);
      expect(answers.filter(({ status }) => status === 204)).toHaveLength(9);
      expect(new Set(answers.filter(({ status }) => status === 204).map(({ type }) => type))).toEqual(
        new Set(['text/plain']),
      );
      const [machine] = answers.at(-1)?.body ?? [];
      const after = await ask(server, [
        { on: 'machine', do: 'details', at: [machine.system_id] },
        { on: 'machine', do: 'delete', at: [machine.system_id] },
        { on: 'machine', do: 'read', at: [machine.system_id] },
      ]);
      expect(after.map(({ status, type }) => [status, type])).toEqual([
        [200, 'application/bson'],
        [204, 'text/plain'],
        [404, 'text/plain; charset=utf-8'],
      ]);
    },
  );
});
