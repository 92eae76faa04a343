import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../../sandbox/server.ts';
import { built } from '../acceptance/built.ts';
import { makeCurtinDebs } from './curtin-debs.ts';
import { RehearsalHost } from './rehearsal-host.ts';

let host: RehearsalHost;
let maas: Sandbox;
beforeEach(async () => {
  host = new RehearsalHost();
  maas = await startSandbox({ dir: join(host.dir, 'maas'), family: '3.5', speed: 1000 });
  host.env.MAAS_API_KEY = maas.apiKey;
  host.config(maas.url);
});
afterEach(async () => {
  await maas.close();
  host.remove();
});

const read = (name: string) => readFileSync(join(host.dir, 'work/demo', name), 'utf8');
const states = (ran: { json: { stages: { stage: string; state: string }[] } }) =>
  Object.fromEntries(ran.json.stages.map(({ stage, state }) => [stage, state]));
const uploads = () => maas.requests.filter((one) => /boot-resources/.test(JSON.stringify(one))).length;

describe('run --rehearse', () => {
  it('deploys before the upload, keeps the evidence, and is fresh when nothing has changed', async () => {
    const sha256 = await built(host);
    const ran = await host.run(['--json', 'run', 'demo', '--rehearse']);
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    expect(Object.keys(states(ran)).slice(-3)).toEqual(['validate', 'rehearse', 'upload']);
    expect(ran.json.rehearse.rehearsals).toMatchObject([
      { layout: 'flat', curtin: 'stand-in', ephemeral: { kind: 'own', name: 'squashfs' } },
    ]);
    expect(JSON.parse(read('rehearse/flat/rehearsal.json'))).toMatchObject({ ok: true });
    expect(read('rehearse/flat/install.log')).toBe('all went well\n***\n');
    expect(statSync(join(host.dir, 'work/demo/rehearse/flat')).mode & 0o077).toBe(0);
    expect(JSON.parse(read('rehearse/rehearsal.intoto.json'))).toMatchObject({
      predicateType: 'https://in-toto.io/attestation/test-result/v0.1',
      subject: [{ digest: { sha256 } }],
      predicate: {
        result: 'PASSED',
        configuration: [
          { name: 'curtin', annotations: { version: 'stand-in' } },
          { name: 'ephemeral:kernel' },
          { name: 'ephemeral:initrd' },
          { name: 'ephemeral:squashfs' },
        ],
        passedTests: ['flat'],
        failedTests: [],
      },
    });
    expect(states(await host.run(['--json', 'run', 'demo', '--rehearse']))).toMatchObject({
      ...{ rehearse: 'fresh', upload: 'fresh' },
    });
    expect(host.machines()).toBe(1);
    expect(uploads()).toBeGreaterThan(0);
    // Another ephemeral is another rehearsal, with the file at the same path.
    writeFileSync(join(host.dir, 'squashfs'), 'other');
    expect(states(await host.run(['--json', 'run', 'demo', '--rehearse']))).toMatchObject({
      ...{ rehearse: 'ran', upload: 'fresh' },
    });
  });

  it('names each package of a curtin in the statement, by its own sum', async () => {
    await makeCurtinDebs(join(host.dir, 'debs'));
    const names = readdirSync(join(host.dir, 'debs')).sort();
    host.config(maas.url, `curtin: [${names.map((name) => `"debs/${name}"`).join(', ')}]`);
    await built(host);
    const ran = await host.run(['--json', 'run', 'demo', '--rehearse', '--until', 'rehearse']);
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    const { configuration } = JSON.parse(read('rehearse/rehearsal.intoto.json')).predicate;
    expect(configuration.slice(1, 3)).toEqual(
      names.map((name) => ({
        name: `curtin:${name}`,
        digest: {
          sha256: createHash('sha256')
            .update(readFileSync(join(host.dir, 'debs', name)))
            .digest('hex'),
        },
      })),
    );
  });

  it('stops an image that fails before it is uploaded, and reports on it', async () => {
    await built(host);
    host.guest('FAIL', 'tar: Unexpected EOF in archive');
    const ran = await host.run(['--json', 'run', 'demo', '--rehearse']);
    expect([ran.code, ran.json.error.code]).toEqual([6, 'REHEARSAL_FAILED']);
    expect(ran.json.error.detail).toMatch(/layout flat, extract[\s\S]*cause: +The artifact is damaged/);
    expect(uploads()).toBe(0);
    expect(JSON.parse(read('rehearse/rehearsal.intoto.json')).predicate.result).toBe('FAILED');
    expect(read('rehearse/flat/install.log')).toContain('Unexpected EOF');
    // The next run goes on there.
    host.guest('SUCCESS');
    expect(states(await host.run(['--json', 'run', 'demo', '--rehearse']))).toMatchObject({
      rehearse: 'ran',
    });
  });

  it('rehearses each layout; one that fails decides', async () => {
    host.config(maas.url, 'layouts: [flat, raid1]');
    await built(host);
    const ran = await host.run(['--json', 'run', 'demo', '--rehearse', '--until', 'rehearse']);
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.json.rehearse.rehearsals.map(({ layout }: { layout: string }) => layout)).toEqual([
      ...['flat', 'raid1'],
    ]);
    expect(ran.json.stages.at(-1).stage).toBe('rehearse');
    expect(uploads()).toBe(0);
    expect(host.machines()).toBe(2);
  });

  it.each([
    ['curtin: /nowhere', 'CURTIN_MISSING', 4],
    ['ephemeral: { kernel: /nowhere, initrd: initrd, squashfs: squashfs }', 'EPHEMERAL_UNUSABLE', 4],
  ])('finds before the first stage that the host has no %s', async (setting, code, exit) => {
    host.config(maas.url, setting);
    const ran = await host.run(['--json', 'run', 'demo', '--rehearse']);
    expect([ran.code, ran.json.error.code]).toEqual([exit, code]);
    expect(ran.stderr).not.toContain('▸ iso');
  });

  it('refuses an image of another architecture before the first stage', async () => {
    const file = join(host.dir, 'dgxos-maas.yaml');
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace('resource: {', 'resource: { architecture: arm64/generic,'),
    );
    const ran = await host.run(['--json', 'run', 'demo', '--rehearse']);
    expect([ran.code, ran.json.error.code]).toEqual([3, 'CONFIG_INVALID']);
    expect(ran.json.error.message).toContain('arm64');
  });

  it('is part of no run that does not ask for it', async () => {
    await built(host);
    const ran = await host.run(['--json', 'run', 'demo']);
    expect(Object.keys(states(ran))).not.toContain('rehearse');
    const named = await host.run(['run', 'demo', '--force', 'rehearse']);
    expect(named).toMatchObject({ code: 2, stderr: expect.stringContaining('--rehearse') });
  });
});

