#!/bin/sh
# SPDX-License-Identifier: MIT
# The source packages that native programs are built from: all of them are there (`yes`), or not (`no`). They are asked for once; after a
# failure only `sources.sh --again` (./mh setup) tries again.
cd "$(dirname "$0")/.." || exit 1
packages='mbedtls libsodium lz4'
folder=build/ports
[ "${1-}" != --again ] || rm -f $folder/failed
here=yes
for package in $packages; do
    [ -d $folder/$package ] && continue
    if [ -e $folder/failed ] || ! sh ports/fetch.sh $package $folder/$package >&2; then
        mkdir -p $folder && touch $folder/failed
        here=no
    fi
done
echo $here
