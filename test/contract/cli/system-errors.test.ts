import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, openSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { CLI as BIN } from '../../cli.ts';
import { cli, folder } from '../config/cli.ts';

const KEY = `${'a'.repeat(18)}:${'b'.repeat(18)}:${'c'.repeat(32)}`;

let dir: string;
beforeEach(() => {
  dir = folder();
  mkdirSync(join(dir, 'root'));
  execFileSync('tar', ['-C', join(dir, 'root'), '-czf', join(dir, 'image.tgz'), '.']);
  writeFileSync(join(dir, 'text'), 'images: {}\n');
});

/** Things that are not files, each in place of one that a user names. */
const ODD: [string, (path: string) => void][] = [
  ['a named pipe', (path) => execFileSync('mkfifo', [path])],
  ['a folder', (path) => mkdirSync(path)],
  ['an endless device', (path) => symlinkSync('/dev/zero', path)],
  ['a link to itself', (path) => symlinkSync(path, path)],
];

const INPUTS: [string, string[]][] = [
  ['an image', ['validate', 'odd']],
  ['waivers', ['validate', 'image.tgz', '--waivers', 'odd']],
  ['an earlier image', ['validate', 'image.tgz', '--since', 'odd']],
  ['a configuration', ['-c', 'odd', 'config', 'show']],
  ['an image to verify', ['verify', 'odd']],
  ['a key', ['verify', 'image.tgz', '--key', 'odd']],
  ['one of two images', ['diff', 'odd', 'image.tgz']],
  ['an image to upload', ['upload', 'odd', '--name', 'custom/x']],
  ['an API key', ['images', '--api-key-file', 'odd']],
  ['an authority', ['images']],
  ['machines', ['machines', 'add', '--file', 'odd']],
  ['a site', ['site', 'plan', '--file', 'odd']],
];

describe('paths of other kinds than files', () => {
  it.each(INPUTS)('in place of %s is an error of its own, at once', async (_what, args) => {
    const env = { MAAS_API_URL: 'http://127.0.0.1:1/MAAS', MAAS_API_KEY: KEY, MAAS_API_CACERT: '' };
    if (args.length === 1)
      Object.assign(env, { MAAS_API_CACERT: join(dir, 'odd'), MAAS_API_URL: 'https://127.0.0.1:1/MAAS' });
    for (const [kind, make] of ODD) {
      execFileSync('rm', ['-rf', join(dir, 'odd')]);
      make(join(dir, 'odd'));
      const { code, stderr } = await cli(dir, args, env);
      expect(stderr, kind).not.toContain('INTERNAL');
      expect([2, 3, 4, 6], `${kind}: ${stderr}`).toContain(code);
    }
  });
});

describe('an output', () => {
  const OUTPUTS: [string, string[]][] = [
    ['--junit', ['validate', 'image.tgz', '--junit']],
    ['--markdown', ['validate', 'image.tgz', '--markdown']],
    ['--sarif', ['validate', 'image.tgz', '--sarif']],
    ['--events', ['checks', '--events']],
    ['keygen --out', ['keygen', '--out']],
  ];

  it.each(OUTPUTS)('%s in a folder that is not there makes it, or is a mistake', async (_option, args) => {
    if (args[0] === 'checks') return expect((await cli(dir, [...args, 'new/deep/file'])).code).toBe(2);
    await cli(dir, [...args, 'new/deep/file']);
    expect(statSync(join(dir, 'new/deep/file')).isFile()).toBe(true);
  });

  it.each(OUTPUTS)('%s where no file can be is a mistake in the command line', async (_option, args) => {
    symlinkSync('loop', join(dir, 'loop'));
    execFileSync('mkfifo', [join(dir, 'fifo')]);
    mkdirSync(join(dir, 'folder'));
    // In /proc a folder cannot be made, whatever of the folder above it is made before.
    for (const path of ['image.tgz/x', 'folder', 'fifo', 'loop', 'x'.repeat(300), '/proc/x/y']) {
      if (args[0] === 'keygen' && (path === 'folder' || path === 'fifo')) continue;
      const { code, stderr } = await cli(dir, [...args, path]);
      expect([code, stderr], path).toEqual([2, expect.stringContaining('[USAGE]')]);
    }
  });

  it('in a workspace that cannot be made is an error that names it', async () => {
    const iso = `{ source: x.iso, sha256: "${'0'.repeat(64)}" }`;
    writeFileSync(
      join(dir, 'dgxos-maas.yaml'),
      `images: { x: { release: demo, platform: demo1, version: 1.0.0, iso: ${iso} } }\n`,
    );
    const { code, stderr } = await cli(dir, ['build', 'x'], { DGXOS_MAAS_WORKSPACE: '/proc/x/y' });
    expect([code, stderr]).toEqual([3, expect.stringContaining('/proc/x/y')]);
  });

  it('is found wanting before the work begins', async () => {
    const { stderr } = await cli(dir, ['validate', 'not there', '--junit', 'image.tgz/x']);
    expect(stderr).toContain('--junit');
  });

  it('goes to a pipe and a device of the shell as well', async () => {
    const script = `"$1" "$2" validate image.tgz -q --junit >(cat > copy) >/dev/null; "$1" "$2" validate image.tgz -q --junit /dev/null >/dev/null`;
    execFileSync('bash', ['-c', `${script} || true; sleep 0.5`, 'x', process.execPath, BIN], { cwd: dir });
    expect(readFileSync(join(dir, 'copy'), 'utf8')).toMatch(/^<\?xml[\s\S]*<\/testsuites>\n$/);
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });
});

