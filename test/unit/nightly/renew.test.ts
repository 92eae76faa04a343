import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { archiveDate } from '../../../pipeline/nightly/archive-date.ts';
import { archivesOf } from '../../../pipeline/nightly/archives.ts';
import { renewed } from '../../../pipeline/nightly/renew.ts';
import { House } from './house.ts';

const DAY_MS = 86_400_000;
const WEEK = { renewal: { rebuildAfterS: 604_800, force: false } };

let house: House;
afterEach(() => house?.remove());

/** As if the build had been that long ago. */
function ageBuild(name: string, ms: number): void {
  const file = join(house.workspace, name, 'build.json');
  const record = JSON.parse(readFileSync(file, 'utf8')) as { finishedAt: string };
  record.finishedAt = new Date(Date.now() - ms).toISOString();
  writeFileSync(file, JSON.stringify(record));
}

describe('a night builds anew what nothing has changed of', () => {
  it('when its build is of the configured age, and says so', async () => {
    house = new House('old', 'young');
    await house.night(WEEK);
    ageBuild('old', 8 * DAY_MS);
    ageBuild('young', 6 * DAY_MS);
    const night = await house.night(WEEK);
    expect(night.images).toMatchObject([
      { status: 'built', reason: expect.stringMatching(/^build: built \d{4}-.* UTC, which is 8 days ago/) },
      { status: 'unchanged' },
    ]);
    expect(house.built).toEqual(['old', 'young', 'old']);
    // Begun a few minutes later than a night of a week ago.
    ageBuild('young', 7 * DAY_MS - 300_000);
    expect((await house.night(WEEK)).images[1]?.status).toBe('built');
  });

  it('never by age where that is said', async () => {
    house = new House('a');
    await house.night();
    ageBuild('a', 400 * DAY_MS);
    expect(await house.night()).toMatchObject({ outcome: 'unchanged' });
  });

  it('when it is forced: once, also in a night that was interrupted', async () => {
    house = new House('a', 'b');
    await house.night();
    const force = { renewal: { rebuildAfterS: null, force: true } };
    const night = await house.night(force, ['a']);
    expect(night.images).toMatchObject([{ status: 'built', reason: 'build: requested by --force' }]);
    house.set('b', {
      waits: async () => {
        house.abort.abort('SIGINT');
        throw new Error('interrupted');
      },
    });
    await expect(house.night(force)).rejects.toThrow();
    expect(house.built).toEqual(['a', 'b', 'a', 'a', 'b']);
    Object.assign(house, { abort: new AbortController() });
    house.set('b', { waits: undefined });
    const continued = await house.night(force);
    expect(continued.continued).toBe(true);
    expect(continued.images).toMatchObject([
      { status: 'built', reason: 'built before this night was interrupted' },
      { status: 'built' },
    ]);
    expect(house.built).toEqual(['a', 'b', 'a', 'a', 'b', 'b']);
  });
});

