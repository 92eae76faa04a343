import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GrubEntry, grubChoice, parseGrubCfg } from '../../../pipeline/image/parsers/grub-cfg.ts';
import {
  grubDefaults,
  grubMenu,
  isGrubKernel,
  newestFirst,
} from '../../../pipeline/image/parsers/grub-menu.ts';
import fc from '../../property.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'grub-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const MENU = `
set timeout=0
function x { true; }
menuentry 'Ubuntu' --class u --id a { linux /boot/vmlinuz-first ro; echo RESULT-first ; exit }
submenu 'Advanced >> x' --id adv { # comment }
  menuentry "Two" --id two {
    echo RESULT-two
    linux\t/vmlinuz-two ro
    exit
  }
  menuentry 'One'\\''s' $menuentry_id_option '1one' { echo RESULT-one; linux /vmlinuz-one; exit; }
  submenu 'Deep' {
    menuentry 'D1' { echo RESULT-d1; linux /vmlinuz-d1; exit; }
    menuentry 'D2' { echo RESULT-d2; linux /vmlinuz-d2; exit; }
  }
}
menuentry '5.4' --id=gnulinux { echo RESULT-54; linux /vmlinuz-54; exit; }
`;

/** The kernel that GRUB itself starts, run as a program. */
function byGrub(wanted: string): string {
  writeFileSync(join(dir, 'grub.cfg'), `menuentry_id_option=--id\nset default='${wanted}'\n${MENU}`);
  // script: GRUB draws its menu on a terminal.
  const command = `stty rows 40 cols 100; exec grub-emu -d ${dir} -m /dev/null`;
  const out = execFileSync('script', ['-qec', command, '/dev/null'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 60_000,
  });
  return /RESULT-(\w+)/.exec(out.toString('latin1'))?.[1] ?? 'none';
}

const VALUES = (
  "0|1|1>1|adv>1one|adv>One's|Advanced >>>> x>Two|Advanced >> x>Two|Advanced >>>> x|adv>2>1|adv>Deep>D2|nothing|5.4|9|2|1>9|adv>nothing||" +
  'Two|two|1>|0x1|01|2nd|>1|a>1|adv>Deep|x>y|-1| 1|1 >1|010|gnulinux|adv>two>9|1>2'
).split('|');

describe('GRUB_DEFAULT', () => {
  it.each(VALUES.filter((v) => !v.includes("'")))('%j starts what GRUB 2.06 starts', (wanted) => {
    expect(grubChoice(parseGrubCfg(MENU), wanted).entry?.kernel).toBe(byGrub(wanted));
  });

  it('starts so whatever the value', () => {
    const step = fc.constantFrom(
      '0',
      '1',
      '2',
      '3',
      'adv',
      'Deep',
      'two',
      'D2',
      'a',
      'x',
      'Advanced >>>> x',
      '',
    );
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 4 }), (steps) => {
        const wanted = steps.join('>');
        expect(grubChoice(parseGrubCfg(MENU), wanted).entry?.kernel).toBe(byGrub(wanted));
      }),
      { numRuns: 25 },
    );
  });
});

