# The host looks for this line: without it the second disk is not taken for a root.
echo 'dgxos-installer: hand-over done' > /dev/console
