import { describe, expect, it } from 'vitest';
import { AptConfig, readAptConf } from '../../../pipeline/image/parsers/apt-conf.ts';
import { parseAptSources } from '../../../pipeline/image/parsers/apt-sources.ts';
import { parseCapability } from '../../../pipeline/image/parsers/capability.ts';
import { aptState } from '../../../pipeline/image/parsers/dpkg-status.ts';
import { datasourceList, dsIdentifyConfig } from '../../../pipeline/image/parsers/ds-identify.ts';
import { bootEffect, mountSource } from '../../../pipeline/image/parsers/fstab.ts';
import { grubChoice, parseGrubCfg } from '../../../pipeline/image/parsers/grub-cfg.ts';
import { grubMenu } from '../../../pipeline/image/parsers/grub-menu.ts';
import { parseGrubenv } from '../../../pipeline/image/parsers/grubenv.ts';
import { authority, hostScope } from '../../../pipeline/image/parsers/hosts.ts';
import {
  curlProxies,
  environmentProxies,
  iniProxies,
  jsonProxies,
  pamEnvironmentProxies,
  unitProxies,
  withoutLogin,
  yamlProxies,
} from '../../../pipeline/image/parsers/proxy-settings.ts';
import { shellAssignments } from '../../../pipeline/image/parsers/shell-assignments.ts';
import { variableChanges } from '../../../pipeline/image/parsers/shell-variables.ts';
import { patternListMatches, readSshdConfig } from '../../../pipeline/image/parsers/sshd-config.ts';
import { readSudoers } from '../../../pipeline/image/parsers/sudoers.ts';
import { parseUnit, unitWords } from '../../../pipeline/image/parsers/systemd-unit.ts';

const sshd = (text: string) => readSshdConfig({ text: () => text, glob: () => [] });
const sudoers = (text: string) => readSudoers({ text: () => text, list: () => [] });

describe('a line of sshd_config', () => {
  // As sshd -T (OpenSSH 9.2p1) prints them for Banner.
  it.each<[string, string[]]>([
    ["Banner a\\'b", ["a'b"]],
    ['Banner a\\"b', ['a"b']],
    ['Banner a\\\\b', ['a\\b']],
    ['Banner a\\ b', ['a b']],
    ['Banner "a\\ b"', ['a\\ b']],
    ['Banner a\\nb', ['a\\nb']],
    ['Banner a\\', ['a\\']],
    ['Banner "a\\"b"', ['a"b']],
    ["Banner 'a\"b'", ['a"b']],
    ['Banner "a\'b"c', ["a'bc"]],
    ['Banner\ta #b', ['a']],
    ['Banner a\t#b', ['a']],
    ['Banner a#b', ['a#b']],
    ['Banner  =  a', ['a']],
  ])('%j has the words %j', (line, values) => {
    expect(sshd(`${line}\n`).settings.map((setting) => setting.values)).toEqual([values]);
  });

  // So does it refuse the same of these; it knows Invalid-User from 9.9 on.
  it.each<[string, string[] | null]>([
    ['Match User a # b', ['user a']],
    ['Match User a Host b', ['user a', 'host b']],
    ['Match all # b', []],
    ['Match all', []],
    ['Match Invalid-User', ['invalid-user ']],
    ['Match # b', null],
    ['Match User # b', null],
    ['Match User ""', null],
    ['Match User a all', null],
    ['Match all User a', null],
  ])('%j has the criteria %j', (line, criteria) => {
    const { settings, problems } = sshd(`${line}\nBanner x\n`);
    if (criteria === null) expect(problems).toMatchObject([{ line: 1 }]);
    else
      expect(settings[0]!.match?.map(({ criterion, argument }) => `${criterion} ${argument}`)).toEqual(
        criteria,
      );
  });

  it.each([
    ['\f', 1],
    [' \t\r', 0],
    ['', 0],
    ['#', 0],
    ['"" Banner', 1],
    ['""', 0],
  ])('%j stops sshd: %i', (line, problems) => {
    expect(sshd(`${line}\n`).problems).toHaveLength(problems);
  });

  it.each<[string, boolean]>([
    ['a', true],
    ['b', false],
    ['*', true],
    ['!a,*', false],
    ['*,!a', false],
    ['!b,*', true],
    ['!b', false],
  ])('the list %j takes a: %s', (list, taken) => {
    expect(patternListMatches(list, 'a')).toBe(taken);
  });
});

