/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads the kernel's sockets, by BTF pointers only. */
#ifndef JB_SOCKET_BPF_H
#define JB_SOCKET_BPF_H

#include <bpf/bpf_endian.h>
#include <jitterbug/path.h>
#include <jitterbug/row.h>

/* UAPI or kernel macros, so not in BTF. */
#define JB_AF_INET  2
#define JB_AF_INET6 10

/* The cgroup in which it was made; 0 for those that have none (request, timewait). */
static __always_inline __u64 jb_socket_cgroup(const struct sock *sk)
{
	__u8 state = sk->__sk_common.skc_state;
	struct cgroup *cgroup;

	if (state == TCP_TIME_WAIT || state == TCP_NEW_SYN_RECV)
		return 0;
	cgroup = sk->sk_cgrp_data.cgroup;
	return cgroup ? cgroup->kn->id : 0;
}

static __always_inline void jb_socket_ipv4(union jb_ip *ret, __be32 address)
{
	ret->half[0] = 0;
	ret->word[2] = bpf_htonl(0xffff);
	ret->word[3] = address;
}

static __always_inline void jb_socket_local(union jb_ip *ret, const struct sock_common *skc)
{
	if (skc->skc_family != JB_AF_INET6) {
		jb_socket_ipv4(ret, skc->skc_rcv_saddr);
		return;
	}
	ret->word[0] = skc->skc_v6_rcv_saddr.in6_u.u6_addr32[0];
	ret->word[1] = skc->skc_v6_rcv_saddr.in6_u.u6_addr32[1];
	ret->word[2] = skc->skc_v6_rcv_saddr.in6_u.u6_addr32[2];
	ret->word[3] = skc->skc_v6_rcv_saddr.in6_u.u6_addr32[3];
}

static __always_inline void jb_socket_remote(union jb_ip *ret, const struct sock_common *skc)
{
	if (skc->skc_family != JB_AF_INET6) {
		jb_socket_ipv4(ret, skc->skc_daddr);
		return;
	}
	ret->word[0] = skc->skc_v6_daddr.in6_u.u6_addr32[0];
	ret->word[1] = skc->skc_v6_daddr.in6_u.u6_addr32[1];
	ret->word[2] = skc->skc_v6_daddr.in6_u.u6_addr32[2];
	ret->word[3] = skc->skc_v6_daddr.in6_u.u6_addr32[3];
}

static __always_inline enum jb_tcp_path jb_socket_path(const struct sock_common *skc)
{
	union jb_ip local, remote;

	jb_socket_local(&local, skc);
	jb_socket_remote(&remote, skc);
	return jb_tcp_path_of(&local, skc->skc_num, &remote, bpf_ntohs(skc->skc_dport));
}

/* States of a connection that was established and may be for long. */
#define JB_TCP_STANDS                                                                              \
	(1U << TCP_ESTABLISHED | 1U << TCP_FIN_WAIT1 | 1U << TCP_FIN_WAIT2 | 1U << TCP_CLOSE_WAIT)

/* Of a socket, read here and now: clang would choose a pointer into it, which is forbidden. */
#define JB_SK_WORD(name, sk, field)                                                                \
	__u32 name = (sk)->field;                                                                  \
	asm volatile("" : "+r"(name))

/* Of a packet's socket. */
static __always_inline enum jb_tcp_path jb_packet_path(const struct bpf_sock *sk)
{
	JB_SK_WORD(family, sk, family);
	JB_SK_WORD(local_port, sk, src_port);
	JB_SK_WORD(remote_port, sk, dst_port);
	JB_SK_WORD(local4, sk, src_ip4);
	JB_SK_WORD(remote4, sk, dst_ip4);
	JB_SK_WORD(local0, sk, src_ip6[0]);
	JB_SK_WORD(local1, sk, src_ip6[1]);
	JB_SK_WORD(local2, sk, src_ip6[2]);
	JB_SK_WORD(local3, sk, src_ip6[3]);
	JB_SK_WORD(remote0, sk, dst_ip6[0]);
	JB_SK_WORD(remote1, sk, dst_ip6[1]);
	JB_SK_WORD(remote2, sk, dst_ip6[2]);
	JB_SK_WORD(remote3, sk, dst_ip6[3]);
	union jb_ip local = {.word = {local0, local1, local2, local3}};
	union jb_ip remote = {.word = {remote0, remote1, remote2, remote3}};

	if (family == JB_AF_INET) {
		jb_socket_ipv4(&local, local4);
		jb_socket_ipv4(&remote, remote4);
	}
	return jb_tcp_path_of(&local, local_port, &remote, bpf_ntohs(remote_port));
}

/* The loopback's, in each network namespace. */
#define JB_LOOPBACK_IFINDEX 1

/* Packets that stay on the host although neither end is the loopback were led away from it. */
static __always_inline enum jb_tcp_path jb_path_over(enum jb_tcp_path path, __u32 ifindex)
{
	return path == JB_PATH_DIRECT && ifindex == JB_LOOPBACK_IFINDEX ? JB_PATH_REDIRECTED : path;
}

#endif
