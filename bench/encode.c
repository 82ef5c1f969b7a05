/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * encode: a GetParameterValuesResponse of the whole tree with 1,000 to 1,000,000 parameters, in rows of 20 counters
 * that are new each time, into a buffer of the size that the agent sends. Beside it, in the same run: memcpy of the
 * finished bytes into the same buffer, and libxml2's xmlTextWriter with the same values. Cold: all caches hold other
 * data before.
 *
 * A counter has 2 to 17 digits, any number of them as likely as another: no branch on its length can be guessed.
 */
#include <err.h>
#include <libxml/xmlwriter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/ring.h"
#include "agent/soap-encode.h"
#include "bench/figure.h"
#include "shm/espalier.h"

enum {
	ROW_PARAMETERS = 20,
	RUNS = 31,
	RUNS_LARGE = 9, /* from LARGE parameters on */
	LARGE = 100000,
	PIECE = RING_BUFFER_SIZE,
	EVICT_MINIMUM = 64 * 1024 * 1024,
};

#define BELOW_MEMCPY	 1.6
#define ABOVE_TEXTWRITER 30.0

static const char *const names[ROW_PARAMETERS] = {
	"BytesSent",
	"BytesReceived",
	"PacketsSent",
	"PacketsReceived",
	"ErrorsSent",
	"ErrorsReceived",
	"UnicastPacketsSent",
	"UnicastPacketsReceived",
	"DiscardPacketsSent",
	"DiscardPacketsReceived",
	"MulticastPacketsSent",
	"MulticastPacketsReceived",
	"BroadcastPacketsSent",
	"BroadcastPacketsReceived",
	"UnknownProtoPacketsReceived",
	"CollisionPackets",
	"FramesSent",
	"FramesReceived",
	"CrcErrors",
	"Overruns",
};

static struct espalier_parameter parameters[ROW_PARAMETERS + 1];

static const struct espalier_object objects[] = {
	{.path = "Device.Ethernet.Interface.{i}."},
	{.path = "Device.Ethernet.Interface.{i}.Stats.", .parameters = parameters},
	{0},
};

struct bench {
	uint32_t parameters, rows;
	char folder[64];
	struct espalier_writer *writer;
	struct espalier_row *handles;
	struct tree *tree;
	struct soap_encoder encoder;
	struct tree_reference whole;
	char *piece; /* PIECE bytes, as the ring has them */
	char *image; /* the finished message */
	size_t length, image_size;
	char *others; /* what the caches hold in place of our data */
	size_t others_size;
	uint64_t random;
};

/* ---- Allocations are counted ---------------------------------------------------------------------------------- */

static uint64_t allocations;

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);

void *malloc(size_t size)
{
	allocations++;
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	allocations++;
	return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
	allocations++;
	return __libc_realloc(memory, size);
}

/* ---- The tree ------------------------------------------------------------------------------------------------- */

static void must(int error, const char *what)
{
	if (error < 0)
		errx(1, "%s: %s", what, strerror(-error));
}

static uint64_t next_value(struct bench *bench)
{
	bench->random ^= bench->random << 13;
	bench->random ^= bench->random >> 7;
	bench->random ^= bench->random << 17;
	return bench->random >> (8 + (bench->random >> 32) % 50);
}

static void new_values(struct bench *bench)
{
	for (uint32_t i = 0; i < bench->rows; i++) {
		must(espalier_begin(bench->writer, bench->handles[i]), "begin");
		for (uint32_t j = 0; j < ROW_PARAMETERS; j++)
			espalier_set_unsigned(bench->writer, bench->handles[i], j, next_value(bench));
		must(espalier_commit(bench->writer, bench->handles[i]), "commit");
	}
}

