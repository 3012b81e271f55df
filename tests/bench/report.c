/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdio.h>
#include "report.h"

static double slower = 1; /* than the reference */
static bool over_budget;

double jb_bench_set_ktime(double ns)
{
	slower = ns > JB_BENCH_KTIME_NS ? ns / JB_BENCH_KTIME_NS : 1;
	return slower;
}

const char *jb_bench_verdict(double figure, double budget)
{
	if (budget <= 0)
		return "";
	if (figure <= budget)
		return "within";
	if (figure <= budget * JB_BENCH_TOLERANCE)
		return "within the tolerance";
	over_budget = true;
	return "OVER";
}

bool jb_bench_is_over(void)
{
	return over_budget;
}

void jb_bench_head(const char *first, const char *unit)
{
	printf("\n| %s | %s | above no-op | normalised | budget | verdict |\n", first, unit);
	printf("|---|---:|---:|---:|---:|---|\n");
}

void jb_bench_line(const char *name, double median, double above, double budget)
{
	double normalised = above / slower;

	printf("| %s | ", name);
	if (median > 0)
		printf("%.0f", median);
	printf(" | %.0f | %.0f | ", above, normalised);
	if (budget > 0)
		printf("%.0f", budget);
	printf(" | %s |\n", jb_bench_verdict(normalised, budget));
}
