import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { S3Keys } from '../../../pipeline/store/s3/sign.ts';
import { freePort } from './nginx.ts';

const run = promisify(execFile);

/**
 * An S3 server on loopback: the gateway of Debian's Ceph (16.2), with a monitor and a memory for its files beside it. It checks
 * signatures, digests, dates and conditions as it does in a data centre.
 */
export class Ceph {
  readonly #dir = mkdtempSync(join(tmpdir(), 'ceph-'));
  readonly #processes: ChildProcess[] = [];
  readonly keys: S3Keys = {
    accessKeyId: 'BUILDERSKEYISHERE',
    secretAccessKey: randomBytes(20).toString('hex'),
    sessionToken: null,
  };
  #port = 0;

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<this> {
    const [monitor, port] = [await freePort(), await freePort()];
    this.#port = port;
    const cluster = randomUUID();
    const dir = this.#dir;
    for (const name of ['mon', 'osd', 'rgw']) mkdirSync(join(dir, name));
    writeFileSync(
      this.#file,
      `[global]
fsid = ${cluster}
mon host = v2:127.0.0.1:${monitor}/0
mon initial members = a
auth cluster required = none
auth service required = none
auth client required = none
# Encryption needs keys, which nobody has here.
ms mon client mode = crc
public addr = 127.0.0.1
cluster addr = 127.0.0.1
run dir = ${dir}
admin socket = ${dir}/$name.asok
pid file = ${dir}/$name.pid
log file = ${dir}/$name.log
keyring = ${dir}/keyring
mon data = ${dir}/mon
mon data avail crit = 1
paxos propose interval = 0.1
osd data = ${dir}/osd
osd objectstore = memstore
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd class load list = *
osd class default list = *
rgw data = ${dir}/rgw
rgw frontends = beast endpoint=127.0.0.1:${port}
`,
    );
    const disk = randomUUID();
    const map = join(dir, 'monmap');
    await run('ceph-authtool', ['--create-keyring', join(dir, 'keyring'), '--gen-key', '-n', 'client.admin']);
    await run('monmaptool', ['--create', '--fsid', cluster, '--addv', 'a', `[v2:127.0.0.1:${monitor}]`, map]);
    await run('ceph-mon', ['-c', this.#file, '--mkfs', '-i', 'a', '--monmap', map]);
    this.#spawn('ceph-mon', ['-i', 'a']);
    await run('ceph', ['-c', this.#file, '--connect-timeout', '120', 'osd', 'new', disk]);
    await run('ceph-osd', ['-c', this.#file, '-i', '0', '--mkfs', '--osd-uuid', disk]);
    this.#spawn('ceph-osd', ['-i', '0']);
    const { accessKeyId, secretAccessKey } = this.keys;
    await run('radosgw-admin', [
      ...['-c', this.#file, 'user', 'create', '--uid', 'builder', '--display-name', 'builder'],
      ...['--access-key', accessKeyId, '--secret', secretAccessKey],
    ]);
    await this.startGateway();
    return this;
  }

  #gateway: ChildProcess | undefined;

  async startGateway(): Promise<void> {
    this.#gateway = this.#spawn('radosgw', ['-n', 'client.admin']);
    for (let tries = 0; tries < 1200; tries++) {
      const answer = await fetch(this.endpoint).catch(() => undefined);
      if (answer?.ok) return;
      await sleep(100);
    }
    throw new Error('the gateway did not start');
  }

  async stopGateway(): Promise<void> {
    const ended = new Promise((done) => this.#gateway?.once('exit', done));
    this.#gateway?.kill('SIGKILL');
    await ended;
  }

  /** With commands of the gateway, such as `user create`. */
  async admin(...args: string[]): Promise<void> {
    await run('radosgw-admin', ['-c', this.#file, ...args]);
  }

  async remove(): Promise<void> {
    for (const process of this.#processes.reverse()) {
      if (process.exitCode !== null || process.signalCode !== null) continue;
      const ended = new Promise((done) => process.once('exit', done));
      process.kill('SIGKILL');
      await ended;
    }
    rmSync(this.#dir, { recursive: true, force: true });
  }

  get #file(): string {
    return join(this.#dir, 'ceph.conf');
  }

  #spawn(program: string, args: string[]): ChildProcess {
    const child = spawn(program, ['-c', this.#file, ...args, '-f'], { stdio: 'ignore' });
    this.#processes.push(child);
    return child;
  }
}
