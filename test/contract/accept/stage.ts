import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { parseApiKey } from '../../../pipeline/maas/api-key.ts';
import { directoryGuests } from '../../../pipeline/sandbox/guest/guests.ts';
import { parseTrouble, type TroubleRule } from '../../../pipeline/sandbox/guest/troubles.ts';
import { type Sandbox, startSandbox } from '../../../pipeline/sandbox/server.ts';
import { uploadImage } from '../../../pipeline/upload/upload.ts';
import { Host } from '../cli/host.ts';
import { call } from '../sandbox/client.ts';
import { freePort } from './free-port.ts';
import { tinyImage } from './tiny-image.ts';

export interface Stage {
  host: Host;
  maas: Sandbox;
  guestPort: number;
  keyFile: string;
  /** Of what is deployed from now on. */
  trouble(...rules: string[]): void;
  /** Uploads a tiny image under a versioned name, as a run of this image would. @returns its sum */
  upload(image: string, name: string, files?: Record<string, string>): Promise<string>;
  status(hostname: string): Promise<string>;
  config(acceptance: string): void;
  close(): Promise<void>;
}

export const ID = (index: number) => `gpu-${String(index).padStart(3, '0')}`;

/** A sandbox with ready machines that answer ssh, a user whose key MAAS knows, and a configuration of one image. */
export async function stage(machines = 2): Promise<Stage> {
  const host = new Host();
  const troubles: TroubleRule[] = [];
  const guestPort = await freePort();
  const dir = `${host.dir}-maas`;
  const guests = directoryGuests({ dir: join(dir, 'guests'), port: guestPort, troubles });
  const maas = await startSandbox({ dir, family: '3.5', machines, speed: 1000, guests });
  host.env.MAAS_API_KEY = maas.apiKey;
  const keys = ssh2.utils.generateKeyPairSync('ed25519', { comment: 'tester' });
  const keyFile = join(host.dir, 'id');
  writeFileSync(keyFile, keys.private, { mode: 0o600 });
  writeFileSync(`${keyFile}.pub`, keys.public);
  await call(maas, 'POST', 'account/prefs/sshkeys/', { form: { key: keys.public } });
  for (const { systemId } of maas.control.machines()) {
    await call(maas, 'PUT', `machines/${systemId}/`, {
      form: {
        power_type: 'virsh',
        power_parameters_power_address: 'qemu+ssh://h/system',
        power_parameters_power_id: systemId,
      },
    });
    await call(maas, 'POST', `machines/${systemId}/?op=commission`, {});
  }
  const read = async (hostname: string) => {
    const all = (await call(maas, 'GET', 'machines/')).json as { hostname: string; status_name: string }[];
    return all.find((one) => one.hostname === hostname)?.status_name ?? 'none';
  };
  for (let at = 1; at <= machines; at++)
    while ((await read(ID(at))) !== 'Ready') await new Promise((resolve) => setTimeout(resolve, 20));
  return {
    host,
    maas,
    guestPort,
    keyFile,
    status: read,
    trouble(...rules) {
      troubles.splice(0, troubles.length, ...rules.map(parseTrouble));
    },
    async upload(image, name, files = {}) {
      mkdirSync(join(host.dir, 'images'), { recursive: true });
      const file = join(host.dir, 'images', `${name}.tgz`);
      tinyImage(file, { 'etc/build': name, ...files });
      const content = readFileSync(file);
      const sha256 = createHash('sha256').update(content).digest('hex');
      await uploadImage({
        target: {
          name: 'lab',
          url: maas.url,
          key: { from: 'environment', variable: 'MAAS_API_KEY' },
          caCert: null,
          patienceS: 10,
        },
        key: parseApiKey(maas.apiKey, 'test'),
        ...{
          file,
          size: content.length,
          sha256,
          name: `custom/${name}`,
          title: name,
          image,
          validated: true,
        },
        ...{
          architecture: 'amd64/generic',
          baseImage: 'ubuntu/focal',
          filetype: 'tgz',
          patienceS: 10,
          id: 'u',
        },
        emit() {},
        signal: new AbortController().signal,
        env: host.env,
      });
      return sha256;
    },
    config(acceptance) {
      writeFileSync(
        join(host.dir, 'dgxos-maas.yaml'),
        `workspace: work
images:
  demo:
    release: demo
    platform: demo1
    version: "1.0"
    iso: { source: none.iso, sha256: "${'0'.repeat(64)}" }
    resource: { name: "custom/demo-{version}-{digest}" }
targets:
  lab: { url: "${maas.url}" }
acceptance:
  ${acceptance}
  ssh: { port: ${guestPort}, key_file: id, timeout: 5s }
`,
      );
    },
    async close() {
      await maas.close();
      host.remove();
      const { rmSync } = await import('node:fs');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
