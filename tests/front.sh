#!/bin/sh
# SPDX-License-Identifier: MIT
# ./mh itself: what it refuses, it refuses with status 125 and a line that says why.
set -u
cd "$(dirname "$0")/.." || exit 1
refuses() { # NAME TEXT ARGUMENTS...
    name=$1 text=$2
    shift 2
    output=$(./mh "$@" 2>&1 </dev/null)
    status=$?
    case $status:$output in
    125:*"mh: "*"$text"*) echo "ok front $name" ;;
    *) echo "not ok front $name: status $status: $(printf '%s' "$output" | head -3)" ;;
    esac
}
refuses "an unknown command" "unknown command dance" dance
refuses "an unknown option" "unknown option --dance" exec --dance -- true
refuses "no command" "nothing to run" exec
refuses "an option without its value" "--smp wants a value" exec --smp
refuses "a disk that is not there" "cannot be read" exec --no-build --disk /no/such/disk -- true
refuses "a share that is no folder" "not a folder" exec --no-build --share /no/such/folder -- true
refuses "a file to add that is not there" "cannot be read" exec --no-build --add /no/such:/file -- true
refuses "a command for run" "takes no command" run -- true
refuses "a soak that is not there" "soak what?" soak nothing
refuses "a command that is too long" "too long" exec --no-build -- /bin/echo "$(printf 'x%.0s' $(seq 4100))"
if ./mh help | grep -q '^./mh exec'; then echo "ok front help"; else echo "not ok front help: nothing about exec"; fi
