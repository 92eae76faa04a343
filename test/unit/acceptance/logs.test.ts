import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { registerSecret } from '../../../pipeline/core/secrets/registry.ts';
import type { Remote, RemoteResult } from '../../../pipeline/host/ssh/remote.ts';
import { collectLogs } from '../../../pipeline/maas/acceptance/collect.ts';
import { collectFromMaas } from '../../../pipeline/maas/acceptance/maas-logs.ts';
import type { MaasClient } from '../../../pipeline/maas/api/client.ts';
import { values } from './values.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'logs-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const MOST = 2_000_000;
const kept = (file: string | null) => readFileSync(join(dir, file!), 'utf8');

/** The result for a machine's log when its command ends so. */
async function collected(result: Partial<RemoteResult>, command = 'journalctl') {
  const asked: unknown[] = [];
  const remote = {
    async run(line: unknown, how: object) {
      asked.push(line, how);
      return { exitCode: 0, stdout: '', stderr: '', timedOut: false, cut: false, seconds: 1, ...result };
    },
  };
  const logs = [{ id: 'journal', when: {}, command, root: true }];
  const signal = new AbortController().signal;
  const [log] = await collectLogs(remote as unknown as Remote, logs, values(), dir, signal);
  return { ...log!, asked };
}

describe('a log of a machine', () => {
  test('is kept without secrets, of the machine or of ours', async () => {
    registerSecret('registered-in-logs');
    const log = await collected({ stdout: 'oauth_token=abc123 registered-in-logs password: "hunter22"\n' });
    expect(log).toMatchObject({ id: 'journal', note: null, asked: ['journalctl', { root: true }] });
    const text = kept(log.file);
    expect(text).toMatch(/^oauth_token=\*\*\* .* password: "\*\*\*"\n$/);
    expect(text).not.toMatch(/abc123|registered-in-logs|hunter22/);
    expect(log.size).toBe(text.length);
  });

  test('is kept as far as it came when its command does not end', async () => {
    const log = await collected({ stdout: 'half', timedOut: true });
    expect([log.note, kept(log.file)]).toEqual(['not at its end after 60 s', 'half']);
    expect(await collected({ timedOut: true })).toMatchObject({
      file: null,
      size: 0,
      note: 'not at its end after 60 s',
    });
  });

  test('begins with a whole line when its begin was cut off', async () => {
    const log = await collected({ stdout: 'rest-of-a-secret\nwhole\n', cut: true });
    expect([log.note, kept(log.file)]).toEqual([`the last ${MOST} characters`, 'whole\n']);
  });

  test.each([
    [MOST, null],
    [MOST + 1, `the last ${MOST} characters`],
  ])('of %i characters has the note %j', async (length, note) => {
    const log = await collected({ stdout: 'x'.repeat(length) });
    expect([log.note, log.size]).toEqual([note, MOST]);
  });

  test.each([
    [{ stderr: 'first\nno such file\n' }, 'no such file'],
    [{}, 'it is empty'],
  ])('that is not there says why (%j)', async (result, note) => {
    expect(await collected({ exitCode: 1, ...result })).toMatchObject({ file: null, size: 0, note });
  });

  test('that needs what is not known here is not asked for', async () => {
    const log = await collected({ stdout: 'x' }, 'echo {image.kernel}');
    expect(log).toMatchObject({ file: null, size: 0, note: expect.stringContaining('kernel'), asked: [] });
  });
});

/** The records that MAAS has of an installation, and its events. */
async function ofMaas(results: unknown, events: unknown) {
  const client = {
    async get(path: string) {
      const answer = path.startsWith('events/') ? events : results;
      if (answer instanceof Error) throw answer;
      return answer;
    },
    notMaas: (_: string, why: string) => new Error(why),
  };
  return collectFromMaas(client as unknown as MaasClient, 'abc', dir);
}

describe("MAAS' records of a deployment", () => {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const event = { id: 2, created: 'Sat, 28 Nov. 2026 10:00:00', level: 'INFO', type: 'Deployed' };

  test('is kept: the installation’s output and the events', async () => {
    const results = [
      { name: '/tmp/install.log', output: base64('installed\n'), stdout: base64('other') },
      { name: 'curtin/out put', stdout: base64('from stdout') },
      { name: '/tmp/curtin-logs.tar', output: base64('archive') },
      { name: '/tmp/curtin-logs.tar.gz', output: base64('archive') },
      { name: 'empty', output: '' },
      { name: 7, output: base64('nameless') },
    ];
    const logs = await ofMaas(
      { results },
      {
        events: [
          { ...event, description: 'by ada' },
          { ...event, id: 1 },
        ],
      },
    );
    expect(logs.map(({ id, note }) => [id, note])).toEqual([
      ['maas-install', null],
      ['maas-curtin-out-put', null],
      ['maas-events', null],
    ]);
    expect(logs.map(({ file }) => kept(file))).toEqual([
      'installed\n',
      'from stdout',
      '28 Nov. 2026 10:00:00  Deployed\n28 Nov. 2026 10:00:00  Deployed - by ada\n',
    ]);
  });

  test.each([[null], [{}], [{ results: 'x' }]])('is nothing where the answer is %j', async (answer) => {
    expect(await ofMaas(answer, { events: [] })).toEqual([]);
  });

  test('that it does not say is noted, each for itself', async () => {
    expect(await ofMaas(new Error('HTTP 500'), { events: 'x' })).toEqual([
      { id: 'maas-installation', file: null, size: 0, note: 'HTTP 500' },
      { id: 'maas-events', file: null, size: 0, note: 'there are no events in it' },
    ]);
  });
});
