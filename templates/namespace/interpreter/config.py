# Rendered by dgxos-maas. Reads a configuration as curtin does.
import json
import re

import yaml

# What curtin 21.1 lays a configuration over.
BUILTIN = {
    'sources': {},
    'stages': ['early', 'partitioning', 'network', 'extract', 'curthooks', 'hook', 'late'],
    'partitioning_commands': {'builtin': ['curtin', 'block-meta', 'simple']},
    'network_commands': {'builtin': ['curtin', 'net-meta', 'auto']},
    'extract_commands': {'builtin': ['curtin', 'extract']},
    'curthooks_commands': {'builtin': ['curtin', 'curthooks']},
    'hook_commands': {'builtin': ['curtin', 'hook']},
    'late_commands': {'builtin': []},
    'apply_net_commands': {'builtin': []},
    'install': {'log_file': '/var/log/curtin/install.log', 'error_tarfile': '/var/log/curtin/curtin-error-logs.tar'},
}

# MAAS does it when it deploys the image: disks, network, boot loader. Accepted, reported and not carried out.
LEFT_TO_MAAS = ('block-meta', 'storage', 'swap', 'network', 'grub')
COMMANDS_LEFT_TO_MAAS = ('block-meta', 'net-meta', 'curthooks')
STAGES_LEFT_TO_MAAS = ('partitioning', 'network')

COMMANDS = ('install', 'in-target', 'extract', 'hook')
# curtin has these besides; they are looked for in what a configuration runs.
OTHER_COMMANDS = (
    'apply_net|apt-config|block-attach-iscsi|block-detach-iscsi|block-discover|block-info|block-meta|block-wipe|clear-holders|curthooks|'
    'collect-logs|features|mkfs|net-meta|pack|schema-validate|swap|system-install|system-upgrade|unmount|version'
)
CALLS_OTHER = re.compile(r'(?<![\w./-])(?:/usr/bin/)?curtin\s+(?:-\S+\s+)*(%s)(?![\w-])' % OTHER_COMMANDS)
PLAIN_CALL = re.compile(r'\s*curtin\s+([a-z-]+)(?:\s+[\w=./-]+)*\s*')
ARCHIVES = ('tgz', 'tbz', 'txz')


class Refused(Exception):
    """What a configuration asks for and this interpreter does not do: lines that begin with the key."""


class _Loader(yaml.SafeLoader):
    def construct_mapping(self, node, deep=False):
        seen = set()
        for name, _ in node.value:
            if name.tag == 'tag:yaml.org,2002:str' and name.value in seen:
                raise yaml.constructor.ConstructorError(None, None, 'the key %r is there twice' % name.value, name.start_mark)
            seen.add(name.value if name.tag == 'tag:yaml.org,2002:str' else id(name))
        return super().construct_mapping(node, deep)


def merge(base, over):
    """`over` laid over `base`: mappings key by key, anything else as a whole."""
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    return dict(base, **{key: merge(base.get(key), value) for key, value in over.items()})


def read(path):
    """The mapping in a file of YAML or JSON. Raises Refused with the place of a mistake."""
    try:
        with open(path, encoding='utf-8') as file:
            found = yaml.load(file, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = 'line %d, column %d: ' % (mark.line + 1, mark.column + 1) if mark else ''
        raise Refused('%s: %s%s' % (path, place, error.problem)) from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise Refused('%s: %s' % (path, getattr(error, 'strerror', None) or error)) from error
    if not isinstance(found, dict):
        raise Refused('%s: expected a mapping, found %s' % (path, kind_of(found)))
    return found


def setting(text):
    """`a/b=text` or `json:a/b=value` of --set as a mapping."""
    key, equals, value = text.partition('=')
    if not equals:
        raise Refused('--set %s: expected KEY=VALUE' % text)
    if key.startswith('json:'):
        key = key[len('json:') :]
        try:
            value = json.loads(value)
        except ValueError as error:
            raise Refused('--set %s: not JSON: %s' % (key, error)) from error
    for name in reversed(key.split('/')):
        value = {name: value} if name else value
    return value


def number(key, value):
    try:
        return int(value)
    except (TypeError, ValueError):
        raise Refused('%s: expected a number, found %r' % (key, value)) from None


def left_to_maas(command):
    """Whether a command is one of curtin's own for disks, network or boot loader."""
    if isinstance(command, str):
        call = PLAIN_CALL.fullmatch(command)
        return bool(call) and call.group(1) in COMMANDS_LEFT_TO_MAAS
    return command[:1] == ['curtin'] and command[1:2] != [] and command[1] in COMMANDS_LEFT_TO_MAAS


def source_of(source):
    """A source as type and address, as curtin reads one: text may begin with its type."""
    if isinstance(source, dict):
        return source
    for kind in ARCHIVES:
        if source.startswith(kind + ':'):
            return {'type': kind, 'uri': source[len(kind) + 1 :]}
    return {'type': 'tgz', 'uri': source}


def notes(config):
    """What of an accepted configuration is not carried out, a line each."""
    found = ['%s is left to MAAS, which does it at the deployment' % key for key in LEFT_TO_MAAS if config.get(key)]
    if config.get('reporting'):
        found.append('reporting: the stages are reported here alone')
    for key in ('error_tarfile', 'post_files'):
        if config.get('install', {}).get(key):
            found.append('install.%s: logs of the live system are not collected' % key)
    for stage in known_stages(config):
        if '%s_commands' % stage in config and stage not in config.get('stages', BUILTIN['stages']):
            found.append('%s_commands: the stage is not in `stages`, so they do not run' % stage)
    return found


def known_stages(config):
    """curtin's own stages and those that `stages` names."""
    stages = config.get('stages')
    named = [name for name in stages if isinstance(name, str)] if isinstance(stages, list) else []
    return list(dict.fromkeys(BUILTIN['stages'] + named))


def kind_of(value):
    if value is None:
        return 'nothing'
    names = {dict: 'a mapping', list: 'a list', str: 'text', bool: 'a truth value', int: 'a number', float: 'a number', bytes: 'binary data'}
    return names.get(type(value), 'a %s' % type(value).__name__)
