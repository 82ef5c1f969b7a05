/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One figure of the benchmark suite: repeated runs beside a reference, printed as a line of JSON. */
#include "bench/figure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

double figure_now(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

double figure_cpu(void)
{
	return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

void figure_add(struct figure *figure, double value, double reference)
{
	if (figure->runs == FIGURE_RUNS_MAXIMUM)
		return;
	figure->values[figure->runs] = value;
	figure->reference_values[figure->runs++] = reference;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* The value below which `part` of the runs lie. */
static double percentile(const double *values, size_t count, double part)
{
	double sorted[FIGURE_RUNS_MAXIMUM];

	memcpy(sorted, values, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), by_value);
	return sorted[(size_t)(part * (double)(count - 1) + 0.5)];
}

static void print_goal(const struct figure *figure, double value, double ratio)
{
	bool met = (figure->goal_ratio == 0 || ratio <= figure->goal_ratio) &&
		   (figure->goal_value == 0 || value <= figure->goal_value);

	if (figure->goal_ratio == 0 && figure->goal_value == 0)
		return;
	printf(", \"goal\": \"");
	if (figure->goal_value != 0)
		printf("<= %g %s", figure->goal_value, figure->unit);
	if (figure->goal_value != 0 && figure->goal_ratio != 0)
		printf(" and ");
	if (figure->goal_ratio != 0)
		printf("ratio <= %g", figure->goal_ratio);
	printf("\", \"met\": %s", met ? "true" : "false");
}

void figure_print(const struct figure *figure)
{
	double value = percentile(figure->values, figure->runs, 0.5);
	double reference = percentile(figure->reference_values, figure->runs, 0.5);
	double ratio = reference > 0 ? value / reference : 0;

	printf("{\"name\": \"%s\", \"case\": \"%s\", \"value\": %.6g, \"unit\": \"%s\", \"low\": %.6g, \"high\": %.6g, "
	       "\"runs\": %zu",
	       figure->name, figure->variant, value, figure->unit, percentile(figure->values, figure->runs, 0.1),
	       percentile(figure->values, figure->runs, 0.9), figure->runs);
	if (figure->reference)
		printf(", \"reference\": \"%s\", \"reference_value\": %.6g, \"ratio\": %.6g", figure->reference,
		       reference, ratio);
	print_goal(figure, value, ratio);
	printf("}\n");
	fflush(stdout);
}

void figure_print_missing(const char *name, const char *variant, const char *unit, const char *why)
{
	printf("{\"name\": \"%s\", \"case\": \"%s\", \"value\": null, \"unit\": \"%s\", \"why\": \"%s\"}\n", name,
	       variant, unit, why);
	fflush(stdout);
}
