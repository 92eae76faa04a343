"""Which keys a configuration may have. What is not named here is refused with its path."""
from .fault import Fault

STAGES = ('early', 'partitioning', 'network', 'extract', 'curthooks', 'hook', 'late')
ARCHIVES = ('tgz', 'txz', 'tbz')


def check(config):
    """Raises Fault with the path of the first key or value that this curtin does not know."""
    _keys(config, '', _TOP)
    for name in config.get('sources', {}):
        _source(config['sources'][name], f'sources.{name}')


def _fail(path, problem):
    raise Fault(f'{path}: {problem}')


def _kind(value):
    if value is None:
        return 'nothing'
    names = {dict: 'a mapping', list: 'a list', str: 'text', bool: 'a truth value', int: 'a number', float: 'a number'}
    return names.get(type(value), type(value).__name__)


def _keys(value, path, known):
    if not isinstance(value, dict):
        _fail(path or 'the configuration', f'expected a mapping, found {_kind(value)}')
    for key, inner in value.items():
        where = f'{path}.{key}' if path else str(key)
        if key not in known:
            _fail(where, f'unknown key; known here: {", ".join(sorted(known))}')
        known[key](inner, where)


def _each(check_one):
    def check_mapping(value, path):
        if not isinstance(value, dict):
            _fail(path, f'expected a mapping, found {_kind(value)}')
        for key, inner in value.items():
            if not isinstance(key, str):
                _fail(f'{path}.{key}', 'names are text: put it in quotes')
            check_one(inner, f'{path}.{key}')

    return check_mapping


def _text(value, path):
    if not isinstance(value, str):
        _fail(path, f'expected text, found {_kind(value)}')


def _file(value, path):
    _text(value, path)
    if not value.startswith('/'):
        _fail(path, f'expected an absolute path, found {value!r}')


def _flag(value, path):
    if not isinstance(value, bool):
        _fail(path, f'expected true or false, found {_kind(value)}')


def _texts(value, path):
    if not isinstance(value, list):
        _fail(path, f'expected a list, found {_kind(value)}')
    for index, item in enumerate(value):
        _text(item, f'{path}[{index}]')


def _one_of(*accepted):
    def check_value(value, path):
        if value not in accepted:
            _fail(path, f'{value!r} is not known; known: {", ".join(accepted)}')

    return check_value


def _mapping(known):
    return lambda value, path: _keys(value, path, known)


def _command(value, path):
    """A list is an argv, text is a line for the shell; nothing and [] are skipped as in curtin."""
    if value is None or isinstance(value, str):
        return
    if not isinstance(value, list):
        _fail(path, f'expected a list or text, found {_kind(value)}')
    _texts(value, path)


def _stages(value, path):
    _texts(value, path)
    for index, name in enumerate(value):
        if name not in STAGES:
            _fail(f'{path}[{index}]', f'unknown stage {name!r}; known: {", ".join(STAGES)}')


def _source(value, path):
    if isinstance(value, str):
        _uri(value.removeprefix('tgz:').removeprefix('txz:').removeprefix('tbz:'), path)
        return
    _keys(value, path, {'uri': _uri, 'type': _one_of(*ARCHIVES)})
    for key in ('uri', 'type'):
        if key not in value:
            _fail(f'{path}.{key}', 'is missing')


def _uri(value, path):
    _text(value, path)
    if not value.startswith(('file:///', '/')):
        _fail(path, f'expected file:///…, found {value!r}')


def _permissions(value, path):
    try:
        int(str(value), 8)
    except ValueError:
        _fail(path, f'expected octal digits such as "0644", found {value!r}')


def _written(value, path):
    known = {'path': _file, 'content': _text, 'permissions': _permissions, 'perms': _permissions, 'owner': _text}
    _keys(value, path, known)
    if 'path' not in value:
        _fail(f'{path}.path', 'is missing')


_INSTALL = {
    'log_file': _file,
    'log_file_append': _flag,
    'error_tarfile': _file,
    'post_files': _texts,
    'save_install_config': _file,
    'save_install_log': _file,
    'target': _file,
    'umount': _one_of('disabled'),
    'unmount': _one_of('disabled'),
}
_LISTENER = {'type': _one_of('journald', 'none'), 'identifier': _text, 'level': _text}

_TOP = {
    'install': _mapping(_INSTALL),
    'sources': _each(lambda value, path: None),
    'reporting': _each(_mapping(_LISTENER)),
    'stages': _stages,
    'write_files': _each(_written),
    'block-meta': _mapping({'devices': _texts}),
    **{f'{stage}_commands': _each(_command) for stage in STAGES},
}
