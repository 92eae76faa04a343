import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ID, type Stage, stage } from './stage.ts';

let here: Stage;
beforeAll(async () => {
  here = await stage(2);
  here.config('machines: [gpu-001]');
});
afterAll(() => here.close());

const read = (name: string) => readFileSync(join(here.host.dir, name), 'utf8');

describe('accept', () => {
  it('deploys the upload, checks it over ssh, and gives the machine back', async () => {
    await here.upload('demo', 'demo-1.0-aaaaaaa');
    const ran = await here.host.run(['--json', 'accept', 'demo', '--junit', 'j.xml', '--markdown', 'm.md']);
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    expect(ran.json).toMatchObject({
      ok: true,
      acceptances: [
        {
          accepted: true,
          name: 'demo-1.0-aaaaaaa',
          machine: { hostname: ID(1), address: expect.stringMatching(/^127\./) },
          released: 'released',
        },
      ],
    });
    console.log(
      JSON.stringify(
        ran.json.acceptances[0].verdict.findings.map((f: any) => [f.id, f.status, f.found]),
        null,
        1,
      ),
      ran.json.acceptances[0].logs,
    );
    expect(await here.status(ID(1))).toMatch(/Releasing|Ready/);
    expect(read('j.xml')).toContain('dgxos-maas accept demo-1.0-aaaaaaa on gpu-001 of lab');
    expect(read('m.md')).toContain('PASSED');
  });
});
