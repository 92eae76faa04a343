import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openRegular } from '../../host/files/regular.ts';
import { sendFile, Unreadable } from '../../host/vm/send-file.ts';
import { paths } from './identity.ts';
import { signedBy } from './oauth.ts';
import { LARGEST_STATUS, readStatus } from './status.ts';
import type { Identity, NodeKeys, Sign } from './types.ts';

/** Everything that the server gives to the machine. */
export interface Given {
  identity: Identity;
  keys: NodeKeys;
  preseed: string;
  /** The installer: curtin, packed with its configuration. */
  userData: Buffer;
  /** Let in whoever has the private half, a key on each line, as the keys of the user who deploys. */
  sshKey: string;
  /** For cloud-init of the installed system; empty: none. */
  systemData?: string;
  /** Files by the name below `/images/…/`. */
  images: ReadonlyMap<string, string>;
  artifact: string;
  /** Called when one of the files cannot be read: the machine only sees a connection that breaks. */
  onUnreadable(path: string, error: Error): void;
}

export interface RehearsalServer {
  port: number;
  /** From now on the machine gets these; before, everything is 404. */
  give(given: Given): void;
  close(): Promise<void>;
}

/** Bytes of a form, such as `op=netboot_off`. */
const LARGEST_FORM = 4096;
const USER_DATA = '#cloud-config\n';
/** Not empty: cloud-init 22.4 regards vendor-data without any key as not loadable, and then does not use MAAS at all. */
const VENDOR_DATA = '#cloud-config\nmanage_etc_hosts: true\n';

type Answer = { status: number; text?: string | Buffer } | { file: string; failed: Given['onUnreadable'] };
const NOT_FOUND: Answer = { status: 404 };
const NO_ARCHIVE: Answer = { status: 503 };

/**
 * The part of a MAAS that a machine sees while it is deployed, on loopback alone: preseed, metadata (signed by the node's keys), status, images.
 * As the machine's proxy it answers for every archive with 503, at once: apt takes that for a passing fault and goes on (`apt-get update` ends with 0), while
 * it takes 403 or 404 for an archive without a signature and fails (apt 2.6.1 was asked).
 * @param port that a system installed earlier knows; 0: any free one
 * @throws EADDRINUSE
 */
export async function serveRehearsal(onSign: (sign: Sign) => void, port = 0): Promise<RehearsalServer> {
  let given: Given | undefined;

  async function answer(request: IncomingMessage): Promise<Answer> {
    const [path, query = ''] = (request.url ?? '').split('?') as [string, string?];
    // A request to a proxy names its server.
    if (!path.startsWith('/')) return NO_ARCHIVE;
    if (!given) return NOT_FOUND;
    const { identity, keys } = given;
    const at = paths(identity);
    const reads = request.method === 'GET' || request.method === 'HEAD';
    const below = (folder: string) => (path.startsWith(folder) ? path.slice(folder.length) : undefined);

    const image = below(at.image(''));
    if (image !== undefined && reads) {
      const file = given.images.get(image);
      if (file === undefined) return NOT_FOUND;
      if (file === given.artifact && request.method === 'GET') onSign({ type: 'asked', what: 'artifact' });
      return { file, failed: given.onUnreadable };
    }
    if (path === at.byId || `${path}/` === at.byId) {
      if (reads && query === 'op=get_preseed') {
        onSign({ type: 'asked', what: 'preseed' });
        return { status: 200, text: given.preseed };
      }
      if (request.method !== 'POST') return NOT_FOUND;
      const form = new URLSearchParams((await bodyOf(request, LARGEST_FORM))?.toString() ?? '');
      if (form.get('op') !== 'netboot_off') return { status: 400, text: 'Unrecognised op\n' };
      onSign({ type: 'netboot-off' });
      return { status: 200, text: '' };
    }
    const curtin = below(`${at.curtin}/2012-03-01/`);
    const item = curtin ?? below(`${at.metadata}2012-03-01/`);
    if (item === undefined && path !== at.status) return NOT_FOUND;
    if (!signedBy(request.headers.authorization, keys))
      return { status: 401, text: 'Not signed by the keys of the node\n' };
    if (path === at.status) return request.method === 'POST' ? status(request) : NOT_FOUND;
    return reads && item !== undefined ? metadata(item, curtin !== undefined, given) : NOT_FOUND;
  }

  async function status(request: IncomingMessage): Promise<Answer> {
    const body = await bodyOf(request, LARGEST_STATUS);
    if (body === undefined) return { status: 413, text: 'The report is too large\n' };
    const event = readStatus(body);
    if (typeof event === 'string') return { status: 400, text: `${event}\n` };
    onSign({ type: 'status', event });
    return { status: 204 };
  }

  function metadata(
    item: string,
    installing: boolean,
    { identity, userData, sshKey, systemData }: Given,
  ): Answer {
    const text = (value: string): Answer => ({ status: 200, text: value });
    switch (item.replace(/\/$/, '')) {
      case 'meta-data':
        return text('instance-id\nlocal-hostname\npublic-keys\nvendor-data\n');
      case 'meta-data/instance-id':
        return text(identity.systemId);
      case 'meta-data/local-hostname':
        return text(identity.hostname);
      case 'meta-data/public-keys':
        return text(`${sshKey}\n`);
      case 'meta-data/vendor-data':
      case 'vendor-data':
        return text(VENDOR_DATA);
      case 'user-data':
        onSign({ type: 'asked', what: installing ? 'installer' : 'user-data' });
        return { status: 200, text: installing ? userData : systemData || USER_DATA };
      default:
        return NOT_FOUND;
    }
  }

  const server = createServer({ requestTimeout: 600_000 }, (request, response) => {
    answer(request)
      .then((one) => send(one, request, response))
      .catch(() => {
        // A connection that breaks ends itself and nothing else.
        if (response.headersSent) response.destroy();
        else response.writeHead(500).end();
      });
  });
  server.on('connect', (_request, socket) =>
    socket.end('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n'),
  );
  server.on('clientError', (_error, socket) => socket.destroy());
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  server.on('error', () => {});
  return {
    port: (server.address() as AddressInfo).port,
    give(what) {
      given = what;
    },
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

/** A request's body; undefined when it is longer than `most`, and then it is not read to its end. */
async function bodyOf(request: IncomingMessage, most: number): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > most) return undefined;
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request) {
    length += (part as Buffer).length;
    if (length > most) return undefined;
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts);
}

async function send(answer: Answer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if ('file' in answer) {
    const { file: path, failed } = answer;
    const file = await openRegular(path).catch((error: Error) => {
      failed(path, error);
      throw error;
    });
    try {
      await sendFile(file, request, response);
    } catch (error) {
      if (error instanceof Unreadable) failed(path, error);
      throw error;
    } finally {
      await file.close();
    }
    return;
  }
  const { status, text } = answer;
  // The rest of a body that is refused is not waited for.
  if (status === 413) response.once('finish', () => request.destroy());
  if (text === undefined) return void response.writeHead(status).end();
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}
