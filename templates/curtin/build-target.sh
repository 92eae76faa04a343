# curtin's target is a new directory each time unless its configuration names one; the last steps of the build must know it.
printf '%s\n' "${TARGET_MOUNT_POINT:-/target}" > /run/build-target
# A VM may be cut off before it has written everything to its disk.
[ -d /run/build ] || sync
