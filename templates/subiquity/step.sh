# Runs one late command: its name goes to the console, which the build follows, and is kept for the failure's message.
name=$1
export TARGET_MOUNT_POINT=/target
shift
echo "$name" > /run/build-step
echo "dgxos-installer: stage late: $name" > /dev/console
exec "$@"
