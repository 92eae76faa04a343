import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { answers, freePort } from './nginx.ts';

const MODULES = ['mpm_event', 'authz_core', 'dav', 'dav_fs'];

/** Debian's Apache with mod_dav, on loopback, over a folder. */
export class Apache {
  readonly #dir = mkdtempSync(join(tmpdir(), 'apache-'));
  #port = 0;
  #process: ChildProcess | undefined;

  /** The folder below its URL. */
  get root(): string {
    return join(this.#dir, 'www/store');
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/store`;
  }

  async start(): Promise<this> {
    this.#port = await freePort();
    mkdirSync(this.root, { recursive: true });
    // A server that root starts gives its requests to another user.
    for (const dir of [this.#dir, join(this.#dir, 'www'), this.root]) chmodSync(dir, 0o777);
    writeFileSync(
      join(this.#dir, 'httpd.conf'),
      `ServerRoot ${this.#dir}
ServerName 127.0.0.1
Listen 127.0.0.1:${this.#port}
PidFile ${this.#dir}/pid
ErrorLog ${this.#dir}/error.log
DocumentRoot ${this.#dir}/www
${MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
User nobody
Group nogroup
DavLockDB ${this.#dir}/locks
<Directory ${this.#dir}/www>
  Require all granted
</Directory>
<Location /store/>
  Dav On
</Location>
`,
    );
    const options = ['-DFOREGROUND', '-f', join(this.#dir, 'httpd.conf')];
    this.#process = spawn('apache2', options, { stdio: 'ignore' });
    for (let tries = 0; tries < 600; tries++) {
      if (await answers(this.#port)) return this;
      await sleep(50);
    }
    throw new Error('Apache did not start');
  }

  async remove(): Promise<void> {
    const ended = new Promise((done) => this.#process?.once('exit', done));
    this.#process?.kill('SIGTERM');
    if (this.#process) await ended;
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
