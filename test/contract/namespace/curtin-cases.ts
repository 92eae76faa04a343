import type { Observed } from './curtin-run.ts';

export interface CurtinCase {
  name: string;
  /** Lines beside those of `configOf`. */
  config: string;
  expected: Partial<Observed>;
}

/** A configuration with what every case has; a key given there takes its place. */
export function configOf(config: string): string {
  const defaults = {
    install:
      '{target: "@T@/target", log_file: "@T@/log", save_install_config: "", save_install_log: "", error_tarfile: "", unmount: disabled}',
    sources: '{a: "tgz:file://@S@/two.tgz"}',
    stages: '[early, extract, late]',
  };
  const missing = Object.entries(defaults).filter(([key]) => !new RegExp(`^${key}:`, 'm').test(config));
  return `${missing.map(([key, value]) => `${key}: ${value}\n`).join('')}${config}\n`;
}

/** The files of the source that every case has unless it names its own. */
export const TWO = {
  'curtin/finalize': '755 0:0 #!/bin/sh|echo "finalize $#"',
  'etc/last': '644 0:0 two',
  'etc/resolv.conf': "the image's",
  'etc/two': '644 0:0 two',
};

/** Configurations, and the results of curtin 21.1 on each. */
export const CASES: CurtinCase[] = [
  {
    name: 'names by code points',
    config: `late_commands: {b: echo b, B: echo B, "10": echo 10, "9": echo 9, a_1: echo a_1, a-1: echo a-1, é: echo e}`,
    expected: { said: ['10', '9', 'B', 'a-1', 'a_1', 'b', 'e'] },
  },
  {
    name: 'a list is an argv, text a line for sh, nothing is nothing',
    config: `early_commands:
  a: [echo, "$HOME  x", "*"]
  b: echo "$HOME" | cat; false; echo goes on
  c:
  d: []
  e: ""
  f: |
    x=1
    echo $x`,
    expected: { said: ['$HOME  x *', '/root', 'goes on', '1'] },
  },
  {
    name: 'stages in the order of stages, others too, and a stage twice',
    config: `stages: [late, mine, early, extract, late]
early_commands: {a: echo early}
late_commands: {a: echo late}
mine_commands: {a: echo mine}`,
    expected: { said: ['late', 'mine', 'early', 'late'] },
  },
  {
    name: 'environment',
    config: `late_commands: {10_x: env | sort}
verbosity: 0
showtrace: false`,
    expected: {
      said: [
        'CONFIG=TOP/state/config',
        'CURTIN_REPORTSTACK=cmd-install/stage-late/10_x',
        'CURTIN_STACKTRACE=0',
        'CURTIN_VERBOSITY=0',
        'HOME=/root',
        'LANG=C.UTF-8',
        'OUTPUT_FSTAB=TOP/state/fstab',
        'OUTPUT_INTERFACES=TOP/state/interfaces',
        'OUTPUT_NETWORK_CONFIG=TOP/state/network_config',
        'OUTPUT_NETWORK_STATE=TOP/state/network_state',
        'PWD=T',
        'TARGET_MOUNT_POINT=T/target',
        'WORKING_DIR=TOP/scratch',
      ],
    },
  },
  {
    name: 'environment of the configuration',
    config: `proxy: {http_proxy: "http://a:1", https_proxy: "http://b:2", no_proxy: ""}
http_proxy: "http://c:3"
showtrace: "yes"
late_commands: {a: 'echo "$http_proxy $https_proxy $no_proxy. $CURTIN_STACKTRACE"'}`,
    expected: { said: ['http://a:1 http://b:2 . 1'] },
  },
  {
    name: 'the older proxy',
    config: `http_proxy: "http://c:3"
late_commands: {a: 'echo "$http_proxy"'}`,
    expected: { said: ['http://c:3'] },
  },
  {
    name: 'a command that fails ends it',
    config: `late_commands: {a: 'echo before; exit 7', b: echo never}`,
    expected: { code: 3, said: ['before'] },
  },
  {
    name: 'a program that is not there',
    config: `late_commands: {a: [no-such-program], b: echo never}`,
    expected: { code: 3, said: [] },
  },
  {
    name: 'a command killed by a signal',
    config: `late_commands: {a: 'kill -9 $$', b: echo never}`,
    expected: { code: 3, said: [] },
  },
  {
    name: 'a command whose child writes on',
    config: `late_commands: {a: '(sleep 1; echo after) & echo before', b: echo b}`,
    expected: { said: ['before', 'after', 'b'] },
  },
  {
    name: 'output as it is: bytes, both channels',
    config: `late_commands: {a: 'printf "no newline"; echo " err" >&2; printf "\\\\303\\\\251\\\\n"'}`,
    expected: { said: ['no newline err', 'é'] },
  },
  {
    name: 'sources in the order of their names',
    config: `sources:
  20_b: {type: tgz, uri: "file://@S@/two.tgz"}
  10_a: {type: txz, uri: "@S@/one.tar.xz"}`,
    expected: { said: [], files: { ...TWO, 'etc/one': '644 0:0 one' } },
  },
  {
    name: 'sources as a list, and of another compression than their type says',
    config: `sources: ["txz:@S@/two.tar.bz2", "@S@/one.tar.xz"]`,
    expected: { said: [], files: { ...TWO, 'etc/last': '644 0:0 one', 'etc/one': '644 0:0 one' } },
  },
  {
    name: 'a folder as a source',
    config: `install: {target: "@T@/target", log_file: "@T@/log", save_install_config: "", save_install_log: "", unmount: disabled, error_tarfile: ""}
sources: {a: "cp://@S@/two"}`,
    expected: { said: ['rsync -aXHAS --one-file-system S/two/ . in T/target'], files: {} },
  },
  {
    name: 'a source that is not there',
    config: `sources: {a: "tgz:file://@S@/none.tgz"}`,
    expected: { code: 3, files: {} },
  },
  {
    name: 'write_files in their order, after the sources',
    config: `write_files:
  z: {path: /etc/last, content: "first\\n"}
  a: {path: etc/last, content: "second\\n", permissions: "0600"}
  b: {path: /new/dir/file}
  c: {path: /etc/number, permissions: 0640, content: "ü\\n"}
  d: {path: /etc/decimal, permissions: 644, content: "x\\n"}
  e: {path: /etc/perms, perms: "0750", owner: "root:root", content: "x\\n"}
  f: {path: /etc/owner, owner: "-1:none", content: "x\\n"}
  g: {path: /etc/group, owner: ":daemon", permissions: , content: "x\\n"}`,
    expected: {
      said: [],
      files: {
        ...TWO,
        'etc/decimal': '1204 0:0 x',
        'etc/group': '644 0:1 x',
        'etc/last': '600 0:0 second',
        'etc/number': '640 0:0 ü',
        'etc/owner': '644 0:0 x',
        'etc/perms': '750 0:0 x',
        'new/dir/file': '644 0:0 ',
      },
    },
  },
  {
    name: 'an owner that is not there',
    config: `write_files: {a: {path: /etc/x, owner: "0:0", content: x}}`,
    expected: { code: 3, files: { ...TWO, 'etc/x': '644 0:0 x' } },
  },
  {
    name: 'the saved configuration and log',
    config: `install: {target: "@T@/target", log_file: "@T@/log", error_tarfile: "", unmount: disabled, post_files: []}
late_commands: {a: echo said}`,
    expected: {
      said: ['said'],
      files: {
        ...TWO,
        'root/curtin-install-cfg.yaml':
          "400 0:0 apply_net_commands:|  builtin: []|curthooks_commands:|  builtin:|  - curtin|  - curthooks|extract_commands:|  builtin:|  - curtin|  - extract|hook_commands:|  builtin:|  - curtin|  - hook|install:|  error_tarfile: ''|  log_file: T/log|  post_files: []|  target: T/target|  unmount: disabled|late_commands:|  a: echo said|  builtin: []|network_commands:|  builtin:|  - curtin|  - net-meta|  - auto|partitioning_commands:|  builtin:|  - curtin|  - block-meta|  - simple|proxy: {}|sources:|  a: tgz:file://S/two.tgz|stages:|- early|- extract|- late",
        'root/curtin-install.log': '400 0:0 said',
      },
    },
  },
  {
    name: 'a target that is not empty',
    config: `install: {target: "@T@", log_file: "@T@/log", error_tarfile: "", unmount: disabled, save_install_log: ""}
late_commands: {a: echo never}`,
    expected: { code: 3, files: {} },
  },
  {
    name: 'in-target',
    config: `sources: {a: "tgz:@S@/root.tgz", b: "tgz:@S@/two.tgz"}
late_commands:
  a: [curtin, in-target, --, sh, -c, 'cut -d" " -f2 /proc/mounts | grep -v efi; [ -c /dev/null ] && echo dev; echo $$ $0 $1', x, y z]
  b: curtin in-target -- sh -c 'for a in ssh x11-common "--list ssh" ""; do /usr/sbin/policy-rc.d $a; echo $?; done'
  c: curtin in-target -a -- ls /usr/sbin
  d: echo input | curtin in-target -- cat
  e: curtin in-target -- sh -c 'exit 7'; echo $?; curtin in-target -- no-such-program 2>/dev/null; echo $?; curtin in-target -- sh -c 'kill -9 $$'; echo $?
  f: curtin in-target --capture -- sh -c 'echo swallowed; exit 3'; echo $?
  g: curtin in-target -- sh -c 'cat /etc/resolv.conf' | cmp - /etc/resolv.conf && echo lent; cat "$TARGET_MOUNT_POINT/etc/resolv.conf"; ls "$TARGET_MOUNT_POINT/usr/sbin"
  h: curtin in-target -- env | grep CURTIN_REPORTSTACK
  i: env -u TARGET_MOUNT_POINT curtin in-target -- true 2> /dev/null; echo $?
  j: curtin in-target --target "$TARGET_MOUNT_POINT" -- cat /etc/two; curtin in-target -t / -- echo here 2> /dev/null
  k: curtin in-target sh -c true > /dev/null 2>&1; echo $?
  l: grep -c "$TARGET_MOUNT_POINT/" /proc/mounts || true`,
    expected: {
      said: [
        '/dev',
        '/proc',
        '/run',
        '/sys',
        'dev',
        '1 x y z',
        '101',
        '0',
        '101',
        '101',
        '7',
        '127',
        '0',
        '3',
        'lent',
        "the image's",
        'CURTIN_REPORTSTACK=cmd-install/stage-late/h/cmd-in-target',
        '2',
        'two',
        'here',
        '2',
        '0',
      ],
    },
  },
  {
    name: 'in-target of a target without a resolv.conf',
    config: `sources: {a: "tgz:@S@/root.tgz"}
late_commands: {a: [curtin, in-target, --, sh, -c, 'exit 0'], b: [curtin, in-target, -a, --, ls, /usr/sbin]}`,
    expected: { said: [], files: { 'etc/resolv.conf': "the live system's" } },
  },
  {
    name: 'hook, extract and a source of the command',
    config: `stages: [extract, hook, late]
late_commands:
  a: mkdir "@T@/x" && curtin extract -t "@T@/x" "@S@/one.tar.xz" && cat "@T@/x/etc/last"; curtin hook "$TARGET_MOUNT_POINT"`,
    expected: { said: ['finalize 0', 'one', 'finalize 0'] },
  },
  {
    name: 'disks, network and boot loader',
    config: `stages: [early, extract, late]
block-meta: {devices: [/dev/none]}
storage: {version: 1, config: []}
grub: {install_devices: [none]}
swap: {size: 0}
partitioning_commands: {builtin: [curtin, block-meta, simple]}
late_commands: {a: echo late}`,
    expected: { said: ['late'] },
  },
];