// As cvtsudoers (1.9.13) has them.
describe('a line of sudoers', () => {
  const rule = (text: string) =>
    sudoers(text).rules.map(({ users, commands }) =>
      [
        ...users.map((u) => `${u.negated ? '!' : ''}${u.text}`),
        ...commands.map((c) => `${c.negated ? '!' : ''}${c.text}`),
      ].join('|'),
    );
  it.each<[string, string[]]>([
    ['bob ALL=TIMEOUT="5" /bin/a\n', ['bob|/bin/a']],
    ['bob ALL=TIMEOUT=5 /bin/a\n', ['bob|/bin/a']],
    ['bob ALL=TIMEOUT= , /bin/a\n', []],
    ['bob ALL=sha224:abc= /bin/a\n', ['bob|/bin/a']],
    ['bob ALL=sha224:abc=, sha224:abd= /bin/a\n', ['bob|/bin/a']],
    ['bob ALL=sha224:, /bin/a\n', []],
    ['"a\\"b" ALL=/bin/a\n', ['a"b|/bin/a']],
    ['"a b" ALL=/bin/a\n', ['a b|/bin/a']],
    ['"" ALL=/bin/a\n', []],
    ['"a ALL=/bin/a\n', []],
    ['"a\\\n  b" ALL=/bin/a\n', ['ab|/bin/a']],
    ['bob ALL=/bin/a ^b.c$\n', ['bob|/bin/a ^b.c$']],
    ['bob ALL=/bin/a ^b\n', []],
    ['bob ALL=/bin/a \\*\\:\\,\\=\\ \\#\n', ['bob|/bin/a \\*:,= #']],
    ['bob ALL=/bin/a \\x\n', []],
    ['bob ALL=/bin/a \\', []],
    ['bob ALL=/bin/a b=c\n', ['bob|/bin/a b=c']],
    ['bob ALL=/bin/a b=,/bin/c\n', ['bob|/bin/a b=|/bin/c']],
    ['bob ALL=/bin/a =\n', []],
    ['bob ALL=/bin/a =b\n', ['bob|/bin/a =b']],
    // CR LF ends a line of sudo's, but not after a command or its words.
    ['bob ALL=/bin/a, !/bin/b\r\n', []],
    ['bob ALL=/bin/a b\r\n', []],
    ['bob ALL=^/bin/a$\r\n', []],
    ['bob ALL=sudoedit\r\n', []],
    ['bob ALL=/bin/a, ALL\r\n', ['bob|/bin/a|ALL']],
    ['bob ALL=/bin/\r\n', ['bob|/bin/']],
    ['bob ALL=/bin/a ^b$\r\n', ['bob|/bin/a ^b$']],
    ['bob ALL=/bin/a # c\r\n', ['bob|/bin/a']],
    ['bob ALL=/bin/a ^b$ c\n', []],
    ['bob ALL=/bin/a # c\n', ['bob|/bin/a']],
    ['#1000 ALL=/bin/a\n', ['#1000|/bin/a']],
    ['!!bob ALL=/bin/a\n', ['bob|/bin/a']],
    ['!bob, al ALL=/bin/a\n', ['!bob|al|/bin/a']],
    ['bob ALL=/bin/\n', ['bob|/bin/']],
    ['User_Alias = bob\n', []],
    ['Cmnd_Alias A\n', []],
    ['@include\n', []],
    ['bob ALL=/bin/a', ['bob|/bin/a']],
    ['bob ALL=\\\n /bin/a\n', ['bob|/bin/a']],
  ])('%j has the rules %j', (text, rules) => {
    const found = rule(text);
    expect([found, sudoers(text).errors.length]).toEqual([rules, rules.length === 0 ? 1 : 0]);
  });

  it('has its own number, whatever is continued before it', () => {
    const { rules, errors } = sudoers('# a \\\nbob ALL=/a\nal ALL=\\\n/b\nbad\n\ncy ALL=/c\n');
    expect([rules.map(({ line }) => line), errors.map(({ line }) => line)]).toEqual([[2, 3, 7], [5]]);
  });

  it('keeps the first definition of an alias', () => {
    const { aliases } = sudoers('User_Alias A = bob : B = cy\nUser_Alias A = al\n');
    expect([...aliases.user].map(([name, members]) => `${name} ${members[0]!.text}`)).toEqual([
      'A bob',
      'B cy',
    ]);
  });

  it.each<[string, number, string[]]>([
    ['@include /etc/b\nal ALL=/a\n', 2, ['etc/b', 'etc/sudoers']],
    ['#include b\n', 1, ['etc/b']],
    [' #include b\n', 0, []],
    ['@include "b"\n', 1, ['etc/b']],
    ['@includedir /etc/d\n', 2, ['etc/d/0', 'etc/d/a']],
    ['@includedir d/\n', 2, ['etc/d/0', 'etc/d/a']],
  ])('%j reads other files', (text, count, files) => {
    const { rules, errors } = readSudoers({
      text: (path) => (path === 'etc/sudoers' ? text : 'bob ALL=/b\n'),
      list: (folder) => (folder.replace(/\/$/, '') === 'etc/d' ? ['a', '0', 'b.c', 'd~'] : []),
    });
    expect([rules.length, rules.map(({ file }) => file), errors]).toEqual([count, files, []]);
  });

  it('leaves errors of the reader itself alone', () => {
    const text = (path: string) => {
      if (path === 'etc/b') throw new Error('no memory');
      return '@include b\n';
    };
    expect(() => readSudoers({ text, list: () => [] })).toThrow('no memory');
  });

  it('has a bound for files and characters', () => {
    const wide = (files: number, text = '') =>
      readSudoers({
        text: (path) => (path === 'etc/sudoers' ? '@includedir d\n' : text),
        list: () => Array.from({ length: files }, (_, i) => `f${i}`),
      }).whole;
    const [main, most] = ['@includedir d\n'.length, 512 << 10];
    expect([
      wide(999),
      wide(1000),
      wide(1, ' '.repeat(most - main)),
      wide(1, ' '.repeat(most - main + 1)),
    ]).toEqual([true, false, true, false]);
  });
});

