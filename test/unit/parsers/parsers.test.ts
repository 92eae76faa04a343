import { describe, expect, it } from 'vitest';
import { parsePasswd, parseShadow, passwordState } from '../../../pipeline/image/parsers/accounts.ts';
import { AptConfig, readAptConf } from '../../../pipeline/image/parsers/apt-conf.ts';
import { parseDeb822Sources, parseSourcesList } from '../../../pipeline/image/parsers/apt-sources.ts';
import { parseAssignments } from '../../../pipeline/image/parsers/assignments.ts';
import { parseCapability } from '../../../pipeline/image/parsers/capability.ts';
import { parseDebconf } from '../../../pipeline/image/parsers/debconf.ts';
import { parseDiversions } from '../../../pipeline/image/parsers/diversions.ts';
import { parseDpkgStatus } from '../../../pipeline/image/parsers/dpkg-status.ts';
import { parseFstab } from '../../../pipeline/image/parsers/fstab.ts';
import { grubChoice, parseGrubCfg } from '../../../pipeline/image/parsers/grub-cfg.ts';
import { genericKernels } from '../../../pipeline/image/parsers/hook-installs.ts';
import { significantLines } from '../../../pipeline/image/parsers/lines.ts';
import { readNetplan } from '../../../pipeline/image/parsers/netplan.ts';
import { parseShebang } from '../../../pipeline/image/parsers/shebang.ts';
import { readSshdConfig } from '../../../pipeline/image/parsers/sshd-config.ts';
import { readSudoers } from '../../../pipeline/image/parsers/sudoers.ts';
import { compareVersions } from '../../../pipeline/image/parsers/version.ts';
import fc from '../../property.ts';

const word = fc.stringMatching(/^[a-z][a-z0-9.+-]{0,12}$/);
/** Text of the characters that mean something to a configuration parser, and any others. */
const noise = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc
    .array(
      fc.constantFrom(
        '\n',
        '\r',
        ' ',
        '\t',
        '#',
        ':',
        '=',
        '"',
        "'",
        '[',
        ']',
        '{',
        '}',
        '\\',
        '*',
        '$',
        'a',
        '0',
        'Match',
        'Include *',
        'deb ',
        'URIs: ',
        'Package: x',
        'Name: ',
        'Value: ',
        'menuentry ',
        '}',
        '#!/',
        'network:',
      ),
      { maxLength: 80 },
    )
    .map((parts) => parts.join('')),
);

describe('every parser', () => {
  const parsers: Record<string, (text: string) => unknown> = {
    parsePasswd,
    parseShadow,
    passwordState,
    aptConf: (text) => readAptConf(text, 'x', new AptConfig(), () => null),
    parseDeb822Sources,
    parseSourcesList,
    parseAssignments,
    parseDebconf,
    parseDiversions,
    parseDpkgStatus,
    parseFstab,
    parseGrubCfg,
    genericKernels,
    significantLines,
    sudoers: (text) => readSudoers({ text: () => text, list: () => [] }),
    readNetplan,
    grub: (text) => grubChoice(parseGrubCfg(text), text.slice(0, 10)),
    sshd: (text) => readSshdConfig({ text: () => `Include *\n${text}`, glob: (pattern) => [pattern] }),
    shebang: (text) => parseShebang(Buffer.from(text)),
    capability: (text) => parseCapability(Buffer.from(text)),
  };
  it.each(Object.entries(parsers))('%s takes any text without an error', async (_name, parse) => {
    await fc.assert(
      fc.asyncProperty(noise, async (text) => {
        await parse(text);
      }),
    );
  });

  it.each(Object.entries(parsers))(
    '%s takes half a megabyte of one character in short time',
    async (_name, parse) => {
      for (const unit of [' ', '\n', '\\\n', '"', '[', '{', 'a', ':', '=', '#', '\t\n', '* ', "'"]) {
        // Processor time: how long it takes by the clock depends on what else the host does.
        const before = process.cpuUsage();
        await parse(unit.repeat(Math.floor(500_000 / unit.length)));
        const { user, system } = process.cpuUsage(before);
        expect(user + system, JSON.stringify(unit)).toBeLessThan(3_000_000);
      }
    },
  );
});

describe('dpkg status', () => {
  it('gives back what was written', () => {
    const entry = fc.record({
      name: word,
      version: word,
      arch: fc.constantFrom('amd64', 'all'),
      description: fc.constantFrom('x', 'x\n .\n Package: other\n Status: bad'),
    });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 20 }), (entries) => {
        const text = entries
          .map(
            (e) =>
              `Package: ${e.name}\nStatus: install ok installed\nArchitecture: ${e.arch}\nVersion: ${e.version}\nDescription: ${e.description}\n`,
          )
          .join('\n');
        expect(parseDpkgStatus(text)).toEqual(
          entries.map(({ name, version, arch }) => ({ name, version, arch, status: 'ii' })),
        );
      }),
    );
  });

  it.each([
    ['install ok installed', 'ii'],
    ['hold ok installed', 'hi'],
    ['deinstall ok config-files', 'rc'],
    ['install ok unpacked', 'iU'],
    ['install ok half-configured', 'iF'],
    ['install ok half-installed', 'iH'],
    ['install ok triggers-awaited', 'iW'],
    ['install ok triggers-pending', 'it'],
    ['install reinstreq half-installed', 'iHR'],
    ['', '??R'],
  ])('knows %s as %s', (status, short) => {
    expect(parseDpkgStatus(`Package: a\nStatus: ${status}\n`)[0]?.status).toBe(short);
  });

  it('leaves out what is not installed', () => {
    expect(parseDpkgStatus('Package: a\nStatus: purge ok not-installed\n')).toEqual([]);
  });
});

