# Rendered by dgxos-maas. Which keys and values of a configuration are carried out here; everything else is refused by its name.
import re
import shutil

from config import (
    ARCHIVES,
    BUILTIN,
    CALLS_OTHER,
    COMMANDS,
    LEFT_TO_MAAS,
    STAGES_LEFT_TO_MAAS,
    Refused,
    kind_of,
    known_stages,
    left_to_maas,
    source_of,
)

EVENTS = ('journald', 'log', 'print')


def check(config):
    """Raises Refused with everything in a configuration that is not known here, before anything of it runs."""
    problems = _Problems()
    problems.keys(config, '', dict(_TOP, **{'%s_commands' % stage: _commands for stage in known_stages(config)}))
    stages = config.get('stages', BUILTIN['stages'])
    if isinstance(stages, list):
        for stage in stages:
            if '%s_commands' % stage not in config and '%s_commands' % stage not in BUILTIN and stage != 'early':
                problems.add('stages', 'there are no %s_commands for %r' % (stage, stage))
    if not config.get('sources'):
        problems.add('sources', 'there is none; accepted are archives, %s' % _ADDRESSES)
    if problems.found:
        raise Refused('\n'.join(problems.found))


class _Problems:
    def __init__(self):
        self.found = []

    def add(self, where, problem):
        self.found.append('%s: %s' % (where, problem))

    def expect(self, value, where, kind, name):
        if isinstance(value, kind) and not (kind is not bool and isinstance(value, bool)):
            return True
        self.add(where, 'expected %s, found %s' % (name, kind_of(value)))
        return False

    def keys(self, value, where, known):
        if not self.expect(value, where or 'the configuration', dict, 'a mapping'):
            return
        for key, inner in value.items():
            path = '%s.%s' % (where, key) if where else str(key)
            if key in known:
                known[key](self, inner, path)
            else:
                self.add(path, 'not known here; accepted are %s' % ', '.join(sorted(known)))

    def named(self, value, where, each):
        if not self.expect(value, where, dict, 'a mapping'):
            return
        for key, inner in value.items():
            if self.expect(key, '%s.%s' % (where, key), str, 'a name in quotes'):
                each(self, inner, '%s.%s' % (where, key))


def _text(problems, value, where):
    problems.expect(value, where, str, 'text')


def _text_or_nothing(problems, value, where):
    if value is not None:
        _text(problems, value, where)


def _flag(problems, value, where):
    problems.expect(value, where, bool, 'true or false')


def _texts(problems, value, where):
    if problems.expect(value, where, list, 'a list'):
        for index, item in enumerate(value):
            _text(problems, item, '%s[%d]' % (where, index))


def _anything(problems, value, where):
    pass


def _unmount(problems, value, where):
    if value not in ('', 'disabled'):
        problems.add(where, '%r is not known; accepted is disabled' % value)


def _commands(problems, value, where):
    problems.named(value, where, _command)


def _command(problems, value, where):
    if value is None or value == '' or value == []:
        return
    if not isinstance(value, (str, list)):
        problems.add(where, 'expected a list of words or a line for the shell, found %s' % kind_of(value))
        return
    if isinstance(value, list):
        before = len(problems.found)
        _texts(problems, value, where)
        if len(problems.found) > before:
            return
    if left_to_maas(value):
        return
    if where.startswith(tuple('%s_commands.' % stage for stage in STAGES_LEFT_TO_MAAS)):
        problems.add(where, 'disks and network are left to MAAS; accepted are curtin block-meta and curtin net-meta')
        return
    other = CALLS_OTHER.search(value if isinstance(value, str) else ' '.join(value))
    if other:
        problems.add(where, 'curtin %s is not known here; accepted are curtin %s' % (other.group(1), ', '.join(COMMANDS)))


_ADDRESSES = 'tgz, tbz or txz by file://, a path, http:// or https://, and a folder by cp://'


def _sources(problems, value, where):
    if isinstance(value, list):
        for index, source in enumerate(value):
            _source(problems, source, '%s[%d]' % (where, index))
    elif value:
        problems.named(value, where, _source)


def _source(problems, value, where):
    if isinstance(value, dict):
        before = len(problems.found)
        problems.keys(value, where, {'type': _text, 'uri': _text})
        problems.found.extend('%s.%s: is missing' % (where, key) for key in ('type', 'uri') if key not in value)
        if len(problems.found) > before:
            return
    elif not problems.expect(value, where, str, 'text or a mapping with type and uri'):
        return
    kind, uri = (source_of(value)[key] for key in ('type', 'uri'))
    if kind not in ARCHIVES:
        problems.add('%s.type' % where, '%r is not known here; accepted are %s' % (kind, _ADDRESSES))
    elif not re.match(r'(?:file://|cp://|https?://)?/|https?://', uri) or re.search(r'squash(?:fs)?$', uri):
        problems.add(where, '%s is not an address that is known here; accepted are %s' % (uri, _ADDRESSES))
    elif uri.startswith('cp://') and not shutil.which('rsync'):
        problems.add(where, 'cp:// needs rsync, which is not there')


def _permissions(problems, value, where):
    if isinstance(value, bool) or not (value is None or isinstance(value, int) or re.fullmatch(r'(?:0o)?[0-7]{1,5}', str(value))):
        problems.add(where, 'expected octal digits in quotes such as "0644", found %r' % value)


def _file(problems, value, where):
    problems.keys(value, where, {'path': _text, 'content': _text, 'permissions': _permissions, 'perms': _permissions, 'owner': _text})
    if isinstance(value, dict) and not value.get('path'):
        problems.add('%s.path' % where, 'is missing')


def _listener(problems, value, where):
    if value and problems.expect(value, where, dict, 'a mapping') and value.get('type') not in EVENTS:
        problems.add('%s.type' % where, '%r is not known here; accepted are %s' % (value.get('type'), ', '.join(EVENTS)))


_PROXIES = {name: _text_or_nothing for name in ('http_proxy', 'https_proxy', 'no_proxy')}
_INSTALL = dict(
    {name: _text_or_nothing for name in ('log_file', 'error_tarfile', 'save_install_config', 'save_install_log', 'target')},
    **{'log_file_append': _flag, 'post_files': _texts, 'extra_rsync_args': _texts, 'unmount': _unmount, 'umount': _unmount},
)
_TOP = dict(
    {key: _anything for key in LEFT_TO_MAAS},
    **{
        'install': lambda problems, value, where: problems.keys(value, where, _INSTALL),
        'sources': _sources,
        'stages': _texts,
        'write_files': lambda problems, value, where: problems.named(value, where, _file),
        'reporting': lambda problems, value, where: problems.named(value, where, _listener),
        'proxy': lambda problems, value, where: problems.keys(value, where, _PROXIES),
        'http_proxy': _text_or_nothing,
        'verbosity': _anything,
        'showtrace': _anything,
    },
)
