import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../../sandbox/server.ts';
import { Host } from './host.ts';

let host: Host;
let maas: Sandbox;
beforeAll(async () => {
  host = new Host();
  maas = await startSandbox({ dir: `${host.dir}/maas`, machines: 2 });
  Object.assign(host.env, { MAAS_API_URL: maas.url, MAAS_API_KEY: maas.apiKey });
});
afterAll(async () => {
  await maas.close();
  host.remove();
});

// In this order: some need what those before have made. The type of Session.data holds the rest.
it.each([
  ['init --stdout', true],
  ['init --accept-eula', true],
  ['config show', true],
  ['config show --origin', true],
  ['config validate', true],
  ['config schema', true],
  ['checks', true],
  ['completion zsh', true],
  ['doctor --fix-command', undefined],
  ['doctor', undefined],
  ['build dgx1 --dry-run', undefined],
  ['keygen --out release.pem', true],
  ['images', true],
  ['machines list', true],
  ['machines show gpu-001', true],
  ['machines delete gpu-001 --dry-run', true],
  ['machines tag add dgx gpu-001', true],
  ['site init', undefined],
  ['site schema', true],
  ['site show', true],
  ['validate dgxos-maas.yaml', false],
  ['verify dgxos-maas.yaml', false],
  ['machines show gpu-009', false],
  ['images delete nope --yes', false],
  ['nope', false],
])('%s --json has ok', async (words, ok) => {
  const { json, stderr } = await host.run([...words.split(' '), '--json']);
  expect(json.ok, stderr).toBeTypeOf('boolean');
  if (ok !== undefined) expect(json.ok, stderr).toBe(ok);
});
