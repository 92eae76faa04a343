import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface NginxOptions {
  /** Of the user `builder`, or a bearer token. */
  password?: string;
  bearer?: string;
  /** Values of dav_methods and client_max_body_size. */
  methods?: string;
  largest?: string;
  tls?: { cert: string; key: string };
  /** The form of its listings: of autoindex, or of its module dav-ext. */
  listing?: 'json' | 'propfind' | 'none';
}

const LISTINGS = {
  json: 'autoindex on; autoindex_format json;',
  propfind: 'dav_ext_methods PROPFIND;',
  none: '',
};

/** Debian's nginx with its DAV module, on loopback, over a folder. */
export class Nginx {
  readonly #dir = mkdtempSync(join(tmpdir(), 'nginx-'));
  readonly #options: NginxOptions;
  #port = 0;
  #process: ReturnType<typeof spawn> | undefined;

  constructor(options: NginxOptions = {}) {
    this.#options = options;
  }

  /** The folder below its URL. */
  get root(): string {
    return join(this.#dir, 'www/store');
  }

  get url(): string {
    return `${this.#options.tls ? 'https' : 'http'}://127.0.0.1:${this.#port}/store`;
  }

  /** The requests so far, with the bytes of each answer, in their order; then forgets them. */
  requests(): { method: string; key: string; status: number; bytes: number }[] {
    const path = join(this.#dir, 'access.log');
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    truncateSync(path);
    return lines.map((line) => {
      const [, method = '', key = '', status, bytes] =
        /"(\S+) \/store\/(\S*) [^"]*" (\d+) (\d+)/.exec(line) ?? [];
      return { method, key, status: Number(status), bytes: Number(bytes) };
    });
  }

  async start(): Promise<this> {
    this.#port ||= await freePort();
    const { password, bearer, methods = 'PUT DELETE', largest = '0', tls, listing = 'json' } = this.#options;
    mkdirSync(this.root, { recursive: true });
    mkdirSync(join(this.#dir, 'tmp'), { recursive: true });
    // The workers of a master that is root belong to another user.
    for (const dir of [this.#dir, join(this.#dir, 'www'), this.root, join(this.#dir, 'tmp')])
      chmodSync(dir, 0o777);
    if (password !== undefined) {
      const hash = execFileSync('openssl', ['passwd', '-apr1', password], { encoding: 'utf8' }).trim();
      writeFileSync(join(this.#dir, 'users'), `builder:${hash}\n`);
    }
    const auth = password === undefined ? '' : `auth_basic store; auth_basic_user_file ${this.#dir}/users;`;
    const token =
      bearer === undefined ? '' : `if ($http_authorization != "Bearer ${bearer}") { return 401; }`;
    const secure = tls ? ` ssl; ssl_certificate ${tls.cert}; ssl_certificate_key ${tls.key}` : '';
    writeFileSync(
      join(this.#dir, 'nginx.conf'),
      `daemon off; pid ${this.#dir}/pid; error_log ${this.#dir}/error.log; worker_processes 1;
${listing === 'propfind' ? 'load_module /usr/lib/nginx/modules/ngx_http_dav_ext_module.so;' : ''}
events { worker_connections 64; }
http {
  access_log ${this.#dir}/access.log;
  client_body_temp_path ${this.#dir}/tmp; proxy_temp_path ${this.#dir}/tmp; fastcgi_temp_path ${this.#dir}/tmp;
  uwsgi_temp_path ${this.#dir}/tmp; scgi_temp_path ${this.#dir}/tmp;
  server {
    listen 127.0.0.1:${this.#port}${secure};
    location /store/ {
      root ${this.#dir}/www; client_max_body_size ${largest};
      dav_methods ${methods}; create_full_put_path on; dav_access user:rw group:rw all:r;
      ${LISTINGS[listing]}
      ${auth} ${token}
    }
  }
}
`,
    );
    this.#process = spawn('nginx', ['-p', this.#dir, '-c', `${this.#dir}/nginx.conf`], { stdio: 'ignore' });
    for (let tries = 0; tries < 200; tries++) {
      if (await answers(this.#port)) return this;
      await sleep(50);
    }
    throw new Error('nginx did not start');
  }

  async stop(): Promise<void> {
    const ended = new Promise((done) => this.#process?.once('exit', done));
    this.#process?.kill('SIGTERM');
    if (this.#process) await ended;
    this.#process = undefined;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

export function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
  });
}

export async function answers(port: number): Promise<boolean> {
  const { connect } = await import('node:net');
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  });
}
