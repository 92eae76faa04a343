set -e
umount /target/tmp/cdrom
rmdir /target/tmp/cdrom
rm -f /target/tmp/ota_skip_write /target/etc/apt/sources.list.d/build-medium.list
