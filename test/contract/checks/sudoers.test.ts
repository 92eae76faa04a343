import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSudoers } from '../../../pipeline/image/parsers/sudoers.ts';
import type { Sudoers, SudoMember } from '../../../pipeline/image/parsers/sudoers-entry.ts';
import fc from '../../property.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sudoers-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Json = Record<string, string | number | boolean>;
interface Spec {
  User_List: Json[];
  Host_List: Json[];
  Cmnd_Specs: { runasusers?: Json[]; runasgroups?: Json[]; Options?: Json[]; Commands: Json[] }[];
}

/** The output of `cvtsudoers -f json` for the files; null when it refuses them. */
function real(main: string): unknown {
  const { status, stdout } = spawnSync('cvtsudoers', ['-f', 'json', main], { encoding: 'utf8' });
  if (status !== 0) return null;
  const json = JSON.parse(stdout.trim() === '' ? '{}' : stdout);
  const member = (m: Json) => {
    const { negated, ...rest } = m;
    const [kind, value] = Object.entries(rest).find(([key]) => !/^sha\d+$/.test(key))!;
    const before: Record<string, string> = { usergroup: '%', usergid: '%#', userid: '#', netgroup: '+' };
    return `${negated ? '!' : ''}${before[kind] ?? ''}${value}`;
  };
  const authenticate = (options: Json[] = []) =>
    options.find((o) => 'authenticate' in o)?.authenticate ?? null;
  return {
    rules: ((json.User_Specs ?? []) as Spec[]).map((spec) => ({
      users: spec.User_List.map(member),
      hosts: spec.Host_List.map(member),
      commands: spec.Cmnd_Specs.flatMap((c) =>
        c.Commands.map((command) => ({
          command: member(command),
          authenticate: authenticate(c.Options),
          runas: [
            c.runasusers?.map(member) ?? null,
            c.runasgroups?.map((m) => member(m).replace('%', '')) ?? null,
          ],
        })),
      ),
    })),
    defaults: ((json.Defaults ?? []) as { Binding?: Json[]; Options: Json[] }[]).flatMap((d) =>
      d.Options.flatMap((o) =>
        Object.entries(o).map(([option, value]) => ({
          binding: (d.Binding ?? []).map(member),
          option,
          value,
        })),
      ),
    ),
    aliases: ['User', 'Runas', 'Host', 'Command'].map((kind) =>
      Object.fromEntries(
        Object.entries((json[`${kind}_Aliases`] ?? {}) as Record<string, Json[]>)
          .map(([name, list]) => [name, list.map(member)])
          .sort(),
      ),
    ),
  };
}

function ours(sudoers: Sudoers): unknown {
  const member = ({ text, negated }: SudoMember) => `${negated ? '!' : ''}${text}`;
  return {
    rules: sudoers.rules.map(({ users, hosts, commands }) => ({
      users: users.map(member),
      hosts: hosts.map(member),
      commands: commands.map((c) => ({
        command: member(c),
        authenticate: c.authenticate,
        runas: [c.runasUsers?.map(member) ?? null, c.runasGroups?.map(member) ?? null],
      })),
    })),
    defaults: sudoers.defaults.map(({ binding, option, value }) => ({
      binding: binding.map(member),
      option,
      value,
    })),
    aliases: (['user', 'runas', 'host', 'command'] as const).map((kind) =>
      Object.fromEntries(
        [...sudoers.aliases[kind]].map(([name, list]) => [name, list.map(member)]).sort() as never,
      ),
    ),
  };
}

function read(main: string): Sudoers {
  return readSudoers(
    {
      text: (path) => {
        try {
          return readFileSync(`/${path}`, 'utf8');
        } catch {
          return null;
        }
      },
      list: (path) => {
        try {
          return readdirSync(`/${path}`, { withFileTypes: true })
            .filter((e) => e.isFile())
            .map((e) => e.name);
        } catch {
          return [];
        }
      },
    },
    main.slice(1),
  );
}

