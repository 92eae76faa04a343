"""The stages of an installation by answers, in subiquity's order."""
import os
import subprocess

from demo_curtin.fault import Fault
from demo_curtin.progress import say

from .storage import TARGET, lay_out
from .target import extract, leave_traces


def install(answers, parameters, log_file):
    """Raises Fault; ends the machine as the answers say."""
    if not os.path.isdir('/sys/firmware/efi'):
        raise Fault('boot rc=1: this machine did not start by UEFI')
    with open(log_file, 'ab', buffering=0) as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        _run('early', answers.get('early-commands', []))
        say('stage partitioning')
        fstab = lay_out(answers.get('storage', {}).get('config', []))
        say('stage extract')
        extract()
        leave_traces(fstab, 'nooemconfig' in parameters)
        _run('late', answers.get('late-commands', []))
    say('done')
    subprocess.run(['sync'], check=False)
    subprocess.run(['systemctl', '--force', answers.get('shutdown', 'reboot')], check=False)


def _run(stage, commands):
    environment = {**os.environ, 'TARGET_MOUNT_POINT': TARGET}
    for index, command in enumerate(commands):
        code = subprocess.run(
            command, shell=isinstance(command, str), env=environment, stdin=subprocess.DEVNULL, check=False
        ).returncode
        if code != 0:
            raise Fault(f'{stage} command_{index} rc={code}')
