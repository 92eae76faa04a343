import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../../sandbox/server.ts';
import { goodRoot } from '../../unit/checks/root.ts';
import { Host, spellings } from './host.ts';

let host: Host;
let maas: Sandbox;
let logins: string;

const CONFIG = (url: string) => `images:
  dgx1:
    release: demo
    platform: demo1
    version: "5.0"
    iso: {source: none.iso, sha256: "${'0'.repeat(64)}"}
    resource: {name: "custom/dgx1-{version}-{digest}"}
targets:
  lab: {url: "${url}"}
`;

/** An upload of one file, as the first thing of a test. */
async function upload(name: string, content: string) {
  writeFileSync(join(host.dir, `${name}.tar.gz`), gzipSync(content));
  const flags = ['--no-validate', '--base-image', 'ubuntu/focal', '--name', `custom/${name}`];
  return host.run(['--json', '--events', 'events.jsonl', 'upload', `./${name}.tar.gz`, ...flags]);
}

beforeAll(async () => {
  host = new Host();
  maas = await startSandbox({
    dir: `${host.dir}-maas`,
    family: '3.5',
  });
  writeFileSync(join(host.dir, 'dgxos-maas.yaml'), CONFIG(maas.url));
});
afterAll(async () => {
  await maas.close();
  host.remove();
  rmSync(`${host.dir}-maas`, { recursive: true, force: true });
});

describe('the commands that talk to a MAAS', () => {
  it('have no key before login, and say how to give one', async () => {
    const { code, stderr } = await host.run(['images']);
    expect(code).toBe(3);
    expect(stderr).toContain('MAAS_API_KEY');
  });

  it('login takes the key from stdin and keeps it for this user alone', async () => {
    const { code, json } = await host.run(['--json', 'login', maas.url], { input: `${maas.apiKey}\n` });
    expect(code).toBe(0);
    expect(json).toMatchObject({ ok: true, url: maas.url, admin: true });
    logins = json.file;
    expect(statSync(logins).mode & 0o777).toBe(0o600);
  });

  it('login refuses a wrong key, and keeps what it had', async () => {
    const [consumer, token] = maas.apiKey.split(':');
    const wrong = `${consumer}:${token}:${'x'.repeat(32)}`;
    const { code, stdout } = await host.run(['login', maas.url], { input: wrong });
    expect([code, stdout]).toEqual([7, '']);
  });

  it('upload sends a file once, and finds it the second time', async () => {
    const first = await upload('one', 'first');
    expect(first.code, first.stderr).toBe(0);
    expect(first.json.uploads[0]).toMatchObject({ target: 'lab', skipped: false });
    const second = await upload('one', 'first');
    expect(second.json.uploads[0]).toMatchObject({
      skipped: true,
      resourceId: first.json.uploads[0].resourceId,
    });
  });

  it('images lists it as complete', async () => {
    await upload('two', 'second');
    const { images } = (await host.run(['--json', 'images'])).json.targets[0];
    expect(images).toHaveLength(2);
    expect(images[0]).toMatchObject({ name: 'one', complete: true, baseImage: 'ubuntu/focal' });
    expect((await host.run(['images'])).stdout).toMatch(/one .*\n.*two /);
  });

  it('promote and rollback refuse what is not there, by exit code', async () => {
    const promoted = await host.run(['promote', 'dgx1', '--channel', 'stable']);
    expect([promoted.code, promoted.stdout]).toEqual([7, '']);
    expect(promoted.stderr).toContain('dgxos-maas upload dgx1');
    const back = await host.run(['rollback', 'dgx1', '--channel', 'stable']);
    expect(back.code).toBe(7);
    expect(back.stderr).toContain('has no build on');
    expect((await host.run(['promote', 'dgx1'])).code).toBe(2);
  });

  it('promote gives a checked upload to a channel, and rollback the build that it held before', async () => {
    const shown = async () => {
      const { images } = (await host.run(['--json', 'images'])).json.targets[0];
      return images.find(({ name }: { name: string }) => name === 'dgx1-5.0-stable').sha256;
    };
    const sums: string[] = [];
    for (const build of ['a', 'b']) {
      const root = goodRoot().put('usr/weight', Buffer.alloc(51_000_000)).put('usr/build', build);
      for (let i = 0; i < 1000; i++) root.put(`usr/share/f${i}`);
      const image = gzipSync(await root.tar(), { level: 1 });
      // The ledger notes a file by its name, which is the image's here.
      writeFileSync(join(host.dir, 'dgx1'), image);
      const flags = ['--filetype', 'tgz', '--name', `custom/dgx1-5.0-${build}`];
      const sent = await host.run(['upload', './dgx1', ...flags]);
      expect(sent.code, sent.stderr).toBe(0);
      const moved = await host.run(['--json', 'promote', 'dgx1', '--channel', 'stable']);
      expect(moved.code, moved.stderr).toBe(0);
      expect(moved.json.moved).toMatchObject([{ target: 'lab', of: `dgx1-5.0-${build}` }]);
      sums.push(await shown());
      // The next build comes in place of this one.
      rmSync(join(host.dir, 'dgx1'));
    }
    expect(new Set(sums).size).toBe(2);
    const back = await host.run(['--json', 'rollback', 'dgx1', '--channel', 'stable']);
    expect(back.json.moved, back.stderr).toMatchObject([{ of: 'dgx1-5.0-a' }]);
    expect(await shown()).toBe(sums[0]);
  });

  it('prune --dry-run says why each stays, and deletes nothing', async () => {
    const { code, json } = await host.run(['--json', 'prune', '--dry-run', '--keep', '0', '--days', '0']);
    expect(code).toBe(0);
    expect(json).toMatchObject({ ok: true, dryRun: true });
    expect(json.targets[0].images).toHaveLength(5);
    for (const one of json.targets[0].images) expect(one.why).toMatch(/\S/);
    expect((await host.run(['--json', 'images'])).json.targets[0].images).toHaveLength(5);
  });

  it('have written the key to the file of logins and nowhere else', () => {
    const everything = `${host.said}\n${host.written([logins])}`;
    // The haystack is the right one.
    for (const known of ['dgxos-maas.js --json login', '"did":"completed"', 'events.jsonl', 'custom/two'])
      expect(everything).toContain(known);
    for (const secret of spellings(maas.apiKey)) expect(everything.includes(secret)).toBe(false);
  });
});
