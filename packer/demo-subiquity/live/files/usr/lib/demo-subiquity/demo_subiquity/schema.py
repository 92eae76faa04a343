"""Which sections an answer file may have. What is not named here is refused with its path, before a disk is touched."""
from demo_curtin.fault import Fault


def check(answers):
    """Raises Fault with the path of the first key or value that this installer does not know."""
    if isinstance(answers, dict) and 'autoinstall' in answers:
        raise Fault('autoinstall: the sections are at the top level of this file, which begins with version: 1')
    _check(answers, _TOP, '')
    if answers.get('version') != 1:
        raise Fault(f'version: expected 1, found {answers.get("version")!r}')
    for index, item in enumerate(answers.get('storage', {}).get('config', [])):
        path = f'storage.config[{index}]'
        known = _ACTIONS.get(item.get('type'))
        if known is None:
            raise Fault(f'{path}.type: {item.get("type")!r} is not known; known here: {", ".join(sorted(_ACTIONS))}')
        _check(item, {'type': str, 'id': str, **known}, path)


def _check(value, expected, path):
    if isinstance(expected, dict):
        if not isinstance(value, dict):
            raise Fault(f'{path or "the answer file"}: expected a mapping, found {_kind(value)}')
        for key, inner in value.items():
            where = f'{path}.{key}' if path else str(key)
            if key not in expected:
                raise Fault(f'{where}: unknown key; known here: {", ".join(sorted(expected))}')
            _check(inner, expected[key], where)
    elif isinstance(expected, list):
        if not isinstance(value, list):
            raise Fault(f'{path}: expected a list, found {_kind(value)}')
        for index, inner in enumerate(value):
            _check(inner, expected[0], f'{path}[{index}]')
    elif isinstance(expected, tuple):
        if value not in expected:
            raise Fault(f'{path}: {value!r} is not known; known here: {", ".join(map(str, expected))}')
    elif expected is COMMAND:
        if not isinstance(value, str):
            _check(value, [str], path)
    elif not isinstance(value, expected) or (expected is int and isinstance(value, bool)):
        raise Fault(f'{path}: expected {_NAMES[expected]}, found {_kind(value)}')


def _kind(value):
    return 'nothing' if value is None else _NAMES.get(type(value), type(value).__name__)


COMMAND = object()
_NAMES = {dict: 'a mapping', list: 'a list', str: 'text', bool: 'a truth value', int: 'a number', float: 'a number'}
# A number, or text such as 512M.
_SIZE = object

_TOP = {
    'version': int,
    'refresh-installer': {'update': bool},
    'locale': str,
    'keyboard': {'layout': str},
    'network': {'version': (2,), 'ethernets': dict},
    'apt': {'geoip': bool, 'fallback': ('abort', 'continue-anyway', 'offline-install')},
    'storage': {'swap': {'size': (0,)}, 'grub': {'reorder_uefi': bool}, 'config': [dict]},
    'ssh': {'install-server': bool, 'allow-pw': bool},
    'user-data': {'users': [dict]},
    'early-commands': [COMMAND],
    'late-commands': [COMMAND],
    'error-commands': [COMMAND],
    'shutdown': ('poweroff', 'reboot'),
}
_ACTIONS = {
    'disk': {'path': str, 'ptable': ('gpt',), 'wipe': str, 'preserve': (False,), 'grub_device': bool},
    'partition': {
        'device': str,
        'number': int,
        'size': _SIZE,
        'flag': ('boot',),
        'wipe': str,
        'preserve': (False,),
        'grub_device': bool,
    },
    'format': {'volume': str, 'fstype': ('ext4', 'fat32'), 'preserve': (False,)},
    'mount': {'device': str, 'path': str},
}
