#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# run.sh [KERNEL]...: the BPF tests and the agent on Debian's kernels of these series, by default
# 6.1 and 6.12, one after the other, each in a virtual machine with 2 CPUs and 1 GB that is emulated
# (no KVM). O is the build directory; the packages are kept in $O/kernels. A line a step, as init
# says it, and at the end `N passed, N failed`.
set -eu
cd "$(dirname "$0")/../.."
O=${O:-build}
cache=$O/kernels
limit=180 # seconds a kernel may take
work=$(mktemp -d)
vm=
passed=0
failed=0

finish() {
	[ -z "$vm" ] || kill "$vm" 2>/dev/null || true
	rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM

# newest KERNEL: the name of its newest package that apt knows
newest() {
	apt-cache search --names-only \
		"^linux-image-${1//./\\.}\\.[0-9]+(-[0-9]+|\\+(deb|bpo)[0-9]+)-amd64\$" |
		cut -d ' ' -f 1 | sort -V | tail -n 1
}

# fetch KERNEL: its newest package into the cache, in place of older ones
fetch() {
	local name
	name=$(newest "$1")
	[ -n "$name" ] || return 1
	! compgen -G "$cache/${name}_*.deb" >/dev/null || return 0
	mkdir -p "$cache" "$work/package"
	(cd "$work/package" && apt-get -q download -o APT::Sandbox::User=root "$name") || return 1
	rm -f "$cache/linux-image-$1".*.deb
	mv "$work/package"/*.deb "$cache"
}

# kernel KERNEL: unpacks it to $work/KERNEL, and what clsact needs to $work/KERNEL.modules
kernel() {
	local file
	if ! fetch "$1"; then
		# Lists that are missing, or older than what the mirror still has.
		apt-get -q update || true
		fetch "$1" || return 1
	fi
	file=$(compgen -G "$cache/linux-image-$1.*.deb" | sort -V | tail -n 1)
	dpkg-deb --fsys-tarfile "$file" |
		tar -x -O --wildcards -f - './boot/vmlinuz-*' >"$work/$1"
	mkdir -p "$work/$1.modules/jb/modules"
	dpkg-deb --fsys-tarfile "$file" | tar -x -C "$work/$1.modules/jb/modules" \
		--wildcards --transform 's,.*/,,' -f - '*/sch_ingress.ko*' '*/cls_bpf.ko*'
}

# libraries PROGRAM...: what they are linked with
libraries() {
	ldd "$@" | grep -oE '/[^ ]+ \(0x' | cut -d ' ' -f 1 | sort -u
}

# copy_programs DIRECTORY: the tests that keep all CPUs busy apart from the others
copy_programs() {
	local test where
	mkdir -p "$1"/{alone,together}
	cp "$O/jitterbug" "$O"/tests/net/{sender,receiver} tests/kernels/features{,.awk} "$1"
	for test in tests/bpf/test_*.c; do
		where=together
		! grep -q '^#include "parallel.h"' "$test" || where=alone
		test=${test#tests/bpf/}
		cp "$O/tests/bpf/${test%.c}" "$1/$where"
	done
}

# The same for all kernels.
make_initramfs() {
	local root=$work/root
	mkdir -p "$root"/{bin,proc,sys,dev,tmp}
	cp "$(command -v busybox)" "$root/bin/busybox"
	ln -s busybox "$root/bin/sh"
	cp tests/kernels/init "$root/init"
	copy_programs "$root/jb"
	libraries "$root"/jb/{jitterbug,sender,receiver} "$root"/jb/*/test_* |
		cpio -p -L -d --quiet "$root"
	(cd "$root" && find . | cpio -o -H newc -R 0:0 --quiet) >"$work/initramfs"
}

# initramfs KERNEL: the common one, and the kernel's modules behind it
initramfs() {
	cat "$work/initramfs"
	(cd "$work/$1.modules" && find . | cpio -o -H newc -R 0:0 --quiet)
}

# steps FILE: what init said, without the kernel's own lines
steps() {
	sed -un '/^=== on /,/^=== end of /p' "$@"
}

# boot KERNEL: runs it to its end; the console goes to $work/console. Without the fast string
# instructions, which an emulation does octet by octet, 6.1 copies twice as fast.
boot() {
	: >"$work/console"
	initramfs "$1" >"$work/initrd"
	timeout --foreground -k 5 $limit qemu-system-x86_64 -accel tcg,thread=multi -smp 2 -m 1024 \
		-cpu max,-erms,-fsrm -nographic -no-reboot -net none -kernel "$work/$1" \
		-initrd "$work/initrd" -append "console=ttyS0 panic=-1 oops=panic" \
		</dev/null >"$work/console" 2>&1 &
	vm=$!
	tail -n +1 -s 0.5 -f --pid=$vm "$work/console" | sed -u 's/\r//g' | steps
	wait $vm || true
	vm=
	sed -i 's/\r//g' "$work/console"
}

# count RESULT: how many steps ended so
count() {
	steps "$work/console" | grep -c "^$1 " || true
}

# test_kernel KERNEL
test_kernel() {
	local start=$SECONDS
	if ! kernel "$1"; then
		echo "FAILED $1: no package linux-image-$1.*-amd64 (bookworm, bookworm-security)"
		failed=$((failed + 1))
		return
	fi
	boot "$1"
	passed=$((passed + $(count ok)))
	failed=$((failed + $(count FAILED)))
	if ! grep -q '^=== end of ' "$work/console"; then
		echo "FAILED $1: ended or stopped after $((SECONDS - start)) s; its console:"
		tail -n 40 "$work/console"
		failed=$((failed + 1))
	fi
	echo "$1: $((SECONDS - start)) s"
}

if [ "$(uname -m)" != x86_64 ]; then
	echo "FAILED: the kernels are of x86_64, this machine is $(uname -m)"
	exit 1
fi
make_initramfs
[ $# -gt 0 ] || set -- 6.1 6.12
for series; do
	test_kernel "$series"
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
