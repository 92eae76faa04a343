# An error command: the build ends the VM when it reads this.
step=$(cat /run/build-step 2> /dev/null || echo 'before the late commands')
journalctl --no-pager --output=cat --lines=15 2> /dev/null | sed 's/^/dgxos-installer| /' > /dev/console
echo "dgxos-installer: FAILED $step" > /dev/console