describe('sources of apt', () => {
  const said = (text: string, name = 'a.list') => {
    const { sources, problem } = parseAptSources(text, name);
    return [
      ...sources.map(({ types, uris, suites, options }) =>
        [types, uris, suites, [...options].map(([k, v]) => `${k}=${v}`)]
          .map((words) => words.join(' '))
          .join('|'),
      ),
      ...(problem ? [`${problem.line}: ${problem.text}`] : []),
    ];
  };
  const WRONG = '1: an option that is not name=value';
  // Refused is what apt-get update (2.6.2) refuses.
  it.each<[string, string[]]>([
    ['deb http://x s main', ['deb|http://x|s|']],
    ['deb [ a=b ] http://x s main', ['deb|http://x|s|a=b']],
    ['deb [a=b] http://x s main', ['deb|http://x|s|a=b']],
    ['deb [a=b c=d]http://x s main', [WRONG]],
    ['deb [ a= ] http://x s main', [WRONG]],
    ['deb [ =ab ] http://x s main', [WRONG]],
    ['deb [ abc ] http://x s main', [WRONG]],
    ['deb [ a ] http://x s main', [WRONG]],
    ['deb [ a=b', [WRONG]],
    ['deb [ a=b%5D http://x s main', [WRONG]],
    ['deb [] http://x s main', ['deb|http://x|s|']],
    ['deb', ['1: a type and nothing behind it']],
    ['rpm http://x s main', ['1: apt knows no type "rpm"']],
    ['deb http://x', ['1: no URI or no suite']],
    ['deb x s main', ['1: "x" is not a URI']],
    ['deb http://x s', ['1: no component']],
    ['deb http://x s/', ['deb|http://x|s/|']],
    ['deb http://x s/ main', ['1: components behind a suite that ends in /']],
    ['deb [a=b#c] http://x s main # y', ['deb|http://x|s|a=b#c']],
    ['#deb', []],
    ['deb-src\thttp://x\ts\tmain', ['deb-src|http://x|s|']],
  ])('%j in one line', (text, expected) => {
    expect(said(text)).toEqual(expected);
  });

  it.each<[string, string[]]>([
    ['Types: deb\nURIs: http://x\nSuites: s\nComponents: main\n', ['deb|http://x|s|']],
    ['Types: deb\nURIs: http://x\nSuites: s\n', ['1: a stanza without Components']],
    [
      'Types: deb\nURIs: http://x\nSuites: s/\nComponents: main\n',
      ['1: Components with a suite that ends in /'],
    ],
    ['Types: deb\nURIs: http://x\nSuites: s/\n', ['deb|http://x|s/|']],
    ['Types: deb\nURIs: http://x\nSuites: a/ b\n', ['1: a stanza without Components']],
    ['\n\nTypes: rpm\n', ['3: apt knows no type "rpm"']],
    ['URIs: http://x\n', ['1: a stanza without Types']],
    ['Types:\nURIs: http://x\n', []],
    ['Enabled: no\nTypes: deb\n', []],
    ['Types: deb\nSuites: s\n', ['1: a stanza without URIs or Suites']],
    ['Types: deb\nURIs: http://x\n', ['1: a stanza without URIs or Suites']],
    ['Types: deb\nURIs: x\nSuites: s\nComponents: m\n', ['1: "x" is not a URI']],
    ['Types: deb\nURIs:\n http://x\n http://y\nSuites: s\nComponents: m', ['deb|http://x http://y|s|']],
    ['nothing\n', ['1: a line that is not a field']],
    [' \n# c\n\nTypes: rpm\n', ['4: apt knows no type "rpm"']],
    [
      'Types: deb\nURIs: http://x\nSuites: s\nComponents: m\nTrusted: yes\nSigned-By: k\nAllow-Weak: yes\n',
      ['deb|http://x|s|trusted=yes signed-by=k'],
    ],
  ])('%j in stanzas', (text, expected) => {
    expect(said(text, 'a.sources')).toEqual(expected);
  });
});

