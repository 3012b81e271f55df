/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/tcp.h>

#include <cmocka.h>

#include "connections/view.h"

#define NOW (1000 * JB_SECOND_NS)

static struct jb_connection connection;
static struct jb_connection_info info;

static enum jb_mesh_role role;

static int setup(void **state)
{
	(void)state;
	connection = (struct jb_connection){
		.local.word = {0, 0, htonl(0xffff), htonl(0x0a00000c)},
		.remote.octet = {0x20, 0x01, 0x0d, 0xb8, [15] = 1},
		.socket = {.started_ns = NOW - 61 * JB_SECOND_NS,
			   .role = JB_TCP_SERVER,
			   .path = JB_PATH_DIRECT},
		.bytes = {[JB_INGRESS] = 5, [JB_EGRESS] = 6000000000},
		.srtt_us = 250,
		.rttvar_us = 125,
		.min_rtt_us = 1,
		.cwnd = 10,
		.retransmitted = 3,
		.local_port = 443,
		.remote_port = 54321,
		.state = TCP_ESTABLISHED,
	};
	memset(&info, 0xff, sizeof(info));
	role = JB_ROLE_UNMESHED;
	return 0;
}

static void view(const struct jb_identity *identity)
{
	static const struct jb_identity peer = {"", "", "", "redis.service"};

	jb_connection_view(&connection, identity, role, identity ? &peer : NULL, NOW, &info);
}

static void test_figures(void **state)
{
	static const struct jb_identity pod = {"media", "sfu-0", "sfu", ""};

	(void)state;
	view(&pod);
	assert_string_equal(info.namespace_, "media");
	assert_string_equal(info.pod, "sfu-0");
	assert_string_equal(info.container, "sfu");
	assert_string_equal(info.unit, "");
	assert_string_equal(info.peer_namespace, "");
	assert_string_equal(info.peer_pod, "");
	assert_string_equal(info.peer_unit, "redis.service");
	assert_string_equal(info.state, "established");
	assert_string_equal(info.role, "server");
	assert_string_equal(info.leg, "direct");
	assert_string_equal(info.local_address, "10.0.0.12");
	assert_string_equal(info.remote_address, "2001:db8::1");
	assert_int_equal(info.local_port, 443);
	assert_int_equal(info.remote_port, 54321);
	assert_int_equal(info.srtt_ns, 250000);
	assert_int_equal(info.rttvar_ns, 125000);
	assert_int_equal(info.min_rtt_ns, 1000);
	assert_int_equal(info.cwnd, 10);
	assert_int_equal(info.retransmits, 3);
	assert_int_equal(info.bytes_sent, 6000000000);
	assert_int_equal(info.bytes_received, 5);
	assert_int_equal(info.age_ns, 61 * JB_SECOND_NS);
}

static void test_nobody(void **state)
{
	(void)state;
	view(NULL);
	assert_string_equal(info.namespace_, "");
	assert_string_equal(info.pod, "");
	assert_string_equal(info.container, "");
	assert_string_equal(info.unit, "");
	assert_string_equal(info.peer_namespace, "");
	assert_string_equal(info.peer_pod, "");
	assert_string_equal(info.peer_unit, "");
}

/* A connect that nobody has answered; the kernel's initial deviation is no measurement. */
static void test_no_round_trip_yet(void **state)
{
	(void)state;
	connection.srtt_us = 0;
	connection.rttvar_us = 250000;
	connection.min_rtt_us = UINT32_MAX;
	view(NULL);
	assert_int_equal(info.srtt_ns, JB_RECORD_NONE);
	assert_int_equal(info.rttvar_ns, JB_RECORD_NONE);
	assert_int_equal(info.min_rtt_ns, JB_RECORD_NONE);
}

static void test_long_round_trips(void **state)
{
	(void)state;
	connection.srtt_us = UINT32_MAX - 1;
	view(NULL);
	assert_int_equal(info.srtt_ns, (UINT32_MAX - 1) * 1000ULL);
}

static void test_age(void **state)
{
	(void)state;
	connection.socket.started_ns = 0; /* older than the agent */
	view(NULL);
	assert_int_equal(info.age_ns, JB_RECORD_NONE);
	connection.socket.started_ns = NOW;
	view(NULL);
	assert_int_equal(info.age_ns, 0);
	connection.socket.started_ns = NOW + 1; /* begun after the clock was read */
	view(NULL);
	assert_int_equal(info.age_ns, JB_RECORD_NONE);
}

/* By the C library's numbers, which are the kernel's. */
static void test_states(void **state)
{
	static const struct {
		__u8 state;
		const char *name;
	} states[] = {{0, "unknown"},
		      {TCP_ESTABLISHED, "established"},
		      {TCP_SYN_SENT, "syn_sent"},
		      {TCP_SYN_RECV, "syn_recv"},
		      {TCP_FIN_WAIT1, "fin_wait1"},
		      {TCP_FIN_WAIT2, "fin_wait2"},
		      {TCP_TIME_WAIT, "time_wait"},
		      {TCP_CLOSE, "close"},
		      {TCP_CLOSE_WAIT, "close_wait"},
		      {TCP_LAST_ACK, "last_ack"},
		      {TCP_LISTEN, "listen"},
		      {TCP_CLOSING, "closing"},
		      {12, "new_syn_recv"},
		      {14, "unknown"},
		      {255, "unknown"}};

	(void)state;
	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
		connection.state = states[i].state;
		view(NULL);
		assert_string_equal(info.state, states[i].name);
	}
}

static void test_roles_and_legs(void **state)
{
	(void)state;
	connection.socket.role = JB_TCP_CLIENT;
	connection.socket.path = JB_PATH_LOOPBACK;
	view(NULL);
	assert_string_equal(info.role, "client");
	assert_string_equal(info.leg, "loopback");
	connection.socket.role = JB_TCP_ROLE_MAX;
	view(NULL);
	assert_string_equal(info.role, "unknown");
	connection.socket.role = 15;
	connection.socket.path = 15;
	view(NULL);
	assert_string_equal(info.role, "unknown");
	assert_string_equal(info.leg, "unknown");
	connection.socket.path = JB_PATH_TO_INBOUND;
	view(NULL);
	assert_string_equal(info.leg, "direct");
	role = JB_ROLE_PROXY;
	view(NULL);
	assert_string_equal(info.leg, "mesh_out");
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_figures),          TEST(test_nobody), TEST(test_no_round_trip_yet),
		TEST(test_long_round_trips), TEST(test_age),    TEST(test_states),
		TEST(test_roles_and_legs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
