/** Ubuntu's keys for cloud images, as `ubuntu-keyring` 2023.11.28.1 (Debian 13, Ubuntu) installs them. */
export const UBUNTU_KEYRING = '/usr/share/keyrings/ubuntu-cloudimage-keyring.gpg';

/** The remedy where they are not installed: Debian 12 has no package of them. */
export const UBUNTU_KEYRING_HINT =
  'sudo apt-get install ubuntu-keyring (Debian 13, Ubuntu 20.04 and newer; elsewhere copy the file from there, and name it in `archive.root.keyring`)';
