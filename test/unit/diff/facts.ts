import type { Compared, Description } from '../../../pipeline/image/diff/description.ts';
import type { Package } from '../../../pipeline/image/facts/facts.ts';

export const pkg = (name: string, version: string, rest: Partial<Package> = {}): Package => ({
  name,
  version,
  arch: 'amd64',
  status: 'ii',
  ...rest,
});

/** A small image of which all is known. */
export function whole(parts: Partial<Compared> = {}): Compared {
  return {
    packages: [pkg('bash', '5.1-6'), pkg('curl', '7.81.0-1')],
    kernels: [
      {
        version: '5.4.0-42-generic',
        image: '/boot/vmlinuz-5.4.0-42-generic',
        initrd: '/boot/initrd.img-5.4.0-42-generic',
        modules: true,
        modulesDep: true,
        moduleFiles: 5,
        nvidia: true,
      },
    ],
    boot: {
      members: 3,
      defaultKernel: { version: '5.4.0-42-generic', from: '/boot/grub/grub.cfg' },
      grub: {
        wanted: '0',
        chosen: false,
        missing: false,
        buildId: null,
        nextEntry: null,
        menuKernel: null,
        waits: false,
        choices: [],
      },
      grubDevices: [],
      lostOptions: [],
      curtinDisabled: { count: 0, examples: [] },
      eulaDiversions: [],
    },
    bytes: { apparent: 1000, stored: 1000 },
    counts: {
      files: 2,
      directories: 1,
      symlinks: 0,
      hardLinks: 0,
      sparse: 0,
      devices: 0,
      fifos: 0,
      other: 0,
    },
    biggest: [
      { path: 'usr/lib/a.so', bytes: 800 },
      { path: 'usr/lib/b.so', bytes: 200 },
    ],
    directories: [{ path: 'usr/lib', bytes: 1000, files: 2 }],
    owners: {
      wrong: [],
      foreign: { count: 0, examples: [] },
      privileged: [],
      setuid: [{ path: '/usr/bin/sudo', mode: '4755', uid: 0, gid: 0 }],
    },
    xattrs: {
      capabilities: [{ path: '/usr/bin/ping', capabilities: 'cap_net_raw=ep', valid: true }],
      acls: 0,
      textAcls: { count: 0, examples: [] },
      bare: [],
      names: {},
    },
    services: ['ssh.service'],
    accounts: [{ name: 'root', uid: 0, shell: '/bin/bash', password: 'locked', scheme: null }],
    ...parts,
  };
}

export const image = (name: string, parts: Partial<Compared> = {}): Description => ({
  name,
  facts: whole(parts),
});
