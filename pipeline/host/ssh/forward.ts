import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** An address of this host from which connections go on to a port of 127.0.0.1. */
export interface Forward {
  /** From now on; before, a connection is closed at once. */
  to(port: number): void;
  close(): Promise<void>;
}

/** @throws EADDRINUSE and other errors of the system */
export async function forwardFrom(address: string, port: number): Promise<Forward> {
  let target: number | null = null;
  const open = new Set<Socket>();
  const server = createServer((from) => {
    if (target === null) return void from.destroy();
    const to = connect(target, '127.0.0.1');
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      open.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  server.listen(port, address);
  await once(server, 'listening');
  return {
    to(one) {
      target = one;
    },
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}