static void open_tree(struct bench *bench)
{
	struct espalier_writer_options options = {.name = "bench", .objects = objects, .rows = 2 * bench->rows};

	snprintf(bench->folder, sizeof(bench->folder), "/dev/shm/espalier-bench-XXXXXX");
	if (!mkdtemp(bench->folder))
		err(1, "%s", bench->folder);
	options.folder = bench->folder;
	must(espalier_writer_open(&bench->writer, &options), "espalier_writer_open");
	bench->handles = calloc(bench->rows, sizeof(*bench->handles));
	for (uint32_t i = 0; i < bench->rows; i++) {
		struct espalier_row none = {0}, row;

		must(espalier_instance_add(bench->writer, 0, none, i + 1, &row), "espalier_instance_add");
		must(espalier_instance_publish(bench->writer, row), "espalier_instance_publish");
		bench->handles[i] = espalier_row_of(bench->writer, 1, row);
	}
	new_values(bench);
	must(espalier_writer_publish(bench->writer), "espalier_writer_publish");
	must(tree_open(&bench->tree, &(struct tree_options){.folder = bench->folder}), "tree_open");
	must(tree_resolve(bench->tree, "", 0, &bench->whole), "tree_resolve");
	soap_encoder_init(&bench->encoder, bench->tree);
}

static void close_tree(struct bench *bench)
{
	soap_encoder_exit(&bench->encoder);
	tree_close(bench->tree);
	espalier_writer_close(bench->writer);
	rmdir(bench->folder);
	free(bench->handles);
}

static void evict(struct bench *bench)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < bench->others_size; i += 64)
		sum += (uint64_t)bench->others[i]++;
	figure_use(sum);
}

/* ---- What is compared ----------------------------------------------------------------------------------------- */

/* Produces the message; into the image, or into the piece again and again, as the agent does. */
static double encode(struct bench *bench, bool keep)
{
	struct soap_envelope envelope = {.namespace = SOAP_NAMESPACE_CWMP_1_2, .id = "1", .id_length = 1};
	struct soap_values_body values;
	double start = figure_now();
	ssize_t length;

	bench->length = 0;
	soap_values_init(&values, bench->tree, &bench->whole, 1);
	soap_encoder_start(&bench->encoder, &envelope, &values.body);
	while ((length = soap_encoder_produce(&bench->encoder, keep ? bench->image + bench->length : bench->piece,
					      PIECE)) > 0) {
		figure_use((uintptr_t)bench->piece);
		bench->length += (size_t)length;
		if (keep && bench->length + PIECE > bench->image_size)
			errx(1, "the message is larger than expected");
	}
	must((int)length, "soap_encoder_produce");
	soap_encoder_end(&bench->encoder);
	return (figure_now() - start) / bench->parameters;
}

static double copy(struct bench *bench)
{
	double start = figure_now();

	for (size_t at = 0; at < bench->length; at += PIECE) {
		memcpy(bench->piece, bench->image + at, bench->length - at < PIECE ? bench->length - at : PIECE);
		figure_use((uintptr_t)bench->piece);
	}
	return (figure_now() - start) / bench->parameters;
}

struct sink {
	struct bench *bench;
	size_t used;
};

static int take(void *context, const char *data, int length)
{
	struct sink *sink = context;

	for (int at = 0; at < length;) {
		size_t room = PIECE - sink->used, count = (size_t)(length - at) < room ? (size_t)(length - at) : room;

		memcpy(sink->bench->piece + sink->used, data + at, count);
		sink->used = (sink->used + count) % PIECE;
		at += (int)count;
	}
	return length;
}

static void write_row_as_text(xmlTextWriter *writer, const struct espalier_node *node)
{
	struct espalier_value values[ROW_PARAMETERS];

	must(espalier_read_row(node, values, NULL, 0, NULL), "espalier_read_row");
	for (uint32_t i = 0; i < ROW_PARAMETERS; i++) {
		xmlTextWriterStartElement(writer, BAD_CAST "ParameterValueStruct");
		xmlTextWriterWriteFormatElement(writer, BAD_CAST "Name", "%s%s", node->path, names[i]);
		xmlTextWriterStartElement(writer, BAD_CAST "Value");
		xmlTextWriterWriteAttribute(writer, BAD_CAST "xsi:type", BAD_CAST "xsd:unsignedLong");
		xmlTextWriterWriteFormatString(writer, "%llu", (unsigned long long)values[i].number);
		xmlTextWriterEndElement(writer);
		xmlTextWriterEndElement(writer);
	}
}

