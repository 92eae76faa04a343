import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { type SignedSumsRequest, trustedSum } from '../../../pipeline/install/archive/signed-sums.ts';
import { Keys } from './keys.ts';

// Every signature is made by gpg and judged by gpgv (2.2.40 of Debian 12).

const NAME = 'noble-server-cloudimg-amd64-root.tar.xz';
const SUM = 'ab'.repeat(32);
const OTHER = 'cd'.repeat(32);
const GOOD = `${OTHER} *noble-server-cloudimg-amd64.img\n${SUM} *${NAME}\n`;

let dir: string;
let keys: Keys;
let ubuntu: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sums-'));
  keys = await Keys.make();
  for (const name of ['ubuntu', 'second', 'foreign']) await keys.add(name);
  await keys.add('expired', { at: '20200101T000000', expires: '30d' });
  ubuntu = await keys.export(['ubuntu'], join(dir, 'ubuntu.gpg'));
}, 120_000);
afterAll(async () => {
  await keys?.remove();
  await rm(dir, { recursive: true, force: true });
});

interface Given {
  list?: string | null;
  /** Names of the keys that sign; null: no signature. */
  by?: string[] | null;
  sign?: { at?: string; more?: string[] };
  /** The list that is served, where it is another one than the signed. */
  served?: string;
  signature?: string;
}

/** A folder as its publisher has it. */
async function publish({
  list = GOOD,
  by = ['ubuntu'],
  sign,
  served,
  signature,
}: Given = {}): Promise<string> {
  const folder = await mkdtemp(join(dir, 'published-'));
  const file = join(folder, 'SHA256SUMS');
  if (list !== null) {
    await writeFile(file, list);
    if (by) await keys.sign(by, file, `${file}.gpg`, sign);
    if (served !== undefined) await writeFile(file, served);
  }
  if (signature !== undefined) await writeFile(`${file}.gpg`, signature);
  return folder;
}

/** The sum that counts for the root in a folder, or at a URL, with every notice. */
async function ask(place: string, given: Partial<SignedSumsRequest> = {}) {
  const notices: Event[] = [];
  const work = await mkdtemp(join(dir, 'work-'));
  const asked = trustedSum({
    ...{ source: `${place}/${NAME}`, sha256: null, keyring: null, ubuntuKeyring: ubuntu, retryMs: 1 },
    files: { sums: join(work, 's/SHA256SUMS'), signature: join(work, 's/SHA256SUMS.gpg') },
    emit: (event) => notices.push(event),
    signal: new AbortController().signal,
    ...given,
  });
  return { ...(await asked), notices };
}

const SIGNED = { key: expect.stringMatching(/^[0-9A-F]{40}$/), at: expect.stringMatching(/^20\d\d-.*Z$/) };

describe('a signed list beside the root', () => {
  it('gives the sum, with the key that signed it', async () => {
    const { sha256, signature, notices } = await ask(await publish());
    expect({ sha256, signature, notices }).toEqual({ sha256: SUM, signature: SIGNED, notices: [] });
    expect(await keys.fingerprints('ubuntu')).toContain(signature?.key);
  });

  it.each<[string, string]>([
    ['of text files', `${SUM}  ${NAME}\n`],
    ['with CR LF', GOOD.replaceAll('\n', '\r\n')],
    ['in capitals', `${SUM.toUpperCase()} *${NAME}\n`],
    ['with a folder that is this one', `${SUM} *./${NAME}\n`],
    ['in BSD’s form', `SHA256 (${NAME}) = ${SUM}\n`],
    ['with comments and other sums', `# of today\n${'e'.repeat(32)} *${NAME}\n\n${SUM} *${NAME}\n`],
    ['that is there twice, the same', `${SUM} *${NAME}\n${SUM}  ${NAME}\n`],
    ['without a line’s end', `${SUM} *${NAME}`],
    [
      'beside the same name in other folders',
      `${OTHER} *unpacked/${NAME}\n${SUM} *${NAME}\n${OTHER} *../${NAME}\n`,
    ],
  ])('%s', async (_, list) => {
    expect(await ask(await publish({ list }))).toMatchObject({ sha256: SUM, notices: [] });
  });

  it('agrees with the sum of the configuration, or the run ends with both', async () => {
    const place = await publish();
    expect(await ask(place, { sha256: SUM.toUpperCase() })).toMatchObject({ sha256: SUM, signature: SIGNED });
    await expect(ask(place, { sha256: OTHER })).rejects.toMatchObject({
      ...{ code: 'SUMS_UNTRUSTED', exitCode: 3 },
      message: expect.stringContaining('another sha256'),
      detail: expect.stringMatching(new RegExp(`${SUM}\\n.*${OTHER}`)),
    });
  });

  it.each<[string, string[], string[]]>([
    ['a good one first', ['ubuntu', 'foreign'], ['ubuntu']],
    ['a good one last', ['foreign', 'ubuntu'], ['ubuntu']],
    ['two good ones', ['ubuntu', 'second'], ['ubuntu', 'second']],
  ])('of several signatures one by a valid key is enough: %s', async (_, by, ring) => {
    const keyring = await keys.export(ring, join(dir, `ring-${ring.join('-')}.gpg`));
    expect(await ask(await publish({ by }), { keyring })).toMatchObject({ sha256: SUM, signature: SIGNED });
  });
});

