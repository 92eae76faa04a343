import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox } from '../../../sandbox/server.ts';
import { goodRoot } from '../../unit/checks/root.ts';
import { Host } from './host.ts';

let host: Host;

beforeAll(async () => {
  host = new Host();
  const root = () => {
    const one = goodRoot().put('usr/weight', Buffer.alloc(51_000_000));
    for (let i = 0; i < 1000; i++) one.put(`usr/share/f${i}`);
    return one;
  };
  const images = { good: root(), bad: root().put('etc/ssh/ssh_host_rsa_key', 'x').package('extra') };
  for (const [name, image] of Object.entries(images))
    writeFileSync(join(host.dir, `${name}.tgz`), gzipSync(await image.tar(), { level: 1 }));
});
afterAll(() => host.remove());

const read = (name: string) => readFileSync(join(host.dir, name), 'utf8');

describe('the commands that look at images', () => {
  it('validate passes a good one', async () => {
    const { code, stdout, stderr } = await host.run(['validate', 'good.tgz', '--base-image', 'ubuntu/focal']);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('PASSED');
  });

  it('validate rejects a bad one by exit code 6, and every report says why', async () => {
    const reports = ['--junit', 'j.xml', '--markdown', 'm.md', '--sarif', 's.sarif'];
    const { code, json } = await host.run(['--json', 'validate', 'bad.tgz', ...reports]);
    expect(code).toBe(6);
    expect(json).toMatchObject({ ok: false, passed: false, counts: { blocker: 1 } });
    expect(read('j.xml')).toMatch(/<failure type="blocker" message="[^"]*ssh_host_rsa_key/);
    expect(read('m.md')).toContain('REJECTED');
    const [run] = JSON.parse(read('s.sarif')).runs;
    const errors = run.results.filter((result: { level: string }) => result.level === 'error');
    expect(errors).toMatchObject([{ ruleId: 'ssh-host-keys' }]);
    expect(errors[0].locations[0].physicalLocation.artifactLocation.uri).toBe('bad.tgz');
  });

  it('validate --github annotates', async () => {
    const { code, stdout } = await host.run(['validate', 'bad.tgz', '--github']);
    expect(code).toBe(6);
    expect(stdout).toMatch(/^::error title=29 ssh-host-keys/);
  });

  it('upload of a bad one is refused before MAAS is asked', async () => {
    const env = {
      MAAS_API_URL: 'http://127.0.0.1:9/MAAS',
      MAAS_API_KEY: `${'a'.repeat(18)}:${'b'.repeat(18)}:${'c'.repeat(32)}`,
    };
    const { code, stderr } = await host.run(['upload', './bad.tgz'], { env });
    expect(code).toBe(6);
    expect(stderr).toContain('ssh host keys are in the image: /etc/ssh/ssh_host_rsa_key');
  });

  it('a check waived by the site is shown and does not stop an upload', async () => {
    const maas = await startSandbox({ dir: join(host.dir, 'maas'), family: '3.5' });
    try {
      writeFileSync(join(host.dir, 'dgxos-maas.yaml'), 'waivers: accepted.yaml\n');
      const waiver = { check: 'ssh-host-keys', reason: 'a test bed', until: '2999-12-31' };
      writeFileSync(join(host.dir, 'accepted.yaml'), JSON.stringify([waiver]));
      const { code, stdout } = await host.run(['validate', 'bad.tgz']);
      expect([code, stdout]).toEqual([0, expect.stringContaining('(waived until 2999-12-31: a test bed)')]);
      const env = { MAAS_API_URL: maas.url, MAAS_API_KEY: maas.apiKey };
      const uploaded = await host.run(['upload', './bad.tgz'], { env });
      expect(uploaded.code, uploaded.stderr).toBe(0);
      expect(uploaded.stderr).toContain('(waived until 2999-12-31: a test bed)');
    } finally {
      await maas.close();
      rmSync(join(host.dir, 'dgxos-maas.yaml'));
    }
  });

  it('diff of two reports what was added', async () => {
    const { code, stdout } = await host.run(['diff', 'good.tgz', 'bad.tgz', '--exit-code']);
    expect(code).toBe(1);
    expect(stdout).toContain('extra');
  });

  it('verify fails for an image without records', async () => {
    const { code, json } = await host.run(['--json', 'verify', 'good.tgz']);
    expect(code).toBe(6);
    expect(json.ok).toBe(false);
  });
});
