import os
import subprocess

from curtin.log import LOG

NAMES = {"target": "TARGET_MOUNT_POINT", "config": "CONFIG", "report_stack_prefix": "CURTIN_REPORTSTACK"}


class ProcessExecutionError(IOError):
    pass


def load_command_environment():
    return {key: os.environ.get(name) for key, name in NAMES.items()}


def which(program, target=None):
    for folder in ("/usr/sbin", "/usr/bin", "/sbin", "/bin"):
        if os.path.isfile(target + os.path.join(folder, program)):
            return os.path.join(folder, program)
    return None


class ChrootableTarget:
    def __init__(self, target):
        self.target = target

    def __enter__(self):
        return self

    def __exit__(self, *_problem):
        pass

    def subp(self, argv):
        command = ["chroot", self.target, *argv]
        LOG.debug("Running command %s with allowed return codes [0]", command)
        ran = subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=False)
        if ran.returncode != 0:
            raise ProcessExecutionError("Command: %s\nExit code: %s" % (command, ran.returncode))
        return ran.stdout
