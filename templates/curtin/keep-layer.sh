# In the live system, after the medium's own steps: keeps the root as it is now, for builds that differ only in what comes after them.
# $1: a file that is left out. Whatever stops it stops only this.
out=/run/build/layer-out
[ -d "$out" ] || exit 0
target=${TARGET_MOUNT_POINT:-/target}
not_kept() { rm -f "$out/root.tar.partial"; printf '%s\n' "$1" > "$out/not-kept"; exit 0; }
# An archive may have another version tomorrow.
[ ! -e /run/build/archives-used ] || not_kept 'the steps of the medium fetched from an archive'
need=$(du -skx "$target" 2>/dev/null | cut -f1)
free=$(df -Pk "$out" 2>/dev/null | awk 'NR == 2 { print $4 }')
most=$(cat /run/build/layer-most)
[ "${need:-0}" -gt 0 ] && [ "${free:-0}" -gt 0 ] || not_kept 'its size is not known'
[ "$need" -le "$most" ] || not_kept "it needs $need KiB, and cache_layers allows $most"
# The tar of the finished root may need as much once more on the same disk.
[ "$free" -gt $((need * 2 + 65536)) ] || not_kept "the disk of the cache has only $free KiB free"
tar --format=posix --pax-option='exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime' --xattrs --xattrs-include='*' --numeric-owner --sort=name -S \
  --one-file-system -b 2048 -C "$target" --anchored --no-wildcards --exclude="$1" -cf "$out/root.tar.partial" . ||
  not_kept 'it could not be written'
mv "$out/root.tar.partial" "$out/root.tar" || not_kept 'it could not be written'
