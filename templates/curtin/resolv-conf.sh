# From outside the target: curtin's in-target lends the target its own resolv.conf and puts the old one back afterwards.
umask 022
target=${TARGET_MOUNT_POINT:-/target}
rm -f "$target/etc/.resolv.conf.systemd-resolved.bak"
if [ -e "$target/lib/systemd/systemd-resolved" ]; then
  ln -sfn ../run/systemd/resolve/stub-resolv.conf "$target/etc/resolv.conf"
else
  rm -f "$target/etc/resolv.conf"
  : > "$target/etc/resolv.conf"
fi
