import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { $ } from 'zx';

/** A key that is made for one run and never leaves this object but as its public part. */
export interface ArchiveKey {
  /** The public key for `Signed-By`, in binary form. */
  keyring: Buffer;
  /** Signs a file as apt expects it: `--clear-sign` into InRelease, `--detach-sign` into Release.gpg. */
  sign(how: '--clear-sign' | '--detach-sign', file: string, to: string): Promise<void>;
  remove(): Promise<void>;
}

export async function makeKey(): Promise<ArchiveKey> {
  // gpg-agent's socket needs a short path.
  const home = await mkdtemp(join(tmpdir(), 'key-'));
  const gpg = ['--homedir', home, '--batch', '--quiet', '--pinentry-mode', 'loopback', '--passphrase', ''];
  await $`gpg ${gpg} --quick-generate-key ${'dgxos-maas demo archive <demo@dgxos-maas.invalid>'} ed25519 sign never`;
  const exported = join(home, 'public.gpg');
  await $`gpg ${gpg} --output ${exported} --export`;
  const keyring = await readFile(exported);
  return {
    keyring,
    async sign(how, file, to) {
      const armour = how === '--detach-sign' ? ['--armor'] : [];
      await $`gpg ${gpg} ${armour} --yes --output ${to} ${how} ${file}`;
    },
    async remove() {
      await $({ nothrow: true })`gpgconf --homedir ${home} --kill all`;
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Of a Release file, those that apt-ftparchive does not take from its options. */
const AS_TEXT = ['Valid-Until'];

/**
 * Writes dists/`suite` of the archive in `dir` for the packages in its pool, and signs it.
 * @param options fields of the Release file, such as `Valid-Until`
 */
export async function makeDists(
  dir: string,
  {
    key,
    suite,
    architecture,
    options = {},
  }: {
    key: ArchiveKey | null;
    suite: string;
    architecture: string;
    options?: Record<string, string>;
  },
): Promise<void> {
  const dists = join(dir, 'dists', suite);
  const binary = join(dists, 'main', `binary-${architecture}`);
  await $`mkdir -p ${binary}`;
  const inside = $({ cwd: dir });
  const packages = await inside`apt-ftparchive --arch ${architecture} packages pool`;
  await writeFile(join(binary, 'Packages'), packages.stdout);
  await $`xz --keep --force ${join(binary, 'Packages')}`;
  const fields = {
    Origin: 'demo',
    Label: 'demo',
    Suite: suite,
    Codename: suite,
    Components: 'main',
    Architectures: architecture,
    ...options,
  };
  const written = Object.entries(fields).filter(([name]) => AS_TEXT.includes(name));
  const set = Object.entries(fields).flatMap(([name, value]) => [
    '-o',
    `APT::FTPArchive::Release::${name}=${value}`,
  ]);
  const release = join(dists, 'Release');
  await rm(release, { force: true });
  const made = await $({ cwd: dists })`apt-ftparchive ${set} release .`;
  await writeFile(release, written.map(([name, value]) => `${name}: ${value}\n`).join('') + made.stdout);
  if (!key) return;
  await key.sign('--clear-sign', release, join(dists, 'InRelease'));
  await key.sign('--detach-sign', release, join(dists, 'Release.gpg'));
}
