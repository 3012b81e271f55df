/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "workloads/container.h"

#define POD        "0f3c2a1b-7d4e-4f60-9a8b-c1d2e3f40516"
#define POD_       "0f3c2a1b_7d4e_4f60_9a8b_c1d2e3f40516"
#define POD_X2D    "0f3c2a1b\\x2d7d4e\\x2d4f60\\x2d9a8b\\x2dc1d2e3f40516"
#define HASH       "1864dd0546310be9937c37cf88024cb8"
#define OTHER      "ffffffff-7d4e-4f60-9a8b-c1d2e3f40516"
#define OTHER_     "ffffffff_7d4e_4f60_9a8b_c1d2e3f40516"
#define ID63       "6d393320601b821561e43bd46f658284cb172cf297ecc3d3665be657870d32e"
#define ID         ID63 "2"
#define ID2        "a2b102854b4969b2ce98dc329c86b4fb2b06e4ad2cc8da9d8a7578c9cd2004ff"
#define NODE       "d6701ec289c56e4391acb11d07474b3139466857a305490575508a8b7a9fcf22"

#define GUARANTEED "/kubepods.slice/kubepods-pod" POD_ ".slice"
#define BURSTABLE  "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" POD_ ".slice"
#define BESTEFFORT "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" POD_ ".slice"
#define KUBELET                                                                                    \
	"/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/"                  \
	"kubelet-kubepods-burstable-pod" POD_ ".slice"
#define USER "/user.slice/user-1000.slice/user@1000.service"

enum {
	NONE = JB_QOS_NONE,
	G = JB_QOS_GUARANTEED,
	B = JB_QOS_BURSTABLE,
	E = JB_QOS_BESTEFFORT,
	UNKNOWN = JB_RUNTIME_UNKNOWN,
	CONTAINERD = JB_RUNTIME_CONTAINERD,
	CRIO = JB_RUNTIME_CRIO,
	DOCKER = JB_RUNTIME_DOCKER,
	PODMAN = JB_RUNTIME_PODMAN,
	IS_POD = JB_CONTAINER_POD,
	SELF = JB_CONTAINER_SELF,
	BELOW = JB_CONTAINER_BELOW,
};

struct sample {
	const char *path;
	const char *pod;
	int qos;
	const char *id;
	int runtime;
	int level;
};

/* As one text, so that a failure tells which path and all that was read. */
static void check(const struct sample *s)
{
	struct jb_container c;
	char text[1024], expected[1024];

	memset(&c, 0xa5, sizeof(c));
	assert_int_equal(jb_container_parse(s->path, &c), 0);
	snprintf(text, sizeof(text), "%s: pod '%s' qos %d id '%s' runtime %d level %d", s->path,
		 c.pod, c.qos, c.id, c.runtime, c.level);
	snprintf(expected, sizeof(expected), "%s: pod '%s' qos %d id '%s' runtime %d level %d",
		 s->path, s->pod, s->qos, s->id, s->runtime, s->level);
	assert_string_equal(text, expected);
}

#define CHECK_ALL(samples)                                                                         \
	for (size_t i = 0; i < sizeof(samples) / sizeof(*(samples)); i++)                          \
	check(&(samples)[i])

