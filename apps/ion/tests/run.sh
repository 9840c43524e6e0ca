#!/bin/sh
# SPDX-License-Identifier: MIT
# Each NAME.ion beside this, run by the shell given (build/host/bin/ion), against NAME.out: `ok NAME` or `not ok NAME: why`.
[ $# -gt 0 ] || make -s build/host/bin/ion >/dev/null || exit 1
ion=${1:-build/host/bin/ion}
folder=$(dirname "$0")
result=0
for script in "$folder"/*.ion; do
    name=ion-$(basename "$script" .ion)
    actual=$(timeout 60 "$ion" "$script" 2>&1 | grep -v '^\(ion: \|  at \|  | \|cat: \)')
    if [ "$actual" = "$(cat "${script%.ion}.out")" ]; then
        echo "ok $name"
    else
        echo "not ok $name: $(printf '%s\n' "$actual" | diff "${script%.ion}.out" - | head -20)"
        result=1
    fi
done
# What fails says where; what is nested too deep is refused.
expect() {
    name=ion-$1
    actual=$("$ion" -c "$2" 2>&1)
    case $actual in
    *"$3"*) echo "ok $name" ;;
    *) echo "not ok $name: $actual"; result=1 ;;
    esac
}
expect error-place 'echo a
  echo $nothing' 'at -c:2:8'
expect paren 'echo (' "'(' at position 6 is out of place"
expect end 'if true' 'expected end block for `If { .. }`'
expect heredoc 'cat << x' 'heredocs'
expect deep-parens "echo $(printf '%0300d' 0 | sed 's/0/$(echo /g')" 'nested more than'
expect deep-blocks "$(printf '%0300d' 0 | sed 's/0/if true; /g')" 'nested more than'
expect deep-functions 'fn f; f; end; f' 'nested too deep'
actual=$(timeout 10 "$ion" -n -c 'while true; let i = 1; end' 2>&1) && echo "ok ion-no-execute" || { echo "not ok ion-no-execute: $actual"; result=1; }
# At a terminal: keys in, screen out.
python3 "$folder/interactive.py" "$ion" || result=1
exit $result
