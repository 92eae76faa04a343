#!/usr/bin/env python3
# Rendered by dgxos-maas. Stands in for curtin in a live system that has none: the stages of a configuration, `in-target`, `extract` and
# `hook`, as curtin 21.1 (of Ubuntu 20.04) does them. What it does not know is refused before anything runs. Needs Python 3.6 and PyYAML.
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import traceback

import yaml

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

import config as configuration  # noqa: E402
from check import check  # noqa: E402
from extract import extract, write_entry, write_file  # noqa: E402
from target import Failure, in_target, inside, run, umount_all  # noqa: E402

FAILED = 3
CONSOLE = os.environ.pop('CURTIN_CONSOLE', '/dev/console')


def console(text):
    """One line for whoever follows the build."""
    try:
        with open(CONSOLE, 'a') as file:
            file.write('namespace: %s\n' % text)
    except OSError:
        pass


def main(argv):
    """Runs one command and returns its exit code."""
    given = parser().parse_args(argv)
    trace = given.showtrace
    try:
        config = given_config(given)
        trace = str(config.get('showtrace', int(trace))).lower() not in ('0', 'false')
        os.environ['CURTIN_STACKTRACE'] = str(int(trace))
        os.environ['CURTIN_VERBOSITY'] = str(configuration.number('verbosity', config.get('verbosity', given.verbosity)))
        here = os.path.dirname(os.path.abspath(sys.argv[0]))
        if here not in os.environ['PATH'].split(':'):
            os.environ['PATH'] = '%s:%s' % (here, os.environ['PATH'])
        stack = '%s/cmd-%s' % (os.environ.get('CURTIN_REPORTSTACK', ''), given.command)
        os.environ['CURTIN_REPORTSTACK'] = stack.lstrip('/')
        return given.run(given, config) or 0
    except configuration.Refused as refused:
        show(trace)
        lines = str(refused).splitlines()
        more = ' (and %d more, see preseed.log)' % (len(lines) - 1) if len(lines) > 1 else ''
        console('FAILED the curtin configuration: %s%s' % (lines[0], more))
        sys.stderr.write(''.join('curtin: Installation failed: the configuration: %s\n' % line for line in lines))
    except (Failure, OSError) as failure:
        show(trace)
        if given.command == 'install':
            console('FAILED %s' % str(failure).splitlines()[0])
        sys.stderr.write('%s%s\n' % ('curtin: Installation failed: ' if given.command == 'install' else '', failure))
    return FAILED


def show(trace):
    if trace:
        traceback.print_exc()


def parser():
    whole = argparse.ArgumentParser(prog='curtin', description='Stands in for curtin where it is not there.')
    whole.add_argument('--showtrace', action='store_true', default=os.environ.get('CURTIN_STACKTRACE', '0').lower() not in ('0', 'false', ''))
    whole.add_argument('-v', '--verbose', action='count', dest='verbosity', default=int(os.environ.get('CURTIN_VERBOSITY', '0')))
    configured(whole, 'before')
    commands = whole.add_subparsers(dest='command', metavar='{%s}' % ','.join(configuration.COMMANDS))
    commands.required = True

    command = commands.add_parser('install')
    configured(command, 'after')
    command.add_argument('source', nargs='*')
    command.set_defaults(run=install)

    command = commands.add_parser('in-target')
    command.add_argument('-a', '--allow-daemons', action='store_true')
    command.add_argument('-i', '--interactive', action='store_true')
    command.add_argument('--capture', action='store_true')
    command.add_argument('-t', '--target', default=os.environ.get('TARGET_MOUNT_POINT'))
    command.add_argument('argv', nargs='*')
    command.set_defaults(run=lambda given, _: in_target(given))

    command = commands.add_parser('extract')
    command.add_argument('-t', '--target', default=os.environ.get('TARGET_MOUNT_POINT'))
    command.add_argument('sources', nargs='*')
    command.set_defaults(run=lambda given, config: extract(config, given.sources, given.target))

    command = commands.add_parser('hook')
    command.add_argument('target', nargs='?', default=os.environ.get('TARGET_MOUNT_POINT'))
    command.set_defaults(run=hook)
    return whole


def configured(command, dest):
    """-c FILE and --set KEY=VALUE, in the order in which they are given."""

    class Given(argparse.Action):
        def __call__(self, _, namespace, value, option=None):
            setattr(namespace, dest, getattr(namespace, dest, []) + [(option, value)])

    for names in (('-c', '--config'), ('--set',)):
        command.add_argument(*names, action=Given, dest=dest, default=[])


def given_config(given):
    options = given.before + getattr(given, 'after', [])
    if not options:
        return configuration.read(os.environ['CONFIG']) if os.environ.get('CONFIG') else {}
    config = {}
    for option, value in options:
        config = configuration.merge(config, configuration.setting(value) if option == '--set' else configuration.read(value))
    return config


