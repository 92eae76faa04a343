# Rendered by dgxos-maas. Sourced by inside.sh: apt in the root, with everything that is of this build alone outside the root's own files.

# A copy of the sources for the time of the build, with the mirrors in place of the archives that the root's own files name.
apt_sources() {
  local apt=$root/run/build/apt file
  rm -rf "$apt/sources.list.d"
  mkdir -p "$apt/sources.list.d"
  : > "$apt/sources.list"
  run sh -c 'cd /etc/apt
    [ ! -f sources.list ] || cat sources.list > /run/build/apt/sources.list
    for file in sources.list.d/*.list sources.list.d/*.sources; do [ ! -f "$file" ] || cat "$file" > "/run/build/apt/$file"; done
    [ ! -f preferences ] || cat preferences' > "$apt/preferences"
  if [ -s "$WORK/pins" ]; then { echo; cat "$WORK/pins"; } >> "$apt/preferences"; fi
  [ -n "$MIRRORS" ] || return 0
  for file in "$apt/sources.list" "$apt"/sources.list.d/*; do [ ! -f "$file" ] || sed -i -f "$MIRRORS" "$file"; done
}

open_apt() {
  local dir
  mkdir -p "$root/run/build/apt"
  # On the disk of $WORK: /run is in memory.
  for dir in debs lists; do
    mkdir -p "$WORK/$dir/partial" "$root/run/build/$dir"
    mount --bind "$WORK/$dir" "$root/run/build/$dir"
  done
  cat > "$root/run/build/apt/apt.conf" <<'CONF'
Dir::Etc::sourcelist "/run/build/apt/sources.list";
Dir::Etc::sourceparts "/run/build/apt/sources.list.d";
Dir::Etc::preferences "/run/build/apt/preferences";
Dir::Cache::archives "/run/build/debs/";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Dir::State::lists "/run/build/lists/";
APT::Sandbox::User "root";
APT::Keep-Downloaded-Packages "true";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Retries "3";
Dpkg::Options { "--force-confdef"; "--force-confold"; "--force-unsafe-io"; };
CONF
  apt_sources
  step 'reading the package lists of the archives' apt-get update
  available > "$WORK/available"
  check_lock
}

# The packages that the archives have now: name, version, architecture, sha256. (apt itself names the strongest sum that an archive gives, and no other.)
available() {
  # shellcheck disable=SC2016
  run sh -c 'apt-get indextargets --format "\$(FILENAME)" "Created-By: Packages" | while read -r file; do /usr/lib/apt/apt-helper cat-file "$file"; echo; done' |
    awk -v OFS='\t' '/^Package: / { name = $2 } /^Version: / { version = $2 } /^Architecture: / { arch = $2 } /^SHA256: / { sum = $2 }
      /^$/ { if (name != "") print name, version, arch, sum; name = "" } END { if (name != "") print name, version, arch, sum }'
}

# The names of downloaded packages, as name, version, architecture.
names_of() { awk -F _ -v OFS='\t' '{ gsub(/%3a/, ":", $2); gsub(/%5f/, "_", $2); sub(/\.deb$/, "", $3); print $1, $2, $3 }'; }

# Everything that is to be repeated must still be there, and nothing else may be chosen.
check_lock() {
  [ -n "$LOCK" ] || return 0
  say 'looking for the packages of the lock'
  local missing
  missing=$(awk -F '\t' 'NR == FNR { has[$1 FS $2 FS $3 FS $4] = 1; next } !(($1 FS $2 FS $3 FS $4) in has) { print $1 "=" $2 " (" $3 ")" }' \
    "$WORK/available" "$LOCK" | paste -sd, | sed 's/,/, /g')
  [ -z "$missing" ] || fail "the archives no longer have, with the sha256 of the lock: $missing"
  awk -F '\t' '{ print "Package: " $1 "\nPin: version " $2 "\nPin-Priority: 1001\n" }' "$LOCK" > "$WORK/pins"
  apt_sources
}

# From the packages that other builds have fetched, those that apt is about to fetch; by their content, so that no build trusts another's.
from_store() { # file names
  [ -n "$DEBS" ] && [ -d "$DEBS" ] || return 0
  local file sum
  sort -u "$1" | paste - <(sort -u "$1" | names_of) |
    awk -F '\t' 'NR == FNR { sum[$1 FS $2 FS $3] = $4; next } ($2 FS $3 FS $4) in sum { print $1, sum[$2 FS $3 FS $4] }' "$WORK/available" - |
    while read -r file sum; do
      [ ${#sum} = 64 ] && [ -f "$DEBS/$sum" ] || continue
      cp --reflink=auto "$DEBS/$sum" "$WORK/debs/partial.store"
      if echo "$sum  $WORK/debs/partial.store" | sha256sum -c - > /dev/null 2>&1; then
        mv "$WORK/debs/partial.store" "$WORK/debs/$file"
      else
        rm -f "$WORK/debs/partial.store" "$DEBS/$sum"
      fi
    done
}

# A file of its own first, then its name: another build never sees half of one.
to_store() {
  [ -n "$DEBS" ] || return 0
  mkdir -p "$DEBS"
  # Of builds that were killed; one that still writes is younger.
  find "$DEBS" -maxdepth 1 -name '*.partial' -mmin +60 -delete
  local sum file partial
  (cd "$WORK/debs" && find . -maxdepth 1 -name '*.deb' -exec sha256sum {} +) | while read -r sum file; do
    [ ! -f "$DEBS/$sum" ] || continue
    # The process id is the same in every namespace.
    partial=$(mktemp "$DEBS/$sum.XXXXXX.partial")
    cp --reflink=auto "$WORK/debs/$file" "$partial" && chmod 0644 "$partial" && mv "$partial" "$DEBS/$sum"
  done
}

install_packages() { # what, packages
  local what=$1
  shift
  run apt-get --yes --print-uris install -- "$@" 2> "$WORK/plan.log" > "$WORK/plan" || {
    sed 's/^/namespace: /' "$WORK/plan.log" >> "$log"
    fail "$what: $(sed -n 's/^E: //p' "$WORK/plan.log" | head -n 1)"
  }
  sed -n "s/^'.*' \([^ ]*\.deb\) [0-9]* .*/\1/p" "$WORK/plan" > "$WORK/planned"
  from_store "$WORK/planned"
  step "installing $what" apt-get --yes install -- "$@"
  to_store
  # A package may have brought sources and preferences.
  apt_sources
}

