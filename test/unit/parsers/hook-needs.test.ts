import { describe, expect, it } from 'vitest';
import { hookNeeds } from '../../../pipeline/image/parsers/hook-needs.ts';
import fc from '../../property.ts';

const need = (script: string, known: string[] = []) =>
  hookNeeds(script, known).map(
    ({ name, guarded, read }) => `${name}${guarded ? ' asked' : ''}${read ? ' read' : ''}`,
  );

describe('the needs of a hook', () => {
  it.each([
    ['/curtin/setup-bootloader', ['setup-bootloader']],
    ['"$TARGET"/curtin/setup', ['setup']],
    ['$' + '{TARGET_MOUNT_POINT}/curtin/setup --all', ['setup']],
    ['in_chroot.subp(["/curtin/finish"])', ['finish']],
    ['chroot "$T" /curtin/one && /curtin/two', ['one', 'two']],
    ['. /curtin/lib.sh', ['lib.sh read']],
    ['source "$TARGET/curtin/lib.sh"', ['lib.sh read']],
    ['bash /curtin/x.sh', ['x.sh read']],
    ['tar xf /curtin/custom-packages.tar.gz', ['custom-packages.tar.gz read']],
    ['"$(dirname "$0")/lib.sh"', ['lib.sh']],
    ['os.path.join(os.path.dirname(__file__), "x")', []],
    ['if [ -x /curtin/opt ]; then\n/curtin/opt\nfi', ['opt asked']],
    ['[ -f /curtin/opt ] || exit 0\n/curtin/opt', ['opt asked']],
    ['# /curtin/old', []],
    ['"""Runs /curtin/a.\n/curtin/b too.\n"""\n/curtin/c', ['c']],
    ['ls /usr/share/curtin/x /var/log/curtin/y /root/curtin/z', []],
    ['from curtin.commands import curthooks', []],
    ['cat /curtin/dir/', []],
  ])('%j', (script, needs) => {
    expect(need(script)).toEqual(needs);
  });

  it('finds files of the image by their bare names, as packer-maas’ hooks start them', () => {
    expect(need('run_hook_in_target(target, "setup-bootloader")', ['setup-bootloader'])).toEqual([
      'setup-bootloader',
    ]);
  });

  it('takes any script', () => {
    fc.assert(fc.property(fc.string(), (script) => Array.isArray(hookNeeds(script, ['a', '']))));
  });
});
