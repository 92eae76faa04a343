import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RehearsalHost } from '../rehearse/rehearsal-host.ts';
import { atATerminal } from './at-a-terminal.ts';

const LIVE = /^ {2}[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] /;
const COLOURS = /\u001b\[[\d;]*m/;

let host: RehearsalHost;
let slow: Server;

beforeAll(async () => {
  host = new RehearsalHost();
  host.config('http://127.0.0.1:1/MAAS', 'layouts: [flat, raid1]');
  const root = join(host.dir, 'root/etc');
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, 'noise'), randomBytes(12e6));
  execFileSync('tar', ['-C', join(host.dir, 'root'), '-czf', join(host.dir, 'noise.tar.gz'), '.']);
  writeFileSync(join(host.dir, 'demo.tar.gz'), 'demo.tar.gz');
  const image = readFileSync(join(host.dir, 'noise.tar.gz'));
  // In two parts, so that the advance is drawn in between.
  slow = createServer(async (_request, response) => {
    response.writeHead(200, { 'content-length': image.length });
    response.write(image.subarray(0, 10e6));
    await sleep(700);
    response.end(image.subarray(10e6));
  }).listen(0, '127.0.0.1');
  await once(slow, 'listening');
});
afterAll(() => {
  slow.closeAllConnections();
  slow.close();
  host.remove();
});

const at = (args: string[], more: { env?: Record<string, string>; columns?: number } = {}) =>
  atATerminal(args, { cwd: host.dir, ...more, env: { ...host.env, ...more.env } });

describe('validate of an image that takes long to read', () => {
  const validate = (more?: Parameters<typeof at>[1]) =>
    at(['validate', `http://127.0.0.1:${(slow.address() as AddressInfo).port}/noise.tar.gz`], more);

  it.each([80, 40, 200])(
    'in %i columns shows its advance, and then the report to its last line',
    async (columns) => {
      const { rows, written, exitCode } = await validate({ columns });
      expect(exitCode).toBe(6);
      expect(written).toMatch(/ {2}[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] reading http/);
      expect(rows.filter((row) => LIVE.test(row))).toEqual([]);
      expect(rows.slice(-2).join(' ')).toContain('(profile any-ubuntu)');
    },
  );

  it('uses colours where they are wanted, and none with NO_COLOR', async () => {
    expect((await validate({ env: { NO_COLOR: '' } })).written).toMatch(COLOURS);
    expect((await validate()).written).not.toMatch(COLOURS);
  });

  it('writes nothing but lines to a terminal that has no control sequences', async () => {
    const { written, rows } = await validate({ env: { TERM: 'dumb', NO_COLOR: '' } });
    expect(written).not.toContain('\u001b');
    expect(rows.at(-1)).toContain('(profile any-ubuntu)');
  });
});

it.each([80, 40, 200])(
  'a rehearsal of two layouts in %i columns leaves its phases and verdict, and no live line',
  async (columns) => {
    const { rows, exitCode } = await at(
      ['rehearse', 'demo.tar.gz', '--base-image', 'ubuntu/focal', '--layout', 'flat', 'raid1'],
      { columns },
    );
    expect(exitCode).toBe(0);
    expect(rows.filter((row) => LIVE.test(row))).toEqual([]);
    for (const phase of ['power-on', 'ephemeral', 'early', 'partitioning', 'extract'])
      expect(rows.filter((row) => row.startsWith(`note: ${phase}: `))).toHaveLength(2);
    expect(rows.at(-1)).toMatch(/raid1/);
  },
);
