/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading and writing the tree: row_read, row_write, handle_read and path_lookup at 1,000, 100,000 and 1,000,000
 * parameters in rows of 20 counters, beside LMDB and a tmpfs file that hold the same values under the same names.
 */
#include <err.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/figure.h"
#include "shm/espalier.h"

enum { ROW_PARAMETERS = 20, RUNS = 15, NAME_SIZE = 64, READS_PER_RUN = 1000000, LMDB_READS_PER_RUN = 100000 };

struct bench {
	uint32_t parameters, rows;
	char folder[64];
	struct espalier_writer *writer;
	struct espalier_reader *reader;
	struct espalier_row *handles;
	struct espalier_handle *numbers; /* in tree order */
	char (*names)[NAME_SIZE];	 /* in tree order */
	uint32_t *order;		 /* random */
	MDB_env *environment;
	MDB_txn *transaction;
	MDB_dbi database;
	int file;
	char variant[32];
};

static struct espalier_parameter parameters[ROW_PARAMETERS + 1];
static char parameter_names[ROW_PARAMETERS][16];

static const struct espalier_object objects[] = {
	{.path = "Device.X_EXAMPLE-ORG_Bench.Interface.{i}."},
	{.path = "Device.X_EXAMPLE-ORG_Bench.Interface.{i}.Stats.", .parameters = parameters},
	{0},
};

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void must(int error, const char *what)
{
	if (error < 0)
		errx(1, "%s: %s", what, strerror(-error));
}

static void fill(struct bench *bench, uint32_t row, uint64_t value)
{
	struct espalier_row handle = bench->handles[row];

	espalier_begin(bench->writer, handle);
	for (uint32_t i = 0; i < ROW_PARAMETERS; i++)
		espalier_set_unsigned(bench->writer, handle, i, value + i);
	espalier_commit(bench->writer, handle);
}

static void open_tree(struct bench *bench)
{
	struct espalier_writer_options options = {
		.name = "bench", .folder = bench->folder, .objects = objects, .rows = 2 * bench->rows + 16};
	const struct espalier_node *nodes;
	uint32_t count, at = 0;

	must(espalier_writer_open(&bench->writer, &options), "espalier_writer_open");
	bench->handles = calloc(bench->rows, sizeof(*bench->handles));
	for (uint32_t i = 0; i < bench->rows; i++) {
		struct espalier_row row;

		must(espalier_instance_add(bench->writer, 0, (struct espalier_row){0, 0}, i + 1, &row), "instance_add");
		bench->handles[i] = espalier_row_of(bench->writer, 1, row);
		fill(bench, i, i);
		must(espalier_instance_publish(bench->writer, row), "instance_publish");
	}
	must(espalier_writer_publish(bench->writer), "espalier_writer_publish");
	must(espalier_reader_open(&bench->reader, bench->folder), "espalier_reader_open");
	nodes = espalier_reader_nodes(bench->reader, &count);
	bench->numbers = calloc(bench->parameters, sizeof(*bench->numbers));
	bench->names = calloc(bench->parameters, sizeof(*bench->names));
	bench->order = calloc(bench->parameters, sizeof(*bench->order));
	for (uint32_t i = 0; i < count; i++) {
		for (uint32_t j = 0; nodes[i].kind == ESPALIER_NODE_ROW && j < nodes[i].object->parameter_count;
		     j++, at++) {
			must(espalier_handle_open(&nodes[i], j, &bench->numbers[at]), "handle_open");
			snprintf(bench->names[at], NAME_SIZE, "%.48s%s", nodes[i].path,
				 nodes[i].object->parameters[j].name);
		}
	}
	if (at != bench->parameters)
		errx(1, "the tree has %u parameters, not %u", at, bench->parameters);
}

static void open_lmdb(struct bench *bench)
{
	MDB_txn *transaction;
	char path[128];

	snprintf(path, sizeof(path), "%s/lmdb", bench->folder);
	if (mdb_env_create(&bench->environment) || mdb_env_set_mapsize(bench->environment, (size_t)1 << 30) ||
	    mdb_env_open(bench->environment, path, MDB_NOSUBDIR | MDB_NOSYNC, 0600) ||
	    mdb_txn_begin(bench->environment, NULL, 0, &transaction) ||
	    mdb_dbi_open(transaction, NULL, 0, &bench->database))
		errx(1, "LMDB does not open");
	for (uint32_t i = 0; i < bench->parameters; i++) {
		uint64_t number = i;
		MDB_val key = {strlen(bench->names[i]), bench->names[i]}, value = {sizeof(number), &number};

		if (mdb_put(transaction, bench->database, &key, &value, 0))
			errx(1, "mdb_put fails");
	}
	if (mdb_txn_commit(transaction) || mdb_txn_begin(bench->environment, NULL, MDB_RDONLY, &bench->transaction))
		errx(1, "LMDB does not commit");
}

