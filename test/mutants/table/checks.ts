import { type Mutant, mutantsOf } from '../mutant.ts';

/** Checks of an image, and how their findings are weighed. */
export const CHECKS: readonly Mutant[] = [
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
];
