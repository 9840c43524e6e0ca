#!/bin/sh
# SPDX-License-Identifier: MIT
# fetch.sh PACKAGE FOLDER: the source of a Debian package, unpacked and patched as Debian has it, as FOLDER. From the machine's own apt
# sources, whatever they are, with their signatures checked; lists and downloads stay under build/ports, apt's own are not touched.
set -eu
cd "$(dirname "$0")/.."
package=$1 folder=$2
[ ! -d "$folder" ] || exit 0
state=$PWD/build/ports/apt
mkdir -p "$state/parts" "$state/lists/partial" "$state/archives/partial"
# The same sources, asked for source packages. Those that have none (third parties) only make apt warn.
for list in /etc/apt/sources.list.d/*.sources; do
    [ ! -r "$list" ] || sed 's/^Types:.*/Types: deb-src/' "$list" >"$state/parts/${list##*/}"
done
cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
    sed -n 's/^deb[[:space:]]/deb-src /p' >"$state/parts/all.list"
apt() {
    apt-get -q -o APT::Sandbox::User=root -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$state/parts" \
        -o Dir::State::lists="$state/lists" -o Dir::Cache::archives="$state/archives" -o Dir::Cache::srcpkgcache= -o Dir::Cache::pkgcache= "$@"
}
work=$(mktemp -d "$state/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
if ! apt source --download-only "$package" >"$state/log" 2>&1; then
    apt update >"$state/log" 2>&1 || true # one of several sources may fail
    apt source --download-only "$package" >"$state/log" 2>&1 || {
        cat "$state/log" >&2
        echo "fetch.sh: the source of $package cannot be had from this machine's apt sources" >&2
        exit 1
    }
fi
dpkg-source --no-check -x ./*.dsc source >"$state/log" 2>&1 || { cat "$state/log" >&2; exit 1; }
cd - >/dev/null
mkdir -p "$(dirname "$folder")"
mv "$work/source" "$folder"
