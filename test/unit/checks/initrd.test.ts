import { describe, expect, it } from 'vitest';
import { CHANGES } from '../../../scripts/broken/changes.ts';
import { goodRoot, initrdHook, inspect, judged, type Root } from './root.ts';

const USR = 'usr/share/initramfs-tools/hooks';
const ETC = 'etc/initramfs-tools/hooks';
const MDADM = `${USR}/mdadm`;
const HOOK = initrdHook('/sbin/mdadm');
const X = { mode: 0o755 };
const MISSING = `there is no /${MDADM}`;

type Spoil = (root: Root) => unknown;

async function finding(spoil: Spoil) {
  const root = goodRoot();
  spoil(root);
  return (await judged(root)).findings.find(({ id }) => id === 'initrd-hooks')!;
}
const moved = (path: string) => (r: Root) => r.remove(MDADM).put(path, HOOK, X);
const linked = (target: string) => (r: Root) => r.remove(MDADM).link(MDADM, target);
const written = (text: string) => (r: Root) => r.put(MDADM, text, X);

/** Contents of the initrd that mkinitramfs of Debian 12 (0.142) then writes: these kinds of hooks were tried with it and the real packages. */
describe('mdadm is in the initrd', () => {
  it.each<[string, Spoil]>([
    ['with its hook as the package has it', () => {}],
    ['executable by its owner alone', (r) => r.change(MDADM, { mode: 0o744 })],
    ['executable by others alone: root may then, too', (r) => r.change(MDADM, { mode: 0o601 })],
    ['with the hook in /etc alone', moved(`${ETC}/mdadm`)],
    ['with the hook by another name', moved(`${ETC}/00_raid-1.x`)],
    ['with the hook that dpkg-divert has put aside', moved(`${MDADM}.distrib`)],
    ['with a folder of that name in /etc', (r) => r.dir(`${ETC}/mdadm`)],
    ['with a hook of that name in /etc that is not executable', (r) => r.put(`${ETC}/mdadm`, HOOK)],
    ['with a hook of that name in /etc that does nothing', (r) => r.put(`${ETC}/mdadm`, '#!/bin/sh\n', X)],
    ['with a relative link to another hook', (r) => moved(`${USR}/raid`)(r).link(MDADM, 'raid')],
    ['with an absolute link into /etc', (r) => moved(`${ETC}/raid`)(r).link(MDADM, `/${ETC}/raid`)],
    [
      'with a hard link',
      (r) =>
        r
          .put(`${USR}/a`, HOOK, X)
          .remove(MDADM)
          .put(MDADM, '', { type: 'link', linkname: `./${USR}/a` })
          .put(`${USR}/b`, '', { type: 'link', linkname: `./${MDADM}` }),
    ],
    [
      'for another shell of the image',
      (r) => r.put(MDADM, HOOK.replace('/bin/sh', '/bin/ash'), X).put('usr/bin/ash', 'x', X),
    ],
    ['without a first line for the kernel', written(HOOK.slice(HOOK.indexOf('\n') + 1))],
    [
      'from wherever the link of the program leads',
      (r) => r.remove('usr/sbin/mdadm').link('usr/sbin/mdadm', '/bin/mount'),
    ],
    [
      'by a loop, in lines that go on',
      written('#!/bin/sh\nfor x in /sbin/mdmon \\\n  /sbin/mdadm; do copy_exec $x; done\n'),
    ],
    ['by its path in quotes', written('copy_exec "$(command -v mdadm)" /sbin\n')],
  ])('%s', async (_, spoil) => {
    expect(await finding(spoil)).toMatchObject({ status: 'pass', found: 'mdadm, lvm, bcache-register' });
  });
});

