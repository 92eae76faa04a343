import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

export const PASSWORD = 'a-password-of-the-tests';

/** A real redis-server on loopback with a password, whose data outlive it. */
export class RealRedis {
  readonly dir = mkdtempSync(join(tmpdir(), 'redis-'));
  readonly port: number;
  readonly #more: string[];
  #process: ChildProcess | undefined;

  private constructor(port: number, more: string[]) {
    this.port = port;
    this.#more = more;
  }

  /** @param more arguments of redis-server; TLS has a port of its own then */
  static async start(...more: string[]): Promise<RealRedis> {
    const redis = new RealRedis(await freePort(), more);
    await redis.up();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}/0`;
  }

  async up(): Promise<void> {
    const own = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.dir];
    const kept = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
    const child = spawn('redis-server', [...own, ...kept, '--requirepass', PASSWORD, ...this.#more], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#process = child;
    let said = '';
    await new Promise<void>((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', () => reject(new Error(`redis-server ended: ${said}`)));
      child.stdout?.on('data', (part) => {
        said += part;
        if (said.includes('Ready to accept connections')) resolve();
      });
    });
  }

  /** Runs with no data, whatever the test before has left. */
  async clear(): Promise<void> {
    if (!this.#process) await this.up();
    const client = new Redis(this.url, { password: PASSWORD });
    await client.flushall();
    client.disconnect();
  }

  /** The commands that it was given for jobs of BullMQ: keys of one, `HGETALL` and scripts. */
  async jobLooks(): Promise<number> {
    const client = new Redis(this.url, { password: PASSWORD });
    const stats = await client.info('commandstats');
    client.disconnect();
    return [...stats.matchAll(/cmdstat_(?:hgetall|evalsha|eval):calls=(\d+)/g)].reduce(
      (sum, [, calls]) => sum + Number(calls),
      0,
    );
  }

  /** As by kill -9 or a crash of its host. */
  async down(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  async close(): Promise<void> {
    await this.down();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
