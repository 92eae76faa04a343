"""Partitions, formats and mounts as `storage.config` lists them; an ESP is wanted, since the machine starts by UEFI."""
import os
import time

from demo_curtin.fault import Fault
from demo_curtin.target import tool

TARGET = '/target'
UNITS = {'B': 1, 'K': 1024, 'M': 1024**2, 'G': 1024**3, 'T': 1024**4}
ESP = 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B'
LINUX = '0FC63DAF-8483-4772-8E79-3D69D8477DE4'
WAIT_S = 20


def lay_out(actions):
    """Everything on the disks is lost. Returns the lines of the target's fstab. Raises Fault."""
    by_id = {item['id']: item for item in actions}
    disks = [item for item in actions if item['type'] == 'disk']
    if not any(item.get('flag') == 'boot' and item.get('grub_device') for item in actions):
        raise Fault('storage.config: no partition with flag: boot and grub_device: true, and this machine starts by UEFI')
    for disk in disks:
        _partition(disk, [item for item in actions if item['type'] == 'partition' and item['device'] == disk['id']])
    for item in actions:
        if item['type'] == 'format':
            node = _node(by_id, item['volume'])
            tool(*(['mkfs.ext4', '-q', '-F'] if item['fstype'] == 'ext4' else ['busybox', 'mkdosfs']), node)
    mounts = sorted((item for item in actions if item['type'] == 'mount'), key=lambda item: item['path'])
    if not mounts or mounts[0]['path'] != '/':
        raise Fault('storage.config: nothing is mounted at /')
    for item in mounts:
        place = TARGET + item['path'].rstrip('/')
        os.makedirs(place, exist_ok=True)
        tool('mount', _node(by_id, by_id[item['device']]['volume']), place)
    return [_fstab(by_id, item) for item in mounts]


def _partition(disk, partitions):
    if not os.path.exists(disk['path']):
        raise Fault(f'storage.config: there is no disk {disk["path"]}')
    lines = ['label: gpt']
    for item in partitions:
        size = item.get('size', -1)
        words = [] if size == -1 else [f'size={_bytes(size) // 512}']
        lines.append(f'{item["number"]}: ' + ', '.join([*words, f'type={ESP if item.get("flag") == "boot" else LINUX}']))
    tool('sfdisk', '--quiet', '--wipe', 'always', '--wipe-partitions', 'always', disk['path'], text='\n'.join(lines) + '\n')
    for item in partitions:
        item['node'] = f'{disk["path"]}{item["number"]}'
        deadline = time.monotonic() + WAIT_S
        while not os.path.exists(item['node']):
            if time.monotonic() > deadline:
                raise Fault(f'{item["node"]} did not appear within {WAIT_S} s')
            time.sleep(0.1)


def _bytes(size):
    text = str(size)
    return int(text[:-1]) * UNITS[text[-1].upper()] if text[-1].upper() in UNITS else int(text)


def _node(by_id, volume):
    return by_id[volume]['node']


def _fstab(by_id, item):
    made = by_id[item['device']]
    kind = 'vfat' if made['fstype'] == 'fat32' else 'ext4'
    return f'{_node(by_id, made["volume"])} {item["path"]} {kind} defaults 0 1'
