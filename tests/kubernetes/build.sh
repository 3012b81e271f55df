#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# build.sh: builds the parts of Kubernetes and the etcd that go.mod names, without cgo, and keeps
# them in $JITTERBUG_CACHE (~/.cache/jitterbug), below the version and a digest of what they are
# made of. Does nothing when they are there. Prints their directory.
set -eu
cd "$(dirname "$0")"
cache=${JITTERBUG_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/jitterbug}
version=$(sed -nE 's|^\tk8s\.io/kubernetes (v[0-9.]+)( .*)?$|\1|p' go.mod)
digest=$(cat build.sh go.mod go.sum toolchain.sum | sha256sum | cut -c 1-12)
target=$cache/kubernetes-$version-$digest
work=

finish() {
	[ -z "$work" ] || rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM

say() {
	echo "build.sh: $*" >&2
}

# newer A B: whether version A is B or later
newer() {
	[ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]
}

# toolchain GO: the path of the go that toolchain.sum pins, a module like any other; for a go that
# is older than what go.mod asks for and cannot fetch another one by itself (before 1.21).
toolchain() {
	local name sum got directory
	read -r name sum < <(grep -- "-$("$1" env GOARCH) " toolchain.sum)
	[ -n "$name" ] || return 1
	got=$(cd "$work" && GOFLAGS='' "$1" mod download -json "golang.org/toolchain@$name") || return 1
	if ! grep -qF "\"Sum\": \"$sum\"" <<<"$got"; then
		say "$name is not what toolchain.sum says"
		return 1
	fi
	directory=$(sed -nE 's/^\t"Dir": "(.*)",?$/\1/p' <<<"$got")
	# Modules are unpacked without permission to execute.
	cp -r "$directory" "$work/go"
	chmod -R u+w "$work/go"
	chmod +x "$work"/go/bin/* "$work"/go/pkg/tool/*/*
	echo "$work/go/bin/go"
}

# find_go: the path of a go that is new enough for go.mod
find_go() {
	local wanted have
	wanted=$(sed -nE 's/^go ([0-9.]+)$/\1/p' go.mod)
	have=$(cd / && GOTOOLCHAIN=local go env GOVERSION | cut -d ' ' -f 1) || return 1
	if newer "${have#go}" "$wanted"; then
		command -v go
	else
		say "go ${have#go} is older than $wanted: fetching a newer one"
		toolchain "$(command -v go)"
	fi
}

# build GO DIRECTORY
build() {
	local stamp=k8s.io/component-base/version minor
	minor=$(cut -d . -f 2 <<<"$version")
	mkdir "$2"
	# A build cache of several GB is needed only now.
	GOCACHE=$work/cache GOTMPDIR=$work GOTOOLCHAIN=local GOFLAGS=-buildvcs=false CGO_ENABLED=0 \
		nice -n 10 "$1" build -mod=readonly -trimpath -o "$2/" -ldflags "-s -w \
		-X $stamp.gitVersion=$version -X $stamp.gitMajor=1 -X $stamp.gitMinor=$minor" tool >&2
	mv "$2/server" "$2/etcd"
}

if [ ! -d "$target" ]; then
	mkdir -p "$cache"
	work=$(mktemp -d "$cache/build-XXXXXX")
	go=$(find_go)
	say "building Kubernetes $version, once: about 5 minutes of two cores"
	build "$go" "$work/bin"
	rm -rf "$cache"/kubernetes-*
	mv -T "$work/bin" "$target"
	say "done in $SECONDS s"
fi
echo "$target"
