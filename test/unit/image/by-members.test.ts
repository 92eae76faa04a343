import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { describeByMembers } from '../../../pipeline/image/diff/by-members.ts';
import { compareImages } from '../../../pipeline/image/diff/compare.ts';
import { describeImage } from '../../../pipeline/image/diff/describe.ts';
import { pairAndDigest } from '../../../pipeline/image/diff/member-pairs.ts';
import { contentOf } from '../../../pipeline/image/pack/manifest.ts';
import { memberLine } from '../../../pipeline/image/pack/member-line.ts';
import fc from '../../property.ts';
import { inspect, tarOf } from '../checks/root.ts';

vi.setConfig({ testTimeout: 120_000 });
const dir = mkdtempSync(join(tmpdir(), 'by-members-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

type Files = Record<string, string>;
const status = (version: string) =>
  `Package: curl\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${version}\n`;
const BASE: Files = {
  'etc/passwd': 'root:x:0:0:root:/root:/bin/bash\n',
  'etc/shadow': 'root:*:1::::::\n',
  'etc/systemd/system/multi-user.target.wants/ssh.service': '',
  'opt/same': 's'.repeat(80_000),
  'usr/bin/a': 'a'.repeat(3000),
  'usr/bin/b': 'b'.repeat(700),
  'usr/lib/large': 'l'.repeat(20_000),
  'usr/share/doc/x': 'x',
  'usr/share/y': 'y'.repeat(1500),
  'usr/share/z': 'z'.repeat(5000),
  'var/lib/dpkg/status': status('1'),
};

interface Lies {
  facts?: (facts: Record<string, unknown>) => void;
  members?: (lines: string[]) => unknown;
}

/** An artifact whose members are cut in front of each file; `split` are places in which one is cut besides. */
async function artifact(name: string, files: Files, split: readonly number[] = [], lies: Lies = {}) {
  const pieces: Buffer[] = [];
  for (const [path, content] of Object.entries(files))
    pieces.push((await tarOf([{ name: path, content }])).subarray(0, -1024));
  pieces.push(Buffer.alloc(1024));
  const tar = Buffer.concat(pieces);
  let at = 0;
  const edges = pieces.map((piece) => {
    at += piece.length;
    return at;
  });
  const cuts = [...new Set([0, ...edges, ...split.map((place) => place % tar.length)])].sort((a, b) => a - b);
  const members = cuts.slice(0, -1).map((from, i) => tar.subarray(from, cuts[i + 1]));
  const packed = members.map((member) => gzipSync(member));
  const bytes = Buffer.concat(packed);
  const sha = (of: Buffer) => createHash('sha256').update(of).digest('hex');
  const lines = members.map((member, i) =>
    memberLine({ bytes: packed[i]!.length, tarBytes: member.length, sha256: sha(member) }),
  );
  const facts = contentOf(await inspect(tar, 65_536)) as Record<string, unknown>;
  lies.facts?.(facts);
  // A folder of its own: tests run at the same time.
  const folder = mkdtempSync(join(dir, 'artifact-'));
  const path = join(folder, `${name}.tar.gz`);
  writeFileSync(path, bytes);
  const listed = lies.members ? lies.members(lines) : lines;
  const stated = {
    file: `${name}.tar.gz`,
    sha256: sha(bytes),
    size: bytes.length,
    tarBytes: tar.length,
    members: listed,
  };
  writeFileSync(
    join(folder, `${name}.manifest.json`),
    JSON.stringify({ format: 1, artifact: stated, ...facts }),
  );
  return path;
}

/** The comparison by members, null where it is left to the readers of everything, and theirs; warnings too. */
async function compared(a: string, b: string) {
  const warnings: string[] = [];
  const options = {
    env: {},
    signal: new AbortController().signal,
    config: () => Promise.reject(new Error('not needed')),
    emit: (event: object) => void ('message' in event && warnings.push(String(event.message))),
  };
  const members = await describeByMembers(a, b, options);
  const full = compareImages(await describeImage(a, options), await describeImage(b, options));
  const by = members && compareImages(...members);
  const bare = ({ a: _, b: __, ...rest }: typeof full) => rest;
  return { by: by && bare(by), full: bare(full), sides: by && [by.a, by.b], warnings };
}

describe('two artifacts with their manifests', () => {
  test('are digested as far as their files go', async () => {
    const path = join(mkdtempSync(join(dir, 'grown-')), 'a');
    writeFileSync(path, 'abcdef');
    const file = await open(path);
    const members = [{ bytes: 4, tarBytes: 4, sha256: '0'.repeat(64) }];
    const { signal } = new AbortController();
    const { twins, sha256 } = await pairAndDigest({ file, members }, { file, members }, signal);
    await file.close();
    expect(twins).toEqual([0]);
    expect(sha256).toBe(createHash('sha256').update('abcdef').digest('hex'));
  });

  test('are compared by the members that differ', async () => {
    const a = await artifact('a', BASE);
    const changed = { ...BASE, 'usr/bin/b': 'B'.repeat(9000), 'var/lib/dpkg/status': status('2') };
    const b = await artifact('b', changed);
    const { by, full, sides, warnings } = await compared(a, b);
    expect(warnings).toEqual([]);
    expect(by).toEqual(full);
    expect(by?.packages?.changed).toHaveLength(1);
    expect(sides?.map((side) => side.trusted)).toEqual(['a.manifest.json', 'b.manifest.json']);
  });

  test('that are the same are equal', async () => {
    const { by } = await compared(await artifact('a', BASE), await artifact('b', BASE));
    expect(by?.different).toBe(false);
  });

  // More members before the change, and behind it, than a file is tried to be read again for.
  test.each([1000, 59_000])(
    'are compared by all members of a file that is cut into many, and changed at byte %i',
    async (place) => {
      const cuts = Array.from({ length: 400 }, (_, i) => i * 512);
      // No two of its members are the same.
      const content = Buffer.from(Array.from({ length: 118 }, (_, i) => `${i}`.padEnd(512)).join(''));
      const a = await artifact('a', { ...BASE, 'usr/lib/large': content.toString() }, cuts);
      content[place] = 0x4c;
      const b = await artifact('b', { ...BASE, 'usr/lib/large': content.toString(), 'usr/bin/b': 'B' }, cuts);
      const { by, full, warnings } = await compared(a, b);
      expect(warnings).toEqual([]);
      expect(by).toEqual(full);
      expect(by?.different).toBe(true);
    },
  );

  test('differ in what a reader of everything finds, wherever members begin, or are left to it', async () => {
    let byMembers = 0;
    const place = fc.array(fc.nat(), { maxLength: 1 });
    const content = fc.record(
      Object.fromEntries(
        Object.keys(BASE)
          .filter((path) => path.startsWith('usr/bin/'))
          .map((path) => [path, fc.string({ maxLength: 2000 })]),
      ),
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(place, place, content, async (one, other, change) => {
        const a = await artifact('a', BASE, one);
        const { by, full } = await compared(a, await artifact('b', { ...BASE, ...change } as Files, other));
        if (by) {
          byMembers += 1;
          expect(by).toEqual(full);
        }
      }),
      { numRuns: 25 },
    );
    expect(byMembers).toBeGreaterThan(0);
  });

  const hidden: [string, Lies['facts']][] = [
    [
      'packages',
      (facts) => {
        (facts.packages as { version: string }[])[0]!.version = '1';
      },
    ],
    [
      'sizes',
      (facts) => {
        (facts.bytes as { stored: number }).stored -= 8300;
      },
    ],
    [
      'files',
      (facts) => {
        (facts.counts as { files: number }).files -= 1;
      },
    ],
    ['accounts', (facts) => void (facts.accounts as unknown[]).pop()],
    ['services', (facts) => void (facts.services as unknown[]).pop()],
    [
      'the biggest',
      (facts) => {
        (facts.biggest as { bytes: number }[])[1]!.bytes = 1;
      },
    ],
    [
      'directories',
      (facts) => {
        (facts.directories as { bytes: number }[])[0]!.bytes = 1;
      },
    ],
    ['kernels', (facts) => void (facts.kernels as unknown[]).push({ ...KERNEL })],
  ];
  test.each(hidden)('are read where a manifest does not state the true %s', async (_, facts) => {
    const a = await artifact('a', BASE);
    const b = await artifact(
      'b',
      {
        ...BASE,
        'etc/passwd': `${BASE['etc/passwd']}x:x:1001:1001::/home/x:/bin/sh\n`,
        'etc/shadow': `${BASE['etc/shadow']}x:*:1::::::\n`,
        'etc/systemd/system/multi-user.target.wants/x.service': '',
        'usr/bin/b': 'B'.repeat(9000),
        'var/lib/dpkg/status': status('2'),
      },
      [],
      { facts: facts! },
    );
    const { by, warnings } = await compared(a, b);
    expect(by).toBeNull();
    expect(warnings.join()).toMatch(
      /Both images are read: what differs is not as .*b\.manifest\.json state it/,
    );
  });

  const lists: [string, Lies['members']][] = [
    ['is not a list', () => 'x'],
    ['has entries of another kind', () => [1, {}, null]],
    ['claims more bytes than the file has', (lines) => [...lines, lines[0]]],
    [
      'claims members in places that are none',
      (lines) => [shifted(lines[0]!, 1), shifted(lines[1]!, -1), ...lines.slice(2)],
    ],
    [
      'claims another digest',
      (lines) => lines.map((line) => line.replace(/.$/, (c) => (c === '0' ? '1' : '0'))),
    ],
    [
      'claims another digest of the one that differs',
      (lines) => lines.map((line, i) => (i === 5 ? line.slice(0, -64) + 'f'.repeat(64) : line)),
    ],
    ['claims numbers without end', (lines) => lines.map((line) => `9${'0'.repeat(30)} ${line}`)],
    ['claims members without bytes', (lines) => ['0 0 '.padEnd(68, '0'), ...lines]],
  ];
  test.each(lists)('are read where the list of members %s', async (_, members) => {
    const a = await artifact('a', BASE);
    const b = await artifact('b', { ...BASE, 'usr/bin/b': 'B' }, [], { members: members! });
    const { by, warnings } = await compared(a, b);
    expect(by).toBeNull();
    expect(warnings).toHaveLength(1);
  });

  test('are read where a manifest claims that a member is one of the other artifact', async () => {
    // Of the same length packed, so that only the bytes differ; nothing in the facts shows it.
    const a = await artifact('a', { ...BASE, 'usr/bin/b': 'B'.repeat(9000) });
    const theirs: string[] = JSON.parse(readFileSync(a.replace('.tar.gz', '.manifest.json'), 'utf8')).artifact
      .members;
    const b = await artifact('b', { ...BASE, 'usr/bin/b': 'C'.repeat(9000) }, [], { members: () => theirs });
    const { by, warnings } = await compared(a, b);
    expect(by).toBeNull();
    expect(warnings).toEqual([
      expect.stringContaining('the members of the two artifacts cannot be compared'),
    ]);
  });

  test('are read where the manifest is of another file', async () => {
    const a = await artifact('a', BASE);
    const b = await artifact('b', BASE);
    const other = await artifact('c', { ...BASE, 'usr/bin/b': 'c'.repeat(700) });
    const { copyFileSync } = await import('node:fs');
    copyFileSync(other, b);
    for (const pair of [
      [a, b],
      [b, a],
    ] as const) {
      const { by, warnings } = await compared(...pair);
      expect(by).toBeNull();
      expect(warnings).toEqual([expect.stringMatching(/b\.manifest\.json describes another file/)]);
    }
  });
});

const KERNEL = {
  ...{
    version: '5',
    image: null,
    initrd: null,
    modules: true,
    moduleFiles: 0,
    modulesDep: false,
    nvidia: false,
  },
};

/** The line of a member that is some bytes longer. */
function shifted(line: string, by: number): string {
  const [bytes, ...rest] = line.split(' ');
  return [Number(bytes) + by, ...rest].join(' ');
}