describe('assignments', () => {
  it('undo what a shell would quote', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii', maxLength: 40 }), (value) => {
        const quoted = `"${value.replace(/[\\"$`]/g, '\\$&')}"`;
        expect(parseAssignments(`A=${quoted}\n`).get('A')).toBe(value);
      }),
    );
  });

  it('take single quotes, comments, the last of two', () => {
    expect([...parseAssignments("# A=0\nA='x y'\nexport B=c\r\nA=2\nno\n")]).toEqual([
      ['A', '2'],
      ['B', 'c'],
    ]);
  });
});

describe('accounts', () => {
  it.each([
    ['', { state: 'none' }],
    ['*', { state: 'locked' }],
    ['!', { state: 'locked' }],
    ['!$6$a$b', { state: 'locked' }],
    ['x', { state: 'locked' }],
    ['$6$a$b', { state: 'usable', scheme: 'sha512crypt' }],
    ['$y$j9T$a$b', { state: 'usable', scheme: 'yescrypt' }],
    ['abcdefghijklm', { state: 'usable', scheme: 'DES' }],
    ['$new$a', { state: 'usable', scheme: 'an unknown scheme' }],
  ])('the field %j', (field, state) => {
    expect(passwordState(field)).toEqual(state);
  });

  it('take the first line of a name, as the C library does', () => {
    expect(parseShadow('a::1\na:!:1\n').get('a')).toEqual({ state: 'none' });
    const others = 'bad\n#x:x:0:0\n+::::::\na:x:1:no::/:/bin/sh\nb:x:no:1::/:/bin/sh\n';
    expect(parsePasswd(`root:x:0:0:r:/root:/bin/sh\n${others}`)).toEqual([
      { name: 'root', password: 'x', uid: 0, gid: 0, home: '/root', shell: '/bin/sh' },
    ]);
  });
});

describe('smaller parsers', () => {
  it('diversions: three lines each', () => {
    expect(parseDiversions('/a\n/b\np\n/c\n/d\n')).toEqual([{ from: '/a', to: '/b', package: 'p' }]);
  });

  it('debconf: values by question', () => {
    expect([
      ...parseDebconf('Name: a/b\nTemplate: a/b\nValue: x y\nOwners: z\n\nName: c\n\nValue: lost\n'),
    ]).toEqual([['a/b', 'x y']]);
  });

  it('shebang', () => {
    const first = (line: string) => parseShebang(Buffer.from(`${line}\nrest`));
    expect(first('#!/bin/bash -e')).toEqual({ interpreter: '/bin/bash', program: 'bash' });
    expect(first('#! /usr/bin/env python3')).toEqual({ interpreter: '/usr/bin/env', program: 'python3' });
    expect(first('#!/usr/bin/env -S bash -e')).toEqual({ interpreter: '/usr/bin/env', program: 'bash' });
    for (const bad of [
      '',
      'echo',
      '#!bash',
      '#!/bin/sh\r',
      '#!',
      '#!/usr/bin/env',
      '#!/usr/bin/env bash -e',
      '\ufeff#!/bin/sh',
    ])
      expect(first(bad), bad).toBeTypeOf('string');
  });

  it('capabilities as getcap says them; what was decoded as text is none', () => {
    const value = Buffer.from('0100000200200000000000000000000000000000', 'hex');
    expect(parseCapability(value)).toEqual({ text: 'cap_net_raw=ep', rootId: 0, any: true });
    expect(parseCapability(Buffer.from('01000002003000000000000000000000000000ff', 'hex'))?.text).toBe(
      'cap_net_admin,cap_net_raw=ep 56,57,58,59,60,61,62,63+ei',
    );
    expect(parseCapability(value.subarray(0, 12))).toBeNull();
    const high = Buffer.from('010000020000000000000000ff00000000000000', 'hex');
    expect(parseCapability(Buffer.from(high.toString('utf8')))).toBeNull();
  });

  it('hooks: generic kernels, neither in comments nor in docstrings nor when removed', () => {
    const lines = (text: string) => genericKernels(text).map((l) => l.line);
    expect(lines('apt-get install -y \\\n  linux-generic-hwe-20.04\n')).toEqual([1]);
    expect(lines('# install linux-generic\napt-get purge linux-generic\necho linux-generic\n')).toEqual([]);
    expect(
      lines(
        '"""curtin would install\nlinux-generic"""\nconfig["kernel"] = {"package": "linux-image-generic"}\n',
      ),
    ).toEqual([3]);
  });
});

describe('versions', () => {
  it('are ordered as by dpkg', () => {
    const sorted = [
      '1.0~rc1',
      '1.0',
      '1.0-1',
      '5.4.0-9-generic',
      '5.4.0-42-generic',
      '5.4.0-125-generic',
      '5.15.0-1-generic',
    ];
    for (let i = 0; i < sorted.length; i++)
      for (let j = 0; j < sorted.length; j++)
        expect(Math.sign(compareVersions(sorted[i]!, sorted[j]!)), `${sorted[i]} ${sorted[j]}`).toBe(
          Math.sign(i - j),
        );
  });

  it('are an order', () => {
    const version = fc.stringMatching(/^[0-9a-z.~+-]{0,8}$/);
    fc.assert(
      fc.property(
        version,
        version,
        (a, b) =>
          Math.sign(compareVersions(a, b)) === -Math.sign(compareVersions(b, a)) ||
          compareVersions(a, b) === 0,
      ),
    );
  });
});