describe('archives', () => {
  let server: Server;
  let url: string;
  /** Answer by path; undefined: 404, null: none at all. */
  let answers: Record<string, string | null>;
  const asked: string[] = [];
  beforeEach(async () => {
    answers = {};
    asked.length = 0;
    server = createServer(({ url: path, headers }, response) => {
      asked.push(`${path} ${headers.authorization ?? ''}`.trim());
      const answer = answers[path ?? ''];
      if (answer === null) return;
      response.writeHead(answer === undefined ? 404 : 200).end(answer);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const dated = (at: number) => `Origin: Site\nSuite: focal\nDate: ${new Date(at).toUTCString()}\nSHA256:\n`;
  const signed = (at: number) => `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n${dated(at)}`;
  const signal = new AbortController().signal;

  it('newer than the build make it due; one that does not answer is named and stops nothing', async () => {
    house = new House('a');
    const request = house.request.bind(house);
    house.request = (name) => {
      const made = request(name);
      made.image.lateCommands = {
        '50_site': ['sh', '-c', `echo "deb ${url}/site focal main" > /etc/apt/sources.list.d/site.list`],
        '51_gone': `echo 'deb ${url}/gone ./' >> /etc/apt/sources.list`,
      };
      return made;
    };
    answers['/site/dists/focal/InRelease'] = signed(Date.now() - DAY_MS);
    await house.night();
    expect(asked).toEqual([]);
    expect(await house.night()).toMatchObject({ outcome: 'unchanged' });
    expect(house.events).toContainEqual(
      expect.objectContaining({
        level: 'warning',
        message: `a: ${url}/gone/ does not report whether it has new packages: HTTP 404 for InRelease and Release`,
      }),
    );
    ageBuild('a', 2 * DAY_MS);
    const night = await house.night();
    expect(night.images).toMatchObject([
      {
        status: 'built',
        reason: expect.stringMatching(
          /^build: http:.*\/site\/dists\/focal\/ is of .* UTC, after this was built/,
        ),
      },
    ]);
    expect(await house.night()).toMatchObject({ outcome: 'unchanged' });
  });

  it.each([
    ['Release where there is no InRelease', 'Release', 0],
    ['InRelease', 'InRelease', 0],
  ])('their date: %s', async (_, name) => {
    const at = Math.floor(Date.now() / 1000) * 1000 - 5000;
    answers[`/${name}`] = name === 'Release' ? dated(at) : signed(at);
    expect(await archiveDate(new URL(`${url}/`), signal)).toBe(at);
  });

  it.each([
    ['Suite: focal\n', 'InRelease has no date'],
    ['Date: soon\n', 'InRelease has no date'],
    [`Date: ${new Date(Date.now() + 10 * DAY_MS).toUTCString()}\n`, 'a date in the future'],
    ['x'.repeat(100_000), 'InRelease has no date'],
    [null, 'no answer within 0.2 s'],
  ])('%j: why it is not known', async (answer, why) => {
    answers['/InRelease'] = answer;
    await expect(archiveDate(new URL(`${url}/`), signal, 200)).rejects.toThrow(why);
  });

  it('a name and a password in the URL are a header', async () => {
    answers['/p/InRelease'] = signed(0);
    const named = new URL(`${url}/p/`);
    named.username = 'me';
    named.password = 'a%40b';
    expect(await archiveDate(named, signal)).toBe(0);
    expect(asked).toEqual([`/p/InRelease Basic ${Buffer.from('me:a@b').toString('base64')}`]);
  });

  const release = { baseImage: 'ubuntu/focal', ubuntu: { version: '20.04', codename: 'focal' } } as never;
  const image = (more: object) => ({
    ...{ packages: [], files: [], lateCommands: {} },
    resource: { name: '', title: '', architecture: 'amd64/generic', baseImage: 'ubuntu/focal' },
    ...more,
  });
  it.each([
    [{}, []],
    [
      { packages: ['htop'] },
      [
        'http://archive.ubuntu.com/ubuntu/dists/focal/',
        'http://archive.ubuntu.com/ubuntu/dists/focal-updates/',
        'http://security.ubuntu.com/ubuntu/dists/focal-security/',
      ],
    ],
    [{ lateCommands: { a: 'echo "deb http://h/x $CODENAME main" >> /etc/apt/sources.list' } }, []],
    [{ lateCommands: { a: 'apt-get install deb http' } }, []],
    [{ lateCommands: { a: "printf 'deb-src http://h/x focal main\\n'" } }, []],
    [
      { lateCommands: { a: "printf 'deb [arch=amd64 signed-by=/k] http://h/x focal main\\n' > f" } },
      ['http://h/x/dists/focal/'],
    ],
    [{ lateCommands: { a: 'echo "deb cdrom:[x]/ focal main"', b: 'echo "deb file:/x ./"' } }, []],
  ])('known of %j', async (more, urls) => {
    expect((await archivesOf(image(more), release)).map(({ href }) => href)).toEqual(urls);
  });

  it('of files that become lists of sources', async () => {
    house = new House('a');
    const source = join(house.dir, 'site.sources');
    writeFileSync(
      source,
      'Types: deb\nURIs: http://h/a https://h/b/\nSuites: focal focal-updates\nComponents: main\n',
    );
    const file = (path: string) => ({ source, path, mode: '0644', owner: '0:0' });
    const urls = async (path: string) =>
      (await archivesOf(image({ files: [file(path)] }), release)).map(({ href }) => href);
    expect(await urls('/etc/apt/sources.list.d/site.sources')).toEqual([
      'http://h/a/dists/focal/',
      'http://h/a/dists/focal-updates/',
      'https://h/b/dists/focal/',
      'https://h/b/dists/focal-updates/',
    ]);
    expect(await urls('/opt/site.sources')).toEqual([]);
  });

  it('of Ubuntu are those that the build adds for packages', () => {
    const script = readFileSync(new URL('../../../templates/curtin/apt-sources.sh', import.meta.url), 'utf8');
    for (const one of [
      'http://archive.ubuntu.com/ubuntu',
      'http://security.ubuntu.com/ubuntu',
      'http://ports.ubuntu.com/ubuntu-ports',
    ])
      expect(script).toContain(`=${one}`);
  });
});

describe('a build in the store', () => {
  it.each([
    ['too old', { rebuildAfterS: 604_800, force: false }, 604_800 - 43_200],
    ['of before a forced night', { rebuildAfterS: null, force: true }, 0],
  ])('does not count where it is %s, also on a host without a build', async (_, renewal, ageS) => {
    house = new House('a');
    const request = { ...house.request('a'), shared: {} as never };
    const began = '2026-11-29T01:00:00.000Z';
    const { selection } = await renewed(request, renewal, began);
    expect(selection.outdated).toMatchObject({
      ...{ stage: 'build', before: Date.parse(began) - ageS * 1000 },
      reason: expect.stringMatching(/^the build in the store was begun before 2026-11-2/),
    });
    expect((await renewed({ ...request, shared: undefined }, renewal, began)).selection).toEqual({});
  });
});