describe('settings of apt', () => {
  const said = (text: string) => {
    const config = new AptConfig();
    const problem = readAptConf(text, 'x', config, () => null);
    return problem
      ? `${problem.line}: ${problem.text}`
      : [...config.settings()].map(({ name, value }) => `${name}=${value}`);
  };
  const OPEN = 'a quote or bracket is not closed';
  // As apt-config dump (2.6.2) has them behind its own.
  it.each<[string, string[] | string]>([
    ['A "1"; #clear B;', ['A=1']],
    ['A { B "1"; }; #clear A::B;', ['A=', 'A::B=']],
    ['#x-apt-configure-index "1";', []],
    ['#cleared "1";', '1: #cleared is not a directive'],
    ['A { "1"; "2"; };', ['A=', 'A::=1', 'A::=2']],
    ['A "b\nc";', '2: there is text without a ; at the end'],
    ['A "b\n;', `2: there is more behind the value`],
    ['A"b\n;', `2: ${OPEN}`],
    ['A\n"1";', ['A=1']],
    ['A "1" ;; B "2";', ['A=1', 'B=2']],
    ['A "//"; // B "2";', ['A=//']],
    ['A "#"; # B "2";', ['A=#']],
    ['A "/*"; /* B "2"; */ C "3";', ['A=/*', 'C=3']],
    ['/* a\n b */ A "1";', ['A=1']],
    ['*/ A "1";', '1: there is more behind the value'],
    ['/**/A "1";', ['A=1']],
    ['/*/A "1";', []],
    ['A::B::C "1";', ['A=', 'A::B=', 'A::B::C=1']],
    ['A { B "1"; }', ['A=', 'A::B=1']],
    ['} A "1";', ['A=1']],
    ['A "x" { B "1"; };', ['A=x', 'A::B=1']],
  ])('%j', (text, expected) => {
    expect(said(text)).toEqual(expected);
  });

  it('are twenty thousand at most', () => {
    const config = new AptConfig();
    for (let i = 0; i < 20_000; i++) config.set(`n${i}`, '1', 'x', 1);
    expect([...config.settings()]).toHaveLength(20_000);
    expect(readAptConf('one "more";', 'x', config, () => null)).toEqual({
      ...{ file: 'x', line: 1 },
      text: 'there are more settings than can be followed',
    });
  });
});

describe('hosts and their addresses', () => {
  it.each<[string, 'build' | 'private' | null]>([
    ['localhost', 'build'],
    ['a.localhost.', 'build'],
    ['[::1]', 'build'],
    ['0.0.0.0', 'build'],
    ['10.0.2.2', 'build'],
    ['fe80::1', 'build'],
    ['10.1.2.3', 'private'],
    ['100.64.0.1', 'private'],
    ['fd00::1', 'private'],
    ['mirror', 'private'],
    ['mirror.example.com', null],
    ['8.8.8.8', null],
    ['2001:4860:4860::8888', null],
  ])('%s: %s', (host, scope) => {
    expect(hostScope(host)).toBe(scope);
  });

  it.each<[string, ReturnType<typeof authority>]>([
    ['http://h', { host: 'h', password: false }],
    ['http://h:80/x', { host: 'h', password: false }],
    ['http://u:p@h:80/x', { host: 'h', password: true }],
    ['http://u@h', { host: 'h', password: false }],
    ['http://@h', { host: 'h', password: false }],
    ['http://:@h', { host: 'h', password: true }],
    ['http://[::1]:80/', { host: '[::1]', password: false }],
    ['http://:80', { host: '', password: false }],
    ['http:///x', { host: '', password: false }],
    ['://h', { host: 'h', password: false }],
    ['h/x', null],
    ['file:/x', null],
  ])('%s: %j', (uri, expected) => {
    expect(authority(uri)).toEqual(expected);
  });
});

