import type { ImageFacts } from '../facts/facts.ts';
import { installed } from '../parsers/dpkg-status.ts';
import { type Check, fail, failOr, type Item, notApplicable, pass } from './types.ts';

/** Values of firmware and installers where there is no serial number; DGX OS 7 itself writes "Unknown". */
const NO_SERIAL =
  /^(?:|0+|1234567890?|unknown|none|null|nil|n\/?a|empty|default(?: string)?|unspecified|undefined|invalid|oem|not (?:specified|available|applicable|set|present)|to be filled (?:in )?by o\.?e\.?m\.?|(?:system|chassis|base ?board) serial (?:number|#)|change_serial_number)\.?$/i;

/** Names of no DGX: NVIDIA's builds for virtual machines, which fit every platform. */
const NEUTRAL = /\b(?:kvm|qemu|virtualbox|vbox|vmware\d*|virtual machine|standard pc|bochs)\b/i;

/** NVIDIA's own files on the machine. */
export const DGX_CHECKS: Check[] = [
  {
    number: 34,
    id: 'dgx-identity',
    title: "preseed.sh's tokens are replaced; dgx-release names the platform, not the build VM",
    severity: 'major',
    why: 'NVIDIA’s tools read /etc/dgx-release; the serial number there would be the build VM’s, on every machine.',
    fix: 'Give the right platform to the build, and empty DGX_SERIAL_NUMBER in a late command.',
    reads: /^etc\/dgx-release$/,
    evaluate({ dgx }, { profile, platform }) {
      const items: Item[] = dgx.tokens.map(({ file, line, text, token }) => ({
        subject: `${file} ${token}`,
        text: `a token of preseed.sh was never replaced (${file}:${line}: ${text})`,
      }));
      const said = (subject: string, text: string) =>
        items.push({ subject, text: `/etc/dgx-release ${text}` });
      if (!dgx.release) {
        if (items.length > 0) return fail(items);
        return profile.nvidia
          ? fail('there is no /etc/dgx-release')
          : pass('no token left; there is no /etc/dgx-release');
      }
      const release = new Map(Object.entries(dgx.release));
      const serial = (release.get('DGX_SERIAL_NUMBER') ?? '').trim();
      if (!NO_SERIAL.test(serial))
        said('DGX_SERIAL_NUMBER', `has the serial number "${serial.slice(0, 60)}"`);
      const named = systemOf(dgx);
      const neutral = NEUTRAL.test(named);
      // A file for every platform need not name one.
      if (named === '' && platform !== 'neutral') said('DGX_PLATFORM', 'does not name a platform');
      else if (
        platform !== null &&
        !neutral &&
        plain(release.get('DGX_PLATFORM')) !== '' &&
        !alike(release, platform)
      )
        said('DGX_PLATFORM', `is of "${named}", and the image is for ${platform}`);
      return failOr(
        items,
        `${named}, no serial number${neutral ? ' (a neutral build, for any platform)' : ''}`,
      );
    },
  },
  {
    number: 62,
    id: 'platform-packages',
    title: "The release's packages of the platform are installed",
    severity: 'major',
    why: 'Without them the system is Ubuntu with a driver: no fabric manager or IMEX, no settings of the platform, no monitoring. On the machine it shows as GPUs that do not reach each other.',
    fix: 'Add them to `packages:`, or build for the platform that the image has. `templates/releases/` lists them for each platform.',
    reads: /^var\/lib\/dpkg\/status$/,
    evaluate(facts, { packages, platform }) {
      if (packages === null) return notApplicable('the release does not list packages of this platform');
      if (platform === 'neutral' || NEUTRAL.test(systemOf(facts.dgx)))
        return notApplicable('a neutral build: the packages of the platform come on the machine');
      const there = new Set([
        ...facts.packages.filter(installed).map(({ name }) => name),
        ...facts.driver.provides,
      ]);
      return failOr(
        packages
          .filter((name) => !there.has(name))
          .map((name) => ({ subject: name, text: `${name} is not installed` })),
        `all ${packages.length} of ${platform}`,
      );
    },
  },
];

/** The system that /etc/dgx-release names; empty where it names none. */
function systemOf({ release }: ImageFacts['dgx']): string {
  const said = new Map(Object.entries(release ?? {}));
  return (said.get('DGX_PLATFORM') || said.get('DGX_NAME') || '').slice(0, 80);
}

const plain = (text = '') =>
  text
    .toLowerCase()
    .replace(/^nvidia/, '')
    .replace(/[^a-z0-9]/g, '');

/** Whether any field of dgx-release speaks of the platform: "DGX A100", "DGXA100" and dgx_a100 are one. */
function alike(release: ReadonlyMap<string, string>, platform: string): boolean {
  return [...release.values()].some((value) => plain(value.slice(0, 200)).includes(plain(platform)));
}