def install(given, config):
    """The whole installation: checked, then its stages in order."""
    sources = config.get('sources') or {}
    if isinstance(sources, dict):
        sources = dict(sources)
        for source in given.source:
            sources['%02d_cmdline' % len(sources)] = source
    config = dict(config, sources=sources)
    check(config)
    for note in configuration.notes(config):
        console(note)
        print('curtin: %s' % note, flush=True)
    config = configuration.merge(configuration.BUILTIN, config)
    proxies = dict(config.get('proxy') or {})
    older = config.pop('http_proxy', None)
    if older:
        proxies.setdefault('http_proxy', older)
    config['proxy'] = proxies
    os.environ.update({name: value for name, value in proxies.items() if value is not None})

    options = config['install']
    saved = options.get('save_install_config', '/root/curtin-install-cfg.yaml')
    if saved:
        text = yaml.dump(config, default_flow_style=False, indent=2)
        written = {'path': saved, 'permissions': '0400', 'owner': 'root:root', 'content': text}
        config['write_files'] = dict(config.get('write_files') or {}, curtin_install_cfg=written)
    log_file = options.get('log_file')
    log = Log(log_file, options.get('log_file_append'))
    top = target = None
    try:
        log.note('curtin: Installation started.')
        top = tempfile.mkdtemp()
        target = options.get('target') or os.path.join(top, 'target')
        env = working_folder(top, target, config)
        for stage in config['stages']:
            if stage in configuration.STAGES_LEFT_TO_MAAS:
                console('the stage %s is left to MAAS, which does it at the deployment' % stage)
                continue
            run_stage(stage, config.get('%s_commands' % stage) or {}, env, log)
        log.note('curtin: Installation finished.')
    except (Failure, OSError) as failure:
        log.note('curtin: Installation failed: %s' % failure)
        raise
    finally:
        log.close()
        saved_log = options.get('save_install_log', '/root/curtin-install.log')
        if saved_log and target and log_file and os.path.isfile(log_file):
            with open(log_file, 'rb') as file:
                write_file(inside(target, saved_log), file.read(), 0o400)
        # Configurations of the field say `umount`, curtin reads `unmount`.
        if target and 'disabled' not in (options.get('unmount'), options.get('umount')):
            umount_all(target)
            shutil.rmtree(top)


class Log:
    """What the commands print, to stdout and to install.log_file."""

    def __init__(self, path, append):
        self.file = None
        if path:
            os.makedirs(os.path.dirname(path) or '.', exist_ok=True)
            self.file = open(path, 'ab' if append else 'wb')

    def write(self, data):
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
        if self.file:
            self.file.write(data)
            self.file.flush()

    def note(self, text):
        """A line for the file alone."""
        if self.file:
            self.file.write(('%s\n' % text).encode('utf-8', 'surrogateescape'))
            self.file.flush()

    def close(self):
        if self.file:
            self.file.close()


def working_folder(top, target, config):
    """The folders and files of an installation, and the environment that names them."""
    os.makedirs(target, exist_ok=True)
    if os.listdir(target):
        raise Failure('install.target: %s is not empty' % target)
    scratch, state = (os.path.join(top, name) for name in ('scratch', 'state'))
    os.mkdir(scratch)
    os.mkdir(state)
    env = {'WORKING_DIR': scratch, 'TARGET_MOUNT_POINT': target, 'CONFIG': os.path.join(state, 'config')}
    for name in ('fstab', 'interfaces', 'network_config', 'network_state'):
        env['OUTPUT_%s' % name.upper()] = os.path.join(state, name)
        open(os.path.join(state, name), 'ab').close()
    with open(env['CONFIG'], 'w') as file:
        json.dump(config, file)
    return dict(os.environ, **env)


def run_stage(stage, commands, env, log):
    """Commands in the order of their names: a list is an argv, text is a line for /bin/sh."""
    for name in sorted(commands):
        command = commands[name]
        if not command:
            continue
        if configuration.left_to_maas(command):
            console('%s, %s is left to MAAS, which does it at the deployment' % (stage, name))
            continue
        console('%s, %s' % (stage, name))
        stack = '%s/stage-%s/%s' % (env['CURTIN_REPORTSTACK'], stage, name)
        where = '%s_commands.%s' % (stage, name)
        try:
            process = subprocess.Popen(
                command,
                shell=isinstance(command, str),
                env=dict(env, CURTIN_REPORTSTACK=stack),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        except OSError as error:
            raise Failure('%s: %s' % (where, error.strerror or error)) from error
        tail = b''
        for data in iter(lambda: process.stdout.read1(65536), b''):
            log.write(data)
            tail = (tail + data)[-2000:]
        code = process.wait()
        if code:
            said = tail.decode('utf-8', 'replace').splitlines()[-8:]
            raise Failure('\n'.join(['%s: exit code %d' % (where, code)] + ['  %s' % line for line in said]))


def hook(given, _):
    if not given.target:
        raise Failure('no target: name it or set TARGET_MOUNT_POINT')
    finalize = inside(given.target, 'curtin/finalize')
    if os.path.isfile(finalize):
        run([finalize])


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