describe('mdadm is not in the initrd', () => {
  it.each<[string, Spoil, string]>([
    ['without its hook', (r) => r.remove(MDADM), MISSING],
    ['without any hook', (r) => r.remove(USR).withoutPackage('lvm2').withoutPackage('bcache-tools'), MISSING],
    [
      'with a hook that is not executable',
      (r) => r.change(MDADM, { mode: 0o644 }),
      `/${MDADM} is not executable`,
    ],
    ['with a folder', (r) => r.remove(MDADM).dir(MDADM), `/${MDADM} is a directory`],
    [
      'with a folder that tar makes',
      (r) => r.remove(MDADM).put(`${MDADM}/x`, HOOK, X),
      `/${MDADM} is a directory`,
    ],
    ['with a link to a folder', linked('/usr/bin'), `/${MDADM} is a directory`],
    ['with a link to nothing', linked('/nothing'), `/${MDADM} is a link to nothing`],
    ['with a pipe', (r) => r.put(MDADM, '', { type: 'fifo', ...X }), `/${MDADM} is not a plain file`],
    ['with an empty file', written(''), `/${MDADM} does not copy mdadm`],
    ['with a hook that does nothing', written('#!/bin/sh\nexit 0\n'), `/${MDADM} does not copy mdadm`],
    [
      'with a copy in a comment',
      written('#!/bin/sh\n# copy_exec /sbin/mdadm\n'),
      `/${MDADM} does not copy mdadm`,
    ],
    [
      'with a copy of others of its family',
      written('copy_exec /sbin/mdadm.old\ncopy_exec /sbin/mdadm-x\n'),
      `/${MDADM} does not copy mdadm`,
    ],
    [
      'with a hook that only calls it',
      written('#!/bin/sh\n/sbin/mdadm --detail\n'),
      `/${MDADM} does not copy mdadm`,
    ],
    ...['mdadm~', 'mdadm+x', 'a b', '.mdadm', 'mdäm'].map((name): [string, Spoil, string] => [
      `with a hook of the name ${name}`,
      moved(`${USR}/${name}`),
      `${MISSING}, /${USR}/${name} has a name that mkinitramfs leaves out`,
    ]),
    [
      'with a hook in /etc that is not executable',
      (r) => r.remove(MDADM).put(`${ETC}/mdadm`, HOOK),
      `${MISSING}, /${ETC}/mdadm is not executable`,
    ],
  ])('%s', async (_, spoil, text) => {
    expect(await finding(spoil)).toMatchObject({
      status: 'fail',
      severity: 'major',
      items: [{ subject: `/${MDADM}`, text: `${text} (RAID)` }],
    });
  });

  // `sh -n` tries each hook, whatever its first line says.
  it.each([
    ['an if without its end', `${HOOK}if true; then\n`],
    ['DOS line ends', '#!/bin/sh\r\ncase $1 in\r\nprereqs) exit 0;;\r\nesac\r\ncopy_exec /sbin/mdadm\r\n'],
    ['another language', '#!/usr/bin/python3\nif True:\n  print("install", "/sbin/mdadm")\n'],
  ])('with %s', async (_, text) => {
    const { status, severity, items } = await finding(written(text));
    expect({ status, severity }).toEqual({ status: 'fail', severity: 'major' });
    expect(items?.[0]?.text).toMatch(/hooks\/mdadm has a syntax error \(sh -n: .+\) \(RAID\)$/);
  });

  it('when nobody could read the hook', async () => {
    const of = async (spoil: Spoil) => (await finding(spoil)).items?.map(({ text }) => text);
    expect(await of((r) => moved('opt/h')(r).link(MDADM, '/opt/h'))).toEqual([
      `/${MDADM} leads to /opt/h, which was not read (RAID)`,
    ]);
    expect(await of((r) => moved('opt/h')(r).link(`${ETC}/own`, '/opt/h'))).toEqual([
      `${MISSING}, /${ETC}/own leads to /opt/h, which was not read (RAID)`,
    ]);
    expect(await of(written(`${HOOK}${'#'.repeat(70_000)}\n`))).toEqual([`/${MDADM} was not read (RAID)`]);
    // Another hook copies it all the same.
    const other = await finding((r) =>
      r.link(MDADM, '/opt/h').put('opt/h', HOOK, X).put(`${ETC}/raid`, HOOK, X),
    );
    expect(other.status).toBe('pass');
  });
});

