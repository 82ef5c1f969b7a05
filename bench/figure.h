/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One figure of the benchmark suite: repeated runs beside a reference, printed as a line of JSON. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FIGURE_RUNS_MAXIMUM = 101 };

struct figure {
	const char *name, *variant; /* "case" in the results */
	const char *unit;
	const char *reference; /* what the runs are compared with; NULL: nothing */
	double values[FIGURE_RUNS_MAXIMUM], reference_values[FIGURE_RUNS_MAXIMUM];
	size_t runs;
	double goal_ratio; /* value / reference at most this; 0: no such goal */
	double goal_value; /* value at most this; 0: no such goal */
};

/** Nanoseconds of CLOCK_MONOTONIC. */
double figure_now(void);

/** Nanoseconds of CPU time, user and system, that this process has used. */
double figure_cpu(void);

/** Adds a run: the value, and the reference measured right beside it (0 when there is none). */
void figure_add(struct figure *figure, double value, double reference);

/** Prints the line: median, 10th and 90th percentile, ratio of the medians, goal and whether it is met. */
void figure_print(const struct figure *figure);

/** Prints a figure that could not be taken, and why. */
void figure_print_missing(const char *name, const char *variant, const char *unit, const char *why);

/** Keeps the compiler from dropping what a benchmark computes. */
static inline void figure_use(uint64_t value)
{
	__asm__ volatile("" : : "r"(value) : "memory");
}