# Only those that are there: apt-get fails at a name that it does not know.
purge_packages() {
  local name
  for name in "$@"; do
    # shellcheck disable=SC2016
    if run dpkg-query --show --showformat '${db:Status-Abbrev}' "$name" 2> /dev/null | grep -q '^[^nu]'; then
      step "purging $name" apt-get --yes purge -- "$name"
    fi
  done
}

# The packages that apt took from the archives, late commands included: name, version, architecture, sha256, address.
note_packages() {
  say 'noting what apt took'
  to_store
  (cd "$WORK/debs" && find . -maxdepth 1 -name '*.deb' -printf '%f\n') | sort > "$WORK/files"
  : > "$OUTPUT/packages.tsv"
  if [ -s "$WORK/files" ]; then
    names_of < "$WORK/files" > "$WORK/names"
    awk -F '\t' '{ print $1 ":" $3 "=" $2 }' "$WORK/names" | sed 's/:all=/=/' > "$WORK/taken"
    # In a folder without them: of a package that is there no address is printed.
    run sh -c 'cd /run/build/lists/partial && xargs apt-get --print-uris download' < "$WORK/taken" > "$WORK/uris" 2> "$WORK/plan.log" ||
      fail "what apt took is in no archive any more: $(sed -n 's/^E: //p' "$WORK/plan.log" | head -n 1)"
    (cd "$WORK/debs" && xargs sha256sum < "$WORK/files") | paste "$WORK/names" - |
      awk -F '\t' -v OFS='\t' -v quote="'" 'NR == FNR { split($0, part, quote); split(part[3], word, " "); uri[word[1]] = part[2]; next }
        { split($4, sum, "  "); print $1, $2, $3, sum[1], uri[sum[2]] }' "$WORK/uris" - | sort > "$OUTPUT/packages.tsv"
  fi
  [ -n "$LOCK" ] || return 0
  cut -f 1-4 "$LOCK" | sort > "$WORK/wanted"
  cut -f 1-4 "$OUTPUT/packages.tsv" | sort > "$WORK/got"
  cmp -s "$WORK/wanted" "$WORK/got" || fail "other packages than those of the lock were installed: $(diff "$WORK/wanted" "$WORK/got" |
    awk -F '\t' '/^</ { print "without " substr($1, 3) "=" $2 } /^>/ { print "with " substr($1, 3) "=" $2 }' | paste -sd, | sed 's/,/, /g')"
}
