import { describe, expect, it } from 'vitest';
import type { ImageFacts } from '../../../pipeline/image/facts/facts.ts';
import fc from '../../property.ts';
import { fixChecksum, goodRoot, inspect, paxRecords, setType, tarOf } from '../checks/root.ts';

const END = Buffer.alloc(1024);

async function bare(members: Parameters<typeof tarOf>[0]): Promise<Buffer> {
  return (await tarOf(members)).subarray(0, -1024);
}

function kinds(facts: ImageFacts): string[] {
  return facts.archive.problems.map((p) => p.kind);
}

/** A header and its body of a type of one's own. */
async function special(type: string, name: string, body: Buffer): Promise<Buffer> {
  const tar = await bare([{ name, content: body }]);
  setType(tar, 0, type);
  return tar;
}

describe('an archive that is not whole', () => {
  it('is not an archive when it is empty, or of zeros, or text', async () => {
    expect(kinds(await inspect(Buffer.alloc(0)))).toEqual(['empty']);
    expect(kinds(await inspect(END))).toEqual(['empty']);
    expect(kinds(await inspect(Buffer.from('<html>'.repeat(500))))).toEqual(['not-tar']);
    expect(kinds(await inspect(Buffer.from('short')))).toEqual(['not-tar']);
  });

  it('is truncated wherever it is cut inside a member, and never said to be whole', async () => {
    const tar = await bare([
      { name: './a', content: 'x'.repeat(700) },
      { name: './b', content: 'y'.repeat(600), pax: { path: `${'b'.repeat(150)}/${'c'.repeat(150)}` } },
    ]);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: tar.length }),
        fc.integer({ min: 1, max: 700 }),
        async (length, chunk) => {
          const facts = await inspect(tar.subarray(0, length), chunk);
          expect(kinds(facts)).toHaveLength(1);
          expect(['truncated', 'no-end', 'not-tar']).toContain(kinds(facts)[0]);
          expect(facts.archive.whole).toBe(kinds(facts)[0] === 'no-end');
        },
      ),
      { numRuns: 60 },
    );
  });

  it('has no end where the blocks of zeros are missing', async () => {
    const { archive } = await inspect(await bare([{ name: './a', content: 'x' }]));
    expect(archive).toMatchObject({
      ...{ whole: true, members: 1 },
      problems: [{ kind: 'no-end', examples: [expect.stringContaining('byte 1024')] }],
    });
  });

  it('has a damaged header', async () => {
    const tar = Buffer.concat([
      await bare([{ name: './a', content: 'x' }]),
      await bare([{ name: './b' }]),
      END,
    ]);
    tar[1024 + 5] = 0x41;
    const facts = await inspect(tar);
    expect(facts.archive).toMatchObject({
      whole: false,
      problems: [{ kind: 'broken-header', examples: [expect.stringContaining('byte 1024')] }],
    });
    expect(facts.counts.files).toBe(1);
  });

  it('has another archive after its end', async () => {
    const tar = Buffer.concat([await tarOf([{ name: './a' }]), await tarOf([{ name: './b' }])]);
    const facts = await inspect(tar);
    expect(kinds(facts)).toEqual(['second-archive']);
    expect(facts.archive.members).toBe(1);
  });

  it('may be followed by any number of zeros: a raw disk is longer than the tar on it', async () => {
    const facts = await inspect(Buffer.concat([await tarOf([{ name: './a' }]), Buffer.alloc(123_456)]));
    expect(facts.archive).toMatchObject({ whole: true, problems: [], members: 1 });
  });
});

