import { bytes } from '../../core/text/human.ts';
import { PROXIES_CHECK } from './proxies.ts';
import { type Check, fail, failOr, type Item, pass, several } from './types.ts';

/** Traces of the build machine. */
export const HYGIENE_CHECKS: Check[] = [
  PROXIES_CHECK,
  {
    number: 35,
    id: 'oem-config',
    title: 'The first-boot wizard is not armed',
    wrong: 'the first-boot wizard is armed',
    severity: 'blocker',
    why: 'oem-config waits for answers at the console before anything else starts.',
    fix: 'In a late command: `systemctl disable oem-config.service oem-config.target` and set the default target to multi-user or graphical.',
    evaluate: ({ oemConfig }) => (oemConfig.length > 0 ? fail(several(oemConfig)) : pass('not armed')),
  },
  {
    number: 36,
    id: 'eula-diversion',
    title: "NVIDIA's licence prompt is restored",
    wrong: "NVIDIA's licence prompt is diverted",
    severity: 'major',
    why: 'The installer diverts nv-eula while it works; if this remains, nobody is asked to accept the licence.',
    fix: 'Let the installer finish, or `dpkg-divert --remove --rename` the diversion in the last late command.',
    reads: /^var\/lib\/dpkg\/diversions$/,
    evaluate: ({ boot }) =>
      boot.eulaDiversions.length > 0 ? fail(several(boot.eulaDiversions)) : pass('no diversion'),
  },
  {
    number: 38,
    id: 'resolv-conf',
    title: 'resolv.conf is systemd-resolved’s link',
    severity: 'warning',
    why: 'A file left by the build names the build machine’s name server.',
    fix: 'As the last step: `ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf`.',
    evaluate: ({ identity }) =>
      /^link to (\/|(\.\.\/)+)run\/systemd\/resolve\/(stub-)?resolv\.conf$/.test(identity.resolvConf)
        ? pass(identity.resolvConf)
        : fail(`/etc/resolv.conf is not systemd-resolved’s link: ${identity.resolvConf}`),
  },
  {
    number: 39,
    id: 'machine-state',
    title: 'No other identity of the build machine',
    wrong: 'an identity of the build machine is in the image',
    severity: 'major',
    why: 'Two machines with one iSCSI or NVMe name take each other’s disks; a shared random seed or host name is as bad.',
    fix: 'Remove the files named, as the last step; set GenerateName=yes in /etc/iscsi/initiatorname.iscsi. docs/checks.md has the whole list with its sources.',
    evaluate({ identity }) {
      const items: Item[] = identity.state.map(({ path, what, weight, why }) => ({
        subject: path,
        text: `${path} (${what}: ${why})`,
        severity: weight,
      }));
      if (identity.iscsiInitiator)
        items.push({
          subject: '/etc/iscsi/initiatorname.iscsi',
          text: `/etc/iscsi/initiatorname.iscsi (${identity.iscsiInitiator})`,
        });
      // Neither is anybody's name; cloud-init sets the real one.
      if (identity.hostname && !['localhost', 'ubuntu', 'debian'].includes(identity.hostname))
        items.push({ subject: '/etc/hostname', text: `/etc/hostname (${identity.hostname})` });
      return failOr(items, 'none');
    },
  },
  {
    number: 41,
    id: 'leftovers',
    title: 'Logs, caches, histories and core dumps of the build are gone',
    wrong: 'files of the build are left in the image',
    severity: 'warning',
    why: 'Installer logs, histories and core dumps can hold passwords (major then); every machine downloads the caches.',
    fix: 'As the last steps: `apt-get clean`, `rm -rf /var/lib/apt/lists/* /var/log/installer /var/crash/* /root/.bash_history`, `cloud-init clean --logs`.',
    evaluate({ leftovers: { logs, secrets, caches, cacheBytes } }) {
      const wrong: string[] = [];
      if (secrets.count > 0) wrong.push(`may hold secrets: ${several(secrets.examples, secrets.count)}`);
      if (logs.count > 0) wrong.push(`logs: ${several(logs.examples, logs.count)}`);
      if (caches.count > 0)
        wrong.push(`caches of ${bytes(cacheBytes)}: ${several(caches.examples, caches.count, 2)}`);
      return wrong.length > 0
        ? fail(wrong.join('; '), secrets.count > 0 ? 'major' : undefined)
        : pass('none');
    },
  },
];