static void test_pods(void **state)
{
	static const struct sample samples[] = {
		/* systemd */
		{GUARANTEED, POD, G, "", UNKNOWN, IS_POD},
		{BURSTABLE, POD, B, "", UNKNOWN, IS_POD},
		{BESTEFFORT, POD, E, "", UNKNOWN, IS_POD},
		{"/kubepods.slice/kubepods-pod" HASH ".slice", HASH, G, "", UNKNOWN, IS_POD},
		{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" HASH ".slice",
		 HASH, B, "", UNKNOWN, IS_POD},
		{"/kubepods.slice/kubepods-pod" POD_X2D ".slice", POD, G, "", UNKNOWN, IS_POD},
		{"/kubepods.slice/kubepods-pod" POD ".slice", POD, G, "", UNKNOWN, IS_POD},
		/* cgroupfs */
		{"/kubepods/pod" POD, POD, G, "", UNKNOWN, IS_POD},
		{"/kubepods/burstable/pod" POD, POD, B, "", UNKNOWN, IS_POD},
		{"/kubepods/besteffort/pod" POD, POD, E, "", UNKNOWN, IS_POD},
		{"/kubepods/pod" HASH, HASH, G, "", UNKNOWN, IS_POD},
		/* What is in a pod, but in no container of it. */
		{BURSTABLE "/crio-conmon-" ID ".scope", POD, B, "", UNKNOWN, IS_POD},
		{"/kubepods/burstable/pod" POD "/crio-conmon-" ID, POD, B, "", UNKNOWN, IS_POD},
		{BURSTABLE "/libpod-conmon-" ID ".scope", POD, B, "", UNKNOWN, IS_POD},
		{"/kubepods/pod" POD "/kata_overhead/" ID, POD, G, "", UNKNOWN, IS_POD},
		{"/kubepods/pod" POD "/" ID63, POD, G, "", UNKNOWN, IS_POD},
		{"/kubepods/pod" POD "/" ID "0", POD, G, "", UNKNOWN, IS_POD},
		{BURSTABLE "/cri-containerd-" ID, POD, B, "", UNKNOWN, IS_POD},
		{BURSTABLE "/" ID ".scope", POD, B, "", UNKNOWN, IS_POD},
		{"/kubepods/pod" POD "/pod" OTHER, POD, G, "", UNKNOWN, IS_POD},
	};

	(void)state;
	CHECK_ALL(samples);
}

static void test_containers_of_pods(void **state)
{
	static const struct sample samples[] = {
		{GUARANTEED "/cri-containerd-" ID ".scope", POD, G, ID, CONTAINERD, SELF},
		{BURSTABLE "/cri-containerd-" ID ".scope", POD, B, ID, CONTAINERD, SELF},
		{BESTEFFORT "/cri-containerd-" ID ".scope", POD, E, ID, CONTAINERD, SELF},
		{"/kubepods.slice/kubepods-pod" HASH ".slice/cri-containerd-" ID ".scope", HASH, G,
		 ID, CONTAINERD, SELF},
		{GUARANTEED "/crio-" ID ".scope", POD, G, ID, CRIO, SELF},
		{BURSTABLE "/docker-" ID ".scope", POD, B, ID, DOCKER, SELF},
		{BESTEFFORT "/libpod-" ID ".scope", POD, E, ID, PODMAN, SELF},
		{"/kubepods/pod" POD "/" ID, POD, G, ID, UNKNOWN, SELF},
		{"/kubepods/burstable/pod" POD "/" ID, POD, B, ID, UNKNOWN, SELF},
		{"/kubepods/besteffort/pod" HASH "/" ID, HASH, E, ID, UNKNOWN, SELF},
		{"/kubepods/besteffort/pod" POD "/crio-" ID, POD, E, ID, CRIO, SELF},
		{"//kubepods//pod" POD "///" ID "/", POD, G, ID, UNKNOWN, SELF},
	};

	(void)state;
	CHECK_ALL(samples);
}

/* Names that are meant for systemd, where the runtime does not ask it. */
static void test_colons(void **state)
{
	static const struct sample samples[] = {
		{"/kubepods-pod" POD_ ".slice:cri-containerd:" ID, POD, G, ID, CONTAINERD, SELF},
		{"/system.slice/containerd.service/kubepods-burstable-pod" POD_
		 ".slice:cri-containerd:" ID,
		 POD, B, ID, CONTAINERD, SELF},
		{"/kubepods-besteffort-pod" HASH ".slice:crio:" ID "/container", HASH, E, ID, CRIO,
		 BELOW},
		{"/kubelet-kubepods-besteffort-pod" POD_ ".slice:docker:" ID, POD, E, ID, DOCKER,
		 SELF},
		{"/kubepods-kubepods-pod" POD_ ".slice:docker:" ID, POD, G, ID, DOCKER, SELF},
		{"/system.slice:docker:" ID, "", NONE, ID, DOCKER, SELF},
		{"/:cri-containerd:" ID, "", NONE, ID, CONTAINERD, SELF},
		{"/x/:cri-containerd:" ID "/y", "", NONE, ID, CONTAINERD, BELOW},
		{GUARANTEED "/kubepods-pod" OTHER_ ".slice:cri-containerd:" ID, POD, G, ID,
		 CONTAINERD, SELF},
		/* A container, though the pod can't be read. */
		{"/kubepods-burstablepod" POD_ ".slice:crio:" ID, "", NONE, ID, CRIO, SELF},
		{"/xkubepods-pod" POD_ ".slice:crio:" ID, "", NONE, ID, CRIO, SELF},
	};

	(void)state;
	CHECK_ALL(samples);
}

