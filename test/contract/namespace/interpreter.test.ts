import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveFolder } from '../../../scripts/archive/serve.ts';
import { CASES, configOf, TWO } from './curtin-cases.ts';
import { type Curtin, makeSources, runCurtin } from './curtin-run.ts';

const INTERPRETER: Curtin = { interpreter: true };
/** Also real curtin, in a checkout of it: DGXOS_MAAS_CURTIN=FOLDER. The results in the table are those of 21.1. */
const CHECKOUT = process.env.DGXOS_MAAS_CURTIN;
const BOTH: [string, Curtin][] = [
  ['the interpreter', INTERPRETER],
  ...(CHECKOUT ? [['curtin itself', { checkout: CHECKOUT }] as [string, Curtin]] : []),
];

let sources: string;
beforeAll(() => {
  sources = mkdtempSync(join(tmpdir(), 'curtin-sources-'));
  makeSources(sources);
});
afterAll(() => rmSync(sources, { recursive: true, force: true }));

describe.each(BOTH)('%s', (_, curtin) => {
  it.each(CASES)('$name', async ({ config, expected }) => {
    const { code, said, files, stderr } = await runCurtin(curtin, configOf(config), sources);
    expect({ code, ...(expected.said && { said }) }, stderr).toEqual({
      code: expected.code ?? 0,
      ...(expected.said && { said: expected.said }),
    });
    expect(files).toEqual(expected.files ?? TWO);
  });

  it.each(['two.tgz', 'two.tar.bz2'])('a source by http: %s', async (name) => {
    const server = await serveFolder(sources);
    try {
      const config = configOf(`sources: {a: {type: tgz, uri: "${server.url}/${name}"}}`);
      const { code, files, stderr } = await runCurtin(curtin, config, sources);
      expect([code, files], stderr).toEqual([0, TWO]);
    } finally {
      server.close();
    }
  });

  it('a source by http that is not there', async () => {
    const config = configOf('sources: {a: {type: tgz, uri: "http://127.0.0.1:1/two.tgz"}}');
    expect(await runCurtin(curtin, config, sources)).toMatchObject({ code: 3, files: {} });
  });
});

