#!/bin/sh
# SPDX-License-Identifier: MIT
# Who may include whom: the table of the design's map, checked over every source file. Prints `ok layer FOLDER` for each folder and
# `not ok layer FILE: ...` for each break. Run from the repository's root.
set -u
git ls-files -- '*.c' '*.h' '*.S' | grep -v -e '^tests/' -e '^tools/' | while read -r f; do [ -f "$f" ] && echo "$f"; done |
    xargs grep -nE '^[[:space:]]*#[[:space:]]*include' /dev/null | awk '
BEGIN {
    # Where a quoted header comes from: the folder whose include/ has it.
    command = "find lib servers fs drivers posix kernel -path \"*/include/*\" -name \"*.h\" 2>/dev/null"
    while ((command | getline path) > 0) {
        split(path, parts, "/include/")
        home[parts[2]] = parts[1]
    }
    # The compiler'"'"'s own headers; everything else in <> is a C library, which only the build machine has.
    n = split("stdint stdbool stddef stdarg stdckdint stdalign limits float", names, " ")
    for (i = 1; i <= n; i++) compiler["<" names[i] ".h>"] = 1
}
# The part of the map that a folder belongs to.
function layer(folder) {
    if (folder ~ /^abi/) return "abi"
    if (folder ~ /^lib\/base/) return "lib/base"
    if (folder ~ /^lib\/format/) return "lib/format"
    if (folder ~ /^lib\/sys/) return "lib/sys"
    if (folder ~ /^lib\/server/) return "lib/server"
    if (folder ~ /^lib\//) return "lib/other"
    if (folder ~ /^(kernel|boot|posix|servers|fs|drivers|apps)/) { sub(/\/.*/, "", folder); return folder }
    return folder
}
function folder_of(path) { sub(/\/[^\/]*$/, "", path); return path }
# The program or library that a folder is part of: two folders deep, so that a server may have folders inside.
function owner(folder,   p) {
    split(folder, p, "/")
    return p[1] "/" p[2] (p[1] == "lib" && p[2] == "format" ? "/" p[3] : "")
}
function allowed(from, to,   list) {
    if (from == to) return 1
    list = may[from]
    return index(" " list " ", " " to " ") > 0
}
BEGIN {
    may["abi"] = ""
    may["lib/base"] = "abi"
    may["lib/format"] = "abi lib/base"
    may["boot"] = "abi lib/base lib/format"
    may["kernel"] = "abi lib/base lib/format protocol-numbers"
    may["lib/sys"] = "abi lib/base protocol-numbers"
    may["lib/server"] = "abi lib/base lib/sys lib/other protocol-numbers protocol-client"
    may["lib/other"] = "abi lib/base lib/format lib/sys lib/server protocol-numbers protocol-client protocol-server"
    may["posix"] = "abi lib/base lib/format lib/sys protocol-numbers protocol-client"
    may["servers"] = may["fs"] = may["drivers"] = may["apps"] = \
        "abi lib/base lib/format lib/sys lib/server lib/other protocol-numbers protocol-client protocol-server"
    # execd starts the first POSIX process with the library that says how one is put together.
    exception["servers/execd", "posix/launch"] = 1
    # Foreign libraries, each behind one folder.
    wrapped["<argon2.h>"] = wrapped["<mbedtls/aes.h>"] = "lib/crypto"
    wrapped["<lz4.h>"] = "lib/lz4/foreign"
    # The kernel, lower first.
    n = split("arch core mm object task ipc irq virt syscall main", names, " ")
    for (i = 1; i <= n; i++) height["kernel/" names[i]] = i
}
{
    split($0, where, ":")
    file = where[1]
    line = $0
    sub(/^[^:]*:[0-9]*:/, "", line)
    folder = folder_of(file)
    from = layer(folder)
    seen[owner(folder)] = 1
    if (file ~ /_test\.c$/ || file ~ /_fuzz\.c$/) next
    if (match(line, /<[^>]*>/)) {
        name = substr(line, RSTART, RLENGTH)
        if (from == "apps") next # programs for people are above the C library
        if (name in wrapped && folder == wrapped[name]) next
        if (!(name in compiler) && file !~ /^lib\/base\/include\/base\/string\.h$/ && file !~ /^lib\/heap\/pages\.c$/)
            print "not ok layer " file ": " name " is of a C library"
        next
    }
    if (!match(line, /"[^"]*"/)) next
    name = substr(line, RSTART + 1, RLENGTH - 2)
    if (name ~ /^protocol\//) {
        target = to = name ~ /_abi\.h$|names\.h$/ ? "protocol-numbers" : name ~ /_server\.h$/ ? "protocol-server" : "protocol-client"
    } else if (name in home) {
        target = home[name]
        to = layer(target)
    } else if (name ~ /^(abi|kernel|boot|posix|servers|fs|drivers|lib)\//) {
        target = folder_of(name)
        to = layer(target)
    } else {
        next # of its own folder
    }
    if (!allowed(from, to) && !((owner(folder), target) in exception)) {
        print "not ok layer " file ": " from " may not include " name " (" to ")"
        next
    }
    if ((from == "servers" || from == "fs" || from == "drivers" || from == "apps") && from == to && owner(folder) != owner(target))
        print "not ok layer " file ": another program'"'"'s file " name
}
END { for (o in seen) print "ok layer " o }'
# Privileged instructions: only where the CPU is known.
found=$(git ls-files -- '*.c' '*.h' '*.S' | grep -v -e '^kernel/arch/' -e '^boot/' -e '^tests/' |
    xargs grep -nE '\b(cli|sti|hlt|lgdt|lidt|ltr|wrmsr|rdmsr|invlpg|swapgs|sysretq|vmrun|vmlaunch|mov[^;"]*%%?cr[0-9])\b[^_]' 2>/dev/null |
    grep -E '(asm|__asm__|\.S:)' | head -5)
if [ -z "$found" ]; then echo "ok layer privileged instructions"; else printf 'not ok layer privileged instructions: %s\n' "$found"; fi