static void test_below_a_container(void **state)
{
	static const struct sample samples[] = {
		{BURSTABLE "/crio-" ID ".scope/container", POD, B, ID, CRIO, BELOW},
		{"/kubepods/pod" POD "/crio-" ID "/container", POD, G, ID, CRIO, BELOW},
		{BURSTABLE "/cri-containerd-" ID ".scope/nested", POD, B, ID, CONTAINERD, BELOW},
		{BURSTABLE "/cri-containerd-" ID ".scope/system.slice/sip.service", POD, B, ID,
		 CONTAINERD, BELOW},
		{"/kubepods/pod" POD "/" ID "/" ID2, POD, G, ID, UNKNOWN, BELOW},
		/* Docker in a pod. */
		{BURSTABLE "/cri-containerd-" ID ".scope/docker/" ID2, POD, B, ID, CONTAINERD,
		 BELOW},
		{BURSTABLE "/cri-containerd-" ID ".scope/system.slice/docker-" ID2 ".scope", POD, B,
		 ID, CONTAINERD, BELOW},
		/* Another node in a pod, or who wants to be taken for another pod. */
		{BURSTABLE "/cri-containerd-" ID ".scope/kubepods/pod" OTHER "/" ID2, POD, B, ID,
		 CONTAINERD, BELOW},
		{"/kubepods/pod" POD "/" ID "/kubepods.slice/kubepods-pod" OTHER_ ".slice/crio-" ID2
		 ".scope",
		 POD, G, ID, UNKNOWN, BELOW},
		{"/kubepods/pod" POD "/" ID "/kubepods-pod" OTHER_ ".slice:cri-containerd:" ID2,
		 POD, G, ID, UNKNOWN, BELOW},
		{"/docker/" ID "/docker/" ID2, "", NONE, ID, DOCKER, BELOW},
		{"/machine.slice/libpod-" ID ".scope/system.slice/docker-" ID2 ".scope", "", NONE,
		 ID, PODMAN, BELOW},
	};

	(void)state;
	CHECK_ALL(samples);
}

/* --cgroup-root, and nodes that are containers. */
static void test_above_the_pods(void **state)
{
	static const struct sample samples[] = {
		{KUBELET, POD, B, "", UNKNOWN, IS_POD},
		{KUBELET "/cri-containerd-" ID ".scope", POD, B, ID, CONTAINERD, SELF},
		{"/a.slice/a-b_c.slice/a-b_c-kubepods.slice/a-b_c-kubepods-pod" POD_
		 ".slice/crio-" ID ".scope",
		 POD, G, ID, CRIO, SELF},
		{"/kubelet/kubepods/besteffort/pod" POD "/" ID, POD, E, ID, UNKNOWN, SELF},
		{"/kubepods/kubepods/pod" POD, POD, G, "", UNKNOWN, IS_POD},
		{USER "/k3s.slice/kubepods/pod" POD "/" ID, POD, G, ID, UNKNOWN, SELF},
		/* kind */
		{"/docker/" NODE KUBELET "/cri-containerd-" ID ".scope", POD, B, ID, CONTAINERD,
		 SELF},
		{"/system.slice/docker-" NODE ".scope" KUBELET "/cri-containerd-" ID ".scope/x",
		 POD, B, ID, CONTAINERD, BELOW},
		{"/docker/" NODE "/docker/" NODE "/kubelet/kubepods/burstable/pod" POD "/" ID, POD,
		 B, ID, UNKNOWN, SELF},
		{USER "/user.slice/libpod-" NODE ".scope/container" KUBELET, POD, B, "", UNKNOWN,
		 IS_POD},
		/* minikube, k3d */
		{"/docker/" NODE BESTEFFORT "/crio-" ID ".scope", POD, E, ID, CRIO, SELF},
		{"/system.slice/docker-" NODE ".scope/k3s/kubepods/pod" HASH "/" ID, HASH, G, ID,
		 UNKNOWN, SELF},
		{"/docker/" NODE "/system.slice/containerd.service/kubepods-pod" POD_
		 ".slice:cri-containerd:" ID,
		 POD, G, ID, CONTAINERD, SELF},
		/* What the node itself runs is the node's. */
		{"/docker/" NODE "/kubelet.slice/kubelet.service", "", NONE, NODE, DOCKER, BELOW},
		{"/docker/" NODE "/kubelet/kubepods/burstable", "", NONE, NODE, DOCKER, BELOW},
	};

	(void)state;
	CHECK_ALL(samples);
}

