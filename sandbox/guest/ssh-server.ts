import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import ssh2, { type AuthContext, type Connection, type ParsedKey, type PublicKeyAuthContext } from 'ssh2';
import { SandboxError } from '../error.ts';

export interface SshServerOptions {
  address: string;
  /** 0: a free one. */
  port: number;
  /** Private key in OpenSSH's format. */
  hostKey: string;
  /** The one user there is. */
  user: string;
  /** OpenSSH public keys that let this user in. */
  authorizedKeys: readonly string[];
  /** Runs the line that a client asks for; `aborted` when the client goes away. */
  exec(command: string, out: Output, aborted: AbortSignal): Promise<number>;
}

export interface Output {
  stdout(text: string): void;
  stderr(text: string): void;
}

export interface SshServer {
  port: number;
  close(): Promise<void>;
}

/**
 * An ssh server inside this process: commands and forwarding (so that it can be a bastion), public keys only, no shell on a
 * terminal. Being no process of its own it installs nothing on the host, needs no user there, and ends with us.
 * @throws SandboxError PORT_TAKEN
 */
export async function startSshServer(options: SshServerOptions): Promise<SshServer> {
  const allowed = options.authorizedKeys.flatMap((line) => {
    const key = ssh2.utils.parseKey(line);
    // A key of a kind that the library does not know (a token's) lets nobody in.
    return key instanceof Error ? [] : [key];
  });
  const connections = new Set<Connection>();
  const server = new ssh2.Server({ hostKeys: [options.hostKey] }, (connection) => {
    connections.add(connection);
    // A handshake is many small messages: waiting to join them costs a quarter of a second.
    (connection as Connection & { setNoDelay(on: boolean): void }).setNoDelay(true);
    connection
      .on('authentication', (context) =>
        mayEnter(context) ? context.accept() : context.reject(['publickey']),
      )
      .on('ready', () => serve(connection, options))
      // A client that breaks off need not be reported.
      .on('error', () => {})
      .on('close', () => connections.delete(connection));
  });

  function mayEnter(context: AuthContext): boolean {
    if (context.method !== 'publickey' || context.username !== options.user) return false;
    const { key, signature, blob, hashAlgo } = context as PublicKeyAuthContext & { hashAlgo?: string };
    return allowed.some(
      (one) =>
        one.getPublicSSH().equals(key.data) &&
        // Without a signature the client only asks whether this key would do.
        (signature === undefined || verifies(one, blob as Buffer, signature, hashAlgo)),
    );
  }

  server.listen(options.port, options.address);
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new SandboxError(
      'PORT_TAKEN',
      `Port ${options.port} of ${options.address} cannot be had (${code})`,
      {
        hint: 'Another program listens there, perhaps on all addresses; give another port.',
        cause: error,
      },
    );
  }
  // Such as no descriptor being free for the next connection.
  server.on('error', () => {});
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const connection of connections) connection.end();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** A signature of any bytes; the library throws on some that are none. */
function verifies(key: ParsedKey, blob: Buffer, signature: Buffer, hashAlgo: string | undefined): boolean {
  try {
    return key.verify(blob, signature, hashAlgo) === true;
  } catch {
    return false;
  }
}

function serve(connection: Connection, options: SshServerOptions): void {
  const gone = new AbortController();
  connection.on('close', () => gone.abort());
  connection.on('session', (accept) => {
    accept().on('exec', (acceptExec, _reject, { command }) => {
      const channel = acceptExec();
      channel.on('close', () => gone.abort()).on('error', () => {});
      const out = {
        stdout: (text: string) => void channel.write(text),
        stderr: (text: string) => void channel.stderr.write(text),
      };
      options
        .exec(command, out, gone.signal)
        .catch((error: Error) => {
          out.stderr(`${error.message}\n`);
          return 126;
        })
        .then((code) => {
          if (gone.signal.aborted) return;
          channel.exit(code);
          channel.end();
        })
        // The client went away in between.
        .catch(() => {});
    });
  });
  connection.on('tcpip', (accept, reject, { destIP, destPort }) => {
    // A port is 32 bits wide in the protocol, and `connect` throws on those that are none.
    if (destPort > 65_535) return void reject();
    const socket = connect(destPort, destIP);
    socket.once('connect', () => {
      const channel = accept();
      channel.pipe(socket).pipe(channel);
      channel.on('error', () => socket.destroy());
      socket.on('error', () => channel.end());
    });
    socket.once('error', () => reject());
  });
}
