import { parseAssignments } from '../../parsers/assignments.ts';
import { shown } from '../../tar/names.ts';
import { type Collector, Sampler } from '../collector.ts';
import type { ImageFacts } from '../facts.ts';

const LOGS =
  /^var\/log\/(?:installer\/.|curtin|cloud-init|apt\/.|dpkg\.log|syslog|auth\.log|kern\.log|journal\/.+\.journal$)|^root\/curtin-install/;
const SECRETS =
  /^(?:root|home\/[^/]+)\/\.(?:[a-z]*sh_history|netrc|aws\/credentials|ssh\/id_[^/]*|git-credentials)$|^var\/(?:crash|lib\/systemd\/coredump|lib\/apport\/coredump)\/.|^core(?:\.\d+)?$|^var\/log\/installer\/.*(?:user-data|autoinstall|preseed|curtin).*$/;
/** Programs write these for other settings as well: it takes a credential in them. */
const MAYBE_SECRETS: readonly { path: RegExp; credential: RegExp }[] = [
  {
    path: /^(?:root|home\/[^/]+)\/\.docker\/config\.json$/,
    credential: /"(?:auth|identitytoken|registrytoken|password)"\s{0,100}:\s{0,100}"[^"]/,
  },
  {
    path: /^(?:(?:root|home\/[^/]+)\/\.|usr\/(?:local\/)?etc\/)npmrc$/,
    // A reference to a variable of the environment is not a secret.
    credential: /^[^#;\n]{0,500}(?::|^)_(?:authToken|auth|password)[ \t]{0,100}=[ \t]{0,100}["']?[^\s"'$]/m,
  },
];
const CACHES =
  /^var\/cache\/apt\/(?:archives\/.+\.deb|.*pkgcache\.bin)$|^var\/lib\/apt\/lists\/[^/]+_[^/]*$|^root\/\.cache\/.|^var\/tmp\/./;
const OEM =
  /^var\/lib\/oem-config\/run$|^etc\/systemd\/system\/(?:[^/]+\.(?:wants|requires)\/)?oem-config[^/]*$/;

type Leftovers = Pick<ImageFacts, 'oemConfig' | 'leftovers' | 'services'> & {
  dgxRelease: Record<string, string> | null;
};

/** Files that the build leaves in an image unless somebody removes them. */
export function leftoversCollector(): Collector<Leftovers> {
  const oemConfig: string[] = [];
  const [logs, secrets, caches] = [new Sampler(), new Sampler(), new Sampler()];
  const services = new Set<string>();
  const maybe: string[] = [];
  let cacheBytes = 0;
  let dgxRelease: Record<string, string> | null = null;
  return {
    wants: (path) => (path === 'etc/dgx-release' ? 256 << 10 : 0),
    content(path, bytes) {
      const text = bytes.toString();
      if (path === 'etc/dgx-release') dgxRelease = Object.fromEntries(parseAssignments(text));
    },
    member({ path, type, size }) {
      const name = `/${shown(path)}`;
      const keep = (list: string[]) => list.length < 50 && list.push(name);
      if (path.startsWith('etc/')) {
        const unit = /^etc\/systemd\/system\/[^/]+\.(?:wants|requires)\/([^/]+)$/.exec(path)?.[1];
        if (unit && services.size < 2000) services.add(shown(unit));
        if (OEM.test(path)) keep(oemConfig);
      } else if (path === 'var/lib/oem-config/run') keep(oemConfig);
      if (type !== 'file' || size === 0) return;
      if (SECRETS.test(path)) secrets.add(name);
      else if (MAYBE_SECRETS.some((one) => one.path.test(path))) {
        if (maybe.length < 100) maybe.push(path);
      } else if (LOGS.test(path)) logs.add(name);
      else if (CACHES.test(path)) {
        caches.add(name);
        cacheBytes += size;
      }
    },
    finish(tree, files) {
      for (const path of maybe) {
        const { credential } = MAYBE_SECRETS.find((one) => one.path.test(path))!;
        // A file that could not be kept was not examined either.
        if (credential.test(files.text(path) ?? '') || files.text(path) === null)
          secrets.add(`/${shown(path)}`);
      }
      const target = tree.symlinks.get('etc/systemd/system/default.target');
      if (target?.includes('oem-config'))
        oemConfig.push(`/etc/systemd/system/default.target -> ${shown(target)}`);
      return {
        oemConfig,
        leftovers: { logs: logs.toJSON(), secrets: secrets.toJSON(), caches: caches.toJSON(), cacheBytes },
        services: [...services].sort(),
        dgxRelease,
      };
    },
  };
}
