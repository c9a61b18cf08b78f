#!/bin/sh
# Builds fortio's command without its scripting language, which is a module of
# its own that not every proxy serves and that no load needs.
#
# usage: fortio.sh VERSION DIRECTORY
set -eu
version=$1
out=$(mkdir -p "$2" && cd "$2" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
go mod init peer 2>/dev/null
source=$(go mod download -json "fortio.org/fortio@$version" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
cp -r "$source" fortio
chmod -R u+w fortio
cd fortio
printf 'package grol\n\nfunc ScriptMode(string) int { return 1 }\n' >grol/grol.go
GOFLAGS=-mod=mod go build -o "$out/fortio" .
