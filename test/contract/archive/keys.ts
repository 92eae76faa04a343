import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { $ } from 'zx';

/** OpenPGP keys by name in a home of their own, and signatures that real gpg makes with them. */
export class Keys {
  readonly #home: string;
  readonly #gpg: string[];

  private constructor(home: string) {
    this.#home = home;
    this.#gpg = ['--homedir', home, '--batch', '--quiet', '--pinentry-mode', 'loopback', '--passphrase', ''];
  }

  static async make(): Promise<Keys> {
    $.quiet = true;
    // gpg-agent's socket needs a short path.
    return new Keys(await mkdtemp(join(tmpdir(), 'keys-')));
  }

  /** @param expires as gpg takes it, such as 30d; @param at the time of its making, such as 20200101T000000 */
  async add(name: string, { expires = 'never', at }: { expires?: string; at?: string } = {}): Promise<void> {
    await $`gpg ${[...this.#gpg, ...faked(at)]} --quick-generate-key ${name} ed25519 sign ${expires}`;
  }

  async revoke(name: string): Promise<void> {
    const [fingerprint] = await this.fingerprints(name);
    const file = join(this.#home, 'openpgp-revocs.d', `${fingerprint}.rev`);
    // gpg puts a colon before the armour, so that it is not imported by mistake.
    await writeFile(file, (await readFile(file, 'utf8')).replace(/^:(?=-----)/m, ''));
    await $`gpg ${this.#gpg} --import ${file}`;
  }

  async fingerprints(name: string): Promise<string[]> {
    const { stdout } = await $`gpg ${this.#gpg} --with-colons --list-keys ${name}`;
    return [...stdout.matchAll(/^fpr:+([0-9A-F]+):/gm)].map(([, found]) => found as string);
  }

  async export(names: string[], to: string, form: string[] = []): Promise<string> {
    await $`gpg ${this.#gpg} ${form} --yes --output ${to} --export ${names}`;
    return to;
  }

  /** Signs a file by every key that is named, each with a signature of its own. */
  async sign(
    names: string[],
    file: string,
    to: string,
    { at, more = [] }: { at?: string; more?: string[] } = {},
  ) {
    const users = names.flatMap((name) => ['--local-user', name]);
    await $`gpg ${[...this.#gpg, ...faked(at), ...more, ...users]} --yes --output ${to} --detach-sign ${file}`;
  }

  /** Signs a text in clear, as `.sjson` of simplestreams is. */
  async clearSign(name: string, file: string, to: string): Promise<void> {
    await $`gpg ${this.#gpg} --local-user ${name} --yes --output ${to} --clear-sign ${file}`;
  }

  async remove(): Promise<void> {
    await $({ nothrow: true })`gpgconf --homedir ${this.#home} --kill all`;
    await rm(this.#home, { recursive: true, force: true });
  }
}

/** The exclamation mark stops the clock. */
const faked = (at: string | undefined) => (at === undefined ? [] : ['--faked-system-time', `${at}!`]);
