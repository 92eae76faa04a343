import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { renderSubiquity } from '../../../pipeline/install/render/subiquity/render.ts';
import { DEMO, DEMO_SUBIQUITY } from '../../../scripts/iso/inputs.ts';
import { subiquityInput } from '../../unit/render/subiquity-example.ts';

const FILES = join(DEMO_SUBIQUITY, 'live/files');
const LIB = join(FILES, 'usr/lib/demo-subiquity');
const CURTIN = join(DEMO, 'live/files/usr/lib/demo-curtin');

let dir: string;
let server: Server;
let served = '';
let rendered = '';
let base: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'demo-subiquity-'));
  server = createServer((request, response) => {
    if (request.url !== '/autoinstall.yaml') response.writeHead(404).end();
    else response.end(served);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { httpDir } = await renderSubiquity(
    await subiquityInput('dgxos7', { image: { packages: ['hello'] } }),
  );
  rendered = readFileSync(join(httpDir, 'autoinstall.yaml'), 'utf8');
});
afterAll(() => {
  server.close();
  rmSync(dir, { recursive: true, force: true });
});

/** The check that the installer makes before it touches a disk: what it says, or nothing. */
function check(answers: string): string {
  writeFileSync(join(dir, 'answers.yaml'), answers);
  const program = `import sys, yaml
sys.path[:0] = sys.argv[1:3]
from demo_curtin.fault import Fault
from demo_subiquity.schema import check
try: check(yaml.safe_load(open(sys.argv[3])))
except Fault as fault: print(fault)`;
  const argv = ['-B', '-c', program, LIB, CURTIN, join(dir, 'answers.yaml')];
  return execFileSync('python3', argv, { encoding: 'utf8' }).trim();
}

/** The installer itself, on parameters and answers that it refuses. @returns its console */
async function refused(parameters: string, answers = ''): Promise<string> {
  served = answers;
  writeFileSync(join(dir, 'cmdline'), `${parameters}\n`);
  writeFileSync(join(dir, 'console'), '');
  const { exitCode } = await execa('python3', ['-B', join(FILES, 'usr/sbin/demo-subiquity')], {
    env: {
      ...{
        DEMO_SUBIQUITY_LIB: LIB,
        DEMO_CURTIN_LIB: CURTIN,
        DEMO_SETTINGS: join(FILES, 'etc/demo-subiquity'),
      },
      ...{
        DEMO_CMDLINE: join(dir, 'cmdline'),
        DEMO_CONSOLE: join(dir, 'console'),
        DEMO_LOG: join(dir, 'log'),
      },
    },
    reject: false,
  });
  expect(exitCode).toBe(1);
  return readFileSync(join(dir, 'console'), 'utf8');
}

describe('the answer file on the demo medium', () => {
  it('is one that it knows, every key of it', () => {
    expect(check(rendered)).toBe('');
  });

  const answers = () => parse(rendered) as Record<string, unknown> & { storage: Record<string, unknown> };
  it.each<[string, (a: ReturnType<typeof answers>) => unknown, RegExp]>([
    ['a section', (a) => ({ ...a, identity: {} }), /^identity: unknown key; known here: apt, .*version$/],
    [
      'a key of storage',
      (a) => ({ ...a, storage: { ...a.storage, raid: 1 } }),
      /^storage\.raid: unknown key; known here: config, grub, swap$/,
    ],
    ['cloud-config', (a) => ({ autoinstall: a }), /^autoinstall: the sections are at the top level/],
    ['another version', (a) => ({ ...a, version: 2 }), /^version: expected 1, found 2$/],
    ['no version', ({ version: _, ...a }) => a, /^version: expected 1, found None$/],
    [
      'a command that is a number',
      (a) => ({ ...a, 'late-commands': ['true', 3] }),
      /^late-commands\[1\]: expected a list/,
    ],
    [
      'an argv with a number',
      (a) => ({ ...a, 'late-commands': [['a', 3]] }),
      /^late-commands\[0\]\[1\]: expected text/,
    ],
    ['a way to end', (a) => ({ ...a, shutdown: 'halt' }), /^shutdown: 'halt' is not known/],
    [
      'a storage action',
      (a) => ({ ...a, storage: { config: [{ type: 'raid', id: 'x' }] } }),
      /^storage\.config\[0\]\.type: 'raid' is not known; known here: disk, format, mount, partition$/,
    ],
    [
      'a key of a partition',
      (a) => ({ ...a, storage: { config: [{ type: 'partition', id: 'x', sise: 1 }] } }),
      /^storage\.config\[0\]\.sise: unknown key/,
    ],
    ['a list', () => [], /^the answer file: expected a mapping, found a list$/],
  ])('%s that it does not know is refused by name', (_, change, says) => {
    expect(check(stringify(change(answers())))).toMatch(says);
  });
});

describe('the demo installer', () => {
  const platform = 'force-platform=demo1';
  it.each<[string, () => string, string, RegExp]>([
    [
      'no platform',
      () => `force-ai=${base}/autoinstall.yaml`,
      '',
      /FAILED preseed rc=1: unknown platform None; this medium has: demo1 demo2/,
    ],
    [
      'a parameter',
      () => `${platform} force-curtin=x`,
      '',
      /unknown kernel parameter force-curtin; known are force-ai, /,
    ],
    ['no answers', () => platform, '', /FAILED preseed rc=1: no force-ai= given/],
    [
      'a server that is away',
      () => `${platform} force-ai=http://127.0.0.1:1/a`,
      '',
      /FAILED preseed rc=1: cannot fetch http:\/\/127\.0\.0\.1:1\/a: /,
    ],
    [
      'a file that is not there',
      () => `${platform} force-ai=${base}/b`,
      '',
      /cannot fetch .*\/b: HTTP Error 404/,
    ],
    [
      'cloud-config',
      () => `${platform} force-ai=${base}/autoinstall.yaml`,
      '#cloud-config\nautoinstall: {}\n',
      /FAILED config rc=1: this is cloud-config/,
    ],
    [
      'broken YAML',
      () => `${platform} force-ai=${base}/autoinstall.yaml`,
      'version: [1\n',
      /FAILED config rc=1: while parsing/,
    ],
    [
      'an unknown key',
      () => `${platform} force-ai=${base}/autoinstall.yaml`,
      'version: 1\nfoo: 1\n',
      /FAILED config rc=1: foo: unknown key; known here: apt, /,
    ],
  ])('says on the console why it stops: %s', async (_, parameters, text, says) => {
    expect(await refused(parameters(), text)).toMatch(says);
  });
});
