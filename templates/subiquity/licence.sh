# Runs in the target. `accepted`: the licence was accepted in the configuration of the build, so no package shows it while it is
# installed. `shown`: its own program is there again.
set -e
umask 022
program=/usr/share/nvidia/nv-eula.sh
case $1 in
  accepted)
    mkdir -p "${program%/*}"
    dpkg-divert --local --rename --divert "$program.real" --add "$program"
    printf '#!/bin/sh\nexit 0\n' > "$program"
    chmod 0755 "$program"
    ;;
  shown)
    rm -f "$program"
    dpkg-divert --local --rename --remove "$program"
    rmdir --ignore-fail-on-non-empty "${program%/*}"
    ;;
esac
