"""The target seen as a root: mounts, no daemons, the live system's resolver; all undone afterwards."""
import os
import shutil
import subprocess

from .fault import Fault

MOUNTS = ('/dev', '/proc', '/run', '/sys')
EFI_VARIABLES = '/sys/firmware/efi/efivars'
POLICY = '/usr/sbin/policy-rc.d'
NO_DAEMONS = '#!/bin/sh\n# see invoke-rc.d for exit codes. 101 is "do not run"\nexit 101\n'


def tool(*argv, text=''):
    """Runs a tool, `text` on its stdin, whose failure ends the command. Its output is the command's own."""
    code = subprocess.run(argv, input=text.encode(), check=False).returncode
    if code != 0:
        raise Fault(f'{" ".join(argv)} ended with exit code {code}', code)


def unmount(path):
    """Unmounts a tree; a busy one is detached, so that later steps do not hang on it."""
    if subprocess.run(['umount', path], check=False).returncode != 0:
        tool('umount', '--recursive', '--lazy', path)


class Chroot:
    """`with Chroot(target) as chroot: chroot.run(argv)`"""

    def __init__(self, target, allow_daemons=False):
        self.target = target.rstrip('/')
        self.allow_daemons = allow_daemons
        self.mounted = []
        self.policy = self.target + POLICY
        self.resolver = self.target + '/etc/resolv.conf'
        self.kept = self.resolver + '.before-chroot'

    def __enter__(self):
        if not os.path.isdir(self.target + '/etc'):
            raise Fault(f'{self.target} holds no root file system')
        try:
            self._prepare()
        except BaseException:
            self._undo()
            raise
        return self

    def __exit__(self, *_):
        self._undo()

    def run(self, argv):
        """The exit code of argv inside the target."""
        return subprocess.run(['chroot', self.target, *argv], check=False).returncode

    def _prepare(self):
        for path in (*MOUNTS, EFI_VARIABLES):
            if path == EFI_VARIABLES and not (os.path.isdir(path) and os.listdir(path)):
                continue
            os.makedirs(self.target + path, exist_ok=True)
            tool('mount', '--bind', path, self.target + path)
            self.mounted.append(self.target + path)
        if not self.allow_daemons and not os.path.exists(self.policy):
            with open(self.policy, 'w') as file:
                file.write(NO_DAEMONS)
            os.chmod(self.policy, 0o755)
        else:
            self.policy = None
        if os.path.exists('/etc/resolv.conf'):
            if os.path.lexists(self.resolver):
                os.rename(self.resolver, self.kept)
            shutil.copyfile('/etc/resolv.conf', self.resolver)

    def _undo(self):
        if self.policy and os.path.exists(self.policy):
            os.unlink(self.policy)
        if os.path.lexists(self.kept):
            os.replace(self.kept, self.resolver)
        for path in reversed(self.mounted):
            unmount(path)
        self.mounted = []
