#!/bin/bash
# Makes the directory $1 full of what a tar of a root file system can lose. Needs root, and a file system with attributes.
set -euo pipefail
dir=$1
rm -rf "$dir"
mkdir -p "$dir"
cd "$dir"

# Owners and modes.
echo text > owner-by-number; chown 1234:5678 owner-by-number; chmod 640 owner-by-number
echo text > owner-beyond-31-bits; chown 3000000000:3000000001 owner-beyond-31-bits
cp /bin/true setuid; chmod 4755 setuid
cp /bin/true setgid; chmod 2755 setgid
mkdir sticky; chmod 1777 sticky
mkdir setgid-dir; chown :44 setgid-dir; chmod 2775 setgid-dir
: > no-mode; chmod 000 no-mode

# Links.
echo linked > hard-1; ln hard-1 hard-2; ln hard-1 setgid-dir/hard-3
ln -s /usr/bin/env link-absolute
ln -s ../specimens/hard-1 link-relative
ln -s nowhere link-dangling
ln -s "$(printf 'y%.0s' {1..200})" link-long

# Things that are not files.
mknod device-char c 1 3; mknod device-block b 7 200; mkfifo fifo
python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'

# Capabilities, ACLs, extended attributes of every namespace.
cp /bin/true capable; setcap cap_net_raw,cap_net_admin+ep capable
echo text > acl; setfacl -m u:1000:rw,g:2000:r acl
mkdir acl-default; setfacl -m d:u:1000:rwx,u:1001:rx acl-default
echo text > xattr-user; setfattr -n user.demo -v value xattr-user
echo text > xattr-binary; setfattr -n user.binary -v 0x000a3d00ff xattr-binary
echo text > xattr-large; setfattr -n user.large -v "$(printf 'z%.0s' {1..3000})" xattr-large
echo text > xattr-trusted; setfattr -n trusted.demo -v value xattr-trusted
echo text > xattr-security; setfattr -n security.demo -v value xattr-security

# Holes, and a file longer than its data.
truncate -s 200M sparse; printf middle | dd of=sparse bs=1 seek=104857600 conv=notrunc status=none
truncate -s 5M hole-only

# Names.
touch "$(printf 'new\nline')" "$(printf 'latin1-\xe9')" 'ütf8-名' ' leading space' 'trailing space ' 'back\slash' ./-dash \
  'quo"te' "$(printf 'x%.0s' {1..250})"
mkdir -p "$(printf 'deep/%.0s' {1..60})"; touch "$(printf 'deep/%.0s' {1..60})end"
: > empty

# Times last: making files above changes those of directories.
echo text > time-nanoseconds; touch -d '2001-02-03 04:05:06.123456789Z' time-nanoseconds
echo text > time-before-1970; touch -d '1969-07-20 20:17:40Z' time-before-1970
echo text > time-after-2038; touch -d '2100-01-01 00:00:00Z' time-after-2038
mkdir time-dir; touch -d '2010-10-10 10:10:10Z' time-dir
