/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <jansson.h>
#include <netinet/in.h>

#include "listing/record.h"
#include "listing/text.h"

/* A thing of every kind of column. */
struct fruit {
	const char *name;
	char address[INET6_ADDRSTRLEN];
	uint64_t count;
	uint64_t weight; /* g */
	uint64_t age_ns;
};

static void text_name(const void *info, struct jb_buffer *out)
{
	jb_buffer_printf(out, "<%s>", ((const struct fruit *)info)->name);
}

static void text_made(const void *info, struct jb_buffer *out)
{
	const struct fruit *fruit = info;

	jb_text_endpoint(fruit->address, fruit->count, out);
}

static int compare(const void *left, const void *right)
{
	const struct fruit *a = left, *b = right;

	return jb_record_compare_numbers(a->count, b->count);
}

#define AT(field) .offset = offsetof(struct fruit, field)

static const struct jb_record_column columns[] = {
	{"name", JB_RECORD_LEFT("NAME"), JB_RECORD_TEXT, AT(name), .text = text_name},
	{"address", JB_RECORD_LEFT("ADDRESS"), JB_RECORD_ADDRESS, AT(address)},
	{"count", JB_RECORD_RIGHT("COUNT"), JB_RECORD_NUMBER, AT(count)},
	{"weight", JB_RECORD_RIGHT("KG"), JB_RECORD_MILLI, AT(weight),
	 .number = jb_text_thousandth_1},
	{"age_seconds", JB_RECORD_RIGHT("AGE"), JB_RECORD_NANO, AT(age_ns),
	 .number = jb_text_duration},
	{"made", JB_RECORD_LEFT("MADE"), JB_RECORD_MADE, .text = text_made},
};

static const struct jb_record record = {
	.name = "fruit",
	JB_RECORD_OF(struct fruit, columns),
	.shown = "name,weight",
	.compare = compare,
};

static const struct fruit plum = {"plum", "10.0.0.1", 7, 1500, 9500000001};
static const struct fruit nothing = {
	"", "", JB_RECORD_NONE, JB_RECORD_NONE, JB_RECORD_NONE,
};

static void assert_json(const struct fruit *fruit, const char *text)
{
	struct jb_buffer out = {};

	jb_record_json(&record, fruit, &out);
	assert_int_equal(out.error, 0);
	assert_string_equal(out.data, text);
	jb_buffer_free(&out);
}

static void test_json(void **state)
{
	(void)state;
	assert_json(&plum, "{\"name\":\"plum\",\"address\":\"10.0.0.1\",\"count\":7,"
			   "\"weight\":1.5,\"age_seconds\":9.500000001}");
	assert_json(&nothing, "{\"name\":\"\",\"address\":\"\",\"count\":null,\"weight\":null,"
			      "\"age_seconds\":null}");
}

/* What is written is read back; the texts are the object's. */
static void test_back(void **state)
{
	const struct fruit *const fruits[] = {&plum, &nothing};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct jb_buffer out = {};
		struct fruit read;
		const char *bad;
		json_t *root;

		jb_record_json(&record, fruits[i], &out);
		root = json_loadb(out.data, out.len, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(root);
		assert_int_equal(jb_record_parse(&record, root, &read, &bad), 0);
		assert_string_equal(read.name, fruits[i]->name);
		assert_string_equal(read.address, fruits[i]->address);
		assert_int_equal(read.count, fruits[i]->count);
		assert_int_equal(read.weight, fruits[i]->weight);
		assert_int_equal(read.age_ns, fruits[i]->age_ns);
		json_decref(root);
		jb_buffer_free(&out);
	}
}

/* Of a bad object nothing is taken, and the value that is wrong is named. */
static void assert_parsed(const char *text, const char *bad_key)
{
	json_t *root = json_loads(text, JSON_DECODE_ANY, NULL);
	struct fruit fruit, before;
	const char *bad = "";
	int result;

	memset(&fruit, 0x5a, sizeof(fruit));
	before = fruit;
	assert_non_null(root);
	result = jb_record_parse(&record, root, &fruit, &bad);
	assert_int_equal(result, bad_key ? -EINVAL : 0);
	if (bad_key) {
		assert_string_equal(bad, bad_key);
		assert_memory_equal(&fruit, &before, sizeof(fruit));
	}
	json_decref(root);
}

static void test_hostile_json(void **state)
{
	(void)state;
	assert_parsed("{}", NULL);
	assert_parsed("{\"count\":null,\"new\":[1],\"made\":3}", NULL);
	assert_parsed("{\"address\":\"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255\"}", NULL);
	assert_parsed("[]", "fruit");
	assert_parsed("{\"count\":\"1\"}", "count");
	assert_parsed("{\"count\":-1}", "count");
	assert_parsed("{\"count\":1e300}", "count");
	assert_parsed("{\"count\":true}", "count");
	assert_parsed("{\"age_seconds\":-0.1}", "age_seconds");
	assert_parsed("{\"age_seconds\":9e18}", "age_seconds");
	assert_parsed("{\"weight\":\"\"}", "weight");
	assert_parsed("{\"name\":1}", "name");
	assert_parsed("{\"name\":null}", "name");
	assert_parsed("{\"count\":1,\"address\":7}", "address");
	assert_parsed("{\"address\":\"0123456789012345678901234567890123456789012345\"}",
		      "address");
}