it('a signature by a revoked key does not spoil one by a valid key', async () => {
  expect(await twoSignatures('ubuntu')).toMatchObject({ sha256: SUM, signature: SIGNED });
});

/** A list with a signature by a key that is revoked afterwards, before one by another key. */
async function twoSignatures(by: string | null) {
  const gone = await Keys.make();
  try {
    await gone.add('gone');
    const place = await publish({ by: by === null ? null : [by] });
    const file = join(place, 'SHA256SUMS');
    await gone.sign(['gone'], file, join(place, 'first'));
    await gone.revoke('gone');
    const ring = await gone.export(['gone'], join(place, 'ring.gpg'));
    const later = await readFile(`${file}.gpg`).catch(() => Buffer.alloc(0));
    await writeFile(`${file}.gpg`, Buffer.concat([await readFile(join(place, 'first')), later]));
    const keyring = join(place, 'both.gpg');
    await writeFile(keyring, Buffer.concat([await readFile(ring), await readFile(ubuntu)]));
    return await ask(place, { keyring });
  } finally {
    await gone.remove();
  }
}

describe('a list that is wrong is refused, also where the sum of the configuration fits', () => {
  const wrong: [string, () => Promise<string>, RegExp][] = [
    ['by a foreign key', () => publish({ by: ['foreign'] }), /key [0-9A-F]{16}, which is not in the keyring/],
    ['of another list', () => publish({ served: `${SUM} *${NAME}\n` }), /not made of this SHA256SUMS/],
    [
      'of another list, by two keys',
      () => publish({ by: ['foreign', 'ubuntu'], served: `${SUM} *${NAME}\n` }),
      /not made of this SHA256SUMS|not in the keyring/,
    ],
    ['that has expired itself', () => expiring(), /the signature by [0-9A-F]{16} has expired/],
    ['without the root', () => publish({ list: `${SUM} *other.tar.xz\n` }), /does not list noble-server/],
    ['with the root in another folder', () => publish({ list: `${SUM} *a/${NAME}\n` }), /does not list/],
    ['with a name that only ends so', () => publish({ list: `${SUM} *x${NAME}\n` }), /does not list/],
    [
      'with the root twice, by different sums',
      () => publish({ list: `${SUM} *${NAME}\n${OTHER}  ${NAME}\r\n` }),
      /with 2 different sums/,
    ],
    ['of MD5 sums', () => publish({ list: `${'e'.repeat(32)} *${NAME}\n` }), /holds no SHA-256 sums/],
    ['that is empty', () => publish({ list: '' }), /holds no SHA-256 sums/],
    ['with text for a signature', () => publish({ by: null, signature: 'OK\n' }), /no OpenPGP signature/],
    ['with an empty signature', () => publish({ by: null, signature: '' }), /no OpenPGP signature/],
  ];
  const expiring = () =>
    publish({ by: ['second'], sign: { more: ['--default-sig-expire', 'seconds=1'] } }).then(async (place) => {
      await new Promise((later) => setTimeout(later, 2100));
      return place;
    });

  it.each(wrong)('%s', async (_, make, said) => {
    const place = await make();
    const keyring = await keys.export(['ubuntu', 'second'], join(dir, 'both.gpg'));
    for (const sha256 of [null, SUM])
      await expect(ask(place, { sha256, keyring })).rejects.toMatchObject({
        ...{ code: 'SUMS_UNTRUSTED', exitCode: 3, message: expect.stringMatching(said) },
        hint: expect.stringContaining('archive.root.'),
      });
  });

  it('by a key that has expired', async () => {
    const place = await publish({ by: ['expired'], sign: { at: '20200105T000000' } });
    const keyring = await keys.export(['expired'], join(dir, 'expired.gpg'));
    await expect(ask(place, { keyring, sha256: SUM })).rejects.toMatchObject({
      message: expect.stringMatching(/the key [0-9A-F]{16} has expired/),
    });
  });

  it('by a key that was revoked', async () => {
    await expect(twoSignatures(null)).rejects.toMatchObject({
      message: expect.stringMatching(/the key [0-9A-F]{16} was revoked/),
    });
  });
});

