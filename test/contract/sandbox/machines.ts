import type { Guests } from '../../../sandbox/machines/guests.ts';
import type { Sandbox, SandboxOptions } from '../../../sandbox/server.ts';
import { type Answer, call, create, put, sandbox } from './client.ts';

export const HOUR = 3_600_000;

/** A sandbox whose clock stands still unless it is put forward; gpu-001 and so on are there. */
export async function still(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const now = Math.floor(Date.now() / 1000) * 1000;
  return sandbox({ now: () => now, machines: 1, ...options });
}

/** A handle on one machine of a sandbox. */
export class Handle {
  readonly server: Sandbox;
  readonly id: string;

  constructor(server: Sandbox, hostname = 'gpu-001') {
    this.server = server;
    const found = server.control.machines().find((machine) => machine.hostname === hostname);
    if (!found) throw new Error(`no ${hostname}`);
    this.id = found.systemId;
  }

  async get(): Promise<Answer['json']> {
    return (await call(this.server, 'GET', `machines/${this.id}/`)).json;
  }

  op(
    name: string,
    form: Parameters<typeof call>[3] extends infer S
      ? S extends { form?: infer F }
        ? F
        : never
      : never = {},
  ): Promise<Answer> {
    return call(this.server, 'POST', `machines/${this.id}/?op=${name}`, { form });
  }

  /** The operation, and everything that comes of it. */
  async done(
    name: string,
    form: Record<string, string | number | boolean | string[]> = {},
  ): Promise<Answer['json']> {
    const answer = await this.op(name, form);
    if (answer.status !== 200) throw new Error(`${name}: ${answer.status} ${answer.text}`);
    this.server.control.advance(HOUR / 4);
    return this.get();
  }

  async events(more = ''): Promise<{ type: string; level: string; description: string }[]> {
    const query = `events/?op=query&id=${this.id}&limit=1000${more}`;
    return (await call(this.server, 'GET', query)).json.events.toReversed();
  }
}

/** Uploads an image that is complete at once. */
export async function upload(server: Sandbox, name: string): Promise<number> {
  const content = Buffer.from(`bytes of ${name}`);
  const { id, uri } = await create(server, content, { name: `custom/${name}` });
  await put(server, uri, content);
  return id;
}

/** Guests that only say that they were asked for. */
export function pretendGuests(): Guests & { log: string[]; fail?: string } {
  const log: string[] = [];
  const guests = {
    log,
    fail: undefined as string | undefined,
    async start(
      machine: { hostname: string; deployment: number },
      image: { resource: string; blobPath: string | null },
    ) {
      log.push(
        `start ${machine.hostname} ${machine.deployment} ${image.resource} ${image.blobPath === null ? 'no bytes' : 'bytes'}`,
      );
      if (guests.fail) throw new Error(guests.fail);
      return { address: '127.9.9.9', port: 2222 };
    },
    async stop(systemId: string) {
      log.push(`stop ${systemId}`);
    },
  };
  return guests as Guests & { log: string[]; fail?: string };
}