const user = fc.constantFrom(
  'bob',
  'ALL',
  '%adm',
  '#1000',
  '%#27',
  '+net',
  'USERS',
  '"x y"',
  '!bob',
  '!!carol',
  'a\\ b',
  '%"g"',
  'svc$',
  '"%h i"',
  'x\\x41',
);
const host = fc.constantFrom('ALL', 'h1', '!h2', 'HOSTS', '10.0.0.0/8', 'a.example', 'h*');
const runas = fc.constantFrom(
  '',
  '',
  '(ALL)',
  '(root)',
  '(ALL:ALL)',
  '( bob , %x : g )',
  '(:g)',
  '()',
  '(RUN)',
  '(#0)',
  '(!root)',
);
const tag = fc.constantFrom(
  '',
  '',
  'NOPASSWD:',
  'NOPASSWD :',
  'PASSWD: ',
  'NOEXEC:NOPASSWD:',
  'SETENV: ',
  'NOPASSWD: PASSWD:',
  'TIMEOUT=5m NOPASSWD:',
);
const command = fc.constantFrom(
  ...[
    'ALL',
    '/bin/ls',
    '!/bin/sh',
    '/bin/cat /etc/x',
    'CMDS',
    'sudoedit /etc/hosts',
    '/bin/',
    '/usr/bin/a\\,b -x \\:c',
  ],
  ...[
    '/bin/x ""',
    '/bin/x  a\t b=c',
    'list',
    '/bin/[a-z]*',
    '/bin/y \\*',
    '^/bin/z.*$',
    '/bin/w ^a b$',
    '/bin/w ^a$ b',
    '/bin/w a ^b$',
    '/bin/q a\\\\b = c',
    '!CMDS',
  ],
  'sha224:d06a2617c98d377c250edd470fd5e576327748d82915d6e33b5f8db1 /bin/d',
);
// CWD is left out: cvtsudoers 1.9.13 writes no valid JSON for it.
const blank = fc.constantFrom(' ', '', '  ', '\t', ' \\\n ', '\\\n\t', ' \\  \n');
const joined = (one: fc.Arbitrary<string>, most: number) =>
  fc
    .tuple(one, fc.array(fc.tuple(blank, blank, one), { maxLength: most }))
    .map(([first, more]) => first + more.map(([a, b, text]) => `${a},${b}${text}`).join(''));
const spec = fc
  .tuple(
    joined(host, 1),
    blank,
    blank,
    joined(
      fc.tuple(runas, blank, tag, command).map((parts) => parts.join('')),
      3,
    ),
  )
  .map(([hosts, a, b, commands]) => `${hosts}${a}=${b}${commands}`);
const rule = fc
  .tuple(joined(user, 2), spec, fc.option(spec), fc.constantFrom('', ' # comment', '#x', ' #1'))
  .map(([users, first, second, end]) => `${users} ${first}${second === null ? '' : ` : ${second}`}${end}`);
const defaults = fc
  .tuple(
    fc.constantFrom(
      '',
      ':bob',
      ':bob,%adm',
      '@h1',
      '>root',
      '!/bin/ls',
      '!/bin/ls , /bin/cat',
      ':!bob',
      ': bob',
      '>"x y"',
      ':#5',
      '!CMDS',
    ),
    fc.constantFrom(' ', '\t', '  '),
    joined(
      fc.constantFrom(
        '!authenticate',
        'authenticate',
        '! authenticate',
        '!!authenticate',
        'exempt_group=adm',
        'exempt_group = "a b"',
        '!exempt_group',
        'env_reset',
        'secure_path="/a:/b"',
        'passprompt=x\\,y',
      ),
      2,
    ),
  )
  .map((parts) => `Defaults${parts.join('')}`);
const other = fc.constantFrom(
  ...[
    '',
    '# NOPASSWD',
    '#\\',
    '#-x',
    '  # bob ALL=NOPASSWD: ALL \\',
    '\t',
    '#includedirx',
    'syntax error here',
    '#1 ALL = ALL',
  ],
  ...[
    '@include @/a',
    '@includedir @/d',
    '#include @/a',
    '#includedir @/d',
    ' @include "@/a"',
    ' #include @/a',
    '@include a',
    '@include none',
    '@include @/a # x',
  ],
);
const alias = fc.constantFrom(
  'User_Alias USERS = bob, %adm : OTHERS = carol',
  'Host_Alias HOSTS = h1, 10.0.0.1',
  'Cmnd_Alias CMDS = /bin/ls -l, !/bin/sh, sudoedit /x',
  'Cmd_Alias MORE = /bin/a , \\\n /bin/b',
  'Runas_Alias RUN = root, #5',
);
const file = (most: number) =>
  fc
    .array(
      fc.tuple(
        fc.oneof({ weight: 5, arbitrary: rule }, { weight: 3, arbitrary: defaults }, other, alias),
        fc.constantFrom('\n', '\n', '\r\n'),
      ),
      { maxLength: most },
    )
    .map((lines) => lines.map((l) => l.join('')).join(''));

describe('sudoers as Debian’s `cvtsudoers` reads it', () => {
  it('random files', () => {
    let accepted = 0;
    fc.assert(
      fc.property(file(3), file(2), file(2), (main, a, b) => {
        const files: Record<string, string> = {
          sudoers: main,
          a,
          'd/20': b,
          'd/10': 'ten ALL = NOPASSWD: ALL\n',
        };
        files['d/x.conf'] = files['d/x~'] = 'no ALL = NOPASSWD: ALL\n';
        const root = join(folder, 'etc');
        rmSync(root, { recursive: true, force: true });
        for (const [name, text] of Object.entries(files)) {
          mkdirSync(dirname(join(root, name)), { recursive: true });
          writeFileSync(join(root, name), text.replaceAll('@/', `${root}/`));
        }
        const expected = real(join(root, 'sudoers'));
        const found = read(join(root, 'sudoers'));
        if (expected === null) {
          expect(found.errors).not.toEqual([]);
          return;
        }
        accepted += 1;
        expect(found.errors).toEqual([]);
        expect(ours(found)).toEqual(expected);
      }),
      // A file that includes itself has too many levels.
      { numRuns: 300, examples: [['@include a\n', '@include a\n', '']] },
    );
    expect(accepted).toBeGreaterThan(60);
  });
});

