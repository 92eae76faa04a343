import type { Redis, RedisOptions } from 'ioredis';
import type { QueueConfig } from '../config/types.ts';
import type { Emit } from '../core/events/event.ts';
import { Fault } from '../core/faults/fault.ts';
import { interrupted } from '../core/faults/interrupted.ts';
import { reasonOf } from '../core/faults/system-causes.ts';
import { registerSecret } from '../core/secrets/registry.ts';
import { readBoundedText } from '../host/files/regular.ts';
import { authorities } from '../host/http/authority.ts';
import { type Engine, loadEngine } from './engine.ts';
import { TIMING, type Timing } from './timing.ts';

/** All keys in Redis begin with it and a colon, so that a user of Redis (ACL) can be limited to them. */
export const PREFIX = 'dgxos-maas';

/** The first version of Redis that BullMQ 6 accepts without a warning. */
const OLDEST_REDIS = [6, 2] as const;

export interface ConnectOptions {
  env: NodeJS.ProcessEnv;
  emit: Emit;
  signal: AbortSignal;
  timing?: Timing;
}

/** An open connection to Redis, with BullMQ. A Redis that goes away is waited for. */
export interface Connection {
  engine: Engine;
  redis: Redis;
  /** The URL without credentials, for messages. */
  place: string;
  timing: Timing;
  /** Milliseconds since 1970, by the clock of Redis: one for all hosts. */
  now(): Promise<number>;
  close(): void;
}

/**
 * Connects to the Redis of a configuration.
 * @throws Fault CONFIG_INVALID without one, PACKAGE_MISSING without BullMQ, QUEUE_UNREACHABLE, QUEUE_REFUSED
 */
export async function connect(config: QueueConfig, options: ConnectOptions): Promise<Connection> {
  const { emit, signal, env, timing = TIMING } = options;
  if (config.place === null)
    throw new Fault('CONFIG_INVALID', 'No queue is configured', {
      hint: 'Give it by --queue redis://HOST, DGXOS_MAAS_QUEUE, or `queue:` in dgxos-maas.yaml.',
    });
  const settings = await optionsOf(config, env);
  const engine = await loadEngine();
  const place = placeOf(config.place);
  const redis = new engine.Redis({
    ...settings,
    lazyConnect: true,
    // Commands wait for a Redis that is away: BullMQ demands it of what blocks.
    maxRetriesPerRequest: null,
    connectTimeout: timing.connectMs,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 10), 2000),
  });
  try {
    await firstContact(redis, place, { signal, timing });
  } catch (error) {
    redis.disconnect();
    throw error;
  }
  reportOutages(redis, place, emit);
  return {
    ...{ engine, redis, place, timing },
    async now() {
      const [seconds, micros] = await redis.time();
      return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
    },
    close: () => redis.disconnect(),
  };
}

function placeOf(given: string): string {
  const url = new URL(given);
  url.username = '';
  url.password = '';
  return url.href;
}

/** The options of the client. The password is a secret from then on. */
async function optionsOf(config: QueueConfig, env: NodeJS.ProcessEnv): Promise<RedisOptions> {
  const url = new URL(config.place as string);
  const { password: source } = config;
  const given =
    source.from === 'file'
      ? await passwordIn(source.path)
      : (env[source.variable] ?? '').replace(/\r?\n$/, '');
  registerSecret(given);
  const username = config.user ?? decodeURIComponent(url.username);
  const tls = url.protocol === 'rediss:';
  const ca = tls ? await authorities(config.caCert, env) : undefined;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    host,
    port: Number(url.port || 6379),
    db: Number(url.pathname.slice(1) || 0),
    ...(username && { username }),
    ...(given && { password: given }),
    // An address has no name that a certificate could be asked for by SNI.
    ...(tls && { tls: { ...(ca && { ca }), ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }) } }),
  };
}

