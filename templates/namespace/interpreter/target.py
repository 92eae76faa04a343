# Rendered by dgxos-maas. The target seen as a root.
import os
import pty
import shutil
import subprocess
import sys
import tempfile

MOUNTS = ('/dev', '/proc', '/run', '/sys')
# No daemon starts; the two names are those that curtin lets through.
POLICY = """#!/bin/sh
while [ "${1#-}" != "$1" ]; do shift; done
case $1 in makedev | x11-common) exit 0 ;; esac
exit 101
"""


class Failure(Exception):
    """What ends an installation, with the key or command that it came from."""


def run(argv, cwd=None):
    """Runs a program without input; its failure ends the command."""
    try:
        code = subprocess.run(argv, cwd=cwd, stdin=subprocess.DEVNULL).returncode
    except OSError as error:
        raise Failure('%s: %s' % (argv[0], error.strerror)) from error
    if code:
        raise Failure('%s: exit code %d' % (' '.join(argv), code))


def inside(target, path):
    return os.path.join(os.path.abspath(target), path.lstrip('/'))


def mounted():
    with open('/proc/mounts') as file:
        return [line.split()[1] for line in file]


def umount_all(folder):
    """Unmounts a folder and everything below it."""
    at = os.path.abspath(folder)
    for path in reversed(mounted()):
        if path == at or path.startswith(at + '/'):
            run(['umount', path])


class Target:
    """`with Target(folder, allow_daemons):` mounts, forbids daemons and lends the live system's resolv.conf; all of it is undone."""

    def __init__(self, folder, allow_daemons):
        self.root = os.path.abspath(folder)
        self.allow_daemons = allow_daemons
        self.mounts = []
        self.policy = self.kept = None

    def __enter__(self):
        try:
            efi = ('/sys/firmware/efi/efivars',) if os.path.exists('/sys/firmware/efi') else ()
            for path in MOUNTS + efi:
                at = inside(self.root, path)
                if at not in mounted():
                    os.makedirs(at, exist_ok=True)
                    run(['mount', '--bind', path, at])
                    self.mounts.append(at)
            policy = inside(self.root, '/usr/sbin/policy-rc.d')
            if not self.allow_daemons and not os.path.isfile(policy):
                os.makedirs(os.path.dirname(policy), exist_ok=True)
                with open(policy, 'w') as file:
                    file.write(POLICY)
                os.chmod(policy, 0o755)
                self.policy = policy
            self._lend_resolver(inside(self.root, '/etc'))
        except BaseException:
            self.__exit__()
            raise
        return self

    def _lend_resolver(self, etc):
        if self.root == '/' or not os.path.isdir(etc):
            return
        self.resolver = os.path.join(etc, 'resolv.conf')
        self.kept = tempfile.mkdtemp(dir=etc)
        if os.path.lexists(self.resolver):
            os.rename(self.resolver, os.path.join(self.kept, 'resolv.conf'))
        shutil.copy('/etc/resolv.conf', self.resolver)

    def __exit__(self, *_):
        if self.policy and os.path.exists(self.policy):
            os.unlink(self.policy)
        if inside(self.root, '/dev') in self.mounts and shutil.which('udevadm'):
            run(['udevadm', 'settle'])
        for at in reversed(self.mounts):
            if at in mounted():
                run(['umount', at])
        if self.kept:
            # As curtin does: a target without a resolv.conf keeps the one that it was lent.
            if os.path.lexists(os.path.join(self.kept, 'resolv.conf')):
                os.rename(os.path.join(self.kept, 'resolv.conf'), self.resolver)
            shutil.rmtree(self.kept)


def in_target(given):
    """Runs a program in the target and returns its exit code."""
    if given.target is None:
        sys.stderr.write('curtin in-target: no target: use --target or set TARGET_MOUNT_POINT\n')
        return 2
    root = os.path.abspath(given.target or '/')
    if root == '/':
        sys.stderr.write('curtin in-target: the target is /, so daemons may start\n')
    chroot = [] if root == '/' else ['chroot', root]
    with Target(root, given.allow_daemons or root == '/'):
        if given.interactive:
            return int((pty.spawn(chroot + given.argv) or 0) / 256)
        output = subprocess.PIPE if given.capture else None
        argv = own_processes(root) + chroot + given.argv
        try:
            code = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output).returncode
        except OSError as error:
            sys.stderr.write('curtin in-target: %s: %s\n' % (argv[0], error.strerror))
            return 1
    return code


def own_processes(root):
    """As curtin does for root: the program's processes end with it."""
    if root == '/' or os.geteuid() != 0 or not shutil.which('unshare'):
        return []
    options = subprocess.run(['unshare', '--help'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
    return ['unshare', '--fork', '--pid', '--'] if b'--fork' in options and b'--pid' in options else []
