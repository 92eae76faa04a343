import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { globMatchesPath } from '../../../pipeline/image/parsers/glob.ts';
import {
  type Criterion,
  patternListMatches,
  readSshdConfig,
  type SshdConfig,
  sshdSetting,
} from '../../../pipeline/image/parsers/sshd-config.ts';
import fc from '../../property.ts';

/** Keywords compared, with what sshd has when nothing sets them (Debian's OpenSSH). */
const DEFAULTS: Record<string, string> = {
  permitrootlogin: 'without-password',
  passwordauthentication: 'yes',
  permitemptypasswords: 'no',
  kbdinteractiveauthentication: 'yes',
  hostbasedauthentication: 'no',
  usepam: 'no',
  strictmodes: 'yes',
  permituserenvironment: 'no',
  gatewayports: 'no',
  authorizedkeysfile: '.ssh/authorized_keys .ssh/authorized_keys2',
  authorizedkeyscommand: 'none',
  authenticationmethods: 'any',
  trustedusercakeys: 'none',
};

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sshd-'));
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'host-key')]);
  // The empty root of Debian's sshd for unprivileged work; without it sshd does not even read a configuration.
  mkdirSync('/run/sshd', { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Files = Record<string, string>;

function written(files: Files): string {
  const root = join(folder, 'etc');
  rmSync(root, { recursive: true, force: true });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text.replaceAll('@', `${root}/`));
  }
  return root;
}

/** The values that `sshd -T` prints for the keywords; null when it refuses the files. */
function real(root: string, connection: string | null): Record<string, string> | null {
  const argv = ['-T', '-h', join(folder, 'host-key'), '-f', join(root, 'sshd_config')];
  if (connection !== null) argv.push('-C', connection);
  const { status, stdout } = spawnSync('/usr/sbin/sshd', argv, { encoding: 'utf8' });
  if (status !== 0) return null;
  const found: Record<string, string> = {};
  for (const line of stdout.split('\n')) {
    const cut = line.indexOf(' ');
    const keyword = line.slice(0, cut);
    if (Object.hasOwn(DEFAULTS, keyword)) found[keyword] = line.slice(cut + 1);
  }
  return found;
}

function ours(root: string, applies: (criterion: Criterion) => boolean): Record<string, string> {
  return Object.fromEntries(
    Object.keys(DEFAULTS).map((keyword) => {
      const setting = sshdSetting(read(root), keyword, applies);
      return [keyword, setting ? inSshdsWords(keyword, setting.values) : DEFAULTS[keyword]!];
    }),
  );
}

function read(root: string): SshdConfig {
  const all = (
    readdirSync(root, { recursive: true, withFileTypes: true }) as {
      name: string;
      parentPath: string;
      isFile(): boolean;
    }[]
  )
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(1))
    .sort();
  return readSshdConfig(
    {
      text: (path) => readFileSync(`/${path}`, 'utf8'),
      glob: (pattern) => all.filter((path) => globMatchesPath(pattern, path)),
    },
    `${root.slice(1)}/sshd_config`,
  );
}

function inSshdsWords(keyword: string, values: readonly string[]): string {
  const value = values.join(' ');
  if (
    ['authorizedkeysfile', 'authorizedkeyscommand', 'trustedusercakeys', 'authenticationmethods'].includes(
      keyword,
    )
  )
    return value;
  if (keyword === 'permituserenvironment') return value;
  const lower = value.toLowerCase();
  return keyword === 'permitrootlogin' && lower === 'prohibit-password' ? 'without-password' : lower;
}

/** bob of bob's host at 10.0.0.1, by the criteria that the inputs have. */
const BOB = 'user=bob,host=bob.example,addr=10.0.0.1';
const appliesToBob = ({ criterion, argument }: Criterion) => {
  if (criterion === 'user') return patternListMatches(argument, 'bob');
  if (criterion === 'host') return patternListMatches(argument.toLowerCase(), 'bob.example');
  return criterion === 'address' && ['10.0.0.0/8', '10.0.0.1'].includes(argument);
};