describe('proxies', () => {
  const short = (found: readonly { line: number; name: string; value: string }[]) =>
    found.map(({ line, name, value }) => `${line} ${name} ${value}`);

  it.each([
    ['h:1', 'h:1'],
    ['u:p@h:1', '***@h:1'],
    ['http://u:p@h:1', 'http://***@h:1'],
    ['://u@h', '://***@h'],
    ['@h', '***@h'],
    ['u@h://x', '***@h://x'],
    ['http://a@b@h', 'http://***@h'],
  ])('%s without its login is %s', (value, expected) => {
    expect(withoutLogin(value)).toBe(expected);
  });

  it.each<[string, string, string[]]>([
    ['section', '[a]\nproxy = x', ['2 a.proxy x']],
    ['section and setting in one line', '[a] proxy = x', ['1 a.proxy x']],
    ['section that is not closed', '[a\nproxy = x', ['2 a.proxy x']],
    ['section with a comment', '[a]#b=c\nproxy = x', ['2 a.proxy x']],
    ['two brackets', '[[a]]\nproxy: x', ['2 a.proxy x']],
    ['no section', 'proxy=x', ['1 proxy x']],
    ['no name', '=x\n:y', []],
    ['no sign', 'proxy x', []],
    ['the last of two', 'proxy=x\nproxy=y', ['2 proxy y']],
    ['quotes', 'proxy="x # y" # z\nb=\'x', ['1 proxy x # y', '2 b x']],
    ['comments', 'proxy=x # y\nb=x#y\n# c=x\n; d=x\ne=x ; y', ['1 proxy x', '2 b x#y', '5 e x']],
    ['none', 'proxy=none\nb=', []],
  ])('keys in sections: %s', (_what, text, expected) => {
    expect(short(iniProxies(text, () => true))).toEqual(expected);
  });

  it.each<[string, string[]]>([
    ['proxy: http://p:1', ['1 proxy http://p:1']],
    ['a: {http_proxy: x, no_proxy: y}', ['1 http_proxy x']],
    [
      'proxy_servers: {http: http://p:1, https: "http://q"}',
      ['1 proxy_servers.http http://p:1', '1 proxy_servers.https http://q'],
    ],
    ['a: {http: http://p:1}', []],
    [
      'proxy_servers: # c\n  http: x\n  https: y # z\nhttp: v',
      ['2 proxy_servers.http x', '3 proxy_servers.https y'],
    ],
    ['  proxy_servers:\n  http: x', []],
    ['proxy_servers:\n - x', []],
    ['proxy: {a: b}', []],
  ])('of YAML: %j', (text, expected) => {
    expect(short(yamlProxies(text))).toEqual(expected);
  });

  it.each<[string, string[]]>([
    ['{"a": {"b": "x"}}', ['1 a.b x']],
    ['{"a": ["x", "y"]}', ['1 a x', '1 a y']],
    ['{"a": null, "b": 1}', []],
    ['"x"', ['1  x']],
    ['{', []],
    [`${'{"a":'.repeat(8)}"x"${'}'.repeat(8)}`, ['1 a.a.a.a.a.a.a.a x']],
    [`${'{"a":'.repeat(9)}"x"${'}'.repeat(9)}`, []],
  ])('of JSON: %j', (text, expected) => {
    expect(short(jsonProxies(text, () => true))).toEqual(expected);
  });

  it.each<[string, string[]]>([
    ['http_proxy=x', ['1 http_proxy x']],
    ['export  http_proxy="x"', ['1 http_proxy x']],
    ['=x\nhttp_proxy', []],
    ['HTTPS_PROXY=x\nHTTPS_PROXY=y', ['2 HTTPS_PROXY y']],
    ['no_proxy=x', []],
  ])('of an environment: %j', (text, expected) => {
    expect(short(environmentProxies(text))).toEqual(expected);
  });

  it.each<[string, string[]]>([
    ['http_proxy DEFAULT=x', ['1 http_proxy x']],
    ['http_proxy DEFAULT=${A} OVERRIDE=x', ['1 http_proxy x']],
    ['http_proxy OVERRIDE=@{A}', []],
    ['http_proxy x', []],
    ['PATH DEFAULT=x', []],
  ])('of pam_env.conf: %j', (text, expected) => {
    expect(short(pamEnvironmentProxies(text))).toEqual(expected);
  });

  it.each<[string, string[]]>([
    ['[Service]\nEnvironment=http_proxy=x "https_proxy=y" A=b', ['2 http_proxy x', '2 https_proxy y']],
    ['Environment=http_proxy=x\nEnvironment=\n', []],
    ['DefaultEnvironment=http_proxy=x', ['1 http_proxy x']],
    ['ManagerEnvironment=http_proxy=x', ['1 http_proxy x']],
    ['PassEnvironment=http_proxy=x', []],
    ['Environment==x', []],
  ])('of units: %j', (text, expected) => {
    expect(short(unitProxies(text))).toEqual(expected);
  });

  it.each<[string, string[]]>([
    ['proxy = "x"', ['1 proxy x']],
    ['--proxy x', ['1 proxy x']],
    ['-x x', ['1 proxy x']],
    ['socks5-hostname=x', ['1 socks5-hostname x']],
    ['-x', []],
    ['# proxy=x', []],
  ])('of curl: %j', (text, expected) => {
    expect(short(curlProxies(text))).toEqual(expected);
  });
});

