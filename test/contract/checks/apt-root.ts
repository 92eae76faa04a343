import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A root of its own for the host's apt: nothing of the host is read. */
export class AptRoot {
  readonly dir = mkdtempSync(join(tmpdir(), 'apt-root-'));
  readonly #conf = join(this.dir, 'apt.conf');

  constructor() {
    for (const folder of ['var/lib/apt/lists/partial', 'var/cache/apt/archives/partial', 'var/lib/dpkg'])
      mkdirSync(join(this.dir, folder), { recursive: true });
    this.clear();
    writeFileSync(
      this.#conf,
      `Dir "${this.dir}/";\nAPT::Sandbox::User "root";\nAPT::Architecture "amd64";\nDir::Cache::pkgcache "";\nDir::Cache::srcpkgcache "";\n`,
    );
    this.put('var/lib/dpkg/status', '');
  }

  put(path: string, text: string): void {
    mkdirSync(dirname(join(this.dir, path)), { recursive: true });
    writeFileSync(join(this.dir, path), text);
  }

  /** Takes all of apt's configuration out again. */
  clear(): void {
    rmSync(join(this.dir, 'etc'), { recursive: true, force: true });
    for (const folder of ['sources.list.d', 'apt.conf.d', 'preferences.d', 'auth.conf.d', 'trusted.gpg.d'])
      mkdirSync(join(this.dir, 'etc/apt', folder), { recursive: true });
  }

  /** Runs a program of apt; all that it said, and whether it ended well. */
  run(program: string, ...args: string[]): { ok: boolean; out: string } {
    const env = { PATH: process.env.PATH, APT_CONFIG: this.#conf, LC_ALL: 'C' };
    try {
      return {
        ok: true,
        out: execFileSync(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] }).toString(),
      };
    } catch (error) {
      const { stdout, stderr } = error as { stdout: Buffer; stderr: Buffer };
      return { ok: false, out: `${stdout}${stderr}` };
    }
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
