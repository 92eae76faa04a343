"""Reads a configuration as curtin does: YAML over the built-in one, mappings merged, everything else replaced."""
import json

import yaml

from .fault import Fault
from .schema import check

BUILTIN = {
    'install': {'log_file': '/var/log/curtin/install.log', 'target': '/target'},
    'sources': {},
    'reporting': {},
    'stages': ['early', 'partitioning', 'network', 'extract', 'curthooks', 'hook', 'late'],
    'partitioning_commands': {'builtin': ['curtin', 'block-meta', 'simple']},
    'network_commands': {'builtin': ['curtin', 'net-meta', 'auto']},
    'extract_commands': {'builtin': ['curtin', 'extract']},
    'curthooks_commands': {'builtin': ['curtin', 'curthooks']},
    'hook_commands': {'builtin': ['curtin', 'hook']},
}


def merge(base, over):
    """`over` laid over `base`: mappings key by key, anything else as a whole. Neither is changed."""
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    return {**base, **{key: merge(base.get(key), value) for key, value in over.items()}}


def load(path, settings=()):
    """The configuration of the file with `--set` settings on top, checked. Raises Fault."""
    try:
        with open(path, encoding='utf-8') as file:
            given = yaml.safe_load(file)
    except OSError as error:
        raise Fault(f'cannot read {path}: {error.strerror}') from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Fault(f'{path} is not valid YAML: {" ".join(str(error).split())}') from error
    for setting in settings:
        given = merge(given, parse_setting(setting))
    check(given)
    return merge(BUILTIN, given)


def parse_setting(setting):
    """`a/b=text` or `json:a/b=value` as a mapping, the way of curtin's own --set."""
    key, equals, value = setting.partition('=')
    if not equals:
        raise Fault(f'--set {setting}: expected KEY=VALUE')
    if key.startswith('json:'):
        key = key.removeprefix('json:')
        try:
            value = json.loads(value)
        except ValueError as error:
            raise Fault(f'--set {key}: not JSON: {error}') from error
    for name in reversed(key.split('/')):
        value = {name: value}
    return value