async function passwordIn(path: string): Promise<string> {
  try {
    return (await readBoundedText(path, 64 << 10)).replace(/\r?\n$/, '');
  } catch (error) {
    throw new Fault(
      'CONFIG_INVALID',
      `The password of the queue, ${path}, cannot be read: ${reasonOf(error)}`,
      {
        hint: 'Correct `queue.password`.',
        cause: error,
      },
    );
  }
}

/** Connects once, within a limit: later outages are waited for, a wrong address is not. */
async function firstContact(
  redis: Redis,
  place: string,
  { signal, timing }: { signal: AbortSignal; timing: Timing },
): Promise<void> {
  let failure: Error | undefined;
  const note = (error: Error) => {
    failure = error;
  };
  redis.on('error', note);
  const ended = new AbortController();
  const limit = AbortSignal.any([signal, ended.signal, AbortSignal.timeout(timing.connectMs)]);
  const stopped = new Promise<never>((_, reject) => {
    limit.addEventListener('abort', () => reject(failure ?? new Error('it does not answer')), { once: true });
    // Redis refuses by an error before the connection closes, and by nothing else.
    redis.on('error', (error) => isRefusal(error) && reject(error));
    redis.on('close', () => failure && reject(failure));
  });
  stopped.catch(() => {});
  try {
    await Promise.race([redis.connect(), stopped]);
    const said = await Promise.race([redis.info('server'), stopped]);
    assertVersion(said, place);
  } catch (error) {
    if (signal.aborted) throw interrupted(signal);
    throw error instanceof Fault ? error : unusable(failure ?? (error as Error), place);
  } finally {
    redis.off('error', note);
    ended.abort();
  }
}

function isRefusal(error: Error): boolean {
  return /^(?:WRONGPASS|NOAUTH|NOPERM|ERR (?:AUTH|Client sent AUTH|invalid password|DB index))|WRONGPASS|NOAUTH/.test(
    error.message,
  );
}

function unusable(error: Error, place: string): Fault {
  const { message, code = '' } = error as NodeJS.ErrnoException;
  if (isRefusal(error))
    return new Fault('QUEUE_REFUSED', `Redis at ${place} refuses: ${message}`, {
      hint: 'The user is `queue.user`, the password comes from `queue.password` (DGXOS_MAAS_QUEUE_PASSWORD); docs/queue.md lists what the user must be permitted.',
      cause: error,
    });
  if (/CERT|SELF_SIGNED|ERR_TLS|UNABLE_TO|ERR_SSL/.test(code))
    return new Fault('QUEUE_REFUSED', `The connection to ${place} is not trusted: ${message}`, {
      hint: 'Set `queue.ca_cert` to the CA that signed the certificate, and use the host name that it names.',
      cause: error,
    });
  return new Fault('QUEUE_UNREACHABLE', `Redis at ${place} cannot be reached: ${message || code}`, {
    hint: 'Check that it runs, and whether it expects TLS (rediss://).',
    cause: error,
  });
}

function assertVersion(info: string, place: string): void {
  const version = /^redis_version:(\d+)\.(\d+)/m.exec(info);
  const [major, minor] = [Number(version?.[1] ?? 0), Number(version?.[2] ?? 0)];
  const [least, leastMinor] = OLDEST_REDIS;
  if (!version || major > least || (major === least && minor >= leastMinor)) return;
  throw new Fault(
    'QUEUE_REFUSED',
    `Redis at ${place} is ${major}.${minor}; ${OLDEST_REDIS.join('.')} or newer is needed`,
    {
      hint: 'Upgrade it.',
    },
  );
}

/** One line when Redis is lost, and one when it is back. */
function reportOutages(redis: Redis, place: string, emit: Emit): void {
  let away = false;
  // Without a listener the client prints errors by itself.
  redis.on('error', () => {});
  redis.on('close', () => {
    if (away || redis.status === 'end') return;
    away = true;
    emit({
      type: 'notice',
      level: 'warning',
      message: `The connection to the queue at ${place} is lost; it is tried again`,
    });
  });
  redis.on('ready', () => {
    if (!away) return;
    away = false;
    emit({ type: 'notice', level: 'info', message: `The queue at ${place} is back` });
  });
}
