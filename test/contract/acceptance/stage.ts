import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fixedDefaults } from '../../../pipeline/config/defaults.ts';
import { loadPlatforms } from '../../../pipeline/config/releases/platforms.ts';
import { ACCEPTANCE } from '../../../pipeline/config/settings/acceptance.ts';
import { MACHINES } from '../../../pipeline/config/settings/machines.ts';
import type { ImageConfig, Release } from '../../../pipeline/config/types.ts';
import { keepRelease } from '../../../pipeline/image/diff/release-store.ts';
import { type AcceptPlan, acceptOnTargets } from '../../../pipeline/maas/acceptance/accept-on-targets.ts';
import { systemOf } from '../../../pipeline/maas/acceptance/applicable.ts';
import { loadChecks, parseChecks } from '../../../pipeline/maas/acceptance/checks-file.ts';
import { knownKernel } from '../../../pipeline/maas/acceptance/kernel.ts';
import type { Acceptance } from '../../../pipeline/maas/acceptance/types.ts';
import { parseApiKey } from '../../../pipeline/maas/api/api-key.ts';
import { uploadImage } from '../../../pipeline/maas/images/upload.ts';
import { type LedgerEntry, readLedger } from '../../../pipeline/workspace/ledger/ledger.ts';
import { directoryGuests } from '../../../sandbox/guest/guests.ts';
import { parseTrouble, type TroubleRule } from '../../../sandbox/guest/troubles.ts';
import { type Sandbox, startSandbox } from '../../../sandbox/server.ts';
import { Host } from '../cli/host.ts';
import { run } from '../process/run-tool.ts';
import { call } from '../sandbox/client.ts';
import { keyPair } from '../ssh/key-pair.ts';
import { freePort } from './free-port.ts';
import { KERNELS, tinyImage } from './tiny-image.ts';

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
  /** The same in this process, without the pauses that real machines need. */
  accept(sha256: string, more?: Partial<Trial>): Promise<Acceptance>;
  ledger(): Promise<LedgerEntry[]>;
  /** @param port of ssh; the guests' by default */
  config(acceptance: string, port?: number): void;
  close(): Promise<void>;
}

/** A test's description of an acceptance. */
export interface Trial extends Pick<AcceptPlan, 'keep' | 'signal' | 'emit'> {
  machines: string[];
  /** Text of a checks file. */
  checks: string;
  bastion: string | null;
  sshTimeoutS: number;
  platform: string;
  profile: string;
}

/** One of the checks that come with the program: each is a connection, and this is about what is around them. */
const CHECKS = `checks:
  - id: no-failed-unit
    title: no systemd unit has failed
    command: systemctl --failed --no-legend --plain
    expect: { stdout: { lines: 0 } }
    why: it would fail on all machines
    fix: look at it
logs: [{ id: units, command: systemctl status }]
`;

export const ID = (index: number) => `gpu-${String(index).padStart(3, '0')}`;

/** A sandbox with ready machines that answer ssh, a user whose key MAAS knows, and a configuration of one image. */
export async function stage(machines = 2): Promise<Stage> {
  const host = new Host();
  const troubles: TroubleRule[] = [];
  const guestPort = await freePort();
  const dir = `${host.dir}-maas`;
  const guests = directoryGuests({ dir: join(dir, 'guests'), port: guestPort, troubles, run });
  const maas = await startSandbox({
    dir,
    family: '3.5',
    machines,
    speed: 1000,
    pace: { nodeTimeout: 1e9 },
    guests,
  });
  host.env.MAAS_API_KEY = maas.apiKey;
  const keys = keyPair({ comment: 'tester' });
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
      await keepRelease({ name, sha256, facts: { kernels: KERNELS } }, host.env);
      return sha256;
    },
    ledger: () => readLedger(host.env),
    async accept(sha256, more = {}) {
      const upload = (await readLedger(host.env)).findLast(
        (entry) => entry.sha256 === sha256 && entry.did === 'completed',
      );
      const {
        machines = [ID(1)],
        bastion = null,
        sshTimeoutS = 5,
        platform = 'demo1',
        profile = 'demo',
      } = more;
      const target = {
        name: 'lab',
        url: maas.url,
        key: { from: 'environment', variable: 'MAAS_API_KEY' },
        caCert: null,
        patienceS: 10,
      } as const;
      const [result] = await acceptOnTargets([{ target, key: parseApiKey(maas.apiKey, 'test') }], {
        image: { name: upload?.image, release: 'demo', platform, version: '1.0' } as ImageConfig,
        release: { profile } as Release,
        system: systemOf({ platforms: Object.fromEntries(loadPlatforms()) }, platform),
        upload: upload as LedgerEntry,
        config: {
          ...fixedDefaults(ACCEPTANCE),
          machines,
          waitS: 5,
          ssh: { ...fixedDefaults(ACCEPTANCE).ssh, port: guestPort, keyFile, bastion, timeoutS: sshTimeoutS },
        },
        checks:
          more.checks === undefined ? await loadChecks(null) : await parseChecks(more.checks, 'checks.yaml'),
        timeouts: fixedDefaults(MACHINES).timeouts,
        kernel: await knownKernel(sha256, host.dir, host.env),
        dir: join(host.dir, 'work/demo/accept'),
        keep: more.keep ?? false,
        again: true,
        emit: more.emit ?? (() => {}),
        signal: more.signal ?? new AbortController().signal,
        env: host.env,
        pollMs: 20,
      });
      return result?.acceptance as Acceptance;
    },
    config(acceptance, port = guestPort) {
      writeFileSync(join(host.dir, 'checks.yaml'), CHECKS);
      writeFileSync(
        join(host.dir, 'dgxos-maas.yaml'),
        `workspace: work
images:
  demo:
    release: demo
    platform: demo1
    version: "1.0"
    iso: { source: none.iso, sha256: "${'0'.repeat(64)}" }
    vm: { accelerator: tcg }
    resource: { name: "custom/demo-{version}-{digest}" }
targets:
  lab: { url: "${maas.url}" }
acceptance:
  ${acceptance}
  checks: checks.yaml
  ssh: { port: ${port}, key_file: id, timeout: 5s }
`,
      );
    },
    async close() {
      await maas.close();
      host.remove();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
