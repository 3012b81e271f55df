#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# run.sh [ARGUMENT]...: builds Kubernetes unless it is in the cache, and runs the tests of this
# directory (or `pytest ARGUMENT...`) with a cluster of one node in namespaces of their own, as
# root. O is the build directory. Ends everything that was started, and leaves nothing behind.
set -eu
cd "$(dirname "$0")"
[ "$(id -u)" = 0 ] || {
	echo "run.sh: needs root" >&2
	exit 1
}
PATH=$PATH:/usr/sbin:/sbin
O=$(realpath "${O:-../../build}")
# The prefix of whatever tests make: what a run that was killed has left is swept by the next one.
name=jbt-$$-0-kubernetes
inside=

# hierarchies: the mount points of cgroup2 and of those of version 1
hierarchies() {
	findmnt -n -l -o TARGET -t cgroup,cgroup2
}

# remove_cgroups NAME: in every hierarchy. What is in them has been killed, and needs a moment.
remove_cgroups() {
	local root
	for root in $(hierarchies); do
		for _ in {1..50}; do
			[ -d "$root/$1" ] || break
			find "$root/$1" -depth -type d -exec rmdir {} + 2>/dev/null && break
			sleep 0.1
		done
		[ ! -d "$root/$1" ] || echo "run.sh: left: $root/$1" >&2
	done
}

# sweep: the cgroups of runs that are no more
sweep() {
	local root path pid
	for root in $(hierarchies); do
		for path in "$root"/jbt-*-0-kubernetes; do
			pid=${path##*/jbt-}
			pid=${pid%%-*}
			[ ! -d "$path" ] || [ -d "/proc/$pid" ] || remove_cgroups "${path##*/}"
		done
	done
}

finish() {
	if [ -n "$inside" ]; then
		kill "$inside" 2>/dev/null || true
		wait "$inside" 2>/dev/null || true
	fi
	remove_cgroups "$name"
}

binaries=$(./build.sh)
sweep
trap finish EXIT
trap 'exit 1' INT TERM
for root in $(hierarchies); do
	mkdir "$root/$name"
done
# The processes inside, and all that they start, are killed with the namespace's first one.
JB_BINARIES=$binaries JB_CGROUP=$name JITTERBUG=$O/jitterbug JB_TOOLS=$O/tests/net \
	unshare --mount --net --pid --ipc --fork --kill-child --mount-proc --propagation private \
	./inside.sh "$@" &
inside=$!
status=0
wait $inside || status=$?
inside=
[ $status = 0 ]