/** Lines, whole and with faults; `{n}` is a number of each one's own. */
const faulty = fc.oneof(
  fc.constantFrom(
    'nobody ALL = /bin/r{n}\n',
    'nobody ALL = NOPASSWD: /bin/r{n} # x \\\n',
    'nobody ALL = /bin/r{n} \r\n',
    'bob ALL /bin/r{n}\n',
    'nobody ALL = /bin/r{n}, \\\n',
    'nobody ALL = /bin/r{n} : ALL \\\n = /bin/s{n}\n',
    'Defaults =\n',
    'syntax error # \\\n',
    'syntax error "a\n',
    'syntax "" error\n',
    'x\\\r\n',
    '\\\n',
    '\\\nUser_Alias X = bob\n',
    '\\\nDefaults env_reset\n',
    '\\\n nobody ALL = /bin/r{n}\n',
  ),
  fc
    .constantFrom(
      '',
      '#1',
      '#a',
      '# "',
      '"',
      '"a # b',
      '"a" #',
      'a\\',
      'a\\ ',
      '\\',
      '!',
      '= (',
      'x "a # b" c',
      'x "a # b',
      'x /a "b # c',
      'x /a, "b # c',
      'x sudoedit "b # c',
      'x ^a "b # c',
      '"a\\"b" c',
    )
    .map((text) => `syntax error ${text} \\\n`),
  fc
    .tuple(
      fc.constantFrom(
        '@include',
        '@includedir',
        '#include',
        ' #include',
        ' @include',
        '@includex',
        '\\\n@include',
      ),
      fc.constantFrom(
        ...['f', 'f x', 'f #', '"f" "', '"f', 'f,', 'f \\', 'f\\', 'f\\ x', 'f\vx', 'f\u00a0x'],
        ...['none', '', 'd', 'd !', '"d"x', 'loop', 'h.%h', '%h'],
      ),
    )
    .map(([word, path]) => `${word} ${path}\n`),
);

describe.skipIf(process.getuid?.() !== 0)(
  'sudoers with faults (needs root to put it where sudo reads it)',
  () => {
    /** Commands of nobody, as `sudo -l` has them. */
    function listed(file: string): string[] {
      const there = 'mount --bind "$1" /etc/sudoers && exec sudo -l -U nobody';
      const { stdout } = spawnSync('unshare', ['--mount', 'sh', '-c', there, 'sh', file], {
        encoding: 'utf8',
        timeout: 60_000,
        killSignal: 'SIGKILL',
      });
      return [...stdout.matchAll(/^ {4}\(root\) (.*)$/gm)].flatMap((line) => line[1]!.split(', '));
    }

    it('gives the rules that sudo goes by', () => {
      let rules = 0;
      const root = join(folder, 'faulty');
      const text = (lines: string[], first: number) =>
        lines
          .map((line, n) => line.replaceAll('{n}', `${first + n}`))
          .join('')
          .replace(/(include(?:dir)? "?)(?=[a-z%])/g, `$1${root}/`);
      fc.assert(
        fc.property(fc.array(faulty, { maxLength: 8 }), fc.array(faulty, { maxLength: 3 }), (main, more) => {
          rmSync(root, { recursive: true, force: true });
          mkdirSync(join(root, 'd'), { recursive: true });
          const files = {
            sudoers: text(main, 0),
            f: text(more, 100),
            'd/f': 'nobody ALL = /bin/d\n',
            loop: `@include ${root}/loop\nnobody ALL = /bin/loop\n`,
            [`h.${hostname().split('.')[0]}`]: 'nobody ALL = /bin/host\n',
          };
          for (const [name, content] of Object.entries(files))
            writeFileSync(join(root, name), content, { mode: 0o440 });
          const found = read(join(root, 'sudoers'));
          // A file for one host alone, one that ends in the middle of a line, or so many that sudo takes all memory.
          if (!found.whole) return;
          const expected = listed(join(root, 'sudoers'));
          rules += expected.length;
          const ours = found.rules
            .filter(({ users }) => users.some((u) => u.text === 'nobody'))
            .flatMap(({ commands }) => commands)
            .map((c) => `${c.authenticate === false ? 'NOPASSWD: ' : ''}${c.text}`);
          expect(ours, JSON.stringify(files)).toEqual(expected);
        }),
        { numRuns: 100 },
      );
      expect(rules).toBeGreaterThan(100);
    });
  },
);
