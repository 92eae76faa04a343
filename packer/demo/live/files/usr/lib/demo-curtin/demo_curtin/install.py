"""Runs the stages of a configuration in the order of `stages:`, their commands in the order of their keys."""
import json
import os
import shutil
import subprocess
import tarfile
import tempfile

import yaml

from .config import load
from .fault import Fault
from .progress import Reporter, say, show_tail
from .target import unmount

FAILED_TO_START = 127


def install(path, settings):
    """The whole installation. On failure: a line on the console, the log's tail, and exit code 1."""
    try:
        config = load(path, settings)
    except Fault as fault:
        say(f'FAILED config rc=1: {fault}')
        return 1
    options = config['install']
    log_file = options['log_file']
    os.makedirs(os.path.dirname(log_file), exist_ok=True)
    with open(log_file, 'ab' if options.get('log_file_append') else 'wb', buffering=0) as log:
        try:
            _run_stages(config, log)
        except Fault as fault:
            log.write(f'curtin: Installation failed: {fault}\n'.encode())
            say(f'FAILED {fault}')
            show_tail(log_file)
            _collect(options)
            return 1
        finally:
            _finish(options)
    say('done')
    return 0


def _run_stages(config, log):
    target = config['install']['target']
    os.makedirs(target, exist_ok=True)
    if os.listdir(target):
        raise Fault(f'config rc=1: the target {target} is not empty')
    reporter = Reporter(config['reporting'])
    saved = config['install'].get('save_install_config')
    if saved:
        written = {'path': saved, 'permissions': '0400', 'content': yaml.dump(config)}
        config.setdefault('write_files', {})['curtin_install_cfg'] = written
    with tempfile.TemporaryDirectory() as state:
        environment = {**os.environ, 'TARGET_MOUNT_POINT': target, 'CONFIG': f'{state}/config', 'WORKING_DIR': state}
        with open(environment['CONFIG'], 'w') as file:
            json.dump(config, file)
        for stage in config['stages']:
            reporter.event(f'start: cmd-install/stage-{stage}')
            _run_stage(stage, config.get(f'{stage}_commands') or {}, environment, log)
            reporter.event(f'finish: cmd-install/stage-{stage}: SUCCESS')


def _run_stage(stage, commands, environment, log):
    for name in sorted(commands):
        command = commands[name]
        if not command:
            continue
        say(f'stage {stage}: {name}')
        log.write(f'## stage {stage}: {name}\n'.encode())
        try:
            code = subprocess.run(
                command,
                shell=isinstance(command, str),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
            ).returncode
        except OSError as error:
            log.write(f'{command[0]}: {error.strerror}\n'.encode())
            code = FAILED_TO_START
        if code != 0:
            raise Fault(f'{stage} {name} rc={code}')


def _collect(options):
    """The logs named by post_files, as one tar at error_tarfile, as curtin leaves them."""
    if 'error_tarfile' not in options:
        return
    os.makedirs(os.path.dirname(options['error_tarfile']), exist_ok=True)
    with tarfile.open(options['error_tarfile'], 'w') as tar:
        for path in options.get('post_files', [options['log_file']]):
            if os.path.isfile(path):
                tar.add(path)


def _finish(options):
    """Leaves the log in the target, and the target mounted where the configuration asks for it."""
    target = options['target']
    if 'save_install_log' in options and os.path.isdir(f'{target}/etc'):
        saved = target + options['save_install_log']
        os.makedirs(os.path.dirname(saved), exist_ok=True)
        shutil.copyfile(options['log_file'], saved)
        os.chmod(saved, 0o400)
    # curtin of today reads `unmount`; the configurations of the field say `umount`.
    if 'disabled' not in (options.get('umount'), options.get('unmount')) and os.path.ismount(target):
        unmount(target)
