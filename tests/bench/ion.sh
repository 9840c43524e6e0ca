#!/bin/sh
# SPDX-License-Identifier: MIT
# What the shell costs beside dash, bash and fish, on the build machine: instructions of the shell itself (callgrind; its children are not
# counted; none after ten minutes) and milliseconds. A table for docs/ion.md; `./mh bench ion` prints it. ION_BENCH_SHELLS chooses.
set -u
cd "$(dirname "$0")/../.." || exit 125
make -s build/posix/bin/ion || exit 125
work=$(mktemp -d) || exit 125
trap 'rm -rf "$work"' EXIT
# callgrind reads no symbols of ours: a copy without them counts the same.
cp build/posix/bin/ion "$work/ion-bin" && strip "$work/ion-bin"
mkdir "$work/files" && (cd "$work/files" && seq -f 'file%g.txt' 1 10000 | xargs touch)
head -c 1048576 /dev/zero | tr '\0' 'a' >"$work/text"

# script NAME: what the functions below wrote for each shell.
script() { cat >"$work/$1.$2"; }

script start ion <<'END'
true
END
script start sh <<'END'
true
END
script start fish <<'END'
true
END
script arithmetic ion <<'END'
let i = 0
while test $i -lt 100000
    let i = $((i + 1))
end
END
script arithmetic sh <<'END'
i=0
while [ $i -lt 100000 ]; do i=$((i + 1)); done
END
script arithmetic fish <<'END'
set i 0
while test $i -lt 100000
    set i (math $i + 1)
end
END
script range ion <<'END'
for i in 0..100000
    let x = $i
end
END
script range sh <<'END'
i=0
while [ $i -lt 100000 ]; do x=$i; i=$((i + 1)); done
END
script range fish <<'END'
for i in (seq 100000)
    set x $i
end
END
script functions ion <<'END'
fn f a b
    let c = $b
end
for i in 0..10000
    f one $i
end
END
script functions sh <<'END'
f() { c=$2; }
i=0
while [ $i -lt 10000 ]; do f one $i; i=$((i + 1)); done
END
script functions fish <<'END'
function f
    set c $argv[2]
end
for i in (seq 10000)
    f one $i
end
END
script external ion <<'END'
for i in 0..1000; /bin/true; end
END
script external sh <<'END'
i=0
while [ $i -lt 1000 ]; do /bin/true; i=$((i + 1)); done
END
script external fish <<'END'
for i in (seq 1000); /bin/true; end
END
script glob ion <<END
let files = [$work/files/*]
END
script glob sh <<END
set -- $work/files/*
END
script glob fish <<END
set files $work/files/*
END
script texts ion <<END
let s = \$(cat $work/text)
let t = \$replace(s "a" "bc")
let u = \$to_uppercase(s)
echo \$len_bytes(t) \$len(u) > /dev/null
END
script texts bash <<END
s=\$(cat $work/text)
t=\${s//a/bc}
u=\${s^^}
echo \${#t} \${#u} > /dev/null
END
script texts fish <<END
set s (cat $work/text)
set t (string replace -a a bc -- \$s)
set u (string upper -- \$s)
echo (string length -- \$t) (string length -- \$u) > /dev/null
END

# command SHELL NAME: how this shell runs it; empty when it cannot.
command_of() {
    case $1 in
    ion) [ "$2" = start ] && echo "$work/ion-bin -c true" || echo "$work/ion-bin $work/$2.ion" ;;
    dash | bash)
        if [ -e "$work/$2.$1" ]; then file=$work/$2.$1; else file=$work/$2.sh; fi
        [ "$2" = start ] && echo "$1 -c true" || { [ -e "$file" ] && echo "$1 $file"; } ;;
    fish) [ "$2" = start ] && echo "fish --no-config -c true" || echo "fish --no-config $work/$2.fish" ;;
    esac
}
milliseconds() {
    from=$(date +%s%N)
    timeout 300 "$@" >/dev/null 2>&1
    echo $((($(date +%s%N) - from) / 1000000))
}
instructions() {
    timeout 600 valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" 2>&1 >/dev/null | sed -n 's/.*Collected : //p' | tail -1
}
# Large numbers as thousands or millions of instructions.
shorter() { awk -v n="$1" 'BEGIN { if (n >= 10000000) printf "%d M", n / 1e6; else if (n >= 10000) printf "%d k", n / 1e3; else print n }'; }

printf '| work |' && printf ' %s |' ${ION_BENCH_SHELLS:-ion dash bash fish} && printf '\n| --- |' && printf ' --- |%.0s' ${ION_BENCH_SHELLS:-ion dash bash fish} && echo
for name in start arithmetic range functions external glob texts; do
    printf '| %s ' "$name"
    for shell in ${ION_BENCH_SHELLS:-ion dash bash fish}; do
        command=$(command_of $shell $name)
        if [ -z "$command" ] || ! command -v "${command%% *}" >/dev/null; then
            printf '| – '
            continue
        fi
        # shellcheck disable=SC2086
        counted=$([ $shell = fish ] && [ -z "${ION_BENCH_FISH-}" ] || instructions $command)
        # shellcheck disable=SC2086
        printf '| %s%s ms ' "${counted:+$(shorter "$counted"), }" "$(milliseconds $command)"
    done
    echo '|'
done
