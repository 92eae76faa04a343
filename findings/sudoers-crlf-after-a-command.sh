#!/bin/sh
# sudo reads a sudoers file with CR LF, except for the lines that end with a command.
#
# Packages: sudo 1.9.13p3 (Debian bookworm, with its updates).
# Behaviour: CR LF ends comments, Defaults, aliases of users and hosts, `@include` and rules that end with ALL, an alias, a folder or a
#   regular expression of arguments. After a command or its arguments the CR is a syntax error, and sudo 1.9.3 and later pass over
#   such a line alone: the rest of the same file holds.
# Seen: "read" for the Defaults and for ALL, "refused" for the command without and with an argument.
# Why it matters: a sudoers.d file that was saved on Windows, or came by a template, looks as if it worked: "ALL" rules do, the rules
#   for one command are missing. A check that reads CR LF everywhere (or nowhere) says what sudo does not do.
# Ends with 0 while that is so, with 1 when it no longer is.
set -eu

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -q sudo >/dev/null 2>&1
case $(dpkg-deb -f ./sudo_*.deb Version) in
1.9.13p3-*) ;;
*) echo 'another sudo' >&2 && exit 1 ;;
esac
dpkg-deb -x ./sudo_*.deb root
seen=$(
  for rule in 'Defaults editor=/usr/bin/vi' 'build ALL=(ALL) NOPASSWD: ALL' 'build ALL=(ALL) NOPASSWD: /usr/bin/apt' \
    'build ALL=(ALL) NOPASSWD: /usr/bin/apt update'; do
    printf '%s\r\n' "$rule" >sudoers
    chmod 440 sudoers
    if LD_LIBRARY_PATH=root/usr/lib/sudo:root/usr/libexec/sudo root/usr/sbin/visudo -cf sudoers >/dev/null 2>&1; then
      echo "read: $rule"
    else
      echo "refused: $rule"
    fi
  done
)
echo "$seen"
[ "$seen" = "read: Defaults editor=/usr/bin/vi
read: build ALL=(ALL) NOPASSWD: ALL
refused: build ALL=(ALL) NOPASSWD: /usr/bin/apt
refused: build ALL=(ALL) NOPASSWD: /usr/bin/apt update" ]
