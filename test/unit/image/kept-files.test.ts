import { expect, it } from 'vitest';
import { Budget } from '../../../pipeline/image/facts/budget.ts';
import { KeptFiles } from '../../../pipeline/image/facts/kept-files.ts';

it('files are listed by folder, in byte order, hard links among them once', () => {
  const files = new KeptFiles(new Budget());
  for (const path of ['etc/b', 'etc/a', 'etc/x/y/z', 'etc/x/w/v', 'etc/B', 'usr/lib/os-release'])
    files.content(path, Buffer.from('1'));
  files.hardLink('etc/c', 'etc/a');
  files.hardLink('etc/a', 'etc/b');
  files.hardLink('opt/d', 'etc/a');
  expect(files.list('etc')).toEqual(['B', 'a', 'b', 'c']);
  expect([files.list('opt'), files.list('none')]).toEqual([[], []]);
  expect(files.paths().sort()).toEqual(
    ['etc/B', 'etc/a', 'etc/b', 'etc/c', 'etc/x/w/v', 'etc/x/y/z', 'usr/lib/os-release'].sort(),
  );
  expect(['', 'etc', 'etc/x', 'usr', 'none'].map((folder) => files.folders(folder))).toEqual([
    ['etc', 'usr'],
    ['x'],
    ['y', 'w'],
    ['lib'],
    [],
  ]);
});
