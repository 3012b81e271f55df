/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the API server sends: the first octet tells the answer's kind (a list, a watch after a list,
 * another status), the second in pieces of how many octets it arrives. Pieces change nothing.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "checked.h"
#include "kubernetes/intake.h"
#include "kubernetes/table.h"
#include "kubernetes/watch.h"

enum { MAX = 4, PIECE = 2 };

#define SEC UINT64_C(1000000000)

struct scene {
	struct jb_pod_table *table;
	struct jb_pod_intake intake;
	struct jb_outcome outcome;
	struct jb_pod_counts counts;
	bool watching;
};

static void list_begin(void *table)
{
	jb_pod_table_list_begin(table);
}

static void list_end(void *table)
{
	jb_pod_table_list_end(table, 1);
}

static void check_pod(void *ctx, const struct jb_pod *pod)
{
	(void)ctx;
	jb_assert(strlen(pod->namespace_) - 1 < JB_NAMESPACE_MAX);
	jb_assert(strlen(pod->name) - 1 < JB_POD_NAME_MAX);
	jb_assert(strlen(pod->uid) - 1 < JB_POD_UID_MAX);
	jb_assert(strlen(pod->workload) <= JB_POD_NAME_MAX);
	jb_assert(pod->n_containers <= JB_POD_CONTAINERS_MAX);
	jb_assert(pod->n_labels <= JB_POD_LABELS_MAX);
	for (size_t i = 0; i < pod->n_containers; i++)
		jb_assert(strlen(pod->containers[i].id) % JB_CONTAINER_ID_LEN == 0);
}

static void put(void *table, const struct jb_pod *pod)
{
	struct jb_pod_names names;

	check_pod(NULL, pod);
	if (!jb_pod_table_put(table, pod, 1))
		jb_assert(jb_pod_table_lookup(table, pod->uid, NULL, &names) == JB_POD_FOUND);
}

static void remove_pod(void *table, const char *uid)
{
	jb_pod_table_remove(table, uid, 1);
}

static void request(struct jb_watch *watch, struct scene *scene, long status, const uint8_t *data,
		    size_t size, size_t piece)
{
	size_t part;
	int err = 0;

	jb_assert(jb_watch_begin(watch, SEC));
	for (size_t at = 0; !err && at < size; at += part) {
		part = size - at < piece ? size - at : piece;
		err = jb_watch_data(watch, status, (const char *)data + at, part);
	}
	scene->outcome = (struct jb_outcome){.status = status};
	jb_watch_end(watch, &scene->outcome, SEC);
	jb_assert(scene->outcome.failure || !*scene->outcome.error);
}

static void play(struct scene *scene, const uint8_t *data, size_t size, size_t piece)
{
	static const char empty[] = "{\"kind\":\"PodList\",\"items\":[],\"metadata\":"
				    "{\"resourceVersion\":\"1\"}}";
	static const struct jb_watch_options options = {
		{"/api/v1/pods", "pods", "PodList"}, 1, 2, 3, 4};
	struct jb_pod_sink sink = {
		.list_begin = list_begin, .list_end = list_end, .put = put, .remove = remove_pod};
	struct jb_object_sink objects;
	struct jb_watch *watch;

	jb_assert(!jb_pod_table_new(&scene->table, MAX, 100));
	sink.ctx = scene->table;
	scene->intake = (struct jb_pod_intake){.sink = &sink, .node = ""};
	objects = jb_pod_intake_objects(&scene->intake);
	jb_assert(!jb_watch_new(&watch, &options, &objects));
	if (data[0] & 1)
		request(watch, scene, 200, (const uint8_t *)empty, sizeof(empty) - 1, SIZE_MAX);
	request(watch, scene, data[0] & 2 ? 500 : 200, data + PIECE, size - PIECE, piece);
	scene->watching = jb_watch_is_watching(watch);
	scene->counts = jb_pod_table_counts(scene->table);
	jb_assert(scene->counts.present <= MAX && scene->counts.gone <= 2 * MAX);
	jb_pod_table_each(scene->table, check_pod, NULL);
	jb_watch_free(watch);
	jb_pod_table_free(scene->table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scene whole, pieces;

	if (size < PIECE)
		return 0;
	play(&whole, data, size, SIZE_MAX);
	play(&pieces, data, size, data[1] + 1U);
	jb_assert(whole.outcome.failure == pieces.outcome.failure);
	jb_assert(!strcmp(whole.outcome.error, pieces.outcome.error));
	jb_assert(!memcmp(&whole.counts, &pieces.counts, sizeof(whole.counts)));
	jb_assert(whole.intake.refused == pieces.intake.refused);
	jb_assert(whole.watching == pieces.watching);
	return 0;
}
