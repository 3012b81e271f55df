#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# deps.sh build|test|demo|webrtc|kernels|kubernetes: install what is missing to build, to build and
# test, to run the demo, or for the tests with browsers, other kernels or Kubernetes.
#
# On Debian, Ubuntu and their like it installs the missing packages, and does nothing when all are
# there. Elsewhere it looks for the tools and libraries themselves and names the packages of those
# that are missing. Exit: 0 nothing is missing (any more), 1 something is, 2 wrong usage.
set -eu
PATH=$PATH:/usr/sbin:/sbin

# The only list of packages. Columns: set, how to find it on systems without dpkg, the package on
# Debian (a|b: the first that is there), Fedora, openSUSE, Arch, Alpine (a,b: both).
# CLANG stands for the version of Debian's default clang. scan-build is written in perl.
table() {
	sed -E '/^[[:space:]]*(#|$)/d' <<'END'
build cmd:clang          clang                           clang                      clang                     clang            clang
build cmd:llvm-strip     llvm                            llvm                       llvm                      llvm             llvm
build cmd:bpftool        bpftool|linux-tools-generic     bpftool                    bpftool                   bpf              bpftool
build cmd:gcc            gcc                             gcc                        gcc                       gcc              build-base,linux-headers
build cmd:make           make                            make                       make                      make             make
build cmd:pkg-config     pkg-config                      pkgconf-pkg-config         pkg-config                pkgconf          pkgconf
build pc:libbpf          libbpf-dev                      libbpf-devel               libbpf-devel              libbpf           libbpf-dev
build pc:libelf          libelf-dev                      elfutils-libelf-devel      libelf-devel              libelf           elfutils-dev
build pc:zlib            zlib1g-dev                      zlib-devel                 zlib-devel                zlib             zlib-dev
build pc:libmicrohttpd   libmicrohttpd-dev               libmicrohttpd-devel        libmicrohttpd-devel       libmicrohttpd    libmicrohttpd-dev
build pc:libpcap         libpcap-dev                     libpcap-devel              libpcap-devel             libpcap          libpcap-dev
build pc:libcurl         libcurl4-openssl-dev|libcurl4-gnutls-dev libcurl-devel           libcurl-devel             curl             curl-dev
build pc:libcrypto        libssl-dev                      openssl-devel              libopenssl-devel          openssl          openssl-dev
build pc:jansson         libjansson-dev                  jansson-devel              libjansson-devel          jansson          jansson-dev
build inc:uthash.h       uthash-dev                      uthash-devel               uthash-devel              uthash           uthash-dev

test  pc:cmocka          libcmocka-dev                   libcmocka-devel            libcmocka-devel           cmocka           cmocka-dev
test  cmd:python3        python3                         python3                    python3                   python           python3
test  py:pytest          python3-pytest                  python3-pytest             python3-pytest            python-pytest    py3-pytest
test  cmd:tc             iproute2                        iproute,iproute-tc         iproute2                  iproute2         iproute2
test  cmd:nft            nftables                        nftables                   nftables                  nftables         nftables
test  cmd:iptables-nft-restore iptables                  iptables-nft               iptables                  iptables-nft     iptables
test  cmd:ethtool        ethtool                         ethtool                    ethtool                   ethtool          ethtool
test  cmd:promtool       prometheus                      golang-github-prometheus   golang-github-prometheus-prometheus prometheus prometheus
test  cmd:tcpdump        tcpdump                         tcpdump                    tcpdump                   tcpdump          tcpdump
test  cmd:tshark         tshark                          wireshark-cli              wireshark                 wireshark-cli    tshark
test  cmd:ffmpeg         ffmpeg                          ffmpeg-free                ffmpeg                    ffmpeg           ffmpeg
test  cmd:baresip        baresip-core                    baresip                    baresip                   baresip          baresip
test  cmd:valgrind       valgrind                        valgrind                   valgrind                  valgrind         valgrind
test  cmd:clang-format   clang-format                    clang-tools-extra          clang-tools               clang            clang-extra-tools
test  cmd:clang-tidy     clang-tidy                      clang-tools-extra          clang-tools               clang            clang-extra-tools
test  cmd:scan-build     clang-tools                     clang-analyzer             clang-tools               clang            clang-analyzer
test  cmd:perl           perl                            perl                       perl                      perl             perl
test  asan:clang         libclang-rt-CLANG-dev|libclang-common-CLANG-dev compiler-rt clang                    compiler-rt      compiler-rt
test  cmd:iperf3         iperf3                          iperf3                     iperf                     iperf3           iperf3
test  cmd:shellcheck     shellcheck                      ShellCheck                 ShellCheck                shellcheck       shellcheck
test  cmd:curl           curl                            curl                       curl                      curl             curl
test  cmd:setcap         libcap2-bin                     libcap                     libcap-progs              libcap           libcap-utils
test  cmd:openssl        openssl                         openssl                    openssl                   openssl          openssl

media cmd:gst-launch-1.0 gstreamer1.0-tools              gstreamer1                 gstreamer-utils           gstreamer        gstreamer-tools
media gst:opusenc        gstreamer1.0-plugins-base       gstreamer1-plugins-base    gstreamer-plugins-base    gst-plugins-base gst-plugins-base
media gst:rtpbin         gstreamer1.0-plugins-good       gstreamer1-plugins-good    gstreamer-plugins-good    gst-plugins-good gst-plugins-good
media gst:srtpenc        gstreamer1.0-plugins-bad        gstreamer1-plugins-bad-free gstreamer-plugins-bad    gst-plugins-bad  gst-plugins-bad
media gst:x264enc        gstreamer1.0-plugins-ugly       gstreamer1-plugins-ugly    gstreamer-plugins-ugly    gst-plugins-ugly gst-plugins-ugly

webrtc cmd:chromium      chromium                        chromium                   chromium                  chromium         chromium
webrtc cmd:node          nodejs                          nodejs                     nodejs-default            nodejs           nodejs
webrtc cmd:npm           npm                             nodejs-npm                 npm-default               npm              npm
webrtc cmd:janus         janus                           janus                      janus-gateway             janus-gateway    janus-gateway

kernels pc:cmocka        libcmocka-dev                   libcmocka-devel            libcmocka-devel           cmocka           cmocka-dev
kernels cmd:qemu-system-x86_64 qemu-system-x86           qemu-system-x86-core       qemu-x86                  qemu-system-x86  qemu-system-x86_64
kernels cmd:busybox      busybox-static                  busybox                    busybox-static            busybox          busybox-static
kernels cmd:cpio         cpio                            cpio                       cpio                      cpio             cpio
kernels cmd:dpkg-deb     dpkg                            dpkg                       dpkg                      dpkg             dpkg
kernels cmd:apt-get      apt                             apt                        apt                       apt              apt

kubernetes cmd:go        golang-go                       golang                     go                        go               go
kubernetes cmd:containerd containerd|containerd.io       containerd                 containerd                containerd       containerd
kubernetes cmd:runc      runc|containerd.io              runc                       runc                      runc             runc
kubernetes cmd:/usr/lib/cni/ptp containernetworking-plugins containernetworking-plugins cni-plugins           cni-plugins      cni-plugins
kubernetes cmd:busybox   busybox-static                  busybox                    busybox-static            busybox          busybox-static
kubernetes cmd:tc        iproute2                        iproute,iproute-tc         iproute2                  iproute2         iproute2
kubernetes cmd:nft       nftables                        nftables                   nftables                  nftables         nftables
kubernetes cmd:openssl   openssl                         openssl                    openssl                   openssl          openssl
kubernetes cmd:python3   python3                         python3                    python3                   python           python3
kubernetes py:pytest     python3-pytest                  python3-pytest             python3-pytest            python-pytest    py3-pytest
kubernetes py:yaml       python3-yaml                    python3-pyyaml             python3-PyYAML            python-yaml      py3-yaml
END
}

