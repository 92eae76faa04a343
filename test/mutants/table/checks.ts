import { type Mutant, mutantsOf } from '../mutant.ts';

/** Checks of an image, and how their findings are weighed. */
export const CHECKS: readonly Mutant[] = [
  ...mutantsOf('pipeline/image/parsers/sudoers.ts', ['test/unit/parsers/sudoers-include.test.ts'], {
    'levels-of-includes': ['const MOST_DEPTH = 144;', 'const MOST_DEPTH = 128;'],
    'a-line-in-another-file': ['if (cursor.lost) found.whole = false;', ''],
    'words-in-a-continued-line': ['if (cursor.line > at.line) refuseContinued(cursor);', ''],
    'a-missing-include': ['if (text === null) return false;', 'if (text === null) return true;'],
    'a-fault-behind-an-include': [' || !included.clean', ''],
  }),
  ...mutantsOf('pipeline/image/parsers/sudoers-include.ts', ['test/unit/parsers/sudoers-include.test.ts'], {
    'include-with-a-fault': [
      'cursor.skipLine();\n  return',
      'if (!clean) throw new SudoersError();\n  cursor.skipLine();\n  return',
    ],
    'include-for-some-host': ["if (!path.includes('%h')) return false;", 'return false;'],
    'no-file-for-any-host': ['.some((n) => n.length >', '.every((n) => n.length >'],
    'include-behind-a-blank': [' && !cursor.atLineStart ? null : word', ' ? word : word'],
  }),
  ...mutantsOf('pipeline/image/parsers/sudoers-cursor.ts', ['test/unit/parsers/sudoers-include.test.ts'], {
    'comment-of-a-line-with-a-fault': ['else this.match(ID) ?? this.match(WORD);', ''],
    'quotes-of-a-line-with-a-fault': ["if (next === '\"') this.#string();", 'if (false) this.#string();'],
    'command-of-a-line-with-a-fault': ["'/^'.includes(next)", "'^'.includes(next)"],
    'an-old-include-in-a-continued-line': ['|#include(?:dir)?[ \\t]/y', '/y'],
  }),
  ...mutantsOf('pipeline/image/checks/sshd.ts', ['test/unit/checks/sshd.test.ts'], {
    PermitEmptyPasswords: ["permitemptypasswords: when('sshd accepts an empty password', 'blocker'),", ''],
  }),
  ...mutantsOf(
    'pipeline/image/checks/archive.ts',
    ['test/unit/checks/judge.test.ts', 'test/unit/checks/checks.test.ts'],
    {
      'shrink-of-a-fifth': ['Math.abs(change) > 0.2', 'change > 0.2'],
      'growth-of-a-fifth': ['Math.abs(change) > 0.2', 'change < -0.2'],
      'exactly-a-fifth': ['Math.abs(change) > 0.2', 'Math.abs(change) >= 0.2'],
      budget: ['stored > profile.budget', 'false'],
    },
  ),
  ...mutantsOf('pipeline/image/checks/judge.ts', ['test/unit/checks/judge.test.ts'], {
    'letter-case-of-the-base-image': ['options.baseImage?.toLowerCase()', 'options.baseImage'],
    'waiver-until': ['own.filter((w) => w.until >= today)', 'own'],
    'waiver-last-day': ['w.until >= today', 'w.until > today'],
    'waiver-of-another-check': ['w.check === check.id)', 'true)'],
    'archive-in-part': ['!whole && !OF_THE_ARCHIVE', 'false && !OF_THE_ARCHIVE'],
    unread: ['unread && unread.length > 0', 'false'],
    exempt: ['if (exempt !== undefined)', 'if (false)'],
  }),
  ...mutantsOf('pipeline/image/checks/driver.ts', ['test/unit/checks/driver.test.ts'], {
    'same-version': ['if (version === driver.version) return [];', 'return [];'],
    'kernels-that-start': ['.filter(({ kernel }) => starts(kernel))', ''],
    'modules-of-other-kernels': ['&& starts(folder)', ''],
    firmware: ['|| there.includes(version)', '|| true'],
    dcgm: ['compareVersions(driver, least) >= 0', 'true'],
    'unread-modules': [
      "subject: 'nvidia.ko',\n      text: `the version",
      "subject: 'x',\n      text: `the version",
    ],
    'known-by-a-package': ['!built &&', ''],
  }),
  ...mutantsOf('pipeline/image/checks/added-modules.ts', ['test/unit/checks/added-modules.test.ts'], {
    'the-kernel-that-starts': ['bootable.includes(chosen)', 'false'],
    'of-another-kernel': ['kernels.has(start) ||', ''],
    'never-built': ['(kernels.size === 0 && !registered)', 'kernels.size === 0'],
    kver: ['kernel === start ||', ''],
    utilities: ['|| !/-modules?$/.test(name)', ''],
    'driver-of-nvidia-fs': ['versions.size > 0 && !versions.has(built)', 'false'],
    'driver-by-dkms': ['!DRIVER.test(module) &&', ''],
  }),
  ...mutantsOf('pipeline/image/checks/dgx.ts', ['test/unit/checks/driver.test.ts'], {
    'packages-by-another-name': ['...facts.driver.provides,', ''],
    'packages-that-were-removed': ['facts.packages.filter(installed).map', 'facts.packages.map'],
    'packages-of-a-neutral-build': ["platform === 'neutral' || NEUTRAL.test(systemOf(facts.dgx))", 'false'],
  }),
  ...mutantsOf('pipeline/image/parsers/driver-packages.ts', ['test/unit/checks/driver.test.ts'], {
    transitional: ['|| leadsElsewhere(name, field)', ''],
    'leads-to-another-branch': ['other !== name && stem(other) === stem(name)', 'false'],
    oldlibs: ['/oldlibs$/', '/^$/'],
    'driver-in-depends': ['SUPPORT.exec(', '/^$/.exec('],
  }),
  ...mutantsOf('pipeline/image/parsers/modinfo.ts', ['test/contract/checks/modinfo.test.ts'], {
    'row-before': ['      start = first;\n', ''],
    'text-of-the-driver': ['if (at > 0 && data[at - 1] !== 0) continue;', ''],
    'kept-between-pieces': ['this.#data.copyWithin(0, gone);', ''],
  }),
  ...mutantsOf('pipeline/image/facts/collect/modules.ts', ['test/unit/checks/driver.test.ts'], {
    bomb: ['if (bytes > MOST_UNPACKED) unpacked', 'if (false) unpacked'],
  }),
  ...mutantsOf('pipeline/image/facts/collect/initrd.ts', ['test/unit/checks/initrd.test.ts'], {
    'name-of-a-hook': ['if (!TAKEN.test(', 'if (false && TAKEN.test('],
    'hook-that-is-executable': [
      "if (!tree.executable(path)) return is('left-out'",
      "if (false) return is('left-out'",
    ],
    'syntax-of-a-hook': ['if (problem !== null) return', 'if (false) return'],
    'hook-that-was-not-read': [
      "if (!script?.text)\n    return is('unread'",
      "if (!script?.text)\n    return is('runs'",
    ],
  }),
  ...mutantsOf('pipeline/image/checks/initrd.ts', ['test/unit/checks/initrd.test.ts'], {
    'program-of-the-hook': ['initrd.programs.includes(program)', 'true'],
    'hook-that-fails': ["hook.state === 'fails'", 'false'],
  }),
  ...mutantsOf('pipeline/maas/acceptance/applicable.ts', ['test/unit/acceptance/checks-file.test.ts'], {
    'what-a-platform-has': ['subject.system?.[feature] === true', 'true'],
    'own-number-of-gpus': ['Object.hasOwn(list.gpus, platform) ? list.gpus[platform] : null', 'null'],
  }),
];