static void open_file(struct bench *bench)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/values", bench->folder);
	bench->file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (bench->file < 0 || ftruncate(bench->file, (off_t)bench->parameters * 8) < 0)
		err(1, "%s", path);
	for (uint32_t i = 0; i < bench->parameters; i++) {
		uint64_t number = i;

		if (pwrite(bench->file, &number, sizeof(number), (off_t)i * 8) != sizeof(number))
			err(1, "%s", path);
	}
}

static void shuffle(struct bench *bench)
{
	uint32_t state = 1234567;

	for (uint32_t i = 0; i < bench->parameters; i++)
		bench->order[i] = i;
	for (uint32_t i = bench->parameters - 1; i > 0; i--) {
		uint32_t j = next_random(&state) % (i + 1), swap = bench->order[i];

		bench->order[i] = bench->order[j];
		bench->order[j] = swap;
	}
}

/* ---- What is measured: ns for one of what the name says. */

static double handle_read_in_order(const struct bench *bench)
{
	double start = figure_now();
	uint64_t sum = 0, number;

	for (uint32_t done = 0; done < READS_PER_RUN; done += bench->parameters) {
		for (uint32_t i = 0; i < bench->parameters; i++)
			if (espalier_handle_read(&bench->numbers[i], &number) == 0)
				sum += number;
	}
	figure_use(sum);
	return (figure_now() - start) / READS_PER_RUN;
}

static double handle_read_at_random(const struct bench *bench)
{
	double start = figure_now();
	uint64_t sum = 0, number;

	for (uint32_t done = 0; done < READS_PER_RUN; done += bench->parameters) {
		for (uint32_t i = 0; i < bench->parameters; i++)
			if (espalier_handle_read(&bench->numbers[bench->order[i]], &number) == 0)
				sum += number;
	}
	figure_use(sum);
	return (figure_now() - start) / READS_PER_RUN;
}

/* By name, at random: LMDB has no other way to a single value. */
static double lmdb_get(const struct bench *bench)
{
	double start = figure_now();
	uint64_t sum = 0, number;

	for (uint32_t i = 0, at = 0; i < LMDB_READS_PER_RUN; i++) {
		const char *name = bench->names[bench->order[at]];
		MDB_val key = {strlen(name), (void *)name}, value;

		if (mdb_get(bench->transaction, bench->database, &key, &value) == 0) {
			memcpy(&number, value.mv_data, sizeof(number));
			sum += number;
		}
		if (++at == bench->parameters)
			at = 0;
	}
	figure_use(sum);
	return (figure_now() - start) / LMDB_READS_PER_RUN;
}

static double path_lookup(const struct bench *bench)
{
	double start = figure_now();
	uint64_t sum = 0;
	uint32_t parameter = 0;

	for (uint32_t i = 0, at = 0; i < LMDB_READS_PER_RUN; i++) {
		const char *name = bench->names[bench->order[at]];

		sum += (uint64_t)espalier_find_parameter(bench->reader, name, strlen(name), &parameter) + parameter;
		if (++at == bench->parameters)
			at = 0;
	}
	figure_use(sum);
	return (figure_now() - start) / LMDB_READS_PER_RUN;
}

static double row_read(const struct bench *bench)
{
	struct espalier_value values[ROW_PARAMETERS];
	const struct espalier_node *nodes;
	uint32_t count, done = 0;
	uint64_t sum = 0;
	double start;

	nodes = espalier_reader_nodes(bench->reader, &count);
	start = figure_now();
	while (done < READS_PER_RUN / ROW_PARAMETERS) {
		for (uint32_t i = 0; i < count && done < READS_PER_RUN / ROW_PARAMETERS; i++) {
			if (nodes[i].kind != ESPALIER_NODE_ROW || nodes[i].object->parameter_count == 0)
				continue;
			if (espalier_read_row(&nodes[i], values, NULL, 0, NULL) == 0)
				sum += values[ROW_PARAMETERS - 1].number;
			done++;
		}
	}
	figure_use(sum);
	return (figure_now() - start) / done;
}