describe('a keyring', () => {
  const NO_KEYS: [string, () => Promise<string>, RegExp][] = [
    ['that is not there', async () => join(dir, 'none.gpg'), /does not exist/],
    ['that is empty', () => put('empty.gpg', ''), /is empty/],
    ['in armour', () => keys.export(['ubuntu'], join(dir, 'ubuntu.asc'), ['--armor']), /is in ASCII armour/],
    ['of text', () => put('text.gpg', 'no keys\n'), /holds no OpenPGP keys/],
    ['that is a folder', async () => dir, /cannot be read/],
    [
      'that is cut',
      async () => put('cut.gpg', (await readFile(ubuntu)).subarray(0, 40)),
      /not in the keyring/,
    ],
    ['of other keys', () => keys.export(['foreign'], join(dir, 'foreign.gpg')), /not in the keyring/],
  ];
  const put = async (name: string, content: string | Buffer) => {
    await writeFile(join(dir, name), content);
    return join(dir, name);
  };

  it.each(NO_KEYS)('%s is never taken for a valid one', async (_, make, said) => {
    const keyring = await make();
    await expect(ask(await publish(), { keyring, sha256: SUM })).rejects.toMatchObject({
      ...{ code: 'SUMS_UNTRUSTED', message: expect.stringMatching(said) },
    });
  });

  it.each<[string, Given, RegExp]>([
    ['no list', { list: null }, /there is no SHA256SUMS in /],
    ['no signature', { by: null }, /there is no SHA256SUMS\.gpg in /],
  ])('that is named requires a signature: %s', async (_, given, said) => {
    await expect(ask(await publish(given), { keyring: ubuntu, sha256: SUM })).rejects.toMatchObject({
      ...{ code: 'SUMS_UNTRUSTED', message: expect.stringMatching(said) },
    });
  });

  it('none looks for nothing', async () => {
    const place = await publish({ by: ['foreign'] });
    expect(await ask(place, { keyring: 'none', sha256: SUM })).toMatchObject({
      signature: null,
      notices: [],
    });
  });
});

describe('without a signed list that can be verified', () => {
  const cases: [string, Given, Partial<SignedSumsRequest>, RegExp, RegExp][] = [
    [
      'the keyring',
      {},
      { ubuntuKeyring: '/none.gpg' },
      /keyring \/none\.gpg is not installed/,
      /ubuntu-keyring/,
    ],
    ['the signature', { by: null }, {}, /there is no SHA256SUMS\.gpg/, /SHA256SUMS\.gpg/],
    ['a list but a page', { served: ' <!DOCTYPE html><p>404' }, {}, /a page of HTML/, /proxy/],
  ];

  it.each(cases)(
    '%s: a warning with the remedy where the configuration has a sum',
    async (_, given, more, said, remedy) => {
      const { sha256, signature, notices } = await ask(await publish(given), { sha256: SUM, ...more });
      expect([sha256, signature]).toEqual([SUM, null]);
      expect(notices).toEqual([
        expect.objectContaining({
          ...{ type: 'notice', level: 'warning', message: expect.stringMatching(said) },
          hint: expect.stringMatching(remedy),
        }),
      ]);
    },
  );

  it.each(cases)('%s: an error where it has none', async (_, given, more, said, remedy) => {
    await expect(ask(await publish(given), more)).rejects.toMatchObject({
      ...{ code: 'SUMS_UNTRUSTED', exitCode: 3, message: expect.stringMatching(said) },
      hint: expect.stringMatching(new RegExp(`${remedy.source}.*archive\\.root\\.sha256`)),
    });
  });

  it('no list at all: nothing is said of it where the configuration has a sum', async () => {
    const place = await publish({ list: null });
    expect(await ask(place, { sha256: SUM })).toMatchObject({ signature: null, notices: [] });
    await expect(ask(place)).rejects.toMatchObject({ code: 'SUMS_UNTRUSTED' });
  });

  it('gpgv: a warning with its package, or an error of the host', async () => {
    const bin = await mkdtemp(join(dir, 'bin-'));
    await symlink(process.execPath, join(bin, 'node'));
    vi.stubEnv('PATH', bin);
    onTestFinished(() => void vi.unstubAllEnvs());
    // Signed beforehand: there is no gpg on that PATH either.
    const { notices } = await ask(signed, { sha256: SUM });
    expect(notices).toEqual([expect.objectContaining({ hint: 'sudo apt-get install gpgv' })]);
    for (const given of [{}, { keyring: ubuntu, sha256: SUM }])
      await expect(ask(signed, given)).rejects.toMatchObject({ code: 'TOOL_MISSING', exitCode: 4 });
  });
  let signed: string;
  beforeAll(async () => {
    signed = await publish();
  });
});

