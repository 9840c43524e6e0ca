#!/bin/sh
# SPDX-License-Identifier: MIT
# ./mh test [WORD...]: all tests, or those sections and end-to-end tests whose names contain one of the words. Every check prints one
# line, `ok NAME` or `not ok NAME: why`; the last line is `N passed, N failed`, and the status is 1 when something failed.
set -u
cd "$(dirname "$0")/.." || exit 125
build=build
mkdir -p $build/test
results=$(mktemp -d "$build/test/run.XXXXXX") || exit 125
trap 'rm -rf "$results"' EXIT
words="$*"

wanted() {
    [ -n "$words" ] || return 0
    for word in $words; do
        case $1 in *"$word"*) return 0 ;; esac
    done
    return 1
}

# section NAME COMMAND...: runs it when wanted; its ok and not ok lines are counted, its other lines shown when something failed.
section() {
    section_name=$1
    shift
    wanted "$section_name" || return 0
    "$@" >"$results/$section_name" 2>&1
    status=$?
    grep -av '^ok ' "$results/$section_name"
    grep -aq '^not ok ' "$results/$section_name" || [ $status = 0 ] || {
        echo "not ok $section_name: ended with status $status" | tee -a "$results/$section_name"
    }
    echo "-- $section_name: $(grep -ac '^ok ' "$results/$section_name") ok, $(grep -ac '^not ok ' "$results/$section_name") not ok"
}

# judge NAME COMMAND...: one check.
judge() {
    judged=$1
    shift
    if output=$("$@" 2>&1); then
        echo "ok $judged"
    else
        echo "not ok $judged: $(printf '%s' "$output" | grep -v '^  [a-z]* ' | head -40)"
    fi
}

flags() { make -s --no-print-directory "print-CFLAGS_$1"; }

# -- what is checked ----------------------------------------------------------------------------------------------------

build_all() {
    judge build make -k all
}

# Each program ends with `N passed, N failed`.
unit() {
    judge build-unit-tests make -k all-tests
    for program in $(make -s --no-print-directory print-HOST_TESTS); do
        name=$(basename "$program")
        output=$(timeout 300 "$program" 2>&1)
        last=$(printf '%s\n' "$output" | tail -n 1)
        case $last in
        *' passed, 0 failed') ;;
        *) printf '%s\n' "$output" | head -60 ;;
        esac
        printf '%s\n' "$last" | awk -v name="$name" '
            /^[0-9]+ passed, [0-9]+ failed$/ {
                for (i = 1; i <= $1; i++) print "ok unit " name " " i
                for (i = 1; i <= $3; i++) print "not ok unit " name ": see above"
                next
            }
            { print "not ok unit " name ": " $0 }'
    done
}

# Each parser against bytes of chance, FUZZ_SECONDS each; what it fails on is kept in build/fuzz/NAME-*.
fuzz() {
    judge build-fuzzers make -k fuzzers
    for program in $(make -s --no-print-directory print-FUZZERS); do
        fuzz_name=$(basename "$program")
        judge "fuzz $fuzz_name" timeout 600 "$program" -max_total_time="${FUZZ_SECONDS:-3}" -verbosity=0 -timeout=10 \
            -artifact_prefix=$build/fuzz/"$fuzz_name"-
    done
}

# Each file must be refused as it is, for the reason that its line `expect: TEXT` names, and accepted with -DALLOWED.
rules() {
    user=$(flags user | sed 's/-MMD -MP//')
    # shellcheck disable=SC2086
    for file in tests/rules/*.c; do
        name=$(basename "$file" .c)
        reason=$(sed -n 's/.*expect: \(.*[^ ]\) *\*\/.*/\1/p' "$file")
        includes="-Itests/rules -Ikernel/arch/include $(find lib -maxdepth 4 -type d -name include | sed 's/^/-I/')"
        if output=$(clang-19 $user $includes -fsyntax-only "$file" 2>&1); then
            echo "not ok rule $name: it compiled"
        elif ! printf '%s' "$output" | grep -qF -- "$reason"; then
            echo "not ok rule $name: refused for another reason than '$reason': $(printf '%s' "$output" | head -5)"
        elif ! output=$(clang-19 $user $includes -DALLOWED -fsyntax-only "$file" 2>&1); then
            echo "not ok rule $name: the allowed form is refused: $(printf '%s' "$output" | head -5)"
        else
            echo "ok rule $name"
        fi
    done
}

