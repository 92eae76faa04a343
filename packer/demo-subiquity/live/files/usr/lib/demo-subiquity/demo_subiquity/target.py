"""Fills the target from the medium, and leaves in it what subiquity leaves in an installed system."""
import os
import uuid

import yaml
from demo_curtin.fault import Fault
from demo_curtin.target import tool

from .storage import TARGET

SOURCES = '/cdrom/casper/install-sources.yaml'
LEFT = {
    '/etc/cloud/cloud.cfg.d/99-installer.cfg': 'datasource_list: [None]\ndatasource: {None: {userdata_raw: "#cloud-config"}}\n',
    '/etc/cloud/cloud.cfg.d/20-disable-cc-dpkg-grub.cfg': 'grub_dpkg: {enabled: false}\n',
    '/etc/cloud/ds-identify.cfg': 'policy: enabled\n',
    '/etc/cloud/clean.d/99-installer': '#!/bin/sh\nrm -f /etc/cloud/cloud.cfg.d/99-installer.cfg\n',
    '/etc/cloud/cloud-init.disabled': '',
    '/etc/netplan/00-installer-config.yaml': 'network: {version: 2, ethernets: {ens3: {dhcp4: true}}}\n',
    '/etc/hostname': 'demo-installed\n',
}


def extract():
    """Copies the first source of the medium into the target. Raises Fault."""
    try:
        with open(SOURCES, encoding='utf-8') as file:
            source = yaml.safe_load(file)[0]
    except OSError as error:
        raise Fault(f'{SOURCES}: {error.strerror}') from error
    os.makedirs('/run/source', exist_ok=True)
    tool('mount', '-t', 'squashfs', '-o', 'ro,loop', f'/cdrom/casper/{source["path"]}', '/run/source')
    tool('cp', '-a', '/run/source/.', TARGET)
    tool('umount', '/run/source')


def leave_traces(fstab, oem_user):
    """What the late commands of an image have to remove."""
    written = {**LEFT, '/etc/fstab': '\n'.join(fstab) + '\n', '/etc/machine-id': f'{uuid.uuid4().hex}\n'}
    for path, text in written.items():
        os.makedirs(os.path.dirname(TARGET + path), exist_ok=True)
        with open(TARGET + path, 'w', encoding='utf-8') as file:
            file.write(text)
    os.chmod(f'{TARGET}/etc/cloud/clean.d/99-installer', 0o755)
    if oem_user:
        tool('chroot', TARGET, 'useradd', '--create-home', '--shell', '/bin/bash', 'nvidia')
        tool('chroot', TARGET, 'chpasswd', text='nvidia:nvidia\n')
        with open(f'{TARGET}/etc/sudoers.d/nvidia', 'w', encoding='utf-8') as file:
            file.write('nvidia ALL=(ALL) NOPASSWD:ALL\n')
