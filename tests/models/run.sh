#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/models/run.sh [NAME...]: each model is searched completely; each of its BROKEN variants must be caught. One line a model. A trail is
# kept in build/models/NAME/model.pml.trail; `cd build/models/NAME && spin -t -p model.pml` tells it.
set -u
cd "$(dirname "$0")/../.." || exit 125
command -v spin >/dev/null 2>&1 || { echo "not ok models: there is no spin (./mh setup)"; exit 1; }
out=build/models
compiler=${CC_HOST:-clang-19}

# verify DIRECTORY: 0: no error in the whole space; 1: an error; 2: something else.
verify() {
    (
        cd "$1" || exit 2
        spin -P"$compiler -E -x c" -a model.pml >log 2>&1 || exit 2
        "$compiler" -O1 -w -DSAFETY -DNOCLAIM -DCOLLAPSE -DMEMLIM=600 -o pan pan.c >>log 2>&1 || exit 2
        timeout 60 ./pan -E -m2000000 -w20 >>log 2>&1 || exit 2
        grep -q 'max search depth too small\|memory limit\|aborted' log && ! grep -q 'errors: [1-9]' log && exit 2
        grep -q 'errors: 0' log && exit 0
        grep -q 'errors: [1-9]' log && exit 1
        exit 2
    )
}

one() {
    name=$1
    for variant in '' $(grep -o '\bBROKEN[0-9]*' "tests/models/$name.pml" | sort -u); do
        directory=$out/$name${variant:+-$variant}
        mkdir -p "$directory"
        { [ -z "$variant" ] || echo "#define $variant"; cat "tests/models/$name.pml"; } >"$directory/model.pml"
        verify "$directory"
        status=$?
        case ${variant:+broken}$status in
        0 | broken1) ;;
        1) echo "not ok model $name: $(grep -m1 '^pan:' "$directory/log") ($directory)"; return ;;
        broken0) echo "not ok model $name: does not notice $variant"; return ;;
        *) echo "not ok model $name $variant: $(tail -n 3 "$directory/log" | tr '\n' ' ')"; return ;;
        esac
    done
    echo "ok model $name: $(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' "$out/$name/log") states"
}

[ $# != 0 ] || set -- $(cd tests/models && ls ./*.pml | sed 's|^./||; s|\.pml$||')
for model; do
    one "$model"
done
