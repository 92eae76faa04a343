"""Unpacks the sources into the target, then writes the files of `write_files`."""
import glob
import grp
import os
import pwd

from .fault import Fault
from .target import tool


def extract(config, target):
    """All sources in the order of their keys. Raises Fault."""
    sources = config.get('sources')
    if not sources:
        raise Fault('sources: none given')
    for name in sorted(sources):
        _unpack(sources[name], f'sources.{name}', target)
    for entry in config.get('write_files', {}).values():
        _write(entry, target)


def _unpack(source, key, target):
    uri = source['uri'] if isinstance(source, dict) else source.split(':', 1)[1]
    path = '/' + uri.removeprefix('file://').lstrip('/')
    if not os.path.isfile(path):
        there = ', '.join(sorted(glob.glob('/curtin/*-root.tar.*'))) or 'no archive'
        raise Fault(f'{key}.uri: no such file {path}; /curtin has {there}')
    # xz uses every core for an archive of several blocks only when asked to.
    os.environ['XZ_DEFAULTS'] = '-T0'
    tool('tar', '-C', target, '--xattrs', '--xattrs-include=*', '-Sxpf', path, '--numeric-owner')


def _write(entry, target):
    path = target + entry['path']
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(entry.get('content', ''))
    os.chmod(path, int(str(entry.get('permissions', entry.get('perms', '0644'))), 8))
    user, _, group = entry.get('owner', '').partition(':')
    try:
        uid = pwd.getpwnam(user).pw_uid if user else -1
        gid = grp.getgrnam(group).gr_gid if group else -1
    except KeyError as error:
        raise Fault(f'write_files: {entry["path"]}: no such user or group {entry["owner"]!r}') from error
    os.chown(path, uid, gid)
