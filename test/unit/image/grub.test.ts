import { describe, expect, it } from 'vitest';
import { goodRoot, inspect, type Root } from '../checks/root.ts';

const OLD = '5.4.0-125-generic';
const NEW = '5.15.0-1-generic';
const UUID = '1b4e28ba-2fa1-11d2-883f-0016d3cca427';
const entry = (title: string, version: string, id = '') =>
  `menuentry '${title}' --class x ${id && `--id ${id} `}{\n\tlinux /boot/vmlinuz-${version} root=x\n}\n`;
const MENU = entry('Ubuntu', NEW) + entry('Old', OLD, 'old');

/** Facts of GRUB of a root with two kernels: its settings, and files beside them. */
async function start(
  settings: string,
  files: Record<string, string> = {},
  spoil: (root: Root) => unknown = () => {},
) {
  const root = goodRoot()
    .put(`boot/vmlinuz-${NEW}`, 'x')
    .put('etc/default/grub', `GRUB_DISTRIBUTOR=Ubuntu\n${settings}\n`)
    .put('boot/grub/grub.cfg', MENU);
  for (const [path, text] of Object.entries(files)) root.put(path, text);
  spoil(root);
  const { boot } = await inspect(await root.tar());
  return { kernel: boot.defaultKernel?.version ?? null, from: boot.defaultKernel?.from, ...boot.grub };
}
const MADE = 'the menu that update-grub makes';
const CFG = '/boot/grub/grub.cfg';

describe('the entry that GRUB starts', () => {
  it.each<[string, string, Record<string, string>, object]>([
    [
      'the first',
      'GRUB_DEFAULT=0',
      {},
      { kernel: NEW, from: MADE, chosen: false, missing: false, wanted: '0' },
    ],
    ['the first, by another zero', 'GRUB_DEFAULT=" 00"', {}, { kernel: NEW, chosen: false, missing: false }],
    ['the first without a setting', '', {}, { kernel: NEW, chosen: false, missing: false, wanted: '0' }],
    [
      'by its number',
      'GRUB_DEFAULT="1>2"',
      {},
      { kernel: OLD, from: 'GRUB_DEFAULT=1>2', chosen: true, missing: false },
    ],
    [
      'one that is not there',
      'GRUB_DEFAULT=none',
      {},
      { kernel: NEW, from: MADE, chosen: false, missing: true },
    ],
    [
      'one of the menu alone',
      'GRUB_DEFAULT=old',
      {},
      { kernel: OLD, from: 'GRUB_DEFAULT=old', chosen: true, missing: false, buildId: null },
    ],
    [
      'one of the menu alone by the disk of the build',
      `GRUB_DEFAULT=gnulinux-${UUID}`,
      { 'boot/grub/grub.cfg': entry('x', OLD, `gnulinux-${UUID}`) },
      { kernel: NEW, chosen: false, missing: true, buildId: `gnulinux-${UUID}` },
    ],
    [
      'an id of another system',
      'GRUB_DEFAULT=osprober-gnulinux-x',
      {},
      { missing: true, buildId: 'osprober-gnulinux-x' },
    ],
    [
      'the menu where a script comes before',
      'GRUB_DEFAULT=1',
      { 'etc/grub.d/10_linux': 'x', 'etc/grub.d/09_own': "menuentry 'x' {" },
      { kernel: OLD, from: 'GRUB_DEFAULT=1', chosen: true },
    ],
    [
      'the first of that menu',
      'GRUB_DEFAULT=0',
      { 'etc/grub.d/10_linux': 'x', 'etc/grub.d/09_own': "menuentry 'x' {" },
      { kernel: NEW, from: CFG },
    ],
    [
      'not the menu where the script comes behind',
      'GRUB_DEFAULT=0',
      { 'etc/grub.d/10_linux': 'x', 'etc/grub.d/40_own': "menuentry 'x' {" },
      { from: MADE },
    ],
    [
      'not the menu where the script makes no entry',
      'GRUB_DEFAULT=0',
      { 'etc/grub.d/10_linux': 'x', 'etc/grub.d/00_header': 'x' },
      { from: MADE },
    ],
    [
      'the menu where the usual script is away',
      'GRUB_DEFAULT=0',
      { 'etc/grub.d/15_linux': 'x' },
      { from: CFG },
    ],
    [
      'not the menu where only a note is in the folder',
      'GRUB_DEFAULT=0',
      { 'etc/grub.d/README': 'x' },
      { from: MADE },
    ],
    [
      'what would be made where a menu is empty',
      'GRUB_DEFAULT=0',
      { 'etc/grub.d/15_linux': 'x', 'boot/grub/grub.cfg': '' },
      { kernel: NEW, from: MADE, menuKernel: null },
    ],
    [
      'saved, the one before it first',
      'GRUB_DEFAULT=saved',
      { 'boot/grub/grubenv': 'saved_entry=0\nprev_saved_entry=1>2\n' },
      { wanted: '1>2', kernel: OLD, chosen: true },
    ],
    [
      'saved, and nothing is',
      'GRUB_DEFAULT=saved',
      {},
      { wanted: '', kernel: NEW, missing: false, chosen: false },
    ],
    [
      'for the next start alone',
      '',
      { 'boot/grub/grubenv': 'next_entry=1>2\n' },
      { nextEntry: '1>2', kernel: NEW },
    ],
    ['of a menu in the image', '', {}, { nextEntry: null, menuKernel: NEW }],
    ['after a key', 'GRUB_TIMEOUT=-1', {}, { waits: true }],
    ['after no key', 'GRUB_TIMEOUT=10', {}, { waits: false }],
    [
      'by the last of the settings',
      'GRUB_DEFAULT=0',
      {
        'etc/default/grub.d/x.cfg': 'GRUB_DEFAULT="1>2"\n',
        'etc/default/grub.d/y': 'GRUB_DEFAULT=0\n',
        'etc/default/grub.d/.z.cfg': 'GRUB_DEFAULT=0\n',
      },
      { kernel: OLD },
    ],
  ])('%s', async (_what, settings, files, expected) => {
    expect(await start(settings, files)).toMatchObject(expected);
  });

  it('the menu where the image has no kernel by a usual name, and nothing where it has no menu either', async () => {
    const bare = (root: Root) => root.remove(`boot/vmlinuz-${OLD}`).remove(`boot/vmlinuz-${NEW}`);
    expect(await start('GRUB_DEFAULT=old', {}, bare)).toMatchObject({
      kernel: OLD,
      from: 'GRUB_DEFAULT=old',
      choices: [],
    });
    expect(await start('', { 'boot/grub/grub.cfg': '' }, bare)).toMatchObject({ kernel: null });
    expect((await start('', {})).choices.map(({ version }) => version)).toEqual([NEW, OLD]);
  });

  it.each([
    ['Ubuntu', 'Ubuntu'],
    ['`lsb_release -i -s`', 'Ubuntu'],
    ['$(x)', 'Ubuntu'],
    ['DGX', 'DGX'],
  ])('has the name of %s in its title', async (distributor, name) => {
    const found = await start(
      `GRUB_DISTRIBUTOR='${distributor}'\nGRUB_DEFAULT="Advanced options for ${name} GNU/Linux>2"`,
    );
    const ubuntu = await start(
      `GRUB_DISTRIBUTOR='${distributor}'\nGRUB_DEFAULT="Advanced options for ${name}>2"`,
    );
    expect([found.chosen, ubuntu.chosen].filter(Boolean)).toHaveLength(1);
  });
});