describe('a hostile archive', () => {
  it.each([
    ['absolute', [{ name: '/etc/passwd', content: 'x' }]],
    ['escape', [{ name: 'a/../../b', content: 'x' }]],
    ['escape', [{ name: '..', type: 'directory' }]],
    [
      'duplicate',
      [
        { name: './a', content: 'x' },
        { name: 'a', content: 'y' },
      ],
    ],
    [
      'duplicate',
      [
        { name: './a', type: 'directory' },
        { name: './a', content: 'y' },
      ],
    ],
    ['bad-hard-link', [{ name: './a', type: 'link', linkname: './a' }]],
    ['bad-hard-link', [{ name: './a', type: 'link', linkname: '' }]],
    [
      'below-symlink',
      [
        { name: './a', type: 'symlink', linkname: '/etc' },
        { name: './a/b/c', content: 'x' },
      ],
    ],
    ['link-loop', [{ name: './a', type: 'symlink', linkname: 'a' }]],
    [
      'link-loop',
      [
        { name: './a', type: 'symlink', linkname: 'b/x' },
        { name: './b', type: 'symlink', linkname: 'a/y' },
      ],
    ],
  ] as const)('with %s is found out', async (kind, members) => {
    const facts = await inspect(await tarOf(members as never));
    expect(kinds(facts)).toContain(kind);
    expect(facts.archive.whole).toBe(true);
  });

  it('may name a directory twice', async () => {
    const facts = await inspect(
      await tarOf([
        { name: './a', type: 'directory' },
        { name: './a/', type: 'directory' },
      ]),
    );
    expect(facts.archive.problems).toEqual([]);
  });

  it('names a path by PAX that is longer than its header, without being taken for a directory', async () => {
    // The header's own name is cut to 100 bytes, just behind a slash.
    const path = `${'d'.repeat(99)}/file`;
    const tar = await bare([{ name: './x', content: 'body', pax: { path } }]);
    const header = tar.length - 1024;
    tar.write(path.slice(0, 100), header, 'latin1');
    fixChecksum(tar, header);
    const facts = await inspect(Buffer.concat([tar, await bare([{ name: './next' }]), END]));
    expect(facts.archive.problems).toEqual([]);
    expect(facts.counts).toMatchObject({ files: 2, directories: 0 });
    expect(facts.biggest[0]).toEqual({ path, bytes: 4 });
  });

  it.each(['2', '3', '4', '6'])(
    'gives a member of type %s a body, which tar programs read in two ways',
    async (type) => {
      expect(
        kinds(await inspect(Buffer.concat([await special(type, './a', Buffer.alloc(600)), END]))),
      ).toEqual(['ambiguous']);
    },
  );

  it('says a size of a directory, which is a quota: the next header follows at once', async () => {
    const folder = await bare([{ name: './a', type: 'directory' }]);
    folder.write('00000001130\0', 124, 'latin1');
    fixChecksum(folder, 0);
    const facts = await inspect(Buffer.concat([folder, await bare([{ name: './a/b', content: 'x' }]), END]));
    expect(facts).toMatchObject({
      archive: { whole: true, members: 2, problems: [] },
      counts: { files: 1, directories: 1 },
    });
  });

  it.each([
    'path',
    'linkpath',
    'size',
    'GNU.sparse.major',
    'GNU.sparse.name',
    'GNU.sparse.realsize',
    'GNU.dumpdir',
    'SCHILY.xattr.user.x',
    'SCHILY.acl.access',
  ])('sets %s for all members', async (key) => {
    const tar = Buffer.concat([
      await special('g', 'g', paxRecords({ [key]: '1' })),
      await bare([{ name: './a' }]),
      END,
    ]);
    expect(kinds(await inspect(tar))).toEqual(['ambiguous']);
  });

  it.each([
    ['./a', { 'GNU.sparse.major': '1' }],
    ['./a', { 'GNU.sparse.major': '1', 'GNU.sparse.realsize': '9', 'GNU.sparse.map': '0,1' }],
    ['./a/', { 'GNU.sparse.major': '1', 'GNU.sparse.realsize': '9' }],
  ])('has holes in %s that no map describes, or that a directory has not: %j', async (name, pax) => {
    const tar = Buffer.concat([await bare([{ name, content: 'x', pax }]), END]);
    expect(kinds(await inspect(tar))).toEqual(['broken-header']);
  });

  it('has a comment for all members, which is harmless', async () => {
    const tar = Buffer.concat([
      await special('g', 'g', paxRecords({ comment: 'x' })),
      await bare([{ name: './a' }]),
      END,
    ]);
    expect(await inspect(tar)).toMatchObject({ archive: { problems: [], members: 1 } });
  });

  it.each([
    ['a length that is not a number', 'x path=a\n'],
    ['a length beyond its end', '99 path=a\n'],
    ['a length too short', '3 path=a\n'],
    ['no equals sign', '8 path a\n'],
    ['no line end', '9 path=aa'],
    ['a length of 0', '0 path=a\n'],
  ])('has a PAX header with %s', async (_how, body) => {
    const tar = Buffer.concat([
      await special('x', 'x', Buffer.from(body)),
      await bare([{ name: './a' }]),
      END,
    ]);
    expect(kinds(await inspect(tar))).toEqual(['broken-header']);
  });

  it('has a PAX header of many megabytes', async () => {
    const tar = Buffer.concat([await special('x', 'x', Buffer.alloc(2 << 20, 'a')), END]);
    expect(kinds(await inspect(tar))).toEqual(['broken-header']);
  });

  it('has more members than any system, and reading stops', async () => {
    const members = Array.from({ length: 50 }, (_, i) => ({ name: `./f${i}` }));
    const facts = await inspect(await tarOf(members), 4096, { mostMembers: 20 });
    expect(kinds(facts)).toEqual(['too-many']);
    expect(facts.archive.whole).toBe(false);
    expect(facts.archive.members).toBeLessThan(30);
  });

  it('has more bytes than any system, and reading stops', async () => {
    const facts = await inspect(await tarOf([{ name: './a', content: Buffer.alloc(50_000) }]), 4096, {
      mostBytes: 10_000,
    });
    expect(kinds(facts)).toEqual(['too-large']);
  });

  it('says control characters of its names in hexadecimal', async () => {
    const facts = await inspect(await tarOf([{ name: '/\u001b[31mred\n', content: 'x' }]));
    expect(facts.archive.problems[0]?.examples).toEqual(['/\\x1b[31mred\\x0a']);
  });

  it('hides a file that a check needs behind its size', async () => {
    const facts = await inspect(
      await tarOf([{ name: './etc/shadow', content: Buffer.alloc(5 << 20) }]),
      1 << 20,
    );
    expect(facts.unread).toEqual([{ path: 'etc/shadow', why: expect.stringContaining('too large') }]);
  });

  it('hides a directory behind a link', async () => {
    const facts = await inspect(
      await tarOf([{ name: './etc/netplan', type: 'symlink', linkname: '../opt/s' }]),
    );
    expect(facts.unread.map((u) => u.path)).toEqual(['etc/netplan']);
  });

  it('of random bytes ends with facts, whatever they are', async () => {
    const tar = await goodRoot().tar();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(tar.length - 1), fc.nat(255)), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 100, max: 20_000 }),
        async (changes, chunk) => {
          const spoilt = Buffer.from(tar);
          for (const [at, byte] of changes) spoilt[at] = byte;
          const facts = await inspect(spoilt, chunk);
          expect(facts.archive.members).toBeGreaterThanOrEqual(0);
        },
      ),
      { numRuns: 80 },
    );
  }, 60_000);

  it('with right checksums over random headers ends with facts too', async () => {
    const tar = await goodRoot().tar();
    const headers = headerPlaces(tar);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(...headers), fc.integer({ min: 100, max: 511 }), fc.nat(255)), {
          minLength: 1,
          maxLength: 6,
        }),
        async (changes) => {
          const spoilt = Buffer.from(tar);
          for (const [header, at, byte] of changes) {
            spoilt[header + at] = byte;
            fixChecksum(spoilt, header);
          }
          const facts = await inspect(spoilt);
          expect(Array.isArray(facts.archive.problems)).toBe(true);
        },
      ),
      { numRuns: 80 },
    );
  }, 60_000);
});