/** Runs 10_linux of grub-common on a /boot of its own; what asks for disks is answered by programs of the test. */
function by10Linux(names: readonly string[], env: Record<string, string>): GrubEntry[] {
  const boot = mkdtempSync(join(dir, 'boot-'));
  for (const name of names) writeFileSync(join(boot, name), 'x');
  const bin = join(dir, 'bin');
  mkdirSync(bin, { recursive: true });
  for (const [name, script] of [
    ['grub-probe', 'echo x'],
    ['grub-mkrelpath', 'echo /boot'],
  ] as const)
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const script = readFileSync('/etc/grub.d/10_linux', 'utf8')
    .replaceAll(' /boot/', ` ${boot}/`)
    .replaceAll(' /vmlinu', ' /nowhere/vmlinu');
  writeFileSync(join(dir, '10_linux'), script);
  const out = execFileSync('sh', [join(dir, '10_linux')], {
    env: {
      PATH: `${bin}:${process.env.PATH}`,
      pkgdatadir: '/usr/share/grub',
      GRUB_DEVICE: '/dev/x',
      GRUB_DISTRIBUTOR: 'Ubuntu',
      grub_probe: join(bin, 'grub-probe'),
      grub_mkrelpath: join(bin, 'grub-mkrelpath'),
      GRUB_RECOVERY_TITLE: 'recovery mode',
      grub_tab: '\t',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return parseGrubCfg(out.toString());
}

const shape = (menu: GrubEntry[]): unknown =>
  menu.map((e) => [e.title, e.kernel, e.entries && shape(e.entries)]);
const settings = (env: Record<string, string>) => ({ get: (name: string) => env[name], system: 'Ubuntu' });

describe('the menu that update-grub makes', () => {
  it.each<[string[], Record<string, string>]>([
    [['vmlinuz-5.4.0-42-generic', 'vmlinuz-5.4.0-125-generic', 'vmlinuz-5.15.0-1-generic'], {}],
    [
      ['vmlinuz-6.1.0-1-amd64', 'vmlinuz-6.1.0-rc1-amd64', 'vmlinuz-6.1.0-1-amd64.old', 'vmlinuz-6.1~rc2'],
      {},
    ],
    [
      ['vmlinuz-6.1.0-0.deb11.5-amd64', 'vmlinuz-6.1.0+bpo-amd64', 'vmlinuz-6.1.0-10-amd64'],
      { GRUB_DISABLE_SUBMENU: 'y' },
    ],
    [
      ['vmlinuz-5.4.0', 'vmlinuz-5.4.0.dpkg-tmp', 'vmlinuz-5.4.0.sig', 'config-5.4.0'],
      { GRUB_DISABLE_RECOVERY: 'true' },
    ],
    [
      ['vmlinuz-5.15.0-1042-nvidia', 'vmlinuz-5.15.0-1042-nvidia-64k', 'vmlinuz-5.15.0-91-generic'],
      { GRUB_DISABLE_SUBMENU: 'true' },
    ],
    [['vmlinuz-5.4'], { GRUB_DISABLE_SUBMENU: 'yes', GRUB_DISABLE_RECOVERY: 'true' }],
  ])('%j is that of 10_linux', (names, env) => {
    expect(shape(grubMenu(names, settings(env)))).toEqual(shape(by10Linux(names, env)));
  });

  it('has kernels in the order of version_find_latest', () => {
    const part = fc.constantFrom(
      '5',
      '15',
      '0',
      '9',
      '-',
      '.',
      '~',
      '+',
      'rc',
      'rc1',
      'old',
      'bpo',
      'generic',
      'a',
    );
    const name = fc
      .array(part, { minLength: 1, maxLength: 6 })
      .map((parts) => `vmlinuz-5.${parts.join('')}1`);
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 5 }), (names) => {
        const paths = names.map((one) => `/boot/${one}`);
        const script = '. /usr/share/grub/grub-mkconfig_lib; version_find_latest "$@"';
        const latest = execFileSync('sh', ['-c', script, 'sh', ...paths], {
          stdio: ['ignore', 'pipe', 'ignore'],
        })
          .toString()
          .trim();
        expect([...paths].sort(newestFirst)[0]).toBe(latest);
      }),
      { numRuns: +(process.env.RUNS ?? 60) },
    );
  });

  it('gives values of GRUB_DEFAULT that start the kernel they are for', () => {
    const names = ['vmlinuz-5.4.0-1-x', 'vmlinuz-5.15.0-1-x'];
    for (const submenu of ['n', 'y']) {
      const env = { GRUB_DISABLE_SUBMENU: submenu };
      const menu = grubMenu(names, settings(env));
      for (const { version, value } of grubDefaults(menu))
        expect(grubChoice(by10Linux(names, env), value)).toMatchObject({
          found: true,
          entry: { kernel: version },
        });
    }
  });

  it('counts no left-overs as kernels', () => {
    expect(
      ['vmlinuz-5', 'vmlinuz', 'vmlinuz.old', 'initrd.img-5', 'vmlinuz-5.dpkg-new', 'kernel-5'].filter(
        isGrubKernel,
      ),
    ).toEqual(['vmlinuz-5', 'kernel-5']);
  });
});
