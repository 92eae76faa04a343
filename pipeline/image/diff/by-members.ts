import { type FileHandle, open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { interrupted } from '../../core/faults/interrupted.ts';
import { readBoundedText } from '../../host/files/regular.ts';
import { LARGEST_EVIDENCE } from '../artifact.ts';
import { sidecarNames } from '../attest/names.ts';
import { type Member, parseMembers } from '../pack/member-line.ts';
import { agree, unlisted } from './agree.ts';
import { compareImages } from './compare.ts';
import type { DescribeOptions } from './describe.ts';
import type { Compared, Description } from './description.ts';
import { digestOnThread } from './digest-thread.ts';
import { describeJson } from './json-file.ts';
import { type Indexed, pairAndDigest } from './member-pairs.ts';
import { membersOfFile, type Part, readPart } from './part.ts';
import { PART_NAMES } from './shape.ts';

/** An artifact with its manifest, which lists what is in it and where its members are. */
interface Listed {
  path: string;
  manifest: string;
  members: Member[];
  described: Description & { facts: Compared };
}

/** A file that is cut at more places than this is read as a whole. */
const MOST_CUTS = 64;

/**
 * The descriptions of two artifacts by their manifests, when these agree with the artifacts: each has the digest of its file, and the two differ in exactly what is
 * found in the members that are not the same bytes in both. Only those are inflated.
 * @returns null where this cannot be decided so: both are to be read
 * @throws Fault INTERRUPTED, and what reading fails with
 */
export async function describeByMembers(
  a: string,
  b: string,
  options: DescribeOptions,
): Promise<[Description, Description] | null> {
  const [before, after] = [await listed(a, options), await listed(b, options)];
  if (!before || !after) return null;
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, options.signal]);
  const files: FileHandle[] = [];
  let digest: Promise<string> | undefined;
  try {
    // One that cannot be opened is left to the readers of both, which find the reason.
    for (const { path } of [before, after]) files.push(await open(path));
    digest = digestOnThread(files[1]!, signal);
    const [{ parts, sha256 }, other] = await Promise.all([
      differing([before, after], files as [FileHandle, FileHandle], signal),
      digest,
    ]);
    const sums = [sha256, other];
    for (const [i, { manifest, described }] of [before, after].entries())
      if (sums[i] !== described.sha256) return unsure(options, `${manifest} describes another file`);
    if (!parts) return unsure(options, 'the members of the two artifacts cannot be compared');
    const found = parts.map((part, i) => ({ name: [a, b][i]!, facts: part.facts }));
    const sides = [before, after].map((side, i) => ({ stated: side.described.facts, part: parts[i]! }));
    const stated = compareImages(before.described, after.described);
    if (!agree(sides[0]!, sides[1]!, stated, compareImages(found[0]!, found[1]!)))
      return unsure(
        options,
        `what differs is not as ${before.manifest} and ${after.manifest} state it, or needs the whole images`,
      );
    return [before, after].map(({ described, manifest }) => ({
      ...described,
      trusted: basename(manifest),
    })) as [Description, Description];
  } catch (error) {
    if (options.signal.aborted) throw interrupted(options.signal);
    if (files.length < 2) return null;
    throw error;
  } finally {
    stop.abort();
    await digest?.catch(() => {});
    for (const file of files) await file.close();
  }
}

function unsure({ emit }: DescribeOptions, why: string): null {
  emit?.({ type: 'notice', level: 'warning', message: `Both images are read: ${why}.` });
  return null;
}

async function listed(path: string, options: DescribeOptions): Promise<Listed | null> {
  if (path === '-' || /^https?:/i.test(path) || path.endsWith('.json')) return null;
  const info = await stat(path).catch(() => undefined);
  if (!info?.isFile()) return null;
  const { manifest } = sidecarNames(path);
  let list: unknown;
  let described: Description;
  try {
    const text = await readBoundedText(manifest, LARGEST_EVIDENCE);
    described = describeJson(path, text);
    list = JSON.parse(text).artifact.members;
  } catch {
    return null;
  }
  if (list === undefined || PART_NAMES.some((part) => described.facts[part] === undefined)) return null;
  const members = parseMembers(list, info.size);
  if (typeof members === 'string')
    return unsure(options, `the list of members in ${manifest} is not of ${path}: ${members}`);
  return { path, manifest, members, described: described as Listed['described'] };
}

/** The findings in the members of either that the other has not, null: the members cannot be compared; and the digest of the first artifact. */
async function differing(
  sides: readonly [Listed, Listed],
  files: readonly [FileHandle, FileHandle],
  signal: AbortSignal,
): Promise<{ parts: [Part, Part] | null; sha256: string }> {
  const a = { members: sides[0].members, file: files[0] };
  const b = { members: sides[1].members, file: files[1] };
  const { twins, sha256 } = await pairAndDigest(a, b, signal);
  return { parts: await partsOf(sides, [a, b], twins, signal), sha256 };
}

async function partsOf(
  sides: readonly [Listed, Listed],
  artifacts: readonly [Indexed, Indexed],
  twins: readonly number[],
  signal: AbortSignal,
): Promise<[Part, Part] | null> {
  const back = sides[1].members.map(() => -1);
  for (const [i, j] of twins.entries()) if (j !== -1) back[j] = i;
  const other = [twins, back] as const;
  const chosen = other.map((list) => list.map((twin) => twin === -1));
  for (let cuts = 0; cuts < MOST_CUTS; cuts++) {
    if (artifacts.some(({ members }, i) => isLarge(members, chosen[i]!))) return null;
    const parts: Part[] = [];
    let missing: { side: number; member: number } | undefined;
    for (const [side, artifact] of artifacts.entries()) {
      const facts = sides[side]!.described.facts;
      const named = new Set(
        sides.flatMap(({ described }) => described.facts.biggest.map(({ path }) => path)),
      );
      const most = unlisted(facts);
      const wanted = (path: string, bytes: number) => named.has(path) || bytes > most || ACCOUNT.test(path);
      const part = await readPart(artifact, { chosen: chosen[side]!, wanted, signal });
      if (part === null) return null;
      if (typeof part === 'number') {
        missing = { side, member: part };
        break;
      }
      parts.push(part);
    }
    if (!missing) return parts as [Part, Part];
    const { side, member } = missing;
    for (const also of await membersOfFile(artifacts[side]!, chosen[side]!, member)) {
      chosen[side]![also] = true;
      const twin = other[side]![also]!;
      if (twin !== -1) chosen[1 - side]![twin] = true;
    }
  }
  return null;
}

const ACCOUNT = /^etc\/(?:passwd|shadow)$/;

/** More than half of an artifact is faster to read as a whole. */
function isLarge(members: readonly Member[], chosen: readonly boolean[]): boolean {
  let [some, all] = [0, 0];
  for (const [i, { tarBytes }] of members.entries()) {
    all += tarBytes;
    if (chosen[i]) some += tarBytes;
  }
  return some * 2 > all;
}
