import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../../sandbox/server.ts';
import { goodRoot } from '../../unit/checks/root.ts';
import { FIXTURE } from '../../unit/render/example.ts';
import { built } from '../acceptance/built.ts';
import { Host } from '../cli/host.ts';

let host: Host;
let maas: Sandbox;
beforeAll(async () => {
  host = new Host();
  maas = await startSandbox({ dir: `${host.dir}-maas` });
  host.env.MAAS_API_KEY = maas.apiKey;
  configure('5.0');
  await built(host, {}, 'dgx1', await goodRoot().tar());
});
afterAll(async () => {
  await maas.close();
  host.remove();
});

function configure(version: string): void {
  writeFileSync(
    join(host.dir, 'dgxos-maas.yaml'),
    `workspace: work
packer_maas: ${FIXTURE}
images:
  dgx1:
    release: dgxos5
    accept_eula: true
    platform: dgx1
    version: "${version}"
    iso: { source: none.iso, sha256: "${'0'.repeat(64)}" }
    vm: { accelerator: tcg }
    resource: { name: "custom/dgx1-{version}-{digest}" }
targets:
  lab: { url: "${maas.url}" }
waivers: waivers.yaml
`,
  );
  writeFileSync(
    join(host.dir, 'waivers.yaml'),
    '- { check: stream-whole, reason: a small stand-in, until: 2999-12-31 }\n',
  );
}

const run = (...flags: string[]) => host.run(['--json', 'run', 'dgx1', ...flags]);

test('an image whose version changed is packed again: all that names it has the new one', async () => {
  const first = await run();
  expect(first.code, first.stderr).toBe(0);
  expect(first.json.upload.resources).toMatchObject([{ name: expect.stringMatching(/^custom\/dgx1-5\.0-/) }]);

  configure('5.1');
  const { json: plan } = await run('--dry-run');
  expect(plan.stages).toMatchObject([
    { stage: 'iso', runs: false },
    { stage: 'render', runs: false },
    { stage: 'build', runs: false },
    { stage: 'pack', runs: true, reason: 'changed: version' },
    { stage: 'validate', runs: true, reason: 'after pack' },
    { stage: 'upload', runs: true, reason: 'after pack' },
  ]);

  const { code, stderr, json } = await run();
  expect(code, stderr).toBe(0);
  expect(json.upload.resources).toMatchObject([{ name: expect.stringMatching(/^custom\/dgx1-5\.1-/) }]);
  const { path, sha256 } = json.pack.artifact;
  expect(createHash('sha256').update(readFileSync(path)).digest('hex')).toBe(sha256);
  const beside = (suffix: string) => JSON.parse(readFileSync(path.replace('.tar.gz', suffix), 'utf8'));
  expect(beside('.manifest.json').version).toBe('5.1');
  expect(beside('.sbom.cdx.json').metadata.component.version).toBe('5.1');
  const { externalParameters } = beside('.provenance.json').predicate.buildDefinition;
  expect(externalParameters.image).toMatchObject({ version: '5.1', release: 'dgxos5' });
  // Nothing of the site is published.
  expect(Object.keys(externalParameters.image)).not.toEqual(expect.arrayContaining(['acceptance']));

  expect((await run('--dry-run')).json.stages.map(({ runs }: { runs: boolean }) => runs)).not.toContain(true);
});