static double file_read_row(const struct bench *bench)
{
	uint64_t values[ROW_PARAMETERS], sum = 0;
	double start = figure_now();

	for (uint32_t i = 0, row = 0; i < LMDB_READS_PER_RUN; i++) {
		if (pread(bench->file, values, sizeof(values), (off_t)row * (off_t)sizeof(values)) == sizeof(values))
			sum += values[ROW_PARAMETERS - 1];
		if (++row == bench->rows)
			row = 0;
	}
	figure_use(sum);
	return (figure_now() - start) / LMDB_READS_PER_RUN;
}

static double row_write(struct bench *bench, uint64_t value)
{
	double start = figure_now();

	for (uint32_t i = 0, row = 0; i < READS_PER_RUN / ROW_PARAMETERS; i++) {
		fill(bench, row, value);
		if (++row == bench->rows)
			row = 0;
	}
	return (figure_now() - start) / (READS_PER_RUN / ROW_PARAMETERS);
}

static double file_write_row(const struct bench *bench, uint64_t value)
{
	uint64_t values[ROW_PARAMETERS] = {value};
	double start = figure_now();

	for (uint32_t i = 0, row = 0; i < LMDB_READS_PER_RUN; i++) {
		if (pwrite(bench->file, values, sizeof(values), (off_t)row * (off_t)sizeof(values)) != sizeof(values))
			err(1, "pwrite");
		if (++row == bench->rows)
			row = 0;
	}
	return (figure_now() - start) / LMDB_READS_PER_RUN;
}

static void measure(struct bench *bench, const char *only)
{
	char random_variant[48];
	struct figure figures[] = {
		{.name = "handle_read",
		 .variant = bench->variant,
		 .unit = "ns",
		 .reference = "LMDB get",
		 .goal_value = 2,
		 /* A thousand names lie in the first cache, in LMDB too: the references are for 100,000. */
		 .goal_ratio = bench->parameters < 100000 ? 0 : 1.0 / 150},
		{.name = "handle_read", .variant = random_variant, .unit = "ns", .reference = "LMDB get"},
		{.name = "path_lookup", .variant = bench->variant, .unit = "ns", .reference = "LMDB get"},
		{.name = "row_read", .variant = bench->variant, .unit = "ns", .reference = "pread of a tmpfs file"},
		{.name = "row_write", .variant = bench->variant, .unit = "ns", .reference = "pwrite to a tmpfs file"},
	};

	snprintf(random_variant, sizeof(random_variant), "%s random", bench->variant);
	for (int run = 0; run < RUNS; run++) {
		figure_add(&figures[0], handle_read_in_order(bench), lmdb_get(bench));
		figure_add(&figures[1], handle_read_at_random(bench), lmdb_get(bench));
		figure_add(&figures[2], path_lookup(bench), lmdb_get(bench));
		figure_add(&figures[3], row_read(bench), file_read_row(bench));
		figure_add(&figures[4], row_write(bench, (uint64_t)run), file_write_row(bench, (uint64_t)run));
	}
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		if (!only || strcmp(only, figures[i].name) == 0)
			figure_print(&figures[i]);
}

static void end(struct bench *bench)
{
	char path[128];

	mdb_txn_abort(bench->transaction);
	mdb_env_close(bench->environment);
	close(bench->file);
	espalier_reader_close(bench->reader);
	espalier_writer_close(bench->writer);
	free(bench->handles);
	free(bench->numbers);
	free(bench->names);
	free(bench->order);
	for (size_t i = 0; i < 3; i++) {
		static const char *const files[] = {"values", "lmdb", "lmdb-lock"};

		snprintf(path, sizeof(path), "%s/%s", bench->folder, files[i]);
		unlink(path);
	}
	rmdir(bench->folder);
}

int main(int argc, char **argv)
{
	static const uint32_t sizes[] = {1000, 100000, 1000000};

	for (uint32_t i = 0; i < ROW_PARAMETERS; i++) {
		snprintf(parameter_names[i], sizeof(parameter_names[i]), "Counter%02u", i);
		parameters[i] = (struct espalier_parameter){.name = parameter_names[i], .type = ESPALIER_UNSIGNED_LONG};
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct bench bench = {.parameters = sizes[i],
				      .rows = sizes[i] / ROW_PARAMETERS,
				      .folder = "/dev/shm/espalier-bench-XXXXXX"};

		if (!mkdtemp(bench.folder))
			err(1, "%s", bench.folder);
		snprintf(bench.variant, sizeof(bench.variant), "%u", sizes[i]);
		open_tree(&bench);
		shuffle(&bench);
		open_lmdb(&bench);
		open_file(&bench);
		measure(&bench, argc > 1 ? argv[1] : NULL);
		end(&bench);
	}
	return 0;
}