say() {
	echo "deps.sh: $*" >&2
}

# wanted: the table's rows for the chosen set
wanted() {
	table | grep -E "^($sets) "
}

# family: which column of the table speaks for this system
family() {
	# shellcheck source=/dev/null
	ids=$(. /etc/os-release 2>/dev/null && echo "${ID:-} ${ID_LIKE:-}") || ids=
	for id in $ids; do
		case $id in
		debian | ubuntu) echo debian && return ;;
		fedora | rhel | centos) echo fedora && return ;;
		*suse*) echo suse && return ;;
		arch) echo arch && return ;;
		alpine) echo alpine && return ;;
		esac
	done
	echo other
}

has_header() {
	echo "#include <$1>" | cc -E - >/dev/null 2>&1
}

has_sanitizer() {
	program=$(mktemp)
	result=0
	echo 'int main(void) { return 0; }' |
		"$1" -fsanitize=address -x c -o "$program" - 2>/dev/null || result=1
	rm -f "$program"
	return $result
}

# found CHECK: whether what a row's second column names is there
found() {
	case $1 in
	cmd:*) command -v "${1#*:}" ;;
	pc:*) pkg-config --exists "${1#*:}" ;;
	inc:*) has_header "${1#*:}" ;;
	py:*) python3 -c "import ${1#*:}" ;;
	gst:*) gst-inspect-1.0 --exists "${1#*:}" ;;
	asan:*) has_sanitizer "${1#*:}" ;;
	esac >/dev/null 2>&1
}

