import { describe, expect, it } from 'vitest';
import { excerpt } from '../../../pipeline/config/yaml/excerpt.ts';

const shown = (line: string, value: string) =>
  excerpt([line], { file: 'f', line: 1, column: line.indexOf(value) + 1 } as never, true).split('\n')[0];

describe('an excerpt of a line that may hold a secret', () => {
  it.each([
    ['  - file: ~/.ssh/id_ed25519.pub', '~/.ssh'],
    ['  key_file: keys/release.pem', 'keys/release.pem'],
    ['  key: { file: "/etc/maas/lab.key"', '"/etc'],
    ['  public_key: release.pem.pub', 'release.pem'],
    ['    environment: MAAS_API_KEY', 'MAAS_API_KEY'],
    ['    environment: BMC_PASSWORD', 'BMC_PASSWORD'],
  ])('%s: names where it is, and is shown', (line, value) => {
    expect(shown(line, value)).toBe(`1 | ${line}`);
  });

  it.each([
    ['  key: Abcdefghij:Klmnopqrst', 'Abc'],
    ['    environment: Abcdefghij:Klmnopqrst', 'Abc'],
    ['    environment: AKIAIOSFODNN7EXAMPLE', 'AKIA'],
    ['  - file: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 me@host.example', 'ssh-'],
    ['    file: Abcdefghij:Klmnopqrst', 'Abc'],
    ['    file: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', 'wJal'],
    ['    password: calvin.pem', 'calvin'],
    ['  key_file: -----BEGIN', '-----BEGIN'],
    ['    value: release.pem', 'release'],
  ])('%s: is masked', (line, value) => {
    expect(shown(line, value)).not.toContain(line.slice(line.indexOf(value)));
    expect(shown(line, value)).toContain('***');
  });
});
