import { type Check, fail, failOr, type Item, pass } from './types.ts';

/** What firmware and installers write where there is no serial number; DGX OS 7 itself writes "Unknown". */
const NO_SERIAL =
  /^(?:|0+|1234567890?|unknown|none|null|nil|n\/?a|empty|default(?: string)?|unspecified|undefined|invalid|oem|not (?:specified|available|applicable|set|present)|to be filled (?:in )?by o\.?e\.?m\.?|(?:system|chassis|base ?board) serial (?:number|#)|change_serial_number)\.?$/i;

/** Names of no DGX: NVIDIA's builds for virtual machines, which fit every platform. */
const NEUTRAL = /\b(?:kvm|qemu|virtualbox|vbox|vmware\d*|virtual machine|standard pc|bochs)\b/i;

/** What NVIDIA's own files say of the machine. */
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
      const named = (release.get('DGX_PLATFORM') || release.get('DGX_NAME') || '').slice(0, 80);
      const neutral = NEUTRAL.test(named);
      if (named === '') said('DGX_PLATFORM', 'does not name a platform');
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
];

const plain = (text = '') =>
  text
    .toLowerCase()
    .replace(/^nvidia/, '')
    .replace(/[^a-z0-9]/g, '');

/** Whether any field of dgx-release speaks of the platform: "DGX A100", "DGXA100" and dgx_a100 are one. */
function alike(release: ReadonlyMap<string, string>, platform: string): boolean {
  return [...release.values()].some((value) => plain(value.slice(0, 200)).includes(plain(platform)));
}
