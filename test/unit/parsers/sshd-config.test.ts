import { describe, expect, it } from 'vitest';
import { globMatches, globMatchesPath } from '../../../pipeline/image/parsers/glob.ts';
import { readSshdConfig, sshdSetting, sshdSettings } from '../../../pipeline/image/parsers/sshd-config.ts';

function config(files: Record<string, string>, options: string[] = []) {
  const paths = Object.keys(files).sort();
  return readSshdConfig(
    {
      text: (path) => (Object.hasOwn(files, path) ? files[path]! : null),
      glob: (pattern) => paths.filter((path) => globMatchesPath(pattern, path)),
    },
    undefined,
    options,
  );
}
const main = (text: string, options?: string[]) => config({ 'etc/ssh/sshd_config': text }, options);
const value = (text: string, keyword: string) => sshdSetting(main(text), keyword)?.values.join(' ');

// Every expectation is what `sshd -T` (OpenSSH 9.2p1) prints for the text; the contract test runs it on random ones.
describe('sshd_config', () => {
  it.each([
    ['PasswordAuthentication no\nMatch all\nPasswordAuthentication yes\n', 'yes'],
    ['PasswordAuthentication no\nMatch User x\nPasswordAuthentication yes\n', 'no'],
    ['PasswordAuthentication no\nPasswordAuthentication yes\n', 'no'],
    ['Match all\nPasswordAuthentication no\nMatch all\nPasswordAuthentication yes\n', 'no'],
    ['"PasswordAuthentication" "yes"', 'yes'],
    ['PasswordAuthentication=yes', 'yes'],
    ['  passwordauthentication =\t"yes" # no', 'yes'],
    ["PASSWORDAUTHENTICATION 'yes'#no", 'yes#no'],
    ['= PasswordAuthentication yes', 'yes'],
    ['#PasswordAuthentication yes', undefined],
    ['PasswordAuthentication\0x\n yes', undefined],
    ['PasswordAuthentication \0x\nyes', 'yes'],
  ])('%j: %s', (text, expected) => {
    expect(value(text, 'passwordauthentication')).toBe(expected);
  });

  it('knows keywords by their older names', () => {
    expect(value('ChallengeResponseAuthentication yes', 'kbdinteractiveauthentication')).toBe('yes');
    expect(value('SkeyAuthentication yes', 'kbdinteractiveauthentication')).toBe('yes');
  });

  it('takes included files in their place and order, relative ones from /etc/ssh', () => {
    const files = {
      'etc/ssh/sshd_config': 'PasswordAuthentication no\nInclude sshd_config.d/*.conf\nPermitRootLogin no\n',
      'etc/ssh/sshd_config.d/20.conf': 'permitrootlogin yes\n',
      'etc/ssh/sshd_config.d/10.conf': 'PermitRootLogin=prohibit-password # x\nPasswordAuthentication yes\n',
      'etc/ssh/sshd_config.d/.5.conf': 'PermitRootLogin yes\n',
      'etc/ssh/sshd_config.d/ignored': 'PermitRootLogin yes\n',
    };
    expect(sshdSetting(config(files), 'permitrootlogin')?.values).toEqual(['prohibit-password']);
    expect(sshdSetting(config(files), 'passwordauthentication')?.values).toEqual(['no']);
  });

  it('lets a Match block of an included file end with it, and narrows it by the one around the Include', () => {
    const found = config({
      'etc/ssh/sshd_config': 'Match User a\nInclude b\nBanner x\nMatch all\nInclude b\n',
      'etc/ssh/b': 'Match Address 10.0.0.0/8\nPermitRootLogin yes\n',
    });
    const words = found.settings.map((s) => [s.keyword, s.match?.map((c) => `${c.criterion} ${c.argument}`)]);
    expect(words).toEqual([
      ['permitrootlogin', ['user a', 'address 10.0.0.0/8']],
      ['banner', ['user a']],
      ['permitrootlogin', ['address 10.0.0.0/8']],
    ]);
  });

  it('lists what is in force for somebody, and nothing that an earlier block is in front of', () => {
    const text =
      'PermitRootLogin no\nMatch User a\nPermitRootLogin yes\nMatch user "a"\nPermitRootLogin no\nMatch all\nPermitRootLogin no\nMatch User b\nPermitRootLogin yes\n';
    expect(sshdSettings(main(text), 'permitrootlogin').map((s) => s.line)).toEqual([7, 3]);
  });

  it('puts -o of the command line before the files', () => {
    const found = main('PermitRootLogin no\n', ['PermitRootLogin=yes']);
    expect(sshdSetting(found, 'permitrootlogin')).toMatchObject({ file: 'command line', values: ['yes'] });
  });

  it.each([
    'Match',
    'Match User',
    'Match all User x',
    'PermitRootLogin',
    'PermitRootLogin "yes',
    'Include sshd_config',
  ])('says that sshd stops at %j', (line) => {
    expect(main(`Port 22\n${line}\n`).problems).toMatchObject([{ line: 2 }]);
  });

  it('bounds what files that include each other cost', () => {
    const found = config({
      'etc/ssh/sshd_config': 'Include a b\n'.repeat(1000),
      'etc/ssh/a': 'Include b\n'.repeat(1000),
      'etc/ssh/b': 'Include a\n'.repeat(1000),
    });
    expect(found.problems.length).toBeGreaterThan(0);
  });
});

describe('glob patterns', () => {
  // As `ls -d` of dash has them.
  it.each([
    ['*.conf', 'a.conf', true],
    ['*.conf', '.a.conf', false],
    ['.*', '.a', true],
    ['[a-c]x', 'bx', true],
    ['[!a-c]x', 'bx', false],
    ['[]]x', ']x', true],
    ['[x', '[x', true],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['a**b*c', 'aXbYbZc', true],
    ['?', '', false],
  ])('%s and %s: %s', (pattern, name, expected) => {
    expect(globMatches(pattern, name)).toBe(expected);
  });
});