# --- Debian and Ubuntu

installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status} ' "$1" 2>/dev/null | cut -d ' ' -f 1)" = installed ]
}

# any_installed ENTRY: whether one of its alternatives is
any_installed() {
	for package in $(echo "$1" | tr '|' ' '); do
		installed "$package" && return
	done
	return 1
}

available() {
	apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [^(]'
}

# clang_version: of the default clang, as installed or else as apt knows it; empty if unknown
clang_version() {
	{
		dpkg-query -W -f '${Depends}\n' clang 2>/dev/null ||
			apt-cache show clang 2>/dev/null | grep '^Depends:'
	} | sed -nE 's/.*clang-([0-9]+).*/\1/p' | head -n 1
}

# debian_missing: the entries of the Debian column of which no alternative is installed. The
# sanitizers' libraries are tried out: older releases have them in a package that clang depends on;
# so are npm, which comes with some packages of nodejs, and go, of which any version will do.
debian_missing() {
	version=$(clang_version)
	wanted | while read -r _ check entry _; do
		[ -z "$version" ] || entry=$(echo "$entry" | sed "s/CLANG/$version/g")
		case $check in
		asan:* | cmd:npm | cmd:go) found "$check" && continue ;;
		*) any_installed "$entry" && continue ;;
		esac
		echo "$entry"
	done
}

# first_available ENTRY...: for each the alternative that apt can install
first_available() {
	for entry in "$@"; do
		choice=${entry%%|*}
		for package in $(echo "$entry" | tr '|' ' '); do
			if available "$package"; then
				choice=$package
				break
			fi
		done
		echo "$choice"
	done
}

# The lists may be too old or incomplete, which apt-get update does not always tell by its exit
# code: what counts is whether the installation succeeds.
debian_try() {
	apt-get -q update || say "apt-get update failed; going on with the lists there are"
	# shellcheck disable=SC2046 # one word a package
	apt-get -q install -y --no-install-recommends $(first_available $(debian_missing))
}

# stop_service NAME: prometheus is installed for promtool alone; a janus or containerd of their own is
# started by the tests.
stop_service() {
	[ -d /run/systemd/system ] || return 0
	systemctl disable --now "$1.service" || say "$1.service was not stopped"
}

debian() {
	missing=$(debian_missing | tr '\n' ' ')
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" != 0 ]; then
		say "missing: $(echo "$missing" | sed -E 's/\|[^ ]*//g; s/ $//'); run: sudo $0 $set"
		return 1
	fi
	export DEBIAN_FRONTEND=noninteractive
	debian_try || debian_try || {
		say "could not install: $(debian_missing | tr '\n' ' ')"
		return 1
	}
	for name in prometheus janus containerd; do
		case " $missing " in *" $name "* | *" $name|"*) stop_service "$name" ;; esac
	done
}

# --- everywhere else

# names COLUMN: the packages in that column of the rows on standard input
names() {
	awk -v column="$1" '{ print $column }' | tr ',' '\n' | sort -u | tr '\n' ' '
}

elsewhere() {
	missing=$(wanted | while read -r row; do
		check=$(echo "$row" | awk '{ print $2 }')
		found "$check" || echo "$row"
	done)
	[ -n "$missing" ] || return 0
	say "missing: $(echo "$missing" | names 2)"
	while read -r name column command; do
		case $1 in
		"$name" | other) say "$name: $command $(echo "$missing" | names "$column")" ;;
		esac
	done <<-END
		fedora 4 dnf install
		suse 5 zypper install
		arch 6 pacman -S
		alpine 7 apk add
	END
	return 1
}

set=${1:-}
case $#:$set in
1:build) sets='build' ;;
1:test) sets='build|test|media' ;;
1:demo) sets='media' ;;
1:webrtc) sets='build|test|webrtc' ;;
1:kernels) sets='build|kernels' ;;
1:kubernetes) sets='build|kubernetes' ;;
*)
	say "usage: deps.sh build|test|demo|webrtc|kernels|kubernetes"
	exit 2
	;;
esac
case $(family) in
debian) debian ;;
*) elsewhere "$(family)" ;;
esac
