#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# inside.sh [ARGUMENT]...: first process of the namespaces that run.sh makes. Hides what a cluster
# writes to, makes the node's network, runs pytest, and reaps what containerd's shims leave.
set -eu
cd "$(dirname "$0")"

for path in /run /var/lib /var/log; do
	mount -t tmpfs -o mode=755 tmpfs "$path"
done
mkdir /run/tmp
export TMPDIR=/run/tmp PYTHONDONTWRITEBYTECODE=1

# One node, with an address that nobody else is asked for. Pods are behind it, each at an
# interface of its own.
ip link set lo up
ip link add eth0 type veth peer name wire
ip link set eth0 up
ip link set wire up
ip address add 10.60.0.10/24 dev eth0
ip route add default dev eth0
echo 1 >/proc/sys/net/ipv4/ip_forward

status=0
/usr/bin/python3 -m pytest -p no:cacheprovider -q --basetemp=/run/pytest "$@" . || status=$?
exit $status # no exec: the first process has to stay a shell
