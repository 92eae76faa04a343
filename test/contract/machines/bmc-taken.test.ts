import { expect, onTestFinished, test } from 'vitest';
import { Host } from '../cli/host.ts';
import { bench } from './bench.ts';

const SECRET = 'Calvin-and-Hobbes-7';
const IPMI = ['--power-type', 'ipmi', '--power', 'power_user=admin', '--power-password-env', 'PW'];
const at = (address: string) => ['--power', `power_address=${address}`];

async function host() {
  const { sandbox } = await bench({ machines: 0 });
  const made = new Host({ MAAS_API_URL: sandbox.url, MAAS_API_KEY: sandbox.apiKey, PW: SECRET });
  onTestFinished(() => made.remove());
  const add = ['machines', 'add', 'gpu01', '--mac', '48:b0:2d:00:01:01', ...IPMI, ...at('10.0.0.1')];
  expect(await made.run(add)).toMatchObject({ code: 0 });
  return { sandbox, made };
}

test('a BMC that another machine has is named after the second conflict, without its password', async () => {
  const { sandbox, made } = await host();
  const add = ['machines', 'add', 'gpu02', '--mac', '48:b0:2d:00:01:02', ...IPMI, ...at('10.0.0.1')];
  const taken = await made.run([...add, '--json', '-v']);
  expect(taken.code).toBe(7);
  expect(taken.stdout).toContain('The BMC 10.0.0.1 already belongs to the machine gpu01');
  expect(taken.stdout + taken.stderr).not.toContain(SECRET);
  // One for the machine that is there, and two that are refused.
  expect(sandbox.counts['machine-create']).toBe(3);
  expect(sandbox.counts['all-power-parameters']).toBe(1);
}, 60_000);

test('and so it is where a machine that is there gets it', async () => {
  const { made } = await host();
  const manual = ['machines', 'add', 'gpu03', '--mac', '48:b0:2d:00:01:03', '--power-type', 'manual'];
  expect(await made.run(manual)).toMatchObject({ code: 0 });
  const set = await made.run(['machines', 'power', 'set', 'gpu03', ...IPMI, ...at('10.0.0.1')]);
  expect(set).toMatchObject({
    code: 7,
    stdout: expect.stringContaining('already belongs to the machine gpu01'),
  });
  expect(set.stdout + set.stderr).not.toContain(SECRET);
  // Another address of the same login is another BMC.
  expect(await made.run(['machines', 'power', 'set', 'gpu03', ...IPMI, ...at('10.0.0.3')])).toMatchObject({
    code: 0,
  });
}, 60_000);
