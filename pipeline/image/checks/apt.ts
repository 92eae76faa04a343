import type { ImageFacts } from '../facts/facts.ts';
import { wildcardMatches } from '../parsers/glob.ts';
import type { ProbedSource } from './probe-sources.ts';
import { type Check, failOr, type Item, several } from './types.ts';

/** Checks of the sources of packages on the machine. */
export const APT_CHECKS: Check[] = [
  {
    number: 32,
    id: 'apt-sources',
    title: 'apt works, and installs signed packages from archives that the machine can reach',
    severity: 'blocker',
    why: 'The first `apt-get update` of the deployment fails on a source that only the build machine had (packer-maas #193, #337), or on a file that apt cannot read. MAAS’ configuration replaces sources.list; /etc/apt/sources.list.d is kept, curtin uses it at every deployment (four tries), and a dead repository there fails each deployment.',
    fix: 'Write the archive’s sources in a late command; remove 127.0.0.1, file:, cdrom:, trusted=yes, passwords, settings and pins of the build, and repositories that the machines cannot reach, from /etc/apt; `validate --probe-sources` tests each one.',
    reads: /^etc\/apt(\/|$)/,
    evaluate(facts, { archives }) {
      const bad = facts.apt.bad.map(({ file, line, text, reason, subject, severity }) => ({
        subject,
        text: `${reason} (${file}:${line}: ${text})`,
        ...(severity ? { severity } : {}),
      }));
      return failOr(
        [...bad, ...pinned(facts), ...silent(facts, archives ?? [])],
        `${facts.apt.sources} sources${staying(facts)}${probed(archives)}`,
      );
    },
  },
];

/** The file that curtin replaces at deployment: Ubuntu's own deb822 file from 24.04 on, sources.list before. */
function replacedFile({ osRelease }: ImageFacts): string {
  const deb822 = osRelease?.id === 'ubuntu' && Number.parseInt(osRelease.versionId, 10) >= 24;
  return deb822 ? '/etc/apt/sources.list.d/ubuntu.sources' : '/etc/apt/sources.list';
}

function staying(facts: ImageFacts): string {
  const replaced = replacedFile(facts);
  const files = [...new Set(facts.apt.archives.map((a) => a.file))].filter((file) => file !== replaced);
  return files.length > 0 ? `; used at every deployment: ${several(files)}` : '';
}

/** Archives that did not answer; where none answered and the network is why, nothing is known of them. */
function silent(facts: ImageFacts, archives: readonly ProbedSource[]): Item[] {
  const replaced = replacedFile(facts);
  const online = archives.some((a) => a.state === 'alive');
  return archives
    .filter((a) => a.state === 'dead' || (a.state === 'unreachable' && online))
    .map(({ file, uri, suite, said }) => ({
      subject: uri,
      text: `${uri} ${suite} (${file}) does not answer: ${said}`,
      ...(file === replaced ? { severity: 'warning' as const } : {}),
    }));
}

function probed(archives: readonly ProbedSource[] | null): string {
  if (archives === null) return '';
  const away = archives.find((a) => a.state === 'unreachable');
  if (away) return `; not tested: this host cannot reach any of them (${away.said})`;
  return `; ${archives.filter((a) => a.state === 'alive').length} of ${archives.length} answer`;
}

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
