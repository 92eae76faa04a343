import { expect, it } from 'vitest';
import { shellAssignments } from '../../../pipeline/image/parsers/shell-assignments.ts';

/** The values as `NAME=value`, each with its line where it is not the first. */
const read = (text: string) =>
  shellAssignments([{ path: 'etc/default/grub', text }]).map(
    ({ name, value, line }) => `${line === 1 ? '' : `${line}:`}${name}=${value}`,
  );

// The values that dash 0.5.12 gives these variables; of several in one line the first is read.
it.each<[string, string[]]>([
  ['A=1', ['A=1']],
  [' \tA=1', ['A=1']],
  ['export A=1', ['A=1']],
  ['A="a b" # c', ['A=a b']],
  ["A='a b'c", ['A=a bc']],
  ["A='a$B\\'", ['A=a$B\\']],
  ['A="a\'b"', ["A=a'b"]],
  ["A='a\"b'", ['A=a"b']],
  ['A="a\\"b"', ['A=a"b']],
  ['A="a\\$b\\`c\\\\d"', ['A=a$b`c\\d']],
  ['A="a\\nb"', ['A=a\\nb']],
  ['A=a\\nb', ['A=anb']],
  ['A=a\\ b', ['A=a b']],
  ['A=a\\', ['A=a']],
  ['A=a;B=2', ['A=a']],
  ['A=a#b', ['A=a#b']],
  ['A=#b', ['A=#b']],
  ['A= # b', ['A=']],
  ['A=1\nB=$A', ['A=1', '2:B=1']],
  ['A=1\nB=${A}2', ['A=1', '2:B=12']],
  ['A=1\nB="$A-$C"', ['A=1', '2:B=1-']],
  ['A=$', ['A=$']],
  ['A=1\nA=2', ['A=1', '2:A=2']],
  ['A="a\nb"\nB=2', ['A=a\nb', '3:B=2']],
  ['A="a\\\nb"\nB=2', ['A=ab', '3:B=2']],
  ['A="a\nB=2', []],
  ['A="a\nb"', ['A=a\nb']],
  ['A=1\nB="a', ['A=1']],
  ['# A=1', []],
  ['A+=1', []],
  ['1A=1', []],
  ['echo A=1', []],
])('%j', (text, values) => {
  expect(read(text)).toEqual(values);
});

it('a value is known in the files behind it', () => {
  const files = ['A=1', 'B=$A'].map((text, i) => ({ path: `f${i}`, text }));
  expect(shellAssignments(files).map(({ file, value }) => [file, value])).toEqual([
    ['f0', '1'],
    ['f1', '1'],
  ]);
});
