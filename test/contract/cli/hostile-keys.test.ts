import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../pipeline/config/load.ts';
import { Fault } from '../../../pipeline/core/faults/fault.ts';
import { readWaivers } from '../../../pipeline/image/checks/waivers.ts';
import { loadChecks } from '../../../pipeline/maas/acceptance/checks-file.ts';
import { MachinesFile } from '../../../pipeline/maas/machines/machines-file.ts';
import { readGroupVars } from '../../../pipeline/maas/site/group-vars.ts';
import { loadSite } from '../../../pipeline/maas/site/load.ts';
import { CLI as PROGRAM } from '../../cli.ts';
import { goodRoot, inspect, judged } from '../../unit/checks/root.ts';
import { call, sandbox } from '../sandbox/client.ts';

/** Names that every object inherits: a table must not find an entry under them. */
const KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  '__defineGetter__',
  'then',
];

const dir = mkdtempSync(join(tmpdir(), 'hostile-keys-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function file(content: string): string {
  const path = join(dir, 'given.yaml');
  writeFileSync(path, content);
  return path;
}

const field = { label: '', required: true, choices: [], fallback: '' };

async function machines(content: string): Promise<unknown> {
  const types = KEYS.map((name) => ({
    name,
    title: name,
    fields: KEYS.map((one) => ({ ...field, name: one, kind: 'text' as const })),
  }));
  return (await MachinesFile.read(file(content), dir)).machines(types, {});
}

/** The message of a fault, or what came out; any other error is the test's. */
async function outcome(work: () => Promise<unknown>): Promise<string> {
  try {
    return JSON.stringify(await work()) ?? '';
  } catch (error) {
    if (!(error instanceof Fault) || error.code === 'INTERNAL') throw error;
    return error.message;
  }
}

const NATIVE = /native code|\[object Object\]/;

describe.each(KEYS)('%s', (key) => {
  it('is not an interpreter, field, package or scheme of an image', async () => {
    const facts = await inspect(
      await goodRoot()
        .put('curtin/curtin-hooks', `#!/bin/${key}\nexit 0\n`, { mode: 0o755 })
        .put('usr/lib/os-release', `${key}=x\nID=${key}\nVERSION_CODENAME=${key}\n`)
        .put('etc/dgx-release', `${key}="1"\nDGX_NAME="${key}"\n`)
        .put('etc/passwd', `root:x:0:0::/:/bin/sh\n${key}:x:1:1::/:/bin/sh\n`)
        .put('etc/shadow', `root:*:::::::\n${key}:$${key}$salt$hash:::::::\n`)
        .put('var/lib/dpkg/status', `Package: ${key}\nStatus: ${key} ok ${key}\n${key}: 1\nVersion: 1\n\n`)
        .put('etc/netplan/x.yaml', `network:\n  ${key}:\n    ${key}: {dhcp4: true}\n`)
        .put('etc/apt/apt.conf.d/x', `${key} "x";\n${key}::${key} "y";\n`)
        .put('etc/apt/sources.list', `deb [${key}=yes] http://x y z\n`)
        .put('etc/apt/sources.list.d/x.sources', `${key}: yes\nTypes: deb\nURIs: http://x\nSuites: y\n`)
        .put('etc/ssh/sshd_config', `${key} yes\nPermitRootLogin ${key}\nMatch ${key} *\n${key} no\n`)
        .put('etc/default/grub', `GRUB_DEFAULT=${key}\n${key}=1\n`)
        .put(`usr/share/doc/${key}/copyright`, 'Format: copyright-format\n\nFiles: *\nLicense: MIT\n', {
          pax: { [`SCHILY.xattr.user.${key}`]: 'x', [key]: 'x' },
        })
        .tar(),
    );
    expect(facts.hook?.syntax.checkedBy).toMatch(/^nothing/);
    expect(JSON.stringify(facts)).not.toMatch(NATIVE);
    expect(facts.osRelease?.id).toBe(key);
    expect(Object.keys(facts.licences.packages)).toContain(key);
    expect(JSON.stringify(await judged(goodRoot()))).not.toMatch(NATIVE);
  });

  it('is not a setting, target, image, machine, rule or check of a file', async () => {
    const config = (text: string) => () =>
      loadConfig({ file: file(text), cwd: dir, env: {}, overrides: { values: new Map() } } as never);
    const written = [
      config(`${key}: 1\n`),
      config(`targets:\n  ${key}: {url: http://x/MAAS, key: {from: ${key}}}\nimages: {}\n`),
      config(`images:\n  ${key}: {release: dgxos-5.4, iso: x.iso, upload: [${key}]}\n`),
      config(`images:\n  a: {release: ${key}, ${key}: 1, iso: x.iso, upload: [${key}]}\n`),
      config(`images:\n  a: {release: dgxos-5.4, iso: x.iso, vm: {${key}: 1}, hooks: {${key}: 1}}\n`),
      () => machines(`machines:\n  ${key}: {power: {type: ${key}, parameters: {${key}: x}}}\n`),
      () => machines(`machines:\n  a: {power: {type: ${key}, secrets: {${key}: {environment: ${key}}}}}\n`),
      () => machines(`defaults: {${key}: 1}\nmachines: {a: {${key}: 1}}\n`),
      () => loadSite({ file: file(`${key}: 1\nsettings: {${key}: x}\n`), env: {}, cwd: dir }),
      () => readGroupVars(file(`${key}: "{{ ${key} }}"\nmaas_dns_domain: "{{ ${key}.${key} }}"\n`)),
      () => readWaivers(file(`- {check: ${key}, reason: x, until: 2030-01-01, ${key}: 1}\n`)),
      () => loadChecks(file(`use: [${key}]\nchecks: [{id: ${key}, ${key}: 1}]\ngpus: {${key}: 8}\n`)),
    ];
    for (const work of written) expect(await outcome(work)).not.toMatch(NATIVE);
  });

  it('is nothing that a request can name', async () => {
    const server = await sandbox();
    const name = encodeURIComponent(key);
    const asked: [string, string, Record<string, string>?][] = [
      ['GET', `machines/?${name}=1`],
      ['GET', `events/?op=query&level=${name}`],
      ['GET', `maas/?op=get_config&name=${name}`],
      ['POST', 'maas/?op=set_config', { name: key, value: 'x' }],
      ['POST', 'account/prefs/sshkeys/?op=import', { keysource: `${key}:x` }],
      ['POST', 'boot-sources/1/selections/', { os: key, release: key }],
      ['POST', 'machines/?op=allocate', { [key]: '1', name: key }],
      [
        'POST',
        'machines/',
        { [key]: '1', power_type: key, architecture: key, mac_addresses: '00:11:22:33:44:55' },
      ],
      ['POST', 'tags/', { name: key, [key]: key }],
      ['POST', 'boot-resources/', { [key]: key, filetype: key, architecture: key, name: key }],
      ['GET', `${name}/`],
      ['GET', `tags/${name}/`],
      ['GET', `nodes/${name}/results/${name}/`],
      ['GET', `machines/?op=${name}`],
    ];
    for (const [method, path, form] of asked) {
      const answer = await call(server, method, `/MAAS/api/2.0/${path}`, form ? { form } : {});
      expect(answer.status, `${method} ${path}`).toBeLessThan(500);
      expect(answer.text).not.toMatch(NATIVE);
    }
  });
});

it('no command takes one of them for a profile, a check, an image or a release', () => {
  for (const argv of [
    ['validate', 'x.tar', '--profile', '__proto__'],
    ['validate', 'x.tar', '--profile', 'constructor'],
    ['init', '--release', 'constructor'],
    ['build', 'constructor'],
    ['constructor'],
    ['sandbox', '--faults', 'constructor:1:toString'],
  ]) {
    const { status, stderr } = spawnSync(process.execPath, [PROGRAM, ...argv], {
      cwd: dir,
      encoding: 'utf8',
      timeout: 60_000,
    });
    expect(status, `${argv.join(' ')}: ${stderr}`).toBeOneOf([2, 3]);
    expect(stderr).not.toMatch(/INTERNAL|native code/);
  }
}, 120_000);
