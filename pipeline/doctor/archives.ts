import { UBUNTU_KEYRING, UBUNTU_KEYRING_HINT } from '../config/keyring.ts';
import type { ImageConfig } from '../config/types.ts';
import { HOST_ARCHITECTURE } from '../host/architecture.ts';
import { readBounded } from '../host/files/regular.ts';
import { foreignVerdict } from '../host/foreign.ts';
import type { Finding } from './finding.ts';
import { examineNamespaces } from './host.ts';
import { examineArchiveTools } from './tools.ts';

/** Everything on this host that these images, which are installed from archives, need. */
export async function examineArchives(
  images: readonly ImageConfig[],
  signal?: AbortSignal,
): Promise<Finding[]> {
  const names = images.map(({ name }) => name).join(', ');
  const signed = images.filter(({ archive: { root } }) => root.keyring !== 'none');
  return [
    ...(await examineArchiveTools(names, signed.some(isRequired), signal)).filter(
      ({ tool }) => tool !== 'gpgv' || signed.length > 0,
    ),
    ...(await examineKeyrings(signed)),
    await examineNamespaces(signal, `install ${names} from archives`),
    ...(await examineEmulators(images)),
  ];
}

/** Whether nothing but a signature verifies the root, or the configuration asks for one. */
const isRequired = ({ archive: { root } }: ImageConfig) => root.sha256 === null || root.keyring !== null;

/** Each keyring that verifies a root. */
async function examineKeyrings(images: readonly ImageConfig[]): Promise<Finding[]> {
  const byKeyring = groupedBy(images, ({ archive }) => archive.root.keyring ?? UBUNTU_KEYRING);
  return Promise.all(
    [...byKeyring].map(async ([keyring, users]): Promise<Finding> => {
      const isUbuntus = keyring === UBUNTU_KEYRING;
      const finding = {
        tool: 'keyring',
        neededFor: `verify the signed sums of ${users.map(({ name }) => name).join(', ')}`,
        package: null,
      };
      const size = await readBounded(keyring).then(
        ({ length }) => length,
        () => undefined,
      );
      if (size) return { ...finding, found: keyring, status: 'ok', fix: null };
      return {
        ...finding,
        found: size === undefined ? `${keyring} cannot be read` : `${keyring} is empty`,
        status: users.some(isRequired) ? 'missing' : 'optional',
        fix: isUbuntus
          ? UBUNTU_KEYRING_HINT
          : 'set `archive.root.keyring` to a file that `gpg --export` wrote',
      };
    }),
  );
}

function groupedBy<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  return groups;
}

/** The emulator of each architecture that is not this host's. */
async function examineEmulators(images: readonly ImageConfig[]): Promise<Finding[]> {
  const byArchitecture = groupedBy(images, ({ resource }) => resource.architecture.split('/')[0] as string);
  byArchitecture.delete(HOST_ARCHITECTURE);
  return Promise.all(
    [...byArchitecture].map(async ([architecture, users]): Promise<Finding> => {
      const { usable, reason, hint } = await foreignVerdict(architecture);
      return {
        tool: `qemu-user ${architecture}`,
        neededFor: `install ${users.map(({ name }) => name).join(', ')} on ${HOST_ARCHITECTURE}`,
        found: reason,
        status: usable ? 'ok' : 'unusable',
        fix: usable ? null : (hint ?? null),
        package: hint?.startsWith('sudo apt-get install qemu-user-static') ? 'qemu-user-static' : null,
      };
    }),
  );
}
