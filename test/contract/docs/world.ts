import { copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gzipSync } from 'node:zlib';
import { type Sandbox, startSandbox } from '../../../sandbox/server.ts';
import { CLI, SOURCE_CLI } from '../../cli.ts';
import { goodRoot } from '../../unit/checks/root.ts';
import { built } from '../acceptance/built.ts';
import { attested, rootTar } from '../attest/attested.ts';
import { Host } from '../cli/host.ts';
import { runOk } from '../process/run-tool.ts';

/** The host of a reader of the docs: a home, the files that the docs name, a built image `dgx1`, and a MAAS. */
export interface World {
  host: Host;
  maas: Sandbox;
  /** Puts what is here in the place of what the docs can only name as examples. */
  fill(script: string): string;
  close(): Promise<void>;
}

const CONFIG = `images:
  dgx1:
    release: demo
    platform: demo1
    version: "5.0"
    iso: { source: none.iso, sha256: "${'0'.repeat(64)}" }
    resource: { name: "custom/dgx1-{version}-{date}-{digest}" }
`;
const MACHINES = `defaults: { power: { type: ipmi, parameters: { power_address: 10.0.0.1, power_user: admin } } }
machines:
  gpu01: { macs: ["48:b0:2d:00:00:01"] }
`;

export async function world(images: { good: Buffer }): Promise<World> {
  const host = new Host();
  const at = (name: string) => join(host.dir, name);
  const maas = await startSandbox({ dir: `${host.dir}-maas`, machines: 8, speed: 500 });
  Object.assign(host.env, {
    MAAS_API_URL: maas.url,
    MAAS_API_KEY: maas.apiKey,
    PATH: `${at('bin')}:${host.env.PATH}`,
  });
  for (const name of ['bin', '.ssh']) mkdirSync(at(name));
  // Some pages start the sandbox, which a built command has as a package of its own.
  symlinkSync(SOURCE_CLI, at('bin/dgxos-maas'));
  writeFileSync(at('key-file'), `${maas.apiKey}\n`);
  writeFileSync(at('dgxos-maas.yaml'), CONFIG);
  const targets = ['lab', 'site-a', 'site-b'].map(
    (name) => `  ${name}: { url: "${maas.url}", key: { file: key-file } }\n`,
  );
  writeFileSync(at('several.yaml'), `${CONFIG}targets:\n${targets.join('')}`);
  writeFileSync(at('machines.yaml'), MACHINES);
  writeFileSync(at('pools.yaml'), 'pools: [{ name: dgx }]\n');
  mkdirSync(at('config/group_vars'), { recursive: true });
  writeFileSync(at('config/group_vars/all.yml'), 'maas_dns_domain: example.internal\n');
  for (const name of ['image.tar.gz', 'site.tar.gz']) writeFileSync(at(name), images.good);
  profile(at('.maascli.db'), maas);
  await runOk(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', at('.ssh/id_ed25519')]);

  const sha256 = await built(host, {}, 'dgx1');
  await signed(host);
  writeFileSync(at('a.tar.gz'), gzipSync(await goodRoot().tar()));
  writeFileSync(at('b.tar.gz'), gzipSync(await goodRoot().package('extra').tar()));
  for (const one of ['a', 'b']) copyFileSync(at(`${one}.tar.gz`), at(`dgx1-5.${one === 'a' ? 0 : 1}.tar.gz`));
  return {
    host,
    maas,
    fill: (script) =>
      script
        .replaceAll('http://maas.example:5240/MAAS', maas.url)
        .replaceAll('1a2b3c4', sha256.slice(0, 7))
        // An upload of another day; here there is the one.
        .replaceAll('dgx1-5.0-20261001', `dgx1-5.0-20261122-${sha256.slice(0, 7)}`),
    async close() {
      await maas.close();
      host.remove();
      rmSync(`${host.dir}-maas`, { recursive: true, force: true });
    },
  };
}

/** A root that every check passes on, and as big as one must be; packed once, since it takes its time. */
export async function goodImage(): Promise<Buffer> {
  const root = goodRoot().put('usr/weight', Buffer.alloc(51_000_000));
  for (let i = 0; i < 1000; i++) root.put(`usr/share/f${i}`);
  return gzipSync(await root.tar(), { level: 1 });
}

/** dgx1.tar.gz with its records, signed by release.pem. */
async function signed(host: Host): Promise<void> {
  const dir = join(host.dir, 'signed');
  mkdirSync(dir);
  await runOk([process.execPath, CLI, 'keygen', '--out', join(host.dir, 'release.pem')]);
  await attested(await rootTar(dir), host.dir, join(host.dir, 'release.pem'));
  for (const name of ['old', 'new'])
    copyFileSync(join(host.dir, 'dgx1.manifest.json'), join(host.dir, `${name}.manifest.json`));
}

/** The profile `admin` of the maas command. */
function profile(path: string, maas: Sandbox): void {
  const database = new DatabaseSync(path);
  database.exec('CREATE TABLE profiles (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, data BLOB)');
  const data = { credentials: maas.apiKey.split(':'), url: `${maas.url}/api/2.0/`, name: 'admin' };
  database.prepare('INSERT INTO profiles (name, data) VALUES (?, ?)').run('admin', JSON.stringify(data));
  database.close();
}