# Public headers compile alone.
headers() {
    make -s $build/gen/protocol/names.h $(make -s --no-print-directory print-GENERATED) >/dev/null 2>&1
    user=$(flags user | sed 's/-MMD -MP//')
    includes="$(find lib -maxdepth 4 -type d -name include | sed 's/^/-I/')"
    # shellcheck disable=SC2086
    for header in abi/*.h $(find lib -path '*/include/*.h') build/gen/protocol/*.h; do
        if output=$(printf '#include "%s"\n' "$header" | clang-19 $user $includes -Wno-unused-function -fsyntax-only -x c - 2>&1); then
            echo "ok header $header"
        else
            echo "not ok header $header: $(printf '%s' "$output" | head -5)"
        fi
    done
}

# Linux's numbers and names live in posix/ alone.
kernel_words() {
    found=$(grep -rnwE -f tests/linux_words.txt --include='*.[chS]' kernel | grep -v '_test\.c:')
    if [ -z "$found" ]; then
        echo "ok the kernel has no Linux word"
    else
        printf 'not ok the kernel has no Linux word: %s\n' "$found" | head -10
    fi
}

text_rules() {
    # Every source starts with the licence; no tabs, no trailing blanks, no line over 140 columns.
    git ls-files '*.c' '*.h' '*.S' '*.sh' '*.awk' mh .ci/run | while read -r file; do
        [ -f "$file" ] || continue
        head -n 3 "$file" | grep -q 'SPDX-License-Identifier: MIT' || echo "not ok text $file: no SPDX line"
        awk -v f="$file" '/\t/ && !t { print "not ok text " f ":" FNR ": a tab"; t = 1 }
            /[ \t]$/ && !b { print "not ok text " f ":" FNR ": blanks at the end"; b = 1 }
            length($0) > 170 && !w { print "not ok text " f ":" FNR ": " length($0) " columns"; w = 1 }' "$file"
    done
    git grep -lE '^(<<<<<<<|>>>>>>>) ' | sed 's/^/not ok text: a merge mark in /'
    echo "ok text was looked at"
}

protocols() { make -s $build/host/bin/protogen >/dev/null 2>&1; judge protocols $build/host/bin/protogen --check abi/protocol/*.proto; }
layers() { sh tools/layercheck/layercheck.sh; }
runner() { sh tests/runner/test.sh; }

# End to end: each script prints ok and not ok lines; two machines at a time.
one_end_to_end() {
    name=$(basename "$1" .sh)
    timeout -k 10 "${E2E_LIMIT:-900}" sh "$1" >"$results/e2e-$name" 2>&1
    status=$?
    grep -aq -e '^ok ' -e '^not ok ' "$results/e2e-$name" || echo "not ok e2e $name: it said nothing (status $status)" >>"$results/e2e-$name"
    [ $status != 124 ] || echo "not ok e2e $name: over its time" >>"$results/e2e-$name"
    sed "s/^\(ok\|not ok\) /\1 e2e $name: /" "$results/e2e-$name" >"$results/e2e-$name.done"
}

end_to_end() {
    [ -r $build/kernel.elf ] && [ -r $build/initfs.img ] || {
        echo "not ok e2e: there is no kernel or no initfs"
        return
    }
    running=0
    for script in tests/e2e/*.sh; do
        wanted "e2e-$(basename "$script" .sh)" || wanted e2e || continue
        case $script in */lib.sh) continue ;; esac
        one_end_to_end "$script" &
        running=$((running + 1))
        [ $((running % 2)) != 0 ] || wait
    done
    wait
    cat "$results"/e2e-*.done 2>/dev/null
    rm -f "$results"/e2e-*
}

section build build_all
section unit unit
section fuzz fuzz
section rules rules
section headers headers
section kernel-words kernel_words
section text text_rules
section protocols protocols
section layers layers
section front sh tests/front.sh
section runner runner
section models sh tests/models/run.sh
section ion sh apps/ion/tests/run.sh
[ -z "$words" ] || case $words in *e2e-*) words="$words e2e" only=yes ;; esac
[ -z "${only-}" ] || words=$(printf '%s' "$words" | sed 's/ e2e$//')
if [ -n "${only-}" ]; then
    end_to_end >"$results/e2e" 2>&1
    grep -av '^ok ' "$results/e2e"
else
    section e2e end_to_end
fi

passed=$(cat "$results"/* | grep -ac '^ok ')
failed=$(cat "$results"/* | grep -ac '^not ok ')
[ $((passed + failed)) != 0 ] || { echo "nothing matches: $words" && failed=1; }
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
