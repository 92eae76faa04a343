# Rendered by dgxos-maas. Unpacks the sources into the target, then writes the files of write_files.
import os
import shutil
import subprocess
import urllib.error
import urllib.request

from config import source_of
from target import Failure, inside, run

COMPRESSION = {b'\x1f\x8b': '--gzip', b'BZ': '--bzip2', b'\xfd7': '--xz', b'\x1f\x9d': '--uncompress'}


def extract(config, sources, target):
    """Unpacks the sources in the order of their names, and writes the files of write_files in the order in which they are given."""
    if not target:
        raise Failure('no target: use --target or set TARGET_MOUNT_POINT')
    sources = sources or config.get('sources')
    if isinstance(sources, dict):
        sources = [sources[name] for name in sorted(sources)]
    if not sources:
        raise Failure('no sources, neither in the configuration nor as arguments')
    for source in sources:
        unpack(source_of(source)['uri'], target, config.get('install', {}).get('extra_rsync_args', []))
    for entry in (config.get('write_files') or {}).values():
        write_entry(entry, target)


def unpack(uri, target, rsync_args):
    if uri.startswith('cp://'):
        os.makedirs(target, exist_ok=True)
        run(['rsync', '-aXHAS', '--one-file-system'] + rsync_args + [os.path.abspath(uri[len('cp://') :]) + '/', '.'], cwd=target)
        return
    has_attributes = 'xattr' in subprocess.run(['tar', '--help'], stdout=subprocess.PIPE, universal_newlines=True).stdout
    tar = ['tar', '-C', target] + (['--xattrs', '--xattrs-include=*'] if has_attributes else [])
    path = uri[len('file://') :] if uri.startswith('file://') else uri
    if path != uri or os.path.isfile(path):
        run(tar + ['-Sxpf', path, '--numeric-owner'])
        return
    try:
        with urllib.request.urlopen(uri, timeout=600) as answer:
            # tar tells a compression by itself in a file only.
            first = answer.read(512)
            option = [COMPRESSION[first[:2]]] if first[:2] in COMPRESSION else []
            process = subprocess.Popen(tar + option + ['-Sxpf', '-', '--numeric-owner'], stdin=subprocess.PIPE)
            with process.stdin as pipe:
                pipe.write(first)
                shutil.copyfileobj(answer, pipe, 1 << 20)
    except (urllib.error.URLError, ValueError) as error:
        raise Failure('%s: %s' % (uri, getattr(error, 'reason', error))) from error
    if process.wait():
        raise Failure('%s: tar ended with exit code %d' % (uri, process.returncode))


def write_entry(entry, target):
    permissions = entry.get('permissions', entry.get('perms', '0644'))
    # As in curtin, a number is what it is: 644 without quotes is not rw-r--r--.
    mode = 0o644 if permissions is None else permissions if isinstance(permissions, int) else int(permissions, 8)
    path = inside(target, entry['path'])
    write_file(path, entry.get('content', '').encode(), mode)
    user, _, group = entry.get('owner', '').partition(':')
    user, group = (None if name.strip().lower() in ('', '-1', 'none') else name.strip() for name in (user, group))
    if user or group:
        try:
            # Names of the live system, as in curtin.
            shutil.chown(path, user, group)
        except LookupError as error:
            raise Failure('write_files: %s: %s' % (entry['path'], error)) from error


def write_file(path, data, mode):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as file:
        file.write(data)
    if mode:
        os.chmod(path, mode)
