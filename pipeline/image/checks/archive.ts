import { bytes } from '../../core/text/human.ts';
import type { ImageFacts, ProblemKind } from '../facts/facts.ts';
import { ATTRIBUTES_CHECK } from './attributes.ts';
import { type Check, fail, type Item, notApplicable, pass, several } from './types.ts';

const STREAM: ProblemKind[] = [
  'not-tar',
  'empty',
  'broken-header',
  'ambiguous',
  'truncated',
  'no-end',
  'volume',
  'second-archive',
  'trailing-data',
  'too-many',
  'too-large',
  'too-much-kept',
  'unknown-type',
];
const NAMES: ProblemKind[] = [
  'absolute',
  'escape',
  'bad-name',
  'bad-link',
  'bad-hard-link',
  'below-symlink',
  'below-file',
  'duplicate',
  'link-loop',
];

/** Defects that tar extracts all the same, with or without a message, with exit code 0. */
const HARMLESS = new Set<ProblemKind>(['trailing-data', 'unknown-type', 'link-loop']);

const WORDS: Partial<Record<ProblemKind, string>> = {
  absolute: 'absolute names, which tar extracts to a different path',
  escape: 'names with "..", which tar refuses',
  'bad-name': 'names that tar cannot make (empty, or longer than the 255 or 4095 bytes of Linux)',
  'bad-link': 'symlinks that cannot be made',
  'bad-hard-link': 'hard links to members that do not come before them',
  'below-symlink':
    'members below a symlink that does not exist yet when tar extracts them, or that does not lead to a folder',
  'below-file': 'members below something that is not a folder',
  duplicate: 'names that occur twice (tar keeps the last)',
  'link-loop': 'symlinks that lead in a circle',
  'unknown-type': 'members of an unknown type, which tar extracts as plain files',
};

function items(facts: ImageFacts, kinds: readonly ProblemKind[]): Item[] {
  return facts.archive.problems
    .filter(({ kind }) => kinds.includes(kind))
    .map(({ kind, count, examples }) => {
      const said = several(examples, count);
      const words = WORDS[kind];
      return {
        subject: kind,
        text: words ? `${count} ${words}: ${said}` : said,
        ...(HARMLESS.has(kind) ? { severity: 'warning' as const } : {}),
      };
    });
}