describe('ds-identify', () => {
  const list = (text: string, reading: 'read' | 'grep') => {
    const found = datasourceList([{ path: 'a', text }], reading);
    return found && (found.builtIn ? 'built in' : found.names.join(' '));
  };
  // As the scripts of 24.1 (`read`) and 24.2 (`grep`) have DI_DSLIST.
  it.each<[string, string | null, string | null]>([
    ['datasource_list: [ A, B ]\n', 'A B', 'A B'],
    ['datasource_list: [ A, B ]', null, 'A B'],
    ['datasource_list: [ A ] # c\n', 'A ]', 'A'],
    ['#datasource_list: [ A ]\n', null, null],
    ['datasource_list:\n', 'built in', 'built in'],
    ['datasource_list: []\n', 'built in', 'built in'],
    ['datasource_list: [ "A", \'B\', ]\n', 'A B', 'A B'],
    ['\t datasource_list: [ A ] \t\n', 'A', 'A'],
    ['datasource_list: [ A ]\\\n', null, 'A ]\\'],
    ['datasource_\\\nlist: [ A ]\n', 'A', null],
    ['\\\\\\\ndatasource_list: [ A ]\n', null, 'A'],
    ['"datasource_list" : [ A ]\n', null, 'A'],
    ['datasource_list\t: [ A ]\n', null, 'A'],
    ['datasource_list\n', null, null],
    ['xdatasource_listx datasource_list: [ A ]\n', null, 'A'],
    ['datasource_list: [ A ]\ndatasource_list: [ B ]\n', 'B', 'B'],
  ])('%j', (text, byRead, byGrep) => {
    expect([list(text, 'read'), list(text, 'grep')]).toEqual([byRead, byGrep]);
  });

  it.each<[string, string | null]>([
    ['policy: a\n', 'a'],
    [' \t\npolicy: a\n', 'a'],
    [': x\npolicy\n', null],
    ["policy: 'a'\n", 'a'],
    ["policy: '\n", "'"],
    ['policy: "a\'\n', '"a\''],
    ['policy: a # b\n', 'a'],
  ])('has in %j the policy %j', (text, policy) => {
    expect(dsIdentifyConfig(text).policy).toBe(policy);
  });
});

