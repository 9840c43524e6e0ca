#!/bin/sh
# SPDX-License-Identifier: MIT
# Each NAME.ion beside this, run by the shell given (build/host/bin/ion) in an empty folder, against NAME.out, what the shell says itself
# left out; and each line of errors.txt, a command and the first line that it must say. Prints `ok NAME` or `not ok NAME: why`.
[ $# -gt 0 ] || make -s build/host/bin/ion >/dev/null || exit 1
ion=$(realpath "${1:-build/host/bin/ion}")
folder=$(realpath "$(dirname "$0")")
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
result=0
for script in "$folder"/*.ion; do
    name=ion-$(basename "$script" .ion)
    mkdir "$work/$name"
    actual=$(cd "$work/$name" && timeout 60 "$ion" "$script" 2>&1 | grep -v '^\(ion: \|  at \|  | \|cat: \)')
    if [ "$actual" = "$(cat "${script%.ion}.out")" ]; then
        echo "ok $name"
    else
        echo "not ok $name: $(printf '%s\n' "$actual" | diff "${script%.ion}.out" - | head -20)"
        result=1
    fi
done
cd "$work" || exit 1
# What fails says where; what is nested too deep is refused.
expect() {
    name=ion-$1
    actual=$(timeout 60 "$ion" -c "$2" 2>"$work/said"; cat "$work/said")
    case $actual in
    *"$3"*) echo "ok $name" ;;
    *) echo "not ok $name: $actual"; result=1 ;;
    esac
}
expect error-place 'echo a
  echo $nothing' '  at -c:2:8
  |   echo $nothing
  |        ^^^^^^^^'
# The part of a word that is wrong is marked, wherever it is nested, and columns are those of the file.
expect place-in-quotes 'echo "ab $nothing cd"' '  at -c:1:10
  | echo "ab $nothing cd"
  |          ^^^^^^^^'
expect place-in-process 'echo $(
  echo a # comment
  echo   b   "é$nothing"
)' '  at -c:3:16
  |   echo   b   "é$nothing"
  |                ^^^^^^^^'
expect place-in-list 'let x = [a b
  c $nothing d]' '  at -c:2:5
  |   c $nothing d]
  |     ^^^^^^^^'
expect place-in-selection 'let a = [1 2]
echo "x @a[$nothing] y"' '  at -c:2:12'
expect place-in-method 'echo $len("x$nothing")' '  at -c:1:13'
expect place-after-join 'echo "a" \
   b $nothing' '  at -c:2:6'
expect place-of-argument 'fn f a:int; end; true; f xx' '  at -c:1:26'
expect place-of-assignment 'true; let a:int = x' '  at -c:1:7
  | true; let a:int = x
  |       ^^^^^^^^^^^^^'
expect place-of-redirect 'echo > /nope/x' '  at -c:1:8
  | echo > /nope/x
  |        ^^^^^^^'
expect place-of-quote 'echo a; echo "abc' '  at -c:1:14'
expect place-of-mistake-inside 'echo $(echo a; if)' '  at -c:1:16'
actual=$("$ion" -c 'echo $nothing' 2>&1)
# Where both streams go to one file, the message is all: it is a record.
[ "$actual" = 'ion: expansion error: Variable "nothing" does not exist' ] && echo "ok ion-record" || { echo "not ok ion-record: $actual"; result=1; }
expect parse-place 'echo (' '  at -c:1:6'
expect deep-parens "echo $(printf '%0300d' 0 | sed 's/0/$(echo /g')" 'nested more than'
expect deep-blocks "$(printf '%0300d' 0 | sed 's/0/if true; /g')" 'nested more than'
expect deep-functions 'fn f; f; end; f' 'nested too deep'
expect deep-eval 'let x = "eval \$x"; eval $x' 'nested too deep'
# Each builtin tells about itself.
wrong=
for name in $("$ion" -c help); do
    case $("$ion" -c "$name --help") in NAME*"$name - "*) ;; *) wrong="$wrong $name" ;; esac
done
[ -z "$wrong" ] && echo "ok ion-builtins-help" || { echo "not ok ion-builtins-help:$wrong"; result=1; }
wrong=0 count=0
while IFS= read -r line; do
    case $line in '' | '#'*) continue ;; esac
    command=${line%% => *} said=${line##* => }
    actual=$(timeout 60 "$ion" -c "$command" 2>&1 </dev/null | head -1)
    count=$((count + 1))
    [ "$actual" = "$said" ] && continue
    echo "not ok ion-error: $command: says '$actual', not '$said'"
    wrong=1 result=1
done <"$folder/errors.txt"
[ $wrong = 0 ] && echo "ok ion-errors ($count)"
actual=$(timeout 10 "$ion" -n -c 'while true; let i = 1; end' 2>&1) && echo "ok ion-no-execute" || { echo "not ok ion-no-execute: $actual"; result=1; }
# A thousand million steps need no more memory than twenty thousand, and what runs forever ends at a signal.
actual=$(ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=1 timeout 60 "$ion" -c 'fn size; grep VmHWM /proc/$PID/status | tr -dc 0-9; end
let before = 0
for i in 1..1000000000
  let text = "$i $(echo a)"
  if test $i -eq 20000; let before = $(size); end
  if test $i -eq 60000; test $(size) -lt $((before + 500)) && echo constant; break; end
end' 2>&1)
[ "$actual" = constant ] && echo "ok ion-constant-memory" || { echo "not ok ion-constant-memory: $actual"; result=1; }
mkfifo "$work/begun"
"$ion" -c 'for i in 1..1000000000; if test $i -eq 5000; echo begun > '"$work/begun"'; end; end' &
read -r actual <"$work/begun"
kill -TERM $!
wait $!
[ $? = 143 ] && echo "ok ion-ends-at-a-signal" || { echo "not ok ion-ends-at-a-signal"; result=1; }
# Jobs need no terminal.
expect job-status 'sh -c "exit 3" &; wait 0; echo waited $?' 'waited 3'
expect job-foreground 'sleep 0.1 &; fg; echo fg $?' 'fg 0'
expect job-goes-on 'sh -c "kill -STOP \$\$; exit 4" &; wait 0; jobs; bg; wait 0; echo ended $?' 'ended 4'
expect job-none 'fg; echo $?; wait 9; echo $?' '127'
# At a terminal: keys in, screen out.
python3 "$folder/interactive.py" "$ion" || result=1
exit $result