describe('before anything runs, the interpreter refuses by its name', () => {
  it.each([
    [
      'lat_commands: {a: "true"}',
      'lat_commands: not known here; accepted are block-meta, curthooks_commands, early_commands, ',
    ],
    ['apt: {sources_list: x}', 'apt: not known here'],
    ['kernel: {package: x}', 'kernel: not known here'],
    ['power_state: {mode: reboot}', 'power_state: not known here'],
    ['reporter: {maas: {}}', 'reporter: not known here'],
    ['install: {umout: disabled}', 'install.umout: not known here; accepted are error_tarfile, '],
    ['install: {unmount: lazy}', "install.unmount: 'lazy' is not known; accepted is disabled"],
    ['install: {resume_data: /x}', 'install.resume_data: not known here'],
    ['stages: late', 'stages: expected a list, found text'],
    ['stages: [early, rinse]', "stages: there are no rinse_commands for 'rinse'"],
    ['late_commands: [[echo, hi]]', 'late_commands: expected a mapping, found a list'],
    ['late_commands: {10: "true"}', 'late_commands.10: expected a name in quotes, found a number'],
    // curtin runs `sh -c command allow_fail` for it, which does nothing and succeeds.
    [
      'late_commands: {a: {command: ["false"], allow_fail: true}}',
      'late_commands.a: expected a list of words or a line for the shell, found a mapping',
    ],
    ['late_commands: {a: [sleep, 600]}', 'late_commands.a[1]: expected text, found a number'],
    [
      'late_commands: {a: 5}',
      'late_commands.a: expected a list of words or a line for the shell, found a number',
    ],
    ['late_commands: {a: "true", a: "false"}', "line 4, column 28: the key 'a' is there twice"],
    [
      'late_commands: {a: [curtin, apt-config]}',
      'late_commands.a: curtin apt-config is not known here; accepted are curtin install, in-target, extract, hook',
    ],
    ['late_commands: {a: "x=1 curtin -v mkfs /dev/none"}', 'late_commands.a: curtin mkfs is not known here'],
    [
      'late_commands: {a: [sh, -c, "curtin curthooks || true"]}',
      'late_commands.a: curtin curthooks is not known here',
    ],
    [
      'network_commands: {a: [ip, link]}',
      'network_commands.a: disks and network are left to MAAS; accepted are ',
    ],
    [
      'partitioning_commands: {a: "sgdisk -Z /dev/sda"}',
      'partitioning_commands.a: disks and network are left to MAAS',
    ],
    ['sources: {}', 'sources: there is none'],
    ['sources: {a: {uri: "file:///x"}}', 'sources.a.type: is missing'],
    [
      'sources: {a: {uri: "file:///x", type: dd-tgz}}',
      "sources.a.type: 'dd-tgz' is not known here; accepted are tgz",
    ],
    ['sources: {a: {uri: "file:///x", type: fsimage}}', "sources.a.type: 'fsimage' is not known here"],
    [
      'sources: {a: {uri: "ftp://x/y", type: tgz}}',
      'sources.a: ftp://x/y is not an address that is known here',
    ],
    ['sources: {a: "dd-xz:http://x/y"}', 'sources.a: dd-xz:http://x/y is not an address'],
    ['sources: {a: /x/filesystem.squashfs}', 'sources.a: /x/filesystem.squashfs is not an address'],
    ['sources: {a: {uri: "file:///x", type: tgz, checksum: y}}', 'sources.a.checksum: not known here'],
    // curtin writes the base64 as it stands.
    [
      'write_files: {a: {path: /x, content: eA==, encoding: b64}}',
      'write_files.a.encoding: not known here; accepted are content, owner, path, permissions, perms',
    ],
    ['write_files: {a: {path: /x, append: true}}', 'write_files.a.append: not known here'],
    ['write_files: {a: {content: x}}', 'write_files.a.path: is missing'],
    ['write_files: {a: {path: /x, content: 5}}', 'write_files.a.content: expected text, found a number'],
    [
      'write_files: {a: {path: /x, content: !!binary eA==}}',
      'write_files.a.content: expected text, found binary data',
    ],
    [
      'write_files: {a: {path: /x, permissions: rw}}',
      'write_files.a.permissions: expected octal digits in quotes',
    ],
    ['write_files: [{path: /x}]', 'write_files: expected a mapping, found a list'],
    [
      'reporting: {a: {type: webhook, endpoint: "http://x/"}}',
      "reporting.a.type: 'webhook' is not known here",
    ],
    ['proxy: "http://x/"', 'proxy: expected a mapping, found text'],
    ['verbosity: loud', "verbosity: expected a number, found 'loud'"],
    ['late_commands: {a: [b}', 'line 4, column '],
    ['- a', 'line 4, column '],
  ])('%s', async (config, message) => {
    const { code, said, files, stderr, console } = await runCurtin(
      INTERPRETER,
      configOf(`${config}\nearly_commands: {"0": echo ran}`),
      sources,
    );
    expect(code).toBe(3);
    expect(stderr).toContain(message);
    expect(console).toEqual([expect.stringMatching(/^namespace: FAILED the curtin configuration: /)]);
    expect([said, files]).toEqual([[], {}]);
  });

  it('everything at once, and what is left to MAAS is reported', async () => {
    const refused = await runCurtin(INTERPRETER, configOf('apt: {}\nkernel: {}'), sources);
    expect(refused.stderr.match(/^curtin: Installation failed: the configuration: /gm)).toHaveLength(2);
    expect(refused.console[0]).toContain('(and 1 more');

    const config = configOf(`storage: {version: 1}
stages: [partitioning, network, extract, curthooks]
late_commands: {a: "true"}
reporting: {a: {type: journald}}`);
    const { code, console } = await runCurtin(INTERPRETER, config, sources);
    expect([code, console]).toEqual([
      0,
      [
        'namespace: storage is left to MAAS, which does it at the deployment',
        'namespace: reporting: the stages are reported here alone',
        'namespace: late_commands: the stage is not in `stages`, so they do not run',
        'namespace: the stage partitioning is left to MAAS, which does it at the deployment',
        'namespace: the stage network is left to MAAS, which does it at the deployment',
        'namespace: extract, builtin',
        'namespace: curthooks, builtin is left to MAAS, which does it at the deployment',
      ],
    ]);
  });

  it('a failure is reported with its key and the end of the output', async () => {
    const config = configOf(`late_commands: {20_x: "echo why; exit 4"}`);
    const { console, stderr } = await runCurtin(INTERPRETER, config, sources);
    expect(console.at(-1)).toBe('namespace: FAILED late_commands.20_x: exit code 4');
    expect(stderr).toBe('curtin: Installation failed: late_commands.20_x: exit code 4\n  why');
  });
});
