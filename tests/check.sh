#!/bin/sh
# SPDX-License-Identifier: MIT
# ./mh check [FOLDER...]: clang-tidy over the sources (or those of the folders), and the quick checks of ./mh test.
set -u
cd "$(dirname "$0")/.." || exit 125
make -k all-tests >/dev/null 2>&1
flags="$(make -s --no-print-directory print-CFLAGS_user | sed 's/-MMD -MP//') -Ikernel/arch/include -Iposix"
includes=$(find lib servers fs posix -maxdepth 4 -type d -name include | sed 's/^/-I/')
bad=0
for file in $(git ls-files -- "${@:-.}" | grep '\.c$' | grep -v -e '_test\.c$' -e '^tests/' -e '^tools/' -e '^boot/'); do
    # shellcheck disable=SC2086
    output=$(clang-tidy-19 --quiet "$file" -- $flags $includes 2>/dev/null | grep -E 'warning:|error:')
    [ -z "$output" ] || { printf '%s\n' "$output"; bad=1; }
done
[ $# -gt 0 ] || tests/test.sh rules headers kernel-words text protocols layers || bad=1
[ $bad = 0 ]