describe('stdout and stderr', () => {
  async function run(args: string[], stdio: ['ignore', number | 'pipe', number | 'pipe']) {
    const child = spawn(process.execPath, [BIN, ...args], { cwd: dir, stdio });
    let stderr = '';
    child.stderr?.on('data', (part) => {
      stderr += part;
    });
    child.stdout?.destroy();
    const [code] = await once(child, 'close');
    return { code, stderr };
  }
  const full = () => openSync('/dev/full', 'w');

  it.each([[['checks']], [['--json', 'checks']]])(
    'a result that cannot be written fails: %j',
    async (args) => {
      const { code, stderr } = await run(args, ['ignore', full(), 'pipe']);
      expect([code, stderr]).toEqual([4, expect.stringContaining('[DISK_FULL]')]);
    },
  );

  it('a reader that went away changes no exit code', async () => {
    expect((await run(['checks'], ['ignore', 'pipe', 'pipe'])).code).toBe(0);
    expect((await run(['validate', 'image.tgz'], ['ignore', 'pipe', 'pipe'])).code).toBe(6);
  });

  it('a full stderr changes no exit code', async () => {
    expect((await run(['validate', 'image.tgz'], ['ignore', 'pipe', full()])).code).toBe(6);
    expect((await run(['validate', 'no file'], ['ignore', 'pipe', full()])).code).toBe(6);
  });

  it('events that cannot be written are a warning', async () => {
    const { code, stderr } = await cli(dir, ['validate', 'image.tgz', '--events', '/dev/full']);
    expect([code, stderr]).toEqual([6, expect.stringContaining('no more events are written to it')]);
  });
});

describe('MAAS', () => {
  const images = (env: NodeJS.ProcessEnv) =>
    cli(dir, ['images'], { MAAS_API_KEY: KEY, XDG_STATE_HOME: dir, ...env });

  it('away: a command that only reads gives up after two tries', async () => {
    const { code, stderr } = await images({ MAAS_API_URL: 'http://127.0.0.1:1/MAAS' });
    expect(code).toBe(75);
    expect(stderr.match(/trying again/g)).toHaveLength(1);
    expect(stderr).not.toContain('again to continue');
  });

  it('of a name that nobody knows: at once', async () => {
    const { code, stderr } = await images({ MAAS_API_URL: 'http://nowhere.invalid/MAAS', http_proxy: '' });
    expect(code).toBe(75);
    expect(stderr).not.toContain('trying again');
  });

  it.each(['bad::proxy', 'socks5://host', 'http://', 'ftp://user:password12@host'])(
    'behind the proxy %s, which is none',
    async (proxy) => {
      const { code, stderr } = await images({
        MAAS_API_URL: 'http://192.0.2.1/MAAS',
        http_proxy: proxy,
        no_proxy: '',
      });
      expect([code, stderr]).toEqual([3, expect.stringContaining('[CONFIG_INVALID]')]);
      expect(stderr).not.toContain('password12');
    },
  );

  const version = JSON.stringify({ version: '3.5.0', subversion: '', capabilities: [] });
  it.each<[string, (url: string) => Buffer, number, string]>([
    ['compressed', (url) => gzipSync(url.includes('version') ? version : '[]'), 0, ''],
    ['badly compressed', () => Buffer.from('no gzip'), 7, 'MAAS_PROTOCOL'],
    ['far too large', () => gzipSync(Buffer.alloc(80 << 20)), 7, 'MAAS_PROTOCOL'],
  ])('with the answers %s', async (_what, body, expected, said) => {
    const server = createServer((request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      response.end(body(request.url ?? ''));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const { code, stderr } = await images({ MAAS_API_URL: `http://127.0.0.1:${port}/MAAS` });
    expect([code, stderr]).toEqual([expected, expect.stringContaining(said)]);
  });
});

it('no error of the system is an internal one', async () => {
  const { constants } = await import('node:os');
  const { fromSystemError } = await import('../../../pipeline/core/faults/fault.ts');
  // Those of files, memory and processes; the rest are of networks and terminals.
  const codes =
    'EACCES EAGAIN EBUSY EDQUOT EEXIST EFBIG EINVAL EIO EISDIR ELOOP EMFILE EMLINK ENAMETOOLONG ENFILE ENODEV ENOENT ENOLCK ENOMEM ENOSPC ENOTDIR ENOTEMPTY ENOTSUP ENXIO EPERM EROFS ESPIPE ESTALE ETXTBSY EXDEV';
  for (const code of codes.split(' ')) {
    expect(constants.errno).toHaveProperty(code);
    const fault = fromSystemError(Object.assign(new Error(code), { code, path: '/x' }), 'writing /y');
    expect(fault.code, code).not.toBe('INTERNAL');
    expect(fault.message).toContain('/x');
  }
  expect(existsSync(dir)).toBe(true);
});
