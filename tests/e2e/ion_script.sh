#!/bin/sh
# SPDX-License-Identifier: MIT
# The Ion shell inside: a script of a thousand lines, its sum checked; programs, pipes, redirections and a loop in it.
. "$(dirname "$0")/lib.sh"
{
    echo 'let sum = 0'
    i=1
    while [ $i -le 250 ]; do
        printf 'let v%d:int = %d\nif test $v%d -gt 0 && not false\n    let sum += $((v%d * 2))\nend\n' $i $i $i $i
        i=$((i + 1))
    done
    cat <<'END'
fn twice n:int -- a function
    echo $((n * 2))
end
let list = [$(twice 4) {a,b}c @split("x y")]
echo sum $sum list @list of $len(@list)
for i in 1..=3
    match $i
        case '[12]' @ what; echo low $what
        case _; echo other
    end
end
echo piped through | cat | tr a-z A-Z
/bin/sh -c 'echo err >&2; exit 3' ^> /tmp/err || echo status $?
cat < /tmp/err
let m:bmap[int] = [b=2 a=1]
echo @m
let n = 0
while test $n -lt 2000; let n += 1; end
echo $n $replace("a-b" "-" "+")
END
} >"$work/long.ion"
lines=$(wc -l <"$work/long.ion")
machine --add "$work/long.ion:/tmp/long.ion" -- /bin/ion /tmp/long.ion
expected='sum 62750 list 8 ac bc x y of 5
low 1
low 2
other
PIPED THROUGH
status 3
err
a 1 b 2
2000 a+b'
[ "$lines" -ge 1000 ] && equal "ion: a script of $lines lines" "$(cat "$work/out")" "$expected"
