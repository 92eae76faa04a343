"""The command line: `curtin install`, and the commands that a configuration's stages run."""
import argparse
import json
import os
import subprocess
import sys

from .disk import block_meta_simple
from .extract import extract
from .fault import Fault
from .target import Chroot


def main(argv):
    """Runs one command and returns its exit code."""
    arguments = _parser().parse_args(argv)
    try:
        return arguments.run(arguments) or 0
    except Fault as fault:
        print(f'curtin {arguments.command}: {fault}', file=sys.stderr)
        return fault.exit_code


def _parser():
    parser = argparse.ArgumentParser(prog='curtin', description='A stand-in for curtin on the demo medium.')
    commands = parser.add_subparsers(dest='command', required=True)

    whole = commands.add_parser('install')
    whole.add_argument('-c', '--config', required=True)
    whole.add_argument('--set', action='append', default=[], metavar='KEY=VALUE')
    whole.set_defaults(run=_install)

    inside = commands.add_parser('in-target')
    inside.add_argument('-t', '--target', default=os.environ.get('TARGET_MOUNT_POINT'))
    inside.add_argument('-a', '--allow-daemons', action='store_true')
    inside.add_argument('argv', nargs='+')
    inside.set_defaults(run=_in_target)

    disk = commands.add_parser('block-meta')
    disk.add_argument('mode', choices=['simple'])
    disk.set_defaults(run=lambda given: block_meta_simple(_config(), _target()))

    network = commands.add_parser('net-meta')
    network.add_argument('mode', choices=['auto'])
    network.set_defaults(run=lambda given: print('the target gets its network from cloud-init'))

    commands.add_parser('extract').set_defaults(run=lambda given: extract(_config(), _target()))
    commands.add_parser('curthooks').set_defaults(run=_curthooks)
    commands.add_parser('hook').set_defaults(run=lambda given: _run_hook('finalize'))
    return parser


def _install(given):
    # Imported here: the YAML parser takes seconds to load on an emulated machine, and only this command needs it.
    from .install import install

    return install(given.config, given.set)


def _in_target(given):
    if not given.target:
        raise Fault('no target: use --target or set TARGET_MOUNT_POINT', 2)
    with Chroot(given.target, given.allow_daemons) as chroot:
        return chroot.run(given.argv)


def _curthooks(_):
    if not os.path.isfile(_target() + '/curtin/curtin-hooks'):
        raise Fault('the target has no /curtin/curtin-hooks, and this curtin has no hooks of its own')
    return _run_hook('curtin-hooks')


def _run_hook(name):
    """As curtin: a hook of the image runs outside of the target; one that is not there is none."""
    path = f'{_target()}/curtin/{name}'
    return subprocess.run([path], check=False).returncode if os.path.isfile(path) else 0


def _target():
    target = os.environ.get('TARGET_MOUNT_POINT')
    if not target:
        raise Fault('TARGET_MOUNT_POINT is not set', 2)
    return target


def _config():
    with open(os.environ['CONFIG'], encoding='utf-8') as file:
        return json.load(file)