describe('mkinitramfs fails', () => {
  it.each([
    ['/opt/sh', '/opt/sh'],
    ['/bin/sh\r', '/bin/sh\\x0d'],
    ['sh', 'sh'],
  ])('with a hook for %j', async (interpreter, shown) => {
    expect(await finding(written(HOOK.replace('/bin/sh', interpreter)))).toMatchObject({
      status: 'fail',
      severity: 'blocker',
      items: [
        {
          subject: `/${MDADM}`,
          text: `/${MDADM} has the interpreter ${shown}, which is not in the image: mkinitramfs fails with it (RAID)`,
        },
      ],
    });
  });
});

describe('each layout', () => {
  it.each([
    ['lvm2', 'lvm', 'LVM', 'major'],
    ['bcache', 'bcache-register', 'bcache', 'warning'],
  ])('%s', async (hook, program, layout, severity) => {
    const path = `${USR}/${hook}`;
    expect(await finding((r) => r.remove(path))).toMatchObject({
      status: 'fail',
      severity,
      items: [{ subject: `/${path}`, text: `there is no /${path} (${layout})` }],
    });
    const where = layout === 'bcache' ? 'usr/lib/udev' : 'usr/sbin';
    expect(await finding((r) => r.remove(`${where}/${program}`))).toMatchObject({
      severity,
      items: [{ text: `/${path} copies ${program}, which is not in the image (${layout})` }],
    });
  });

  it('says nothing of a package that is not installed: curtin installs it with its hook', async () => {
    expect(
      await finding((r) => r.remove(USR).withoutPackage('mdadm').withoutPackage('bcache-tools')),
    ).toMatchObject({
      items: [{ subject: `/${USR}/lvm2` }],
    });
    const none = (r: Root) =>
      ['mdadm', 'lvm2', 'bcache-tools'].reduce((root, name) => root.withoutPackage(name), r.remove(USR));
    expect(await finding(none)).toMatchObject({
      status: 'not-applicable',
      found: 'neither mdadm nor lvm2 nor bcache-tools is installed',
    });
  });

  it('says nothing of an image whose initrds dracut makes', async () => {
    const dracut = (r: Root) => r.remove(USR).withoutPackage('initramfs-tools').package('dracut');
    expect(await finding(dracut)).toMatchObject({
      status: 'not-applicable',
      found: 'initramfs-tools is not installed',
    });
  });
});

it('the image that scripts/broken-images makes without the hook is found', async () => {
  const { leavesOut } = CHANGES.find(({ name }) => name === 'initrd-without-raid')!;
  const left = (r: Root) =>
    [...r.nodes.keys()].filter((path) => leavesOut!.test(path)).map((path) => r.remove(path));
  expect(await finding(left)).toMatchObject({
    status: 'fail',
    severity: 'major',
    items: [{ subject: `/${MDADM}` }],
  });
});

it('a hook that another replaces in the archive is that one', async () => {
  const root = goodRoot();
  const { initrd } = await inspect(
    Buffer.concat([
      (await root.tar()).subarray(0, -1024),
      await goodRoot().change(MDADM, { mode: 0o644 }).tar(),
    ]),
  );
  expect(initrd.hooks.find(({ file }) => file === `/${MDADM}`)?.state).toBe('left-out');
});

it('many hooks are looked at up to a limit', async () => {
  const root = goodRoot().remove(MDADM);
  for (let i = 0; i < 300; i++) root.put(`${ETC}/a${i}`, '#!/bin/sh\n', X);
  const { initrd } = await inspect(await root.put(MDADM, HOOK, X).tar());
  expect(initrd.hooks.map(({ file }) => file).toSorted()).toEqual(
    ['bcache', 'lvm2', 'mdadm'].map((name) => `/${USR}/${name}`),
  );
});