describe('smaller readers', () => {
  it('variables of grub have a name', () => {
    expect([...parseGrubenv('# c=d\n=x\na=b\\\\c\nb\n\nc=\n')]).toEqual([
      ['a', 'b\\c'],
      ['c', ''],
    ]);
  });

  it('settings of a unit have a key, and comments may stand in a continued line', () => {
    expect(
      parseUnit('[A]\n=x\nB=1 \\\n# c\n  2\n;C=3\n[D\nE=4\n[=F]\nG=5\\').map(
        ({ line, section, key, value }) => `${line} ${section} ${key} ${value}`,
      ),
    ).toEqual(['3 A B 1  2', '8 D E 4', '10 =F G 5']);
  });

  it.each<[string, string[]]>([
    ['a  b\tc', ['a', 'b', 'c']],
    ['a\\ b', ['a b']],
    ['a\\', ['a\\']],
    ['"a b"c', ['a bc']],
    ['"a\'b" \'c"d\'', ["a'b", 'c"d']],
    ['""', ['']],
    ['a\rb\nc', ['a', 'b', 'c']],
    [' ', []],
  ])('words of a unit: %j', (text, words) => {
    expect(unitWords(text)).toEqual(words);
  });

  it.each<[string, string]>([
    ['menuentry a { linux /vmlinuz-1 }', 'a null 1'],
    ['menuentry a {\n}\n', 'a null null'],
    ['menuentry a --id b {\nlinux /boot/vmlinuz-1 x\n}\n', 'a b 1'],
    ['menuentry a $menuentry_id_option b {\nlinux16 kernel-2\n}\n', 'a b 2'],
    ['menuentry a --id=b {\nlinuxefi vmlinux-3.efi.signed\n}\n', 'a b 3'],
    ['menuentry a --id {\ninitrd vmlinuz-1\n}\n', 'a null null'],
    ['menuentry "a \\"b" {\nlinux vmlinuz-1\nlinux vmlinuz-2\n}\n', 'a "b null 1'],
    ["menuentry 'a\\' {\n}\n", 'a\\ null null'],
    ['menuentry a\\ b {;}\n', 'a b null null'],
    ['# menuentry x {\nmenuentry a {\n}\n# c', 'a null null'],
    ["menuentry 'a", ''],
    ['menuentry a "{"\n', ''],
    ['if x {\nmenuentry a {\n}\n}\nlinux vmlinuz-9\n', 'a null null'],
    ['menuentry a {\n}\nlinux vmlinuz-9\n', 'a null null'],
    ['menuentry a {\nif x {\n}\nlinux vmlinuz-9\n}\n', 'a null 9'],
  ])('an entry of grub.cfg: %j', (text, expected) => {
    expect(
      parseGrubCfg(text)
        .map(({ title, id, kernel }) => `${title} ${id} ${kernel}`)
        .join(', '),
    ).toBe(expected);
  });

  it.each<[string, string | null, boolean]>([
    ['', '1', true],
    ['0', '1', true],
    ['1', '2', true],
    ['2', '3', true],
    ['3', '1', false],
    ['0x1', '2', true],
    ['01', '2', true],
    ['02', '3', true],
    ['1abc', '2', true],
    ['b', '2', true],
    ['i', '1', true],
    ['x', '1', false],
    ['2>0', '3', true],
    ['2>1', '4', true],
    ['2>2', '3', false],
    ['2>', '3', true],
    ['s>>t>d', '4', true],
    ['s>t', '1', false],
    ['1>5', '2', true],
  ])('%j of a menu of grub', (wanted, kernel, found) => {
    const one = (title: string, kernel: string, id: string | null = null) => ({
      title,
      id,
      kernel,
      entries: null,
    });
    const menu = [
      one('a', '1', 'i'),
      one('b', '2'),
      { title: 's>t', id: null, kernel: null, entries: [one('c', '3'), one('d', '4')] },
    ];
    const choice = grubChoice(menu, wanted);
    expect([choice.entry?.kernel ?? null, choice.found]).toEqual([kernel, found]);
  });

  it('nothing of an empty menu of grub', () => {
    expect(grubChoice([], '')).toEqual({ entry: null, found: false });
    const empty = { title: 's', id: null, kernel: null, entries: [] };
    expect(grubChoice([empty], 's>x')).toEqual({ entry: null, found: false });
  });

  it.each<[Record<string, string>, string[]]>([
    [{}, ['9', '9', '9', '5', '5']],
    [{ GRUB_TOP_LEVEL: '/boot/vmlinuz-5' }, ['5', '5', '5', '9', '9']],
    [{ GRUB_TOP_LEVEL: '/boot/vmlinuz-9' }, ['9', '9', '9', '5', '5']],
    [{ GRUB_TOP_LEVEL: '/boot/vmlinuz-7' }, ['9', '9', '9', '5', '5']],
    [{ GRUB_DISABLE_RECOVERY: 'true' }, ['9', '9', '5']],
    [{ GRUB_DISABLE_RECOVERY: '"true"' }, ['9', '9', '9', '5', '5']],
    [{ GRUB_DISABLE_SUBMENU: 'y' }, ['9', '9', '5', '5']],
    [{ GRUB_FLAVOUR_ORDER: 'x' }, ['9', '9', '9', '5', '5']],
  ])('the menu that update-grub makes with %j', (settings, kernels) => {
    const menu = grubMenu(['vmlinuz-5', 'vmlinuz-9', 'vmlinuz-9.dpkg-new', 'initrd-9'], {
      get: (name) => settings[name],
      system: 'U',
    });
    expect(
      menu.flatMap(({ kernel, entries }) => (entries ? entries.map((e) => e.kernel) : [kernel])),
    ).toEqual(kernels);
  });

  it.each<[string, string, string | null]>([
    ['A=1', 'A:1', null],
    ['A="a\\"b\\$c\\d"', 'A:a"b$c\\d', null],
    ["A='a\"b'", 'A:a"b', null],
    ['A=a\\ b c', 'A:a b', null],
    ['A=a\\', 'A:a', null],
    ['A="a\\\nb"', 'A:ab', null],
    ['A="a\nb"\nB=2', 'A:a\nb B:2', null],
    ['A=1\nB=$A${A}x$', 'A:1 B:11x$', null],
    ['A="a;b";c', 'A:a;b', null],
    ['A=a;b', 'A:a', null],
    ['B=$C', 'B:', null],
    ['A="a', '', null],
    ['A+=1\n1=2\n x=3\nexport y=4', 'x:3 y:4', null],
  ])('assignments of a shell: %j', (text, expected) => {
    const found = shellAssignments([{ path: 'x', text }]);
    expect(found.map(({ name, value }) => `${name}:${value}`).join(' ')).toBe(expected);
  });

  it.each<[string, string]>([
    ['ls A=1', ''],
    ['A=1 ls', ''],
    ['export A=1 B', '1 A ='],
    ['A=$B', '1 A = B'],
    ['A=\\$B', '1 A ='],
    ["A='$B'", '1 A ='],
    ['A="$B${C}\\$D"', '1 A = B C'],
    ['A=1 & B=2', '1 A =, 1 B ='],
    ['A=1 && B=2', '1 A =, 1 B ?='],
    ['A=1 | B=2', '1 A =, 1 B ='],
    ['A=1 || B=2', '1 A =, 1 B ?='],
    ['a && B=2; C=3', '1 B ?=, 1 C ='],
    ['A=1 &| B=2', '1 A =, 1 B ='],
    ['if a; then A=1; fi\nB=2', '1 A ?=, 2 B ='],
    ['f() { A=1; }\nB=2', '1 A ?=, 2 B ='],
    ['f () {\nA=1\n}\nB=2', '2 A ?=, 4 B ='],
    ['f()\n{\nA=1\n}\nB=2', '3 A ?=, 5 B ='],
    ['fi; A=1', '1 A ='],
    ['unset A B', '1 A unset, 1 B unset'],
    ['A+=1', '1 A +='],
    ['A=1 # \' "', '1 A ='],
    ['A=\\', '1 A ='],
    ['A=`b "`"\nB=1', '1 A ='],
    ['A=$(b \'c)\' "d)" `e)` \\) $(f))\nB=2', '1 A =, 2 B ='],
  ])('changes of variables: %j', (text, expected) => {
    expect(
      variableChanges(text)
        .changes.map(({ line, name, how, conditional, uses }) =>
          [line, name, `${conditional ? '?' : ''}${how}`, ...uses].join(' '),
        )
        .join(', '),
    ).toBe(expected);
  });

  it.each<[string, string, string, string | null]>([
    ['/dev/sda1', 'ext4', '', 'device'],
    ['UUID=x', 'ext4', '', 'device'],
    ['"LABEL=x"', 'ext4', '', 'device'],
    ['/dev/null', 'ext4', '', null],
    ['/dev/shm', 'tmpfs', '', null],
    ['x', '9p', '', 'device'],
    ['x', 'virtiofs', '', 'device'],
    ['x', 'vboxsf', '', 'device'],
    ['x', 'fuse.sshfs', '', null],
    ['pool', 'zfs', '', 'device'],
    ['//h/s', 'x', '', null],
    ['h:/s', 'x', '', null],
    ['/a.img', 'ext4', '', 'file'],
    ['/a', 'none', 'bind', null],
    ['/a', 'ext4', 'rbind', null],
    ['none', 'x', '', null],
    ['', 'x', '', null],
    ['x', '', '', null],
    ['x', 'y', '', 'device'],
  ])('the source of a mount: %s of type %s (%s)', (spec, type, options, expected) => {
    expect(mountSource({ spec, type, options: options.split(',') })).toBe(expected);
  });

  it.each<[string, string, string, string]>([
    ['/', 'ext4', '', 'stops'],
    ['/', 'ext4', 'nofail', 'stops'],
    ['/', 'ext4', '_netdev', 'waits'],
    ['/a', 'ext4', '', 'stops'],
    ['/a', 'ext4', '_netdev', 'waits'],
    ['/a', 'ext4', 'noauto', 'nothing'],
    ['/a', 'ext4', 'noauto,auto', 'stops'],
    ['/a', 'ext4', 'nofail', 'nothing'],
    ['/a', 'ext4', 'nofail,fail', 'stops'],
    ['/a', 'ext4', 'x-systemd.automount,noauto', 'waits'],
    ['none', 'swap', '', 'waits'],
    ['none', 'swap', 'noauto', 'nothing'],
    ['none', 'swap', 'nofail', 'nothing'],
    ['none', 'ext4', '', 'nothing'],
  ])('the boot without the device of %s, %s, %s: %s', (file, type, options, effect) => {
    expect(bootEffect({ file, type, options: options.split(',') })).toBe(effect);
  });
});

