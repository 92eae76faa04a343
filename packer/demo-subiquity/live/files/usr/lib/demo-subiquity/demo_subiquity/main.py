"""Reads the kernel parameters, fetches and completes the answer file, and does what it says."""
import os
import subprocess
import urllib.error
import urllib.request

import yaml
from demo_curtin.fault import Fault
from demo_curtin.progress import say, show_tail

from . import schema

CMDLINE = os.environ.get('DEMO_CMDLINE', '/proc/cmdline')
SETTINGS = os.environ.get('DEMO_SETTINGS', '/etc/demo-subiquity')
LOG = os.environ.get('DEMO_LOG', '/var/log/installer.log')
KNOWN = ('force-ai', 'force-platform', 'force-bootdisk')


def main():
    """The whole installation. On failure: a line on the console, and exit code 1; the machine stays on."""
    answers = {}
    try:
        parameters = _parameters()
        answers = _answers(parameters)
        say(f'config read, platform={parameters["force-platform"]}')
        # Imported here: the check of an answer file needs no disks.
        from .install import install

        install(answers, parameters, LOG)
    except Fault as fault:
        if answers.get('error-commands'):
            _run_error_commands(answers['error-commands'])
        say(f'FAILED {fault}')
        show_tail(LOG)
        return 1
    return 0


def _parameters():
    with open(CMDLINE, encoding='utf-8') as file:
        words = file.read().split()
    given = dict(word.split('=', 1) if '=' in word else (word, '') for word in words)
    for name in given:
        if name.startswith('force-') and name not in KNOWN:
            raise Fault(f'preseed rc=1: unknown kernel parameter {name}; known are {", ".join(KNOWN)}')
    known = sorted(name.removesuffix('.conf') for name in os.listdir(f'{SETTINGS}/platforms'))
    if given.get('force-platform') not in known:
        raise Fault(f'preseed rc=1: unknown platform {given.get("force-platform")}; this medium has: {" ".join(known)}')
    if not given.get('force-ai'):
        raise Fault('preseed rc=1: no force-ai= given, and this medium has no answers of its own')
    return given


def _answers(parameters):
    url = parameters['force-ai']
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            text = answer.read().decode('utf-8')
    except (urllib.error.URLError, OSError, UnicodeDecodeError) as error:
        raise Fault(f'preseed rc=1: cannot fetch {url}: {error}') from error
    say(f'config fetched {url}')
    if text.startswith('#cloud-config'):
        raise Fault('config rc=1: this is cloud-config; the file begins with its sections, version: 1 first')
    for token, value in _tokens(parameters['force-platform']).items():
        text = text.replace(token, value)
    try:
        answers = yaml.load(text, Loader=getattr(yaml, 'CSafeLoader', yaml.SafeLoader))
        schema.check(answers)
    except (yaml.YAMLError, Fault) as error:
        raise Fault(f'config rc=1: {" ".join(str(error).split())}') from error
    return answers


def _tokens(platform):
    with open(f'{SETTINGS}/platforms/{platform}.conf', encoding='utf-8') as file:
        settings = dict(line.rstrip('\n').split('=', 1) for line in file)
    return {'CHANGE_INSTALL_PKGS': settings['PACKAGES'], 'CHANGE_DESC_PLATFORM': settings['DESCRIPTION']}


def _run_error_commands(commands):
    for command in commands:
        subprocess.run(command, shell=isinstance(command, str), check=False)
