# bash completion for dgxos-maas. What is typed is handed over as words; nothing of it is evaluated.
_dgxos_maas() {
  local line=${COMP_LINE:0:COMP_POINT}
  local -a words=() answer=()
  read -r -d '' -a words <<<"$line"
  case $line in *[[:space:]]) words+=('') ;; esac
  mapfile -t answer < <(dgxos-maas complete -- "${words[@]:1}" 2>/dev/null)
  COMPREPLY=()
  [ "${#answer[@]}" -gt 0 ] || return 0
  # The last line says whether files fit, too.
  [ "${answer[-1]}" = :0 ] || compopt +o default
  unset 'answer[-1]'
  COMPREPLY=("${answer[@]%%$'\t'*}")
}
complete -o default -F _dgxos_maas dgxos-maas
