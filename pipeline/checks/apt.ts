import type { ImageFacts } from '../image/facts.ts';
import { wildcardMatches } from '../parsers/glob.ts';
import { type Check, failOr, type Item } from './types.ts';

/** Where packages come from on the machine. */
export const APT_CHECKS: Check[] = [
  {
    number: 32,
    id: 'apt-sources',
    title: 'apt works, and takes signed packages from places that the machine reaches',
    severity: 'blocker',
    why: 'The first `apt-get update` of the deployment fails on a source that only the build machine had (packer-maas #193, #337), or on a file that apt cannot read.',
    fix: 'Write the archive’s sources in a late command; remove 127.0.0.1, file:, cdrom:, trusted=yes, passwords, and settings and pins of the build from /etc/apt.',
    reads: /^etc\/apt(\/|$)/,
    evaluate: (facts) =>
      failOr(
        [
          ...facts.apt.bad.map(({ file, line, text, reason, subject, severity }) => ({
            subject,
            text: `${file}:${line}: ${text} (${reason})`,
            ...(severity ? { severity } : {}),
          })),
          ...pinned(facts),
        ],
        `${facts.apt.sources} sources`,
      ),
  },
];

/** Pins that keep the kernel or the driver from being renewed, or that take older ones. */
function pinned({ apt, packages }: ImageFacts): Item[] {
  const names = packages.map((p) => p.name).filter((name) => /^(?:linux|nvidia)-/.test(name));
  const kernel = [...names, 'linux-image-generic', 'linux-generic'];
  return apt.pins.flatMap(({ file, line, packages: patterns, priority }) => {
    const pattern = patterns.find(
      (p) => p.startsWith('/') || kernel.some((name) => wildcardMatches(p.slice(0, 100), name, true)),
    );
    if (pattern === undefined) return [];
    const effect = priority < 0 ? 'apt installs none of these' : 'apt goes back to older versions for it';
    const text = `${file}:${line}: ${pattern} is pinned to ${priority} (${effect})`;
    return [{ subject: file, text, severity: 'warning' as const }];
  });
}
