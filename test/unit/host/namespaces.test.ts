import { describe, expect, it } from 'vitest';
import { type NamespaceSettings, rangeVerdict, whyNotAsUser } from '../../../pipeline/host/namespaces.ts';

const OPEN: NamespaceSettings = {
  appArmor: undefined,
  clone: undefined,
  most: '96365',
  profile: false,
  freeFrom: 165_536,
};

describe('why an ordinary user has no namespaces', () => {
  // Messages of unshare (util-linux 2.38.1), run as a user without a range, without newuidmap on the PATH, and in a user namespace
  // whose user.max_user_namespaces was 0; the other settings are of kernels that are not at hand.
  it.each<[string, string, Partial<NamespaceSettings>, RegExp, RegExp]>([
    [
      'no range',
      'unshare: no line matching user "one" in /etc/subuid: Success',
      {},
      /no range of ids/,
      /^sudo usermod --add-subuids 165536-231071 --add-subgids 165536-231071 "\$USER"$/,
    ],
    [
      'no range, and AppArmor: one after the other',
      'unshare: no line matching user "one" in /etc/subgid: Success',
      { appArmor: '1' },
      /no range of ids/,
      /usermod/,
    ],
    [
      'no newuidmap',
      'unshare: failed to execute newuidmap: No such file or directory',
      {},
      /newuidmap is not installed/,
      /^sudo apt-get install uidmap$/,
    ],
    [
      'none allowed',
      'unshare: unshare failed: No space left on device',
      { most: '0' },
      /switched off$/,
      /sysctl -w user\.max_user_namespaces=15000 .*\/etc\/sysctl\.d\//,
    ],
    [
      "Debian's switch",
      'unshare: unshare failed: Operation not permitted',
      { clone: '0' },
      /switched off for ordinary users/,
      /sysctl -w kernel\.unprivileged_userns_clone=1 .*for good/,
    ],
    [
      "Ubuntu 24.04's restriction",
      'mount: /proc: permission denied.',
      { appArmor: '1', clone: '1' },
      /AppArmor .*\(Ubuntu 24\.04\)/,
      /sysctl -w kernel\.apparmor_restrict_unprivileged_userns=0 .*for good/,
    ],
    [
      "Ubuntu's profile for unshare, against which the setting does not help",
      'mount: /proc: permission denied.',
      { appArmor: '1', profile: true },
      /unshare-userns-restrict/,
      /apparmor_parser -R \/etc\/apparmor\.d\/unshare-userns-restrict$/,
    ],
    [
      'an old unshare',
      "unshare: unrecognized option '--map-auto'",
      {},
      /older than util-linux 2\.38/,
      /Debian 12/,
    ],
    ['something else', 'unshare: one\nunshare: two', {}, /^unshare: two$/, /^Run as root\.$/],
  ])('%s', (_, said, settings, reason, hint) => {
    const verdict = whyNotAsUser(said, { ...OPEN, ...settings });
    expect(verdict).toEqual({
      usable: false,
      reason: expect.stringMatching(reason),
      hint: expect.stringMatching(hint),
    });
  });

  it('a range that is too small for the owners of a system', () => {
    const map = (count: number) => `         0       1000          1\n         1     100000 ${count}\n`;
    expect(rangeVerdict(`${map(65_535)}\n${map(65_535)}`, 1).usable).toBe(true);
    expect(rangeVerdict(`${map(65_535)}\n${map(9)}`, 300_000)).toEqual({
      usable: false,
      reason: 'the range of this user in /etc/subuid or /etc/subgid has only 10 ids',
      hint: 'sudo usermod --add-subuids 300000-365535 --add-subgids 300000-365535 "$USER"',
    });
  });
});