describe('by HTTP', () => {
  type Answer = (path: string) => { status?: number; body?: Buffer | string; to?: string };
  async function serve(answer: Answer): Promise<{ url: string; paths: string[] }> {
    const paths: string[] = [];
    const server = createServer((request, response) => {
      const login = request.headers.authorization ? ` ${request.headers.authorization}` : '';
      paths.push(`${request.url}${login}`);
      const { status = 200, body, to } = answer((request.url ?? '').split('?')[0]!);
      response.writeHead(to ? 302 : status, to ? { location: to } : {}).end(body);
    });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, paths };
  }

  const folderOf = async (place: string): Promise<Answer> => {
    const files = new Map<string, Buffer>();
    for (const name of ['SHA256SUMS', 'SHA256SUMS.gpg'])
      files.set(`/noble/${name}`, await readFile(join(place, name)));
    return (path) => (files.has(path) ? { body: files.get(path)! } : { status: 404 });
  };

  it('both are asked for in the folder of the root, with its login and query', async () => {
    const { url, paths } = await serve(await folderOf(await publish()));
    const source = `${url.replace('//', '//me:secret@')}/noble/${NAME.replace('-', '%2D')}?token=1`;
    expect(await ask('', { source })).toMatchObject({ sha256: SUM, signature: SIGNED });
    const login = `Basic ${Buffer.from('me:secret').toString('base64')}`;
    expect(paths).toEqual(['SHA256SUMS', 'SHA256SUMS.gpg'].map((name) => `/noble/${name}?token=1 ${login}`));
  });

  it('redirects are followed', async () => {
    const files = await folderOf(await publish());
    const { url } = await serve((path) =>
      path.startsWith('/current') ? { to: path.replace('current', 'noble') } : files(path),
    );
    expect(await ask(`${url}/current`)).toMatchObject({ sha256: SUM });
  });

  it('a busy server is asked again', async () => {
    const files = await folderOf(await publish());
    let asked = 0;
    const { url } = await serve((path) => (++asked === 1 ? { status: 503 } : files(path)));
    expect(await ask(`${url}/noble`)).toMatchObject({ sha256: SUM });
  });

  it.each<[string, Answer, RegExp]>([
    ['that is away', () => ({ status: 503 }), /the server answered 503/],
    ['that forbids it', () => ({ status: 403 }), /the server answered 403/],
    ['that answers with a page for everything', () => ({ body: '<html>Log in</html>' }), /a page of HTML/],
    ['that sends without end', () => ({ body: Buffer.alloc(5 << 20, 'a') }), /more than 4194304 bytes/],
    ['that redirects endlessly', (path) => ({ to: path }), /redirect/],
  ])('a server %s: a warning with a sum, an error without', async (_, answer, said) => {
    const { url } = await serve(answer);
    const { signature, notices } = await ask(`${url}/noble`, { sha256: SUM });
    expect([signature, notices]).toEqual([
      null,
      [expect.objectContaining({ message: expect.stringMatching(said) })],
    ]);
    await expect(ask(`${url}/noble`)).rejects.toMatchObject({ message: expect.stringMatching(said) });
  });
});

it('a list that may not be read is not taken for one that is not there', async () => {
  const place = await publish();
  await rm(join(place, 'SHA256SUMS'));
  await mkdir(join(place, 'SHA256SUMS'));
  const { notices } = await ask(place, { sha256: SUM });
  expect(notices).toEqual([expect.objectContaining({ message: expect.stringContaining('cannot be read') })]);
});
