"""`block-meta simple`: one partition over the whole disk, ext4, mounted at the target."""
import os
import stat
import time

from .fault import Fault
from .target import tool

PARTITION_TABLE = 'label: dos\nstart=2048, type=L, bootable\n'
WAIT_S = 20


def block_meta_simple(config, target):
    """Partitions the first of block-meta.devices. Everything on it is lost. Raises Fault."""
    devices = config.get('block-meta', {}).get('devices')
    if not devices:
        raise Fault('block-meta.devices: no disk given')
    disk = devices[0] if devices[0].startswith('/dev/') else f'/dev/{devices[0]}'
    if not _is_block(disk):
        raise Fault(f'block-meta.devices[0]: {disk} is not a disk')
    tool('sfdisk', '--quiet', '--wipe', 'always', '--wipe-partitions', 'always', disk, text=PARTITION_TABLE)
    partition = f'{disk}p1' if disk[-1].isdigit() else f'{disk}1'
    deadline = time.monotonic() + WAIT_S
    while not _is_block(partition):
        if time.monotonic() > deadline:
            raise Fault(f'{partition} did not appear within {WAIT_S} s')
        time.sleep(0.1)
    tool('mkfs.ext4', '-q', '-F', '-L', 'cloudimg-rootfs', partition)
    tool('mount', partition, target)


def _is_block(path):
    try:
        return stat.S_ISBLK(os.stat(path).st_mode)
    except OSError:
        return False