static void test_containers_of_no_pod(void **state)
{
	static const struct sample samples[] = {
		{"/docker/" ID, "", NONE, ID, DOCKER, SELF},
		{"/docker/" ID "/init.scope", "", NONE, ID, DOCKER, BELOW},
		{"/system.slice/docker-" ID ".scope", "", NONE, ID, DOCKER, SELF},
		{USER "/user.slice/docker-" ID ".scope", "", NONE, ID, DOCKER, SELF},
		{"/machine.slice/libpod-" ID ".scope", "", NONE, ID, PODMAN, SELF},
		{"/machine.slice/libpod-" ID ".scope/container", "", NONE, ID, PODMAN, BELOW},
		{"/machine.slice/machine-libpod_pod_" ID2 ".slice/libpod-" ID ".scope", "", NONE,
		 ID, PODMAN, SELF},
		{"/libpod_parent/libpod-" ID, "", NONE, ID, PODMAN, SELF},
		{"/libpod_parent/" ID2 "/libpod-" ID, "", NONE, ID, PODMAN, SELF},
		{USER "/user.slice/libpod-" ID ".scope/container", "", NONE, ID, PODMAN, BELOW},
		{"/system.slice/sip.service/libpod-payload-" ID, "", NONE, ID, PODMAN, SELF},
		{"/system.slice/crio-" ID ".scope", "", NONE, ID, CRIO, SELF},
		{"/system.slice/cri-containerd-" ID ".scope", "", NONE, ID, CONTAINERD, SELF},
		/* A static pod's manifest may give it any UID. */
		{"/kubepods.slice/kubepods-podmine.slice/crio-" ID ".scope", "", NONE, ID, CRIO,
		 SELF},
		/* A cgroup in the tree of pods is not a pod by that. */
		{"/kubepods/burstable/docker-" ID ".scope", "", NONE, ID, DOCKER, SELF},
	};

	(void)state;
	CHECK_ALL(samples);
}

