/** Ubuntu's keys for cloud images, as `ubuntu-keyring` 2023.11.28.1 (Debian 13, Ubuntu) installs them. */
export const UBUNTU_KEYRING = '/usr/share/keyrings/ubuntu-cloudimage-keyring.gpg';
export const UBUNTU_KEYRING_PACKAGE = 'ubuntu-keyring';