static double text_writer(struct bench *bench)
{
	struct sink sink = {.bench = bench};
	uint32_t count;
	const struct espalier_node *nodes = tree_nodes(bench->tree, &count);
	double start = figure_now();
	xmlTextWriter *writer = xmlNewTextWriter(xmlOutputBufferCreateIO(take, NULL, &sink, NULL));

	if (!writer)
		errx(1, "xmlNewTextWriter");
	xmlTextWriterStartDocument(writer, NULL, "UTF-8", NULL);
	xmlTextWriterStartElement(writer, BAD_CAST "ParameterList");
	for (uint32_t i = 0; i < count; i++) {
		if (nodes[i].kind == ESPALIER_NODE_ROW && nodes[i].object->parameter_count)
			write_row_as_text(writer, &nodes[i]);
	}
	xmlTextWriterEndDocument(writer);
	xmlFreeTextWriter(writer);
	return (figure_now() - start) / bench->parameters;
}

/* ---- Figures -------------------------------------------------------------------------------------------------- */

/* Warm is measured right after the same was done once; the goals are for cold caches and 10,000 parameters on. */
static void measure(struct bench *bench, bool cold)
{
	char variant[32], variant_text_writer[64];
	bool has_goal = cold && bench->parameters >= 10000;
	struct figure beside_copy = {
		.name = "encode",
		.variant = variant,
		.unit = "ns/parameter",
		.reference = "memcpy",
		.goal_ratio = has_goal ? BELOW_MEMCPY : 0,
	};
	struct figure beside_text_writer = {
		.name = "encode",
		.variant = variant_text_writer,
		.unit = "ns/parameter",
		.reference = "libxml2 xmlTextWriter",
		.goal_ratio = has_goal ? 1 / ABOVE_TEXTWRITER : 0,
	};

	snprintf(variant, sizeof(variant), "%u %s", bench->parameters, cold ? "cold" : "warm");
	snprintf(variant_text_writer, sizeof(variant_text_writer), "%s, xmlTextWriter", variant);
	for (int run = 0; run < (bench->parameters < LARGE ? RUNS : RUNS_LARGE); run++) {
		double value, reference;

		new_values(bench);
		if (cold)
			evict(bench);
		else
			encode(bench, false);
		value = encode(bench, false);
		encode(bench, true);
		if (cold)
			evict(bench);
		else
			copy(bench);
		reference = copy(bench);
		figure_add(&beside_copy, value, reference);
		if (cold)
			evict(bench);
		else if (run == 0)
			text_writer(bench);
		figure_add(&beside_text_writer, value, text_writer(bench));
	}
	figure_print(&beside_copy);
	figure_print(&beside_text_writer);
}

/* After the first message nothing is allocated; half a one stands for none, so that the goal can be told. */
static void count_allocations(struct bench *bench)
{
	char variant[48];
	struct figure figure = {.name = "encode", .variant = variant, .unit = "allocations/message", .goal_value = 0.5};

	snprintf(variant, sizeof(variant), "%u allocations", bench->parameters);
	for (int run = 0; run < 3; run++) {
		uint64_t before;

		new_values(bench);
		before = allocations;
		encode(bench, false);
		figure_add(&figure, (double)(allocations - before), 0);
	}
	figure_print(&figure);
}

static void run(uint32_t count)
{
	struct bench bench = {
		.parameters = count,
		.rows = count / ROW_PARAMETERS,
		.image_size = (size_t)count * 256 + 2 * PIECE,
		.random = 88172645463325252u,
	};
	long cache = sysconf(_SC_LEVEL3_CACHE_SIZE);

	bench.others_size = cache > EVICT_MINIMUM / 2 ? 2 * (size_t)cache : EVICT_MINIMUM;
	bench.others = calloc(1, bench.others_size);
	bench.piece = aligned_alloc(4096, PIECE);
	bench.image = calloc(1, bench.image_size);
	if (!bench.others || !bench.piece || !bench.image)
		errx(1, "no memory");
	memset(bench.piece, 1, PIECE);
	open_tree(&bench);
	encode(&bench, false);
	measure(&bench, false);
	measure(&bench, true);
	count_allocations(&bench);
	close_tree(&bench);
	free(bench.image);
	free(bench.piece);
	free(bench.others);
}

int main(void)
{
	for (uint32_t i = 0; i < ROW_PARAMETERS; i++)
		parameters[i] = (struct espalier_parameter){.name = names[i], .type = ESPALIER_UNSIGNED_LONG};
	run(1000);
	run(10000);
	run(100000);
	run(1000000);
	return 0;
}
