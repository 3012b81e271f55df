/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <math.h>

#include "scrape/private.h"

static const char *read_number(char **at, struct jb_scrape_sample *ret)
{
	const char *end;

	if (!jb_scrape_number(*at, ret, &end))
		return **at ? "not a number" : "a value is expected";
	*at = jb_skip_blanks(*at + (end - *at));
	return NULL;
}

/* The number that may follow a value, if nothing else does. */
static const char *read_timestamp(char **at, bool *ret_has)
{
	struct jb_scrape_sample timestamp;
	const char *end;

	*ret_has = **at && **at != '#';
	if (!*ret_has)
		return NULL;
	if (!jb_scrape_number(*at, &timestamp, &end) || !isfinite(timestamp.value))
		return "not a timestamp";
	*at = jb_skip_blanks(*at + (end - *at));
	return NULL;
}

/* `# {labels} value [timestamp]`: read, and not kept. */
static const char *read_exemplar(char **at)
{
	struct jb_scrape_labels labels;
	struct jb_scrape_sample exemplar;
	const char *wrong;
	bool has_timestamp;

	*at = jb_skip_blanks(*at + 1);
	if (**at != '{')
		return "'{' is expected in an exemplar";
	++*at;
	wrong = jb_scrape_read_labels(at, &labels);
	if (wrong)
		return wrong;
	*at = jb_skip_blanks(*at);
	wrong = read_number(at, &exemplar);
	return wrong ? wrong : read_timestamp(at, &has_timestamp);
}

const char *jb_scrape_read_sample(char *at, struct jb_scrape_labels *labels,
				  struct jb_scrape_sample *sample)
{
	const char *wrong = NULL;

	if (*at && *at != '{' && !jb_octet_is(*at, JB_OCTET_BLANK))
		return "the name has an odd character";
	at = jb_skip_blanks(at);
	labels->n = 0;
	if (*at == '{') {
		at++;
		wrong = jb_scrape_read_labels(&at, labels);
		at = jb_skip_blanks(at);
	}
	wrong = wrong ? wrong : read_number(&at, sample);
	wrong = wrong ? wrong : read_timestamp(&at, &sample->has_timestamp);
	if (!wrong && *at == '#')
		wrong = read_exemplar(&at);
	if (!wrong && *at)
		wrong = "something follows the sample";
	sample->labels = labels->labels;
	sample->n_labels = labels->n;
	return wrong;
}