const keyword = fc
  .constantFrom(
    ...['PermitRootLogin', 'PasswordAuthentication', 'PermitEmptyPasswords', 'KbdInteractiveAuthentication'],
    ...['ChallengeResponseAuthentication', 'SkeyAuthentication', 'HostbasedAuthentication', 'UsePAM'],
    ...['StrictModes', 'GatewayPorts', 'PermitUserEnvironment', 'permitrootlogin', 'PASSWORDAUTHENTICATION'],
  )
  .chain((name) => fc.constantFrom(name, name, name, `"${name}"`, ` ${name}`, `\t${name}`, `=${name}`));
const between = fc.constantFrom(' ', ' ', '=', ' = ', '\t', '  =\t', '= ', ' == ');
const flag = fc.constantFrom(
  'yes',
  'no',
  'YES',
  '"yes"',
  "'no'",
  '"no',
  'y\\es',
  'ye"s"',
  'no # comment',
  'yes #',
  'no#x',
  'yes  \f',
);
const setting = fc.tuple(keyword, between, flag).map((parts) => parts.join(''));
const other = fc.constantFrom(
  ...[
    '# PasswordAuthentication yes',
    '',
    '   ',
    'AuthorizedKeysFile .ssh/a /etc/b',
    'AuthorizedKeysFile "a b" c # d',
  ],
  ...[
    'PermitRootLogin without-password',
    'PermitRootLogin "forced-commands-only"',
    'AuthorizedKeysFile none',
  ],
  ...['AuthorizedKeysCommand /bin/keys %u # x', 'AuthorizedKeysCommand none', 'TrustedUserCAKeys /etc/ca'],
  ...['AuthenticationMethods publickey password,publickey', 'AuthenticationMethods none', 'NoSuchKeyword 1'],
  ...['PasswordAuthentication\0x', 'PasswordAuthentication', 'X11Forwarding yes', 'AllowUsers a b'],
);
const match = fc.constantFrom(
  ...[
    'Match all',
    'match ALL # all',
    'Match User bob',
    'Match user "bob"',
    'Match User !bob,*',
    'Match User b?b,x',
  ],
  ...[
    'Match User=bob',
    'Match Address 10.0.0.0/8',
    'Match address 10.0.0.1 user bob',
    'Match Address 192.0.2.0/24',
  ],
  ...[
    'Match Host *.example',
    'Match User al* Host *',
    'Match all user bob',
    'Match',
    'Match User',
    '"Match" all',
  ],
);
const include = fc.constantFrom(
  ...['Include @conf.d/*.conf', 'include "@conf.d/a.conf" @conf.d/b.conf', 'Include @conf.d/[!a].conf # x'],
  ...['Include @conf.d/none', 'Include=@*/c.conf', 'Include @conf.d/.hidden', 'Include @conf.d/\\a.conf'],
);
const lines = (
  most: number,
  ...more: (fc.Arbitrary<string> | { weight: number; arbitrary: fc.Arbitrary<string> })[]
) =>
  fc
    .array(fc.oneof({ weight: 6, arbitrary: setting }, { weight: 2, arbitrary: other }, ...more), {
      maxLength: most,
    })
    .map((all) => all.join('\n'));

describe('sshd_config as Debian’s `sshd -T` has it', () => {
  it('random files, for nobody in particular and with -C for somebody', () => {
    let accepted = 0;
    fc.assert(
      fc.property(
        lines(6, match, { weight: 2, arbitrary: include }),
        lines(3, match),
        lines(3, match, fc.constant('Include @conf.d/c.conf')),
        lines(3),
        (main, a, b, c) => {
          const root = written({
            sshd_config: main,
            'conf.d/a.conf': a,
            'conf.d/b.conf': b,
            'conf.d/c.conf': c,
            'conf.d/.hidden.conf': 'PasswordAuthentication no\n',
            'conf.d/.hidden': 'PermitRootLogin yes\n',
          });
          const general = real(root, null);
          // A file that sshd refuses lets nobody in: there is nothing to compare.
          if (general === null) return;
          accepted += 1;
          expect(read(root).problems).toEqual([]);
          expect(ours(root, () => false)).toEqual(general);
          expect(ours(root, appliesToBob)).toEqual(real(root, BOB));
        },
      ),
      { numRuns: 400 },
    );
    expect(accepted).toBeGreaterThan(50);
  });
});
