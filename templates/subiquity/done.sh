# The host looks for this line: without it the second disk is not taken for a root.
echo 'dgxos-installer: hand-over done' > /dev/console
# The installer ends the machine, as the answers say; what it still has to do in the target is no longer of interest.
(sleep 60 && sync && poweroff -f) > /dev/null 2>&1 &
