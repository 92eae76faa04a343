import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CLI } from '../../cli.ts';
import { Host } from '../cli/host.ts';
import { type SmallIso, smallInstaller } from '../many/installer.ts';
import { freePort, RealRedis } from './redis.ts';
import { until } from './world.ts';

const SECRET = 'a-secret-of-the-builder';

// The real command line on a Redis with TLS and a user of its own, as docs/queue.md describes it.
let host: Host;
let redis: RealRedis;
let iso: SmallIso;
let place: string;
beforeAll(async () => {
  host = new Host({ DGXOS_MAAS_QUEUE_PASSWORD: SECRET });
  const tls = join(host.dir, 'tls');
  mkdirSync(tls);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: tls, stdio: 'pipe' });
  openssl(
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...[
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=DNS:localhost',
      '-keyout',
      'key.pem',
      '-out',
      'ca.pem',
    ],
  );
  const acl = join(tls, 'users.acl');
  const rights = '~dgxos-maas:* &dgxos-maas:* +@all -@admin -@dangerous +info';
  writeFileSync(acl, `user builder on >${SECRET} ${rights}\nuser default off\n`);
  const port = await freePort();
  const files = ['cert', 'key', 'ca-cert'].flatMap((name) => [
    `--tls-${name}-file`,
    join(tls, name === 'key' ? 'key.pem' : 'ca.pem'),
  ]);
  redis = await RealRedis.start(
    '--tls-port',
    String(port),
    '--tls-auth-clients',
    'no',
    ...files,
    '--aclfile',
    acl,
  );
  place = `rediss://localhost:${port}`;
  iso = await smallInstaller(host.dir);
  configure({ place, user: 'builder', ca_cert: join(tls, 'ca.pem') });
}, 120_000);
afterAll(async () => {
  await redis?.close();
  host?.remove();
});

function configure(queue: object | string, more: object = {}): void {
  const image = {
    ...{ release: 'demo', platform: 'demo1', version: '1.0', install: 'namespace' },
    iso: { source: iso.path, sha256: iso.sha256 },
  };
  const config = { store: join(host.dir, 'store'), queue, images: { one: image }, ...more };
  writeFileSync(join(host.dir, 'dgxos-maas.yaml'), JSON.stringify(config));
}

describe('the command line on Redis with TLS and ACL', () => {
  let worker: ChildProcess;
  let said = '';
  test('a worker announces itself, builds what nightly submits, and ends by SIGTERM', async () => {
    const env = { ...host.env, DGXOS_MAAS_WORKSPACE: join(host.dir, 'worker') };
    const metrics = `127.0.0.1:${await freePort()}`;
    worker = spawn(process.execPath, [CLI, 'worker', '--metrics', metrics], { cwd: host.dir, env });
    worker.stderr?.on('data', (part) => {
      said += part;
    });
    await until(() => said.includes('ready: ') || worker.exitCode !== null);
    expect(said).toContain(`serves namespace-iso-${iso.sha256.slice(0, 12)}: one`);

    const night = await host.run(['--json', 'nightly', '--no-upload']);
    expect(night.code, night.stderr + said).toBe(0);
    const steps = night.json.images[0].steps.map((one: { step: string; state: string }) => [
      one.step,
      one.state,
    ]);
    expect(steps).toEqual(['iso', 'render', 'build', 'pack', 'validate'].map((step) => [step, 'ran']));
    expect(night.stderr).toMatch(/one: worker \S+ builds it/);

    const status = await host.run(['--json', 'queue', 'status']);
    expect(status.json).toMatchObject({
      place,
      workers: [{ labels: [expect.stringContaining('namespace')] }],
      units: [],
      more: 0,
    });
    expect((await host.run(['queue', 'status'])).stdout).toContain('QUEUE');
    const text = await (await fetch(`http://${metrics}/metrics`)).text();
    expect(text).toContain('dgxos_maas_worker_units_total{end="built"} 1\n');
    expect(text).toMatch(/dgxos_maas_queue_workers\{queue="namespace-iso-\w+"\} 1\n/);

    const ended = new Promise((resolve) => worker.once('close', resolve));
    worker.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(host.said + said).not.toContain(SECRET);
  }, 120_000);

  test.each([
    ['a wrong password', { DGXOS_MAAS_QUEUE_PASSWORD: 'another-one' }, 4, 'WRONGPASS'],
    ['no password', { DGXOS_MAAS_QUEUE_PASSWORD: '' }, 4, 'QUEUE_REFUSED'],
    ['a Redis that is not there', { DGXOS_MAAS_QUEUE: 'redis://127.0.0.1:1' }, 75, 'QUEUE_UNREACHABLE'],
    [
      'a password in the URL',
      { DGXOS_MAAS_QUEUE: 'redis://:geheimnis@127.0.0.1:1' },
      3,
      'without a password',
    ],
    ['another scheme', { DGXOS_MAAS_QUEUE: 'http://127.0.0.1:1' }, 3, 'rediss://'],
  ])('%s', async (_, env, code, message) => {
    const ran = await host.run(['queue', 'status'], { env });
    expect(ran.code).toBe(code);
    expect(ran.stderr).toContain(message);
    expect(ran.stderr).not.toContain('geheimnis');
  });

  test('a certificate that nobody has signed is refused', async () => {
    configure({ place, user: 'builder' });
    const { code, stderr } = await host.run(['queue', 'status']);
    expect([code, stderr]).toEqual([4, expect.stringContaining('queue.ca_cert')]);
  });

  test('without a store neither a worker nor a night begins', async () => {
    configure('redis://127.0.0.1:1', { store: undefined });
    for (const command of [['worker'], ['nightly', '--no-upload']]) {
      const { code, stderr } = await host.run(command);
      expect([code, stderr]).toEqual([3, expect.stringContaining('A queue needs a store')]);
    }
  });
});
