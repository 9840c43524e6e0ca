#!/bin/sh
# SPDX-License-Identifier: MIT
# tools/kernel_lines.sh FLAVOUR-SOURCES...: the lines of the kernel by folder, comments included, as the shipping build has them. Tests and what
# only flavours compile are counted apart; "without blank" is the same sum without empty lines.
flavours=" $* "
sum=0 full=0
echo "  kernel lines:" | tr -d '\n'
for folder in kernel/*/; do
    files=
    for file in $(find "$folder" -name '*.[chS]' ! -name '*_test.[ch]'); do
        case $flavours in *" $file "*) ;; *) files="$files $file" ;; esac
    done
    lines=$(cat $files | wc -l)
    sum=$((sum + lines)) full=$((full + $(cat $files | grep -c .)))
    name=${folder#kernel/}
    printf ' %s %d' "${name%/}" "$lines"
done
printf ': %d (%d without blank lines; tests %d, flavours %d)\n' "$sum" "$full" "$(find kernel -name '*_test.[ch]' | xargs cat | wc -l)" "$(cat "$@" | wc -l)"
