# SPDX-License-Identifier: MIT
# For the end-to-end scripts: each is a few boots through ./mh exec; every check prints `ok NAME` or `not ok NAME: why`.
# A boot costs seconds, so what can be checked inside one machine is (inside), with the functions of guest_prelude.
set -u
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
limit=${E2E_TIMEOUT:-300}

ok() { echo "ok $1"; }
not_ok() { echo "not ok $1: $(printf '%s' "$2" | tr '\n' '|' | cut -c 1-600)"; }
equal() { # NAME GOT WANTED
    if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "got '$2', wanted '$3'"; fi
}

# machine OPTIONS... -- COMMAND...: output in $work/out and $work/err, answers the status.
machine() { ./mh exec --no-build --timeout "$limit" --log "$work/log" "$@" >"$work/out" 2>"$work/err" </dev/null; }

# Functions that a script inside has: `check NAME COMMAND...`, `refuse NAME COMMAND...`, `same NAME GOT WANTED`.
guest_prelude='
check() { n=$1; shift; if o=$("$@" 2>&1); then echo "ok $n"; else echo "not ok $n: status $? $o"; fi; }
refuse() { n=$1; shift; if o=$("$@" 2>&1); then echo "not ok $n: it worked $o"; else echo "ok $n"; fi; }
same() { if [ "$2" = "$3" ]; then echo "ok $1"; else echo "not ok $1: got <$2> wanted <$3>"; fi; }
'
# inside NAME [OPTIONS...] <SCRIPT: the script of standard input, as one shell in one machine. Its lines ok and not ok are the
# checks; that it reached its end is one more.
inside() {
    inside_name=$1
    shift
    { printf '%s' "$guest_prelude"; cat; echo 'echo end of script'; } >"$work/script"
    machine "$@" --add "$work/script:/run/script" -- /bin/sh /run/script
    inside_status=$?
    grep -a -e '^ok ' -e '^not ok ' "$work/out"
    if [ "$(tail -n 1 "$work/out")" = "end of script" ] && [ $inside_status = 0 ]; then
        ok "$inside_name ran to its end"
    else
        not_ok "$inside_name ran to its end" "status $inside_status; last of its output: $(tail -n 3 "$work/out") errors: $(tail -n 12 "$work/err")"
    fi
}