describe('states and capabilities', () => {
  it.each<[string, ReturnType<typeof aptState>]>([
    ['ii', null],
    ['iW', null],
    ['it', null],
    ['iU', 'unfinished'],
    ['iF', 'unfinished'],
    ['iH', 'unfinished'],
    ['iHR', 'stops'],
    ['rc', 'removed'],
    ['iX', 'unknown'],
    ['i', 'unknown'],
    ['??R', 'unknown'],
  ])('a package in the state %s: %s', (status, state) => {
    expect(aptState({ status })).toBe(state);
  });

  // The last capability with a name is the 41st; libcap (2.66) prints those behind it as numbers.
  it.each<[number[], string | null]>([
    [[0x02000000, 0, 0, 1 << 8, 0], 'cap_checkpoint_restore=p'],
    [[0x02000000, 0, 0, 1 << 9, 0], '= 41+p'],
    [[0x02000001, 0, 0, 3 << 8, 0], 'cap_checkpoint_restore=ep 41+ep'],
    [[0x02000001, 0xffffffff, 0, 0x1ff, 0], '=ep'],
    [[0x02000001, 0xfffffffe, 0, 0x1ff, 0], '=ep cap_chown-ep'],
    [[0x02000000, 0xffffffff, 0xffffffff, 0x1ff, 0x1ff], '=ip'],
    [[0x02000001, 1, 2, 0, 0], 'cap_dac_override=ei cap_chown+ep'],
    [[0x02000000, 0, 0, 0, 0], '='],
    [[0x02000002, 1, 0, 0, 0], null],
    [[0x03000000, 1, 0, 0, 0], null],
    [[0x03000000, 1, 0, 0, 0, 0], 'cap_chown=p'],
    [[0x03000000, 1, 0, 0, 0, 7], 'cap_chown=p [rootid=7]'],
    [[0x02000000, 1, 0, 0, 0, 0], null],
  ])('the capabilities %j: %s', (words, expected) => {
    const value = Buffer.alloc(4 * words.length);
    for (const [i, word] of words.entries()) value.writeUInt32LE(word, 4 * i);
    expect(parseCapability(value)?.text ?? null).toBe(expected);
  });
});
