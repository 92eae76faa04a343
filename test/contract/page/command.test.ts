import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLI as MAIN } from '../../cli.ts';
import { facts, writeFolder } from '../../unit/page/folder.ts';

let dir: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'report-'));
  await writeFolder(join(dir, 'work/demo'));
  writeFileSync(
    join(dir, 'old.json'),
    JSON.stringify({ facts: { ...facts('x'), services: ['old.service'] } }),
  );
  const image = (name: string) =>
    `  ${name}: {release: demo, platform: demo1, version: "1", iso: {source: /x.iso, sha256: ${'a'.repeat(64)}}}\n`;
  writeFileSync(join(dir, 'one.yaml'), `workspace: ./work\nimages:\n${image('demo')}`);
  writeFileSync(join(dir, 'two.yaml'), `workspace: ./work\nimages:\n${image('demo')}${image('other')}`);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function report(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'report', ...args], {
    cwd: dir,
    encoding: 'utf8',
    env: { ...process.env, XDG_STATE_HOME: join(dir, 'state'), NO_COLOR: '1' },
  });
  return { status, stdout, stderr };
}

describe('dgxos-maas report', () => {
  it("writes the only image's report into its folder and says where", () => {
    const { status, stdout } = report('--config', 'one.yaml');
    expect({ status, stdout }).toEqual({ status: 0, stdout: `${join(dir, 'work/demo/report.html')}\n` });
    expect(readFileSync(join(dir, 'work/demo/report.html'), 'utf8')).toContain('<h1 id="verdict">demox</h1>');
  });

  it('needs no configuration where the folder is named, and writes to stdout', () => {
    const { status, stdout } = report('--run', 'work/demo', '--out', '-');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^<!doctype html>/);
  });

  it('compares with what --since names', () => {
    const { stdout } = report('demo', '--config', 'two.yaml', '--since', 'old.json', '--out', '-');
    expect(stdout).toContain('Since old.json.');
    expect(stdout).toMatch(/removed<\/td><th[^>]*>old\.service/);
  });

  it('asks which image where there are several', () => {
    const { status, stderr } = report('--config', 'two.yaml');
    expect(status).toBe(2);
    expect(stderr).toContain('demo, other');
  });

  it('says what to do for an image that was never run', () => {
    const { status, stderr } = report('other', '--config', 'two.yaml');
    expect(status).toBe(3);
    expect(stderr).toContain('no stage has run');
    expect(stderr).toContain('dgxos-maas run IMAGE');
  });

  it.each(['no/such/folder/x.html', 'work'])('takes no --out %s', (out) => {
    const { status, stderr } = report('--run', 'work/demo', '--out', out);
    expect(status).toBe(2);
    expect(stderr).toContain(`No file can be written at ${join(dir, out)}`);
  });
});
