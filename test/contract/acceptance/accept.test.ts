import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { CLI } from '../../cli.ts';
import { built } from './built.ts';
import { freePort } from './free-port.ts';
import { ID, type Stage, stage } from './stage.ts';

let here: Stage;
/** Sum of the first upload. */
let first: string;
beforeAll(async () => {
  here = await stage(2);
});
beforeEach(() => {
  here.config('machines: [gpu-001]');
  here.trouble();
});
afterAll(() => here.close());

const read = (name: string) => readFileSync(join(here.host.dir, name), 'utf8');

async function until(name: string, ...wanted: string[]): Promise<void> {
  for (let turn = 0; !wanted.includes(await here.status(name)); turn++) {
    if (turn > 200) throw new Error(`${name} is ${await here.status(name)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Starts an acceptance that waits for an answer by ssh which never comes. */
async function hanging(): Promise<{ end(signal: NodeJS.Signals): Promise<number | null> }> {
  here.trouble('*:no-ssh');
  const child = spawn(process.execPath, [CLI, 'accept', 'demo'], {
    cwd: here.host.dir,
    env: here.host.env,
    stdio: 'ignore',
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  await until(ID(1), 'Deployed');
  return {
    end(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

describe('accept', () => {
  it('says what is missing before any machine is touched', async () => {
    here.config('wait: 1s');
    const unnamed = await here.host.run(['accept', 'demo']);
    expect(unnamed).toMatchObject({ code: 2, stderr: expect.stringContaining('No machine is configured') });
    const unknown = await here.host.run(['accept', 'demo', '--machine', 'gpu-001']);
    expect(unknown.stderr).toContain('no record of an upload of demo');
    expect(await here.status(ID(1))).toBe('Ready');
  });

  it('reports a failed check by exit code 6, JUnit, Markdown and the page of the image', async () => {
    first = await here.upload('demo', 'demo-1.0-aaaaaaa');
    here.trouble('*:failed-unit');
    const flags = ['--junit', 'j.xml', '--markdown', 'm.md', '--sarif', 's.json'];
    const ran = await here.host.run(['--json', 'accept', 'demo', ...flags]);
    expect(ran.code, ran.stdout + ran.stderr).toBe(6);
    expect(ran.json).toMatchObject({
      ok: false,
      acceptances: [{ accepted: false, machine: { hostname: ID(1) }, released: 'released' }],
    });
    expect(read('j.xml')).toContain('dgxos-maas accept demo-1.0-aaaaaaa on gpu-001 of lab');
    expect(read('j.xml')).toMatch(
      /failures="1"[\s\S]*<failure type="blocker" message="[^"]*nvidia-persistenced/,
    );
    expect(read('m.md')).toContain('REJECTED');
    expect(JSON.parse(read('s.json')).runs[0].results).toMatchObject([
      { ruleId: 'no-failed-unit', level: 'error' },
    ]);
    await until(ID(1), 'Ready');
  });

  it.each(['0', '65536', '22a', '-1', '1e3', ''])(
    '--ssh-port %j is an error of usage, before any machine is touched',
    async (port) => {
      const requests = here.maas.requests.length;
      const { code, stderr } = await here.host.run(['accept', 'demo', `--ssh-port=${port}`]);
      expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('at most 65535') });
      expect(here.maas.requests).toHaveLength(requests);
    },
  );

  it('a quarantined image goes into no channel, unless that is said; an accepted one does', async () => {
    const promote = (...flags: string[]) =>
      here.host.run(['--json', 'promote', 'demo', '--channel', 'stable', ...flags]);
    expect(await promote()).toMatchObject({ code: 6, json: { error: { code: 'IMAGE_QUARANTINED' } } });
    expect(await promote('--quarantined')).toMatchObject({ code: 0 });
    expect(await here.accept(first, { checks: 'checks: []' })).toMatchObject({ accepted: true });
    expect(await promote('--require-accepted')).toMatchObject({ code: 0 });
    await here.upload('demo', 'demo-1.0-bbbbbbb');
    const untried = await promote('--require-accepted');
    expect(untried.json).toMatchObject({ error: { message: expect.stringContaining('never tested') } });
  });

  it('--ssh-port overrides the port of the configuration', async () => {
    await until(ID(1), 'Ready');
    // Nothing listens there: where the flag were not heard, nobody would answer.
    here.config('machines: [gpu-001]', await freePort());
    const ran = await here.host.run(['--json', 'accept', 'demo', '--ssh-port', String(here.guestPort)]);
    expect(ran.json, ran.stdout + ran.stderr).toMatchObject({ ok: true, acceptances: [{ accepted: true }] });
    await until(ID(1), 'Ready');
  });

  it('interrupted, it gives the machine back and leaves no verdict', async () => {
    await until(ID(1), 'Ready');
    const before = (await here.ledger()).length;
    const running = await hanging();
    expect(await running.end('SIGINT')).toBe(130);
    await until(ID(1), 'Ready');
    expect(await here.ledger()).toHaveLength(before);
  });

  it('killed, its machine is given back by the next one, and nobody else’s is', async () => {
    const running = await hanging();
    await running.end('SIGKILL');
    expect(await here.status(ID(1))).toBe('Deployed');
    here.trouble();
    const events: Event[] = [];
    const next = await here.accept(first, {
      machines: [ID(2)],
      checks: 'checks: []',
      emit: (event) => events.push(event),
    });
    expect(next).toMatchObject({ accepted: true, machine: { hostname: ID(2) } });
    expect(JSON.stringify(events)).toContain('gpu-001 was left allocated');
    await until(ID(1), 'Ready');
  });
});

describe('run --accept --promote', () => {
  it('says before the build that there is no such machine', async () => {
    here.config('machines: [gpu-01]');
    const ran = await here.host.run(['--json', 'run', 'demo', '--accept']);
    expect(ran).toMatchObject({ code: 7, json: { error: { code: 'MACHINE_UNKNOWN' } } });
    expect(ran.stderr).not.toContain('▸ iso');
  });

  it('is the whole way to a channel; the second time nothing is deployed', async () => {
    await built(here.host);
    const run = () => here.host.run(['--json', 'run', 'demo', '--accept', '--promote', 'tested']);
    const ran = await run();
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    expect(ran.json.stages.map((one: { stage: string; state: string }) => [one.stage, one.state])).toEqual([
      ...['iso', 'render', 'build', 'pack', 'validate'].map((id) => [id, 'fresh']),
      ...['upload', 'accept', 'promote'].map((id) => [id, 'ran']),
    ]);
    expect(ran.json.promote.moved).toMatchObject([{ target: 'lab', name: 'demo-1.0-tested' }]);
    const page = read('work/demo/report.html');
    expect(page).toContain('id="acceptance"');
    expect(page).toContain('on gpu-001 of lab');
    const requests = here.maas.requests.length;
    expect((await run()).json.stages.every((one: { state: string }) => one.state === 'fresh')).toBe(true);
    expect(here.maas.requests).toHaveLength(requests);
  });

  it('an image that fails on the machine stops before the channel', async () => {
    await built(here.host, { 'etc/other': 'content' });
    here.trouble('*:failed-unit');
    const ran = await here.host.run(['--json', 'run', 'demo', '--accept', '--promote', 'tested']);
    expect(ran.code).toBe(6);
    expect(ran.json.error).toMatchObject({
      code: 'IMAGE_QUARANTINED',
      detail: expect.stringContaining('no-failed-unit'),
    });
    expect(read('work/demo/report.html')).toContain('Quarantined');
    expect((await here.ledger()).at(-1)).toMatchObject({ did: 'quarantined', machine: ID(1) });
  });
});
