import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ARCHIVE_CHECKS } from '../../../pipeline/image/checks/archive.ts';
import { profileOf } from '../../../pipeline/image/checks/profiles.ts';
import type { Member } from '../../../pipeline/image/facts/collector.ts';
import type { ImageFacts } from '../../../pipeline/image/facts/facts.ts';
import { inspect } from '../../unit/checks/root.ts';

/** The files below a path after an archive was extracted. */
export interface Extracted {
  type: string;
  mode: number;
  uid: number;
  gid: number;
  size: number;
  link: string | null;
}

export interface Extraction {
  exitCode: number;
  said: string;
  members: Map<string, Extracted>;
}

/** Extracts with the flags of curtin's `extract_root_tgz_url`, from stdin as its smtar does, into a folder of its own. */
export function extract(tar: Buffer): Extraction {
  const dir = mkdtempSync(join(tmpdir(), 'extracted-'));
  try {
    const target = join(dir, 'target');
    mkdirSync(target);
    const { status, stderr } = spawnSync(
      'tar',
      ['-C', target, '--xattrs', '--xattrs-include=*', '-Sxpf', '-', '--numeric-owner'],
      { input: tar, env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', TZ: 'UTC' } },
    );
    return { exitCode: status ?? -1, said: stderr.toString(), members: listed(target) };
  } finally {
    // Paths of an archive may be longer than a program can name them from elsewhere.
    spawnSync('rm', ['-rf', dir]);
  }
}

const TYPES = new Map([
  ['f', 'file'],
  ['d', 'directory'],
  ['l', 'symlink'],
  ['p', 'fifo'],
  ['c', 'character-device'],
  ['b', 'block-device'],
]);

function listed(folder: string): Map<string, Extracted> {
  const format = '%P\\0%y\\0%m\\0%U\\0%G\\0%s\\0%l\\0';
  const { stdout } = spawnSync('find', ['.', '-mindepth', '1', '-printf', format], {
    cwd: folder,
    maxBuffer: 2 ** 26,
  });
  const fields = stdout.toString('latin1').split('\0');
  const members = new Map<string, Extracted>();
  for (let at = 0; at + 7 <= fields.length; at += 7) {
    const [path, type, mode, uid, gid, size, link] = fields.slice(at, at + 7) as [string, ...string[]];
    members.set(path, {
      type: TYPES.get(type!) ?? type!,
      mode: Number.parseInt(mode!, 8),
      uid: Number(uid),
      gid: Number(gid),
      size: type === 'f' ? Number(size) : 0,
      link: type === 'l' ? link! : null,
    });
  }
  return members;
}

/** Findings in an archive that end a run for every image: the blockers of the checks of the archive itself. */
export function blockers(facts: ImageFacts): string[] {
  const context = {
    profile: { ...profileOf('any-ubuntu'), least: { members: 0, bytes: 0 } },
    baseImage: null,
    stream: null,
    build: null,
    offline: false,
    architecture: null,
    platform: null,
    packages: null,
    previousBytes: null,
    archives: null,
  };
  return ARCHIVE_CHECKS.filter(({ id }) => id === 'stream-whole' || id === 'member-names').flatMap(
    (check) => {
      const outcome = check.evaluate(facts, context);
      if (outcome.status !== 'fail') return [];
      return outcome.items
        .filter((item) => (item.severity ?? outcome.severity ?? check.severity) === 'blocker')
        .map((item) => item.text);
    },
  );
}

/** The differences between our reading and the extraction, in words; null when there are none, or when the verdict is a blocker anyhow. */
export async function difference(tar: Buffer): Promise<string | null> {
  const seen = new Map<string, Member>();
  const facts = await inspect(tar, 4096, { each: (member: Member) => seen.set(member.path, { ...member }) });
  if (blockers(facts).length > 0) return null;
  const { exitCode, said, members } = extract(tar);
  if (exitCode !== 0) return `tar ends with ${exitCode}: ${said}`;
  for (const [path, member] of seen) {
    if (path === '') continue;
    const real = members.get(path);
    if (!real) return `${path} was judged and not extracted`;
    const judged = asExtracted(member, seen);
    if (JSON.stringify(judged) !== JSON.stringify(real))
      return `${path} was judged as ${JSON.stringify(judged)} and extracted as ${JSON.stringify(real)}`;
  }
  for (const [path, { type }] of members)
    if (
      !seen.has(path) &&
      !(type === 'directory' && [...seen.keys()].some((known) => known.startsWith(`${path}/`)))
    )
      return `${path} was extracted and not judged`;
  return null;
}

/** A hard link is what its target is. */
function asExtracted(member: Member, seen: ReadonlyMap<string, Member>): Extracted {
  let origin = member;
  for (let hops = 0; origin.type === 'hard-link' && hops < 100; hops++) origin = seen.get(origin.link!)!;
  const { mode, uid, gid } = member;
  return {
    type: origin.type,
    mode: origin.type === 'symlink' ? 0o777 : mode,
    uid,
    gid,
    size: origin.size,
    link: origin.type === 'symlink' ? origin.link : null,
  };
}