describe('nightly', () => {
  const night = async (...flags: string[]) => {
    const ran = await host.run(['--json', 'nightly', '--dry-run', ...flags]);
    return ran.json.images[0].stages.map(({ stage }: { stage: string }) => stage);
  };

  it('rehearses where the configuration or the command line asks for it', async () => {
    await built(host);
    expect(await night()).not.toContain('rehearse');
    expect(await night('--rehearse')).toContain('rehearse');
    expect((await night('--rehearse', '--no-upload')).at(-1)).toBe('rehearse');
    const file = join(host.dir, 'dgxos-maas.yaml');
    writeFileSync(file, `${readFileSync(file, 'utf8')}nightly: { rehearse: true }\n`);
    expect(await night()).toContain('rehearse');
    expect(await night('--no-rehearse')).not.toContain('rehearse');
  });

  it('an image that fails is broken, with exit code 6, and does not go into the channel', async () => {
    await built(host);
    host.guest('FAIL', 'no space');
    const ran = await host.run(['--json', 'nightly', '--rehearse', '--no-prune']);
    expect(ran.code).toBe(6);
    expect(ran.json.images[0]).toMatchObject({
      status: 'failed',
      failure: { step: 'rehearse', code: 'REHEARSAL_FAILED' },
      promoted: [],
    });
    expect(uploads()).toBe(0);
  });
});

describe('an ephemeral of a MAAS or a mirror', () => {
  const ephemeral = (what: string) => `layouts: [flat], ephemeral: { ${what} }`;

  it('is fetched before the first stage, named in the statement, and fresh for the same sums', async () => {
    await built(host);
    host.config(maas.url, ephemeral('maas: lab'));
    const ran = await host.run(['--json', 'run', 'demo', '--rehearse', '--until', 'rehearse']);
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    const name = `ubuntu/jammy amd64/generic 20260801 of ${maas.url}`;
    expect(ran.json.rehearse.rehearsals).toMatchObject([{ ephemeral: { kind: 'maas', name } }]);
    const { predicate } = JSON.parse(read('rehearse/rehearsal.intoto.json'));
    expect(predicate.configuration).toContainEqual({
      name: 'ephemeral:kernel',
      digest: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      annotations: { from: 'maas', source: name },
    });
    const shown = await host.run(['verify', join(host.dir, 'work/demo/pack/demo.tar.gz')]);
    expect(shown.stdout + shown.stderr).toContain('from the ephemeral of a MAAS');
    // The only target needs no name.
    host.config(maas.url, ephemeral('maas: ""'));
    const again = await host.run(['--json', 'run', 'demo', '--rehearse', '--until', 'rehearse']);
    expect(states(again)).toMatchObject({ rehearse: 'fresh' });
    expect(host.machines()).toBe(1);
  });

  it('that is not there ends the run before the first stage', async () => {
    await built(host);
    host.config(maas.url, ephemeral('maas: lab, series: noble'));
    const ran = await host.run(['run', 'demo', '--rehearse', '--until', 'rehearse']);
    expect(ran.code).toBe(4);
    expect(ran.stderr).toContain('does not have ubuntu/noble for amd64/ga-NN.04');
    expect(host.machines()).toBe(0);
  });

  it('is taken on the command line', async () => {
    await built(host);
    host.config(maas.url);
    const by = (source: string) => host.run(['--json', 'rehearse', 'demo', '--ephemeral', source]);
    expect((await by('maas')).json.rehearsals).toMatchObject([{ ephemeral: { kind: 'maas' } }]);
    const mirror = await by(`mirror=${maas.url}/images-stream,keyring=none`);
    // MAAS 3.5 is not a mirror.
    expect([mirror.code, mirror.stderr]).toEqual([
      4,
      expect.stringContaining('There is no streams/v1/index.json in'),
    ]);
    const unknown = await by('maas=lap');
    expect([unknown.code, unknown.stderr]).toEqual([3, expect.stringContaining('There is no target "lap"')]);
  });
});
