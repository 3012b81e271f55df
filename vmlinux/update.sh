#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# update.sh [VERSION]: make x86_64/vmlinux.h and arm64/vmlinux.h from Debian's kernel packages.
#
# VERSION is the part of the package name between linux-image- and -amd64, such as
# 6.12.117+deb12; without it the newest that Debian has for both architectures is taken. apt works
# in a private directory with the machine's Debian sources (or the file APT_SOURCES names): nothing
# on the machine changes, root is not needed. The headers hold the types that types.txt lists.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
	echo "update.sh: $*" >&2
	exit 1
}

debian_sources() {
	local file
	for file in "${APT_SOURCES:-}" /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
		if [ -s "$file" ]; then
			readlink -f "$file"
			return
		fi
	done
	fail "no apt sources found: name a file of Debian's in APT_SOURCES"
}

# prepare_apt ARCH: an apt of its own in $work/ARCH. Of the machine's apt.conf.d only what reaches
# the network is taken over (proxies), as hooks there may delete files of the machine's apt.
prepare_apt() {
	local dir=$work/$1
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
	: >"$dir/status"
	cat >"$dir/apt.conf" <<-END
		APT::Architecture "$1";
		APT::Architectures { "$1"; };
		APT::Sandbox::User "root";
		Acquire::Languages "none";
		Dir::State "$dir";
		Dir::State::status "$dir/status";
		Dir::Cache "$dir/cache";
		Dir::Etc::sourcelist "$sources";
		Dir::Etc::sourceparts "/dev/null";
		Dir::Etc::parts "/dev/null";
		Dir::Etc::main "/dev/null";
	END
	apt-config dump | grep -E '^Acquire::(https?|ftp|Retries|ForceIPv)' >>"$dir/apt.conf" || true
	APT_CONFIG=$dir/apt.conf apt-get -qq update
}

# versions ARCH: what Debian has, one a line; the cloud, rt and 16k flavours don't match
versions() {
	APT_CONFIG=$work/$1/apt.conf apt-cache pkgnames linux-image- |
		sed -nE "s/^linux-image-([0-9.]+[0-9](-[0-9]+|[+~][a-z0-9.+~]*[0-9]))-$1\$/\1/p" | sort
}

# make_header ARCH DIRECTORY: DIRECTORY/vmlinux.h from the kernel of Debian's ARCH
make_header() {
	local dir=$work/$1 package=linux-image-$version-$1
	(cd "$dir" && APT_CONFIG=$dir/apt.conf apt-get -qq download "$package")
	local debs=("$dir"/*.deb)
	dpkg-deb --fsys-tarfile "${debs[0]}" | tar -xO "./boot/vmlinuz-$version-$1" >"$dir/vmlinuz"
	/usr/bin/python3 -B "$here/extract.py" "$dir/vmlinuz" "$dir/full.btf"
	/usr/bin/python3 -B "$here/reduce.py" "$dir/full.btf" "$here/types.txt" "$dir/some.btf"
	{
		echo "/* SPDX-License-Identifier: GPL-2.0-only */"
		echo "/* Made by vmlinux/update.sh from $package" \
			"$(dpkg-deb -f "${debs[0]}" Version): do not edit. */"
		bpftool btf dump file "$dir/some.btf" format c
	} >"$dir/vmlinux.h"
	mkdir -p "$here/$2"
	cp "$dir/vmlinux.h" "$here/$2/vmlinux.h"
	echo "$2/vmlinux.h: $package, $(wc -c <"$dir/vmlinux.h") bytes"
}

for tool in apt-get dpkg-deb bpftool /usr/bin/python3; do
	command -v "$tool" >/dev/null || fail "$tool is missing"
done
sources=$(debian_sources)
prepare_apt amd64
prepare_apt arm64
version=${1:-$(comm -12 <(versions amd64) <(versions arm64) | sort -V | tail -n 1)}
[ -n "$version" ] || fail "$sources: no kernel that both amd64 and arm64 have"
make_header amd64 x86_64
make_header arm64 arm64