static void test_an_empty_object_is_none(void **state)
{
	json_t *root = json_object();
	struct fruit fruit;
	const char *bad;

	(void)state;
	assert_int_equal(jb_record_parse(&record, root, &fruit, &bad), 0);
	assert_string_equal(fruit.name, "");
	assert_string_equal(fruit.address, "");
	assert_int_equal(fruit.count, JB_RECORD_NONE);
	assert_int_equal(fruit.age_ns, JB_RECORD_NONE);
	json_decref(root);
}

static void assert_column(const struct fruit *fruit, size_t column, const char *text)
{
	struct jb_buffer out = {};

	jb_record_text(fruit, &columns[column], &out);
	assert_string_equal(out.data ? out.data : "", text);
	jb_buffer_free(&out);
}

static void test_text(void **state)
{
	static const char *const texts[][2] = {{"<plum>", "<>"}, {"10.0.0.1", ""},
					       {"7", "-"},       {"1.5", "-"},
					       {"9.5s", "-"},    {"10.0.0.1:7", "-"}};

	(void)state;
	for (size_t i = 0; i < record.count; i++) {
		assert_column(&plum, i, texts[i][0]);
		assert_column(&nothing, i, texts[i][1]);
	}
}

static void test_number(void **state)
{
	static const uint64_t numbers[] = {JB_RECORD_NONE, JB_RECORD_NONE, 7,
					   1500,           9500000001,     JB_RECORD_NONE};

	(void)state;
	for (size_t i = 0; i < record.count; i++)
		assert_int_equal(jb_record_number(&plum, &columns[i]), numbers[i]);
}

static void assert_bad_list(const char *list, const char *bad_name)
{
	const struct jb_record_column *found[JB_RECORD_COLUMNS_MAX];
	const char *bad;
	int length;

	assert_int_equal(jb_record_columns(&record, list, found, &bad, &length), -EINVAL);
	assert_int_equal(length, strlen(bad_name));
	assert_memory_equal(bad, bad_name, length);
}

static void test_columns(void **state)
{
	const struct jb_record_column *found[JB_RECORD_COLUMNS_MAX];
	const char *bad;
	int length;

	(void)state;
	assert_int_equal(jb_record_columns(&record, "made,count,made", found, &bad, &length), 3);
	assert_ptr_equal(found[0], &columns[5]);
	assert_ptr_equal(found[1], &columns[2]);
	assert_ptr_equal(found[2], &columns[5]);
	assert_bad_list("name,nam,name", "nam");
	assert_bad_list("name,names", "names");
	assert_bad_list("", "");
	assert_bad_list("name,", "");
	assert_bad_list(",name", "");
}

static void test_too_many_columns(void **state)
{
	const struct jb_record_column *found[JB_RECORD_COLUMNS_MAX];
	char list[5 * (JB_RECORD_COLUMNS_MAX + 1)];
	const char *bad;
	int length;

	(void)state;
	for (size_t i = 0; i <= JB_RECORD_COLUMNS_MAX; i++)
		memcpy(list + 5 * i, "name,", 5);
	list[sizeof(list) - 1] = '\0';
	assert_bad_list(list, "name");
	list[sizeof(list) - 6] = '\0';
	assert_int_equal(jb_record_columns(&record, list, found, &bad, &length),
			 JB_RECORD_COLUMNS_MAX);
}

static void test_print(void **state)
{
	const struct jb_record_column *const shown[] = {&columns[2], &columns[0]};
	const struct fruit fruits[] = {plum, nothing};
	char *text;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	(void)state;
	assert_int_equal(jb_record_print(&record, fruits, 2, shown, 2, file), 0);
	assert_int_equal(jb_record_print(&record, NULL, 0, shown, 1, file), 0);
	assert_int_equal(jb_record_print(&record, NULL, 0, shown, JB_RECORD_COLUMNS_MAX + 1, file),
			 -EINVAL);
	fclose(file);
	assert_string_equal(text, "COUNT  NAME\n"
				  "    7  <plum>\n"
				  "    -  <>\n"
				  "COUNT\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),         cmocka_unit_test(test_back),
		cmocka_unit_test(test_hostile_json), cmocka_unit_test(test_an_empty_object_is_none),
		cmocka_unit_test(test_text),         cmocka_unit_test(test_number),
		cmocka_unit_test(test_columns),      cmocka_unit_test(test_too_many_columns),
		cmocka_unit_test(test_print),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
