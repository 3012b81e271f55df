#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# run.sh [NAME]...: the checks of `make check`, or only those named. Each prints `ok NAME`, or
# `FAILED NAME` and why; at the end `N passed, N failed`. O is the build directory.
set -u
cd "$(dirname "$0")/../.." || exit 2
O=${O:-build}
CLANG=${CLANG:-clang}
jobs=$(nproc)
# Builds of their own: not part of the make that runs this.
unset MAKEFLAGS MFLAGS MAKELEVEL
export PYTHONDONTWRITEBYTECODE=1
mkdir -p "$O/check"

# files GLOB...: what git has or would take, if it exists
files() {
	git ls-files -co --exclude-standard -- "$@" | while read -r file; do
		[ ! -f "$file" ] || echo "$file"
	done
}

# on_files COMMAND...: runs it with the names on standard input; fails if there are none
on_files() {
	mapfile -t names
	[ ${#names[@]} -gt 0 ] && "$@" "${names[@]}"
}

# written_in INTERPRETERS: the files whose first line names one of them
written_in() {
	files | while read -r file; do
		! head -n 1 "$file" | tr -d '\0' | grep -qE "^#!.*[/ ]($1)( |\$)" || echo "$file"
	done
}

# tidy FILE: clang-tidy's findings without the way to them
tidy() {
	clang-tidy --quiet "$1" -- -std=gnu11 -D_GNU_SOURCE -DJB_VERSION='""' -Iuser -Iinclude \
		-isystem "$O" 2>&1 | sed "s|^$PWD/||" | grep -E '(warning|error): ' |
		grep -v "^$O/" # what is generated is not ours to mend
	[ "${PIPESTATUS[3]}" = 1 ]
}

build() {
	${MAKE:-make} --no-print-directory -s -j"$jobs" O="$O/check/$1" CC="$1" CFLAGS='-O2 -g' \
		V=1 programs
}

check_rooms() { tests/check/rooms.py; }
check_format() { files '*.c' '*.h' ':!vmlinux' | on_files clang-format --dry-run -Werror; }
check_shell() { written_in 'sh|bash' | on_files shellcheck; }
check_python() {
	{ files '*.py' && written_in python3; } | sort -u |
		PYTHONPYCACHEPREFIX=$O/check/python on_files python3 -W error -m py_compile
}
# What this machine doesn't run compiles as well.
check_arm64() {
	for file in bpf/*.bpf.c; do
		"$CLANG" -target bpf -mcpu=v3 -O2 -g -D__TARGET_ARCH_arm64 -Iinclude -Ivmlinux/arm64 \
			-Wall -Wextra -Werror -Wno-unused-parameter -c -o "$O/check/arm64.o" "$file" || return 1
	done
}
check_tidy() {
	export O
	export -f tidy
	# shellcheck disable=SC2016 # for the inner shell
	files 'user/*.c' | xargs -P "$jobs" -n 1 bash -c 'tidy "$1"' tidy | sort -u
	[ "${PIPESTATUS[*]}" = '0 0 0' ]
}
check_gcc() { build gcc; }
check_clang() { build "$CLANG"; }
check_words() { files | on_files tests/check/files.py words; }
check_licence() { files | on_files tests/check/files.py licence; }
check_links() { files '*.md' | on_files tests/check/files.py links; }
check_families() { tests/check/documents.py families; }
check_options() { tests/check/documents.py options "$O/jitterbug"; }

passed=0
failed=0
[ $# -gt 0 ] || set -- rooms format shell python words licence links families options \
	gcc clang arm64 tidy
for name; do
	if output=$("check_$name" 2>&1); then
		echo "ok $name"
		passed=$((passed + 1))
	else
		printf 'FAILED %s\n%s\n' "$name" "$output"
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