/** Checks of the archive itself, before what it holds. */
export const ARCHIVE_CHECKS: Check[] = [
  {
    number: 1,
    id: 'stream-whole',
    title: 'The stream is complete and has a plausible size',
    wrong: 'the archive cannot be used as it is',
    severity: 'blocker',
    why: 'A tar.gz of 3.5 KB was reported as finished (packer-maas #180); a truncated one fails on the machine, in the middle of `curtin extract`.',
    fix: 'Pack again from the finished disk, and look for the reason in the build log; never complete half a file by hand.',
    evaluate(facts, { stream, profile }) {
      const wrong: Item[] = [];
      const add = (subject: string, text: string) => wrong.push({ subject, text });
      if (stream?.problem) add('compression', stream.problem);
      else if (stream && !stream.whole) add('compression', `the ${stream.format} stream is not complete`);
      if (stream?.format === 'unknown') add('format', 'MAAS and curtin accept only gzip, xz and bzip2');
      wrong.push(...items(facts, STREAM));
      const { members } = facts.archive;
      const size = facts.bytes.stored;
      if (members < profile.least.members || size < profile.least.bytes)
        add(
          'least-size',
          `${members} members with ${bytes(size)} are too few for a root file system: ${profile.id} has at least ${profile.least.members} with ${bytes(profile.least.bytes)}`,
        );
      if (wrong.length > 0) return fail(wrong);
      const way = stream
        ? `${stream.format === 'none' ? 'plain tar' : stream.format}, ${bytes(stream.bytes)}`
        : 'tar';
      return pass(`${way}, ${members} members, ${bytes(size)}`);
    },
  },
  {
    number: 2,
    id: 'member-names',
    title: 'Names are relative and inside the archive; hard links point to members',
    severity: 'blocker',
    why: 'tar (1.34, as curtin calls it) ends with an error at such members, or extracts something different from what the archive lists.',
    fix: 'Create the tar with `tar -C TARGET -cf OUT .`, from one root and in one run.',
    evaluate(facts) {
      const wrong = items(facts, NAMES);
      if (wrong.length > 0) return fail(wrong);
      return pass(`${facts.archive.members} names, ${facts.counts.hardLinks} hard links`);
    },
  },
  {
    number: 3,
    id: 'root-on-top',
    title: 'The root file system is at the top level',
    severity: 'blocker',
    why: "curtin's `distro.get_distroinfo` reads etc/os-release of the target and ends in a KeyError without it.",
    fix: 'Pack with `tar -C TARGET … .`, so that the archive holds ./etc/os-release.',
    reads: /^(etc|usr\/lib)\/os-release$/,
    evaluate(facts) {
      if (facts.osRelease) return pass(`./etc/os-release: ${facts.osRelease.name || facts.osRelease.id}`);
      if (facts.nestedRoot !== null)
        return fail(`the root lies one level too deep, under ${facts.nestedRoot}/`);
      return fail(
        `no ./etc/os-release that can be read; top level: ${several(facts.top, facts.top.length, 10) || 'nothing'}`,
      );
    },
  },
  {
    number: 4,
    id: 'os-release',
    title: 'os-release agrees with the base image',
    severity: 'blocker',
    why: 'MAAS boots the base image’s ephemeral system and curtin uses its suites: a wrong one installs from the wrong archive.',
    fix: 'Set `base_image` of the boot resource to the series in the image (`ubuntu/focal` for DGX OS 5); MAAS never changes it after the upload, so use a new name.',
    evaluate({ osRelease }, { baseImage, profile }) {
      if (!osRelease) return fail('there is no os-release to compare');
      const { id, codename } = osRelease;
      const here = `${id || '(no ID)'} ${codename || '(no codename)'}`;
      if (profile.system !== 'base-image')
        return profile.system.includes(id)
          ? pass(
              `${here}; not compared with the base image ${baseImage ?? '(none)'}: ${profile.title} is not a MAAS release`,
            )
          : fail(`the image is ${here}, instead of ${profile.system.join(' or ')}`);
      const [system, series] = (baseImage ?? profile.baseImage ?? 'ubuntu/').split('/');
      const other = () => fail(`the image is ${here}, and the base image is ${system}/${series}`);
      if (id !== system) return series ? other() : fail(`the image is ${here}, where ${system} belongs`);
      if (!series)
        return notApplicable(
          `${here}; no base image was given to compare with (--base-image ubuntu/${codename || 'SERIES'})`,
        );
      return codename === series ? pass(here) : other();
    },
  },
  {
    number: 5,
    id: 'owners',
    title: 'System files belong to root, sudo and mount are setuid',
    severity: 'blocker',
    why: 'An archive made by an ordinary user gives "sudo must be owned by uid 0 and have the setuid bit set" (packer-maas #165).',
    fix: 'Read the disk as root (in the guest, or under fakeroot), with `--numeric-owner`; do not unpack and repack it as an ordinary user.',
    evaluate({ owners }) {
      const wrong = owners.wrong.map(
        (w) => `${w.path} is ${w.uid}:${w.gid} mode ${w.mode} (expected: ${w.want})`,
      );
      if (owners.foreign.count > 0)
        wrong.push(
          `system files belong to ordinary users: ${several(owners.foreign.examples, owners.foreign.count)}`,
        );
      if (!owners.privileged.some((path) => path.endsWith('/mount') || path.endsWith('/su')))
        wrong.push('there is neither mount nor su');
      return wrong.length > 0 ? fail(several(wrong)) : pass(`setuid root: ${owners.privileged.join(', ')}`);
    },
  },
  ATTRIBUTES_CHECK,
  {
    number: 7,
    id: 'mount-points',
    title: '/dev /proc /sys /run /tmp exist and are empty',
    severity: 'blocker',
    why: 'curtin bind-mounts over them in the target (`ChrootableTarget`); their contents are waste and build state.',
    fix: 'Pack after unmounting them, or with `--one-file-system`; keep the empty directories.',
    evaluate({ mountPoints }) {
      const missing = Object.entries(mountPoints).filter(([, m]) => !m.exists);
      if (missing.length > 0)
        return fail(
          `folders that curtin mounts over are missing: ${missing.map(([name]) => `/${name}`).join(', ')}`,
        );
      const full = Object.entries(mountPoints).filter(([, m]) => m.members.count > 0);
      if (full.length === 0) return pass('all there, all empty');
      return fail(
        `folders that curtin mounts over are not empty: ${full.map(([name, m]) => `/${name} (${several(m.members.examples, m.members.count, 3)})`).join('; ')}`,
        'major',
      );
    },
  },
  {
    number: 8,
    id: 'no-devices',
    title: 'No device nodes',
    wrong: 'there are device nodes in the image',
    severity: 'warning',
    why: '/dev is a devtmpfs at run time; nodes in the archive cause warnings on extraction and fail in containers.',
    fix: 'Remove them before packing: `find TARGET -xdev \\( -type b -o -type c \\) -delete`.',
    evaluate: ({ devices }) =>
      devices.count > 0 ? fail(several(devices.examples, devices.count)) : pass('none'),
  },
  {
    number: 42,
    id: 'size',
    title: 'The size is within its budget and close to the last release',
    severity: 'warning',
    why: 'A partition that is too small fails late, with "No space left on device"; a sudden growth is mostly a cache or a log.',
    fix: 'Look at the biggest directories of the manifest; clean caches in the late commands.',
    evaluate({ bytes: { stored } }, { profile, previousBytes }) {
      if (profile.budget !== null && stored > profile.budget)
        return fail(
          `the image has ${bytes(stored)}, and the budget of ${profile.id} is ${bytes(profile.budget)}`,
        );
      if (previousBytes !== null && previousBytes > 0) {
        const change = (stored - previousBytes) / previousBytes;
        const words = `${bytes(stored)}, ${change < 0 ? '' : '+'}${(change * 100).toFixed(1)} % against the last release`;
        return Math.abs(change) > 0.2 ? fail(`the image has ${words}`) : pass(words);
      }
      return profile.budget === null
        ? notApplicable(`${bytes(stored)}; this profile has no budget and no earlier release was given`)
        : pass(`${bytes(stored)} of a budget of ${bytes(profile.budget)}; no earlier release was given`);
    },
  },
  {
    number: 43,
    id: 'clean-file-system',
    title: 'The file system was clean when it was read',
    severity: 'blocker',
    why: 'Without a real shutdown the last writes are only in the journal: a read-only mount had 15 of 707 entries.',
    fix: 'Give Packer a shutdown command that syncs and unmounts; check with `dumpe2fs -h` that needs_recovery is not set.',
    evaluate(_facts, { build }) {
      if (build?.fileSystem === 'clean') return pass('the disk was checked before it was read');
      if (build?.fileSystem === 'dirty') return fail('the disk needed recovery when it was read');
      if (build?.pack === 'guest') return pass('read inside the guest, by the kernel that had it mounted');
      return notApplicable('not known from an archive, only in a build');
    },
  },
];