function headerPlaces(tar: Buffer): number[] {
  const places: number[] = [];
  for (let at = 0; tar[at] !== 0; ) {
    places.push(at);
    at += 512 + Math.ceil(Number.parseInt(tar.toString('latin1', at + 124, at + 135), 8) / 512) * 512;
  }
  return places;
}

describe('reading', () => {
  it('finds the same facts however the bytes are cut, and in buffers that are used again', async () => {
    const tar = await goodRoot()
      .put('etc/ssl/x'.padEnd(140, 'y'), 'z'.repeat(3000), {
        pax: { 'SCHILY.xattr.user.big': Buffer.alloc(1500, 7) },
      })
      .tar();
    const whole = await inspect(tar, tar.length);
    expect(whole.packages.length).toBeGreaterThan(10);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3000 }), async (size) => {
        const { createInspector } = await import('../../../pipeline/image/facts/inspector.ts');
        const inspector = createInspector();
        const buffer = Buffer.alloc(size);
        for (let at = 0; at < tar.length; at += size) {
          const n = tar.copy(buffer, 0, at, at + size);
          await new Promise((resolve) => inspector.write(buffer.subarray(0, n), resolve));
          buffer.fill(0xff);
        }
        inspector.end();
        expect(await inspector.facts()).toEqual(whole);
      }),
      { numRuns: 12, examples: [[1], [511], [512], [513]] },
    );
  }, 120_000);

  it('rejects its facts when it is destroyed, and crashes nobody', async () => {
    const { createInspector } = await import('../../../pipeline/image/facts/inspector.ts');
    const inspector = createInspector();
    inspector.on('error', () => {});
    inspector.write(await tarOf([{ name: './a' }]));
    inspector.destroy();
    await expect(inspector.facts()).rejects.toThrow(/not read to its end/);
  });
});
