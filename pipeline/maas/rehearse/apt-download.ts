import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../core/faults/fault.ts';
import { aptProblems, writeAptConfig } from '../../host/apt.ts';
import { makeFolders } from '../../host/files/folders.ts';
import { $ } from '../../host/process/tool.ts';

/** Ubuntu's keys for its archive, as the package ubuntu-keyring installs them. */
const ARCHIVE_KEYRING = '/usr/share/keyrings/ubuntu-archive-keyring.gpg';
const TIMEOUT_MS = 10 * 60_000;
/** The words of apt 2.6.1 for a server that it does not reach. */
const UNREACHED =
  /Could not (?:connect|resolve)|Unable to connect|Connection (?:refused|timed out|failed)|Temporary failure|Network is unreachable/;

interface Download {
  /** Each as `NAME=VERSION`. */
  packages: readonly string[];
  mirror: string;
  suites: readonly string[];
  /** A path, or `none`; null: Ubuntu's. */
  keyring: string | null;
  /** A folder of its own. */
  to: string;
  signal: AbortSignal;
}

/**
 * Has apt fetch packages of an archive, by its own rules: the signature of its index, the sums of the index and of each file.
 * @returns their names in the folder
 * @throws Fault CURTIN_MISSING with what apt says; DOWNLOAD_FAILED where it does not reach the archive; TOOL_MISSING without apt
 */
export async function aptDownload({
  packages,
  mirror,
  suites,
  keyring,
  to,
  signal,
}: Download): Promise<string[]> {
  const dir = join(to, 'apt');
  await makeFolders(join(dir, 'trusted'));
  if (keyring !== 'none') await takeKeyring(keyring ?? ARCHIVE_KEYRING, join(dir, 'trusted'));
  const trusted = keyring === 'none' ? '[trusted=yes] ' : '';
  const sources = suites.map((suite) => `deb ${trusted}${mirror} ${suite} main universe\n`);
  await writeFile(join(dir, 'sources.list'), sources.join(''));
  const env = {
    APT_CONFIG: await writeAptConfig(dir, 'amd64', {
      'Dir::Etc': dir,
      'Dir::Etc::sourcelist': join(dir, 'sources.list'),
      'Dir::Etc::sourceparts': join(dir, 'parts'),
      'Dir::Etc::trusted': join(dir, 'no.gpg'),
      'Dir::Etc::trustedparts': join(dir, 'trusted'),
    }),
  };
  const options = {
    env,
    cwd: to,
    guarded: true,
    signal,
    nothrow: true,
    timeoutMs: TIMEOUT_MS,
    reason: 'fetch curtin',
  };
  const updated = await $(options)`apt-get update`;
  if (updated.exitCode !== 0) throw refused(mirror, aptProblems(updated));
  const got = await $(options)`apt-get download ${packages}`;
  if (got.exitCode !== 0) {
    const { stdout } = await $(options)`apt-cache madison python3-curtin`;
    throw refused(mirror, aptProblems(got), versionsIn(stdout));
  }
  return (await readdir(to)).filter((name) => name.endsWith('.deb')).sort();
}

/** By the name that apt expects of its form: binary, or in ASCII armour. */
async function takeKeyring(path: string, folder: string): Promise<void> {
  try {
    const start = (await readFile(path)).subarray(0, 64).toString('latin1').trimStart();
    await copyFile(path, join(folder, start.startsWith('-----BEGIN') ? 'keyring.asc' : 'keyring.gpg'));
  } catch (cause) {
    throw new Fault(
      'CURTIN_MISSING',
      `The keyring ${path}, which curtin's archive is verified by, cannot be read`,
      {
        hint: 'sudo apt-get install ubuntu-keyring, or copy the file from an Ubuntu and name it in `rehearsal.curtin.keyring`; none takes the archive without a signature.',
        cause,
      },
    );
  }
}

/** The versions in what `apt-cache madison` prints: `python3-curtin | VERSION | URL SUITE/main amd64 Packages`. */
function versionsIn(madison: string): string[] {
  const versions = madison.split('\n').map((line) => line.split('|')[1]?.trim() ?? '');
  return [...new Set(versions.filter((version) => version !== ''))];
}

function refused(mirror: string, said: readonly string[], versions: readonly string[] = []): Fault {
  const [first = 'apt-get failed'] = said;
  const detail = said.join('\n');
  if (said.some((line) => UNREACHED.test(line)))
    return new Fault('DOWNLOAD_FAILED', `The archive ${mirror} cannot be reached: ${first}`, {
      detail,
      hint: 'Run the command again later, or correct `mirror` of `rehearsal.curtin`.',
    });
  const has = versions.length > 0 ? ` It has: ${versions.slice(0, 10).join(', ')}.` : '';
  return new Fault('CURTIN_MISSING', `Curtin cannot be taken from ${mirror}: ${first}`, {
    detail,
    hint: `Correct version, mirror, suite or keyring of \`rehearsal.curtin\`.${has}`,
  });
}