/* Each with what it lacks, to show that nothing else is wrong with it. */
static void test_neither(void **state)
{
	static const struct {
		const char *bad, *good;
	} samples[] = {
		{"", "/kubepods/pod" POD},
		{"/", "/docker/" ID},
		{"kubepods/pod" POD, "/kubepods/pod" POD},
		{"0::/docker/" ID, "/docker/" ID},
		{"/system.slice/nginx.service", "/system.slice/docker-" ID ".scope"},
		/* the way to the pods */
		{"/kubepods.slice", GUARANTEED},
		{"/kubepods.slice/kubepods-burstable.slice", BURSTABLE},
		{"/kubepods/besteffort", "/kubepods/besteffort/pod" POD},
		{"/pod" POD "/" ID, "/kubepods/pod" POD "/" ID},
		{"/xkubepods/pod" POD, "/kubepods/pod" POD},
		{"/x-kubepods/pod" POD, "/kubepods/pod" POD},
		{"/kubepodsx/pod" POD, "/kubepods/pod" POD},
		{"/kubepods/x/pod" POD, "/x/kubepods/pod" POD},
		{"/kubepods/guaranteed/pod" POD, "/kubepods/burstable/pod" POD},
		{"/kubepods/burstablex/pod" POD, "/kubepods/burstable/pod" POD},
		{"/kubepods/burstablepod" POD, "/kubepods/burstable/pod" POD},
		{"/kubepods/burstable/besteffort/pod" POD, "/kubepods/besteffort/pod" POD},
		{"/kubepods/kubepods-pod" POD_ ".slice", GUARANTEED},
		{"/kubepods.slice/pod" POD, "/kubepods/pod" POD},
		{"/kubepods.slice/kubepods-pod" POD_, GUARANTEED},
		{"/kubepods-pod" POD_ ".slice", GUARANTEED},
		{"/kubepods.slice/kubepods-burstable-pod" POD_ ".slice", BURSTABLE},
		{"/kubepods.slice/kubepods-burstable.slice/kubepods-besteffort-pod" POD_ ".slice",
		 BURSTABLE},
		{"/kubepods.slice/kubepods-burstable.slice/kubepods-pod" POD_ ".slice", BURSTABLE},
		{"/kubepods.slice/kubepods-burstablepod" POD_ ".slice", BURSTABLE},
		{"/kubepods.slice/kubepodspod" POD_ ".slice", GUARANTEED},
		{"/a.slice/a-kubepods.slice/b-kubepods-pod" POD_ ".slice",
		 "/a.slice/a-kubepods.slice/a-kubepods-pod" POD_ ".slice"},
		{"/akubepods.slice/akubepods-pod" POD_ ".slice",
		 "/a-kubepods.slice/a-kubepods-pod" POD_ ".slice"},
		/* the pod */
		{"/kubepods/" POD, "/kubepods/pod" POD},
		{"/kubepods/pod", "/kubepods/pod" POD},
		{"/kubepods/podmine/" ID, "/kubepods/pod" POD "/" ID},
		{"/kubepods/pod/" POD, "/kubepods/pod" POD},
		{"/kubepods/pod" HASH "0", "/kubepods/pod" HASH},
		{"/kubepods/pod1864dd0546310be9937c37cf88024cb", "/kubepods/pod" HASH},
		{"/kubepods/pod1864DD0546310be9937c37cf88024cb8", "/kubepods/pod" HASH},
		{"/kubepods/pod1864gg0546310be9937c37cf88024cb8", "/kubepods/pod" HASH},
		{"/kubepods/pod" POD "0", "/kubepods/pod" POD},
		{"/kubepods/pod" POD "-", "/kubepods/pod" POD},
		{"/kubepods/pod0f3c2a1b-7d4e-4f60-9a8b-c1d2e3f4051", "/kubepods/pod" POD},
		{"/kubepods/pod0F3C2A1B-7d4e-4f60-9a8b-c1d2e3f40516", "/kubepods/pod" POD},
		{"/kubepods/pod0f3c2a1b-7d4e_4f60-9a8b-c1d2e3f40516", "/kubepods/pod" POD},
		{"/kubepods/pod0f3c2a1b7-d4e-4f60-9a8b-c1d2e3f40516", "/kubepods/pod" POD},
		{"/kubepods/pod0f3c2a1b.7d4e.4f60.9a8b.c1d2e3f40516", "/kubepods/pod" POD},
		{"/kubepods.slice/kubepods-pod0f3c2a1b\\x2f7d4e\\x2f4f60\\x2f9a8b\\x2fc1d2e3f40516"
		 ".slice",
		 "/kubepods.slice/kubepods-pod" POD_X2D ".slice"},
		{"/kubepods/pod0f3c2a1b-7d4e-4f60-9a8b-c1d2e3f4051\xc3", "/kubepods/pod" POD},
		/* the container */
		{"/" ID, "/docker/" ID},
		{"/docker", "/docker/" ID},
		{"/docker/" ID63, "/docker/" ID},
		{"/docker/" ID "0", "/docker/" ID},
		{"/docker/" ID63 "A", "/docker/" ID63 "a"},
		{"/docker/" ID63 "g", "/docker/" ID63 "f"},
		{"/docker/x/" ID, "/x/docker/" ID},
		{"/podman/" ID, "/docker/" ID},
		{"/system.slice/docker-" ID, "/system.slice/docker-" ID ".scope"},
		{"/system.slice/docker-" ID ".service", "/system.slice/docker-" ID ".scope"},
		{"/system.slice/docker-" ID ".scope2", "/system.slice/docker-" ID ".scope"},
		{"/system.slice/docker-" ID63 ".scope", "/system.slice/docker-" ID ".scope"},
		{"/system.slice/docker" ID ".scope", "/system.slice/docker-" ID ".scope"},
		{"/system.slice/xdocker-" ID ".scope", "/system.slice/docker-" ID ".scope"},
		{"/system.slice/docker-.scope", "/system.slice/docker-" ID ".scope"},
		{"/system.slice/cri-containerd-" ID, "/system.slice/cri-containerd-" ID ".scope"},
		{"/system.slice/crio-conmon-" ID ".scope", "/system.slice/crio-" ID ".scope"},
		{"/machine.slice/libpod-conmon-" ID ".scope", "/machine.slice/libpod-" ID ".scope"},
		{"/libpod_parent/libpod-conmon-" ID, "/libpod_parent/libpod-" ID},
		{"/libpod_parent/conmon", "/libpod_parent/libpod-" ID},
		{"/libpod_parent/" ID, "/libpod_parent/libpod-" ID},
		{"/machine.slice/machine-libpod_pod_" ID ".slice",
		 "/machine.slice/libpod-" ID ".scope"},
		{"/system.slice/sip.service/libpod-payload-" ID ".scope",
		 "/system.slice/sip.service/libpod-payload-" ID},
		{"/system.slice/sip.service/runtime",
		 "/system.slice/sip.service/libpod-payload-" ID},
		{"/system.slice:docker:" ID63, "/system.slice:docker:" ID},
		{"/system.slice:runc:" ID, "/system.slice:docker:" ID},
		{"/system.slice:docker-" ID, "/system.slice:docker:" ID},
		{"/system.slice:docker:" ID ":", "/system.slice:docker:" ID},
		{"/system.slice:libpod-payload:" ID, "/system.slice:libpod:" ID},
		{"/x:docker:" ID, "/x.slice:docker:" ID},
		{"/docker:" ID, "/:docker:" ID},
		{"/docker-" ID63 "/a.scope", "/docker-" ID63 "a.scope"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct jb_container c, before;

		memset(&c, 0xa5, sizeof(c));
		before = c;
		if (jb_container_parse(samples[i].bad, &c) != -ENOENT)
			fail_msg("taken: %s", samples[i].bad);
		assert_memory_equal(&c, &before, sizeof(c));
		if (jb_container_parse(samples[i].good, &c))
			fail_msg("not taken: %s", samples[i].good);
	}
}

/*
 * One octet wrong: in the way to the pod, none; its container is still told, for its id may be
 * known. In the container's name, only the pod.
 */
static void test_every_octet_counts(void **state)
{
	static const char good[] = BURSTABLE "/cri-containerd-" ID ".scope";
	char bad[sizeof(good)];
	struct jb_container c;

	(void)state;
	for (size_t i = 1; i < sizeof(good) - 1; i++) {
		memcpy(bad, good, sizeof(good));
		bad[i] = '%';
		if (i == strlen(BURSTABLE)) {
			assert_int_equal(jb_container_parse(bad, &c), -ENOENT);
			continue;
		}
		assert_int_equal(jb_container_parse(bad, &c), 0);
		assert_string_equal(c.pod, i < strlen(BURSTABLE) ? "" : POD);
		assert_string_equal(c.id, i < strlen(BURSTABLE) ? ID : "");
		assert_int_equal(c.level, i < strlen(BURSTABLE) ? SELF : IS_POD);
		assert_int_equal(c.qos, i < strlen(BURSTABLE) ? NONE : B);
	}
}

/* Each beginning of a path, as long as its memory, for ASan. */
static void test_cut_short(void **state)
{
	static const char path[] = "/docker/" NODE KUBELET "/cri-containerd-" ID ".scope/x";
	int levels[3] = {}, none = 0;

	(void)state;
	for (size_t len = 0; len < sizeof(path); len++) {
		char *text = strndup(path, len);
		struct jb_container c;

		assert_non_null(text);
		if (jb_container_parse(text, &c))
			none++;
		else
			levels[c.level]++;
		free(text);
	}
	assert_int_equal(none, strlen("/docker/" NODE));
	assert_int_equal(levels[SELF], 2 + 2);
	assert_int_equal(levels[IS_POD], strlen("/cri-containerd-" ID ".scope"));
	assert_int_equal(levels[BELOW], strlen(KUBELET) - 2 + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pods),           cmocka_unit_test(test_containers_of_pods),
		cmocka_unit_test(test_colons),         cmocka_unit_test(test_below_a_container),
		cmocka_unit_test(test_above_the_pods), cmocka_unit_test(test_containers_of_no_pod),
		cmocka_unit_test(test_neither),        cmocka_unit_test(test_every_octet_counts),
		cmocka_unit_test(test_cut_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
