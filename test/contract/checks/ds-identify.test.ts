import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DS_IDENTIFY, datasourceList } from '../../../pipeline/image/parsers/ds-identify.ts';
import fc from '../../property.ts';
import { debianPackage } from '../real/debian.ts';

const WAY = DS_IDENTIFY.find(({ reading }) => reading === 'read')!;

let dir: string;
let script: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ds-identify-'));
  script = join(await debianPackage('cloud-init'), 'usr/lib/cloud-init/ds-identify');
  // In a container ds-identify has no test for MAAS; a machine is none.
  mkdirSync(join(dir, 'bin'));
  writeFileSync(join(dir, 'bin', 'systemd-detect-virt'), '#!/bin/sh\necho none\nexit 1\n');
  chmodSync(join(dir, 'bin', 'systemd-detect-virt'), 0o755);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** The list that the real script takes to be in force, from its log. */
async function real(files: readonly string[]): Promise<string[]> {
  const root = mkdtempSync(join(dir, 'root-'));
  const cfgD = join(root, 'etc/cloud/cloud.cfg.d');
  for (const folder of [cfgD, join(root, 'run/cloud-init'), join(root, 'proc')])
    mkdirSync(folder, { recursive: true });
  writeFileSync(join(root, 'proc/cmdline'), 'ro\n');
  writeFileSync(join(root, 'etc/cloud/cloud.cfg'), 'users: [default]\n');
  files.forEach((text, i) => {
    writeFileSync(join(cfgD, `${i}.cfg`), text);
  });
  const log = join(root, 'log');
  await execa('sh', [script, '--force'], {
    env: { PATH_ROOT: root, DI_LOG: log, DEBUG_LEVEL: '2', PATH: `${join(dir, 'bin')}:${process.env.PATH}` },
    reject: false,
  });
  const list = /^DSLIST=([^\n]*)$/m.exec(readFileSync(log, 'utf8'))![1]!;
  rmSync(root, { recursive: true });
  return list.split(/[ \t]+/).filter((name) => name !== '');
}

/** The list that we take to be in force; without one the script has its own, which begins with MAAS. */
function ours(files: readonly string[]): string[] | 'built-in' {
  const list = datasourceList(
    [
      { path: 'cloud.cfg', text: 'users: [default]\n' },
      ...files.map((text, i) => ({ path: `${i}.cfg`, text })),
    ],
    WAY.reading,
  );
  return list === null || list.builtIn ? 'built-in' : list.names;
}

async function compare(files: readonly string[]): Promise<void> {
  const seen = await real(files);
  const said = ours(files);
  if (said === 'built-in') expect(seen.slice(0, 3)).toEqual(['MAAS', 'ConfigDrive', 'NoCloud']);
  else expect(said).toEqual(seen);
}

const piece = fc.constantFrom(
  ...[
    'datasource_list',
    'datasource_list:',
    ': ',
    ' ',
    '\t',
    '\n',
    '[',
    ']',
    ',',
    'MAAS',
    'NoCloud',
    'None',
    '"',
    "'",
    '#',
    '\r',
  ],
);
const line = fc.oneof(
  fc.array(piece, { maxLength: 12 }).map((parts) => parts.join('')),
  fc.array(piece, { maxLength: 8 }).map((parts) => `datasource_list: [ ${parts.join('')} ]\n`),
);

describe('ds-identify of Debian', () => {
  it.each([
    [['datasource_list: [ NoCloud, None ]\n']],
    [['datasource_list: [ MAAS ]']],
    [['datasource_list: [ MAAS ] # c\n']],
    [['datasource_list:\n  - NoCloud\n', 'datasource_list: [Ec2]\n']],
    [['datasource_list: ["MAAS", \'None\']\n']],
    [['datasource_list: \\\n[ NoCloud ]\n']],
    [['datasource_list: [ NoCloud ]\\\n']],
  ])('takes the list of %j as we do', async (files) => {
    await compare(files);
  });

  it('takes the list of any files as we do', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 3 }), (files) => compare(files)),
      { numRuns: 150 },
    );
  });
});
