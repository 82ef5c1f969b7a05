/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * zwave: a state of a Z-Wave JS server with 5, 50, 200 and 2,000 nodes, from a file in pieces as a socket gives them,
 * until all its rows are published, beside json-c's own parse of the same pieces into one document. And the time from
 * an event's bytes to the value in the tree.
 *
 * Each run is a process of its own, so that its peak memory is that of the run; both include reading the file.
 */
#include <err.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/figure.h"
#include "shm/log.h"
#include "zwave/json-split.h"
#include "shm/json.h"
#include "zwave/model.h"
#include "zwave/zwave-js-state.h"

enum {
	RUNS = 9,
	EVENTS = 2000,
	VALUES = 12,	   /* of a node, as a plug with a meter has them */
	PIECE = 32 * 1024, /* what a read of the collector takes */
	WATCHED = 100,	   /* the node whose value changes */
};

#define EVENT_GOAL_US 1000.0

static char folder[64], document[96];

/* ---- The document ----------------------------------------------------------------------------------------------- */

static void write_node(FILE *to, unsigned int id)
{
	fprintf(to,
		"%s{\"nodeId\":%u,\"index\":0,\"installerIcon\":0,\"userIcon\":0,\"status\":4,\"ready\":true,"
		"\"isListening\":true,"
		"\"isRouting\":true,\"isSecure\":false,\"manufacturerId\":4660,\"productId\":1,\"productType\":257,"
		"\"firmwareVersion\":\"1.1\",\"zwavePlusVersion\":2,\"endpoints\":[{\"nodeId\":%u,\"index\":0,"
		"\"deviceClass\":{\"basic\":{\"key\":4,\"label\":\"Routing End Node\"}},\"commandClasses\":["
		"{\"id\":94,\"name\":\"Z-Wave Plus Info\",\"version\":2,\"isSecure\":false},"
		"{\"id\":37,\"name\":\"Binary Switch\",\"version\":1,\"isSecure\":false},"
		"{\"id\":50,\"name\":\"Meter\",\"version\":4,\"isSecure\":false}]}],\"isFrequentListening\":false,"
		"\"maxDataRate\":100000,\"supportedDataRates\":[40000,9600,100000],\"deviceClass\":{\"basic\":{\"key\":"
		"4,"
		"\"label\":\"Routing End Node\"},\"generic\":{\"key\":16,\"label\":\"Binary "
		"Switch\"},\"specific\":{\"key\":1,"
		"\"label\":\"Binary Power Switch\"}},\"interviewStage\":\"Complete\",\"statistics\":{\"commandsTX\":27,"
		"\"commandsRX\":62,\"commandsDroppedRX\":2,\"commandsDroppedTX\":0,\"timeoutResponse\":2,\"rtt\":11.9,"
		"\"lastSeen\":\"2026-11-21T07:43:40.132Z\"},\"highestSecurityClass\":-1,\"values\":[",
		id > 1 ? "," : "", id, id);
	for (unsigned int i = 0; i < VALUES; i++)
		fprintf(to,
			"%s{\"endpoint\":0,\"commandClass\":50,\"commandClassName\":\"Meter\",\"property\":\"value\","
			"\"propertyKey\":%u,\"propertyName\":\"value\",\"propertyKeyName\":\"Electric_W_Consumed\","
			"\"ccVersion\":4,"
			"\"metadata\":{\"type\":\"number\",\"readable\":true,\"writeable\":false,\"label\":\"Electric "
			"Consumption\","
			"\"ccSpecific\":{\"meterType\":1,\"scale\":2,\"rateType\":1},\"unit\":\"W\",\"stateful\":true,"
			"\"secret\":false},\"value\":%u.5}",
			i ? "," : "", 66049 + i, i + id);
	fprintf(to, "]}");
}

static long write_document(unsigned int nodes)
{
	FILE *to = fopen(document, "w");
	long size;

	if (!to)
		err(1, "%s", document);
	fprintf(to, "{\"type\":\"result\",\"success\":true,\"messageId\":\"2\",\"result\":{\"state\":{\"driver\":{},"
		    "\"controller\":{\"homeId\":3237998081,\"ownNodeId\":1,\"status\":0},\"nodes\":[");
	for (unsigned int id = 1; id <= nodes; id++)
		write_node(to, id);
	fprintf(to, "]}}}");
	size = ftell(to);
	if (fclose(to))
		err(1, "%s", document);
	return size;
}

/* ---- The runs --------------------------------------------------------------------------------------------------- */

static int take_node(struct json_object *element, void *context)
{
	zwave_js_node(context, element);
	return 0;
}

static void read_pieces(int (*take)(const char *bytes, size_t length, void *context), void *context)
{
	static char bytes[PIECE];
	int fd = open(document, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		err(1, "%s", document);
	while ((length = read(fd, bytes, sizeof(bytes))) > 0) {
		if (take(bytes, (size_t)length, context) < 0)
			errx(1, "the document is refused");
	}
	close(fd);
}

static int feed_split(const char *bytes, size_t length, void *context)
{
	return json_split_feed(context, bytes, length);
}

static void open_model(struct model *model)
{
	char name[32];

	log_set_level(LOG_ERR);
	snprintf(name, sizeof(name), "Bench%d", getpid());
	if (model_open(model, name, folder, folder, NULL, NULL) || model_home(model, 0xc0ffee01) ||
	    espalier_writer_publish(model->writer))
		errx(1, "no model");
}

static void read_state(struct model *model)
{
	struct json_split split;

	if (json_split_open(&split, "nodes", 3, take_node, model))
		errx(1, "no memory");
	model_sync_begin(model);
	read_pieces(feed_split, &split);
	if (!json_split_end(&split))
		errx(1, "the document is not whole");
	model_sync_end(model);
	model_settle(model);
	json_split_close(&split);
}

struct result {
	double seconds, kilobytes;
};

static double peak_kilobytes(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)usage.ru_maxrss;
}

static struct result publish_run(void)
{
	struct model model;
	double peak = peak_kilobytes(), begin;
	struct result result;

	open_model(&model);
	begin = figure_now();
	read_state(&model);
	result = (struct result){figure_now() - begin, peak_kilobytes() - peak};
	model_close(&model);
	return result;
}

static int feed_tokener(const char *bytes, size_t length, void *context)
{
	struct json_object **whole = ((void **)context)[1];
	struct json_object *object = json_tokener_parse_ex(((void **)context)[0], bytes, (int)length);

	if (object)
		*whole = object;
	return 0;
}

static struct result parse_run(void)
{
	struct json_object *whole = NULL;
	void *context[2] = {json_tokener_new_ex(JSON_DEPTH_MAXIMUM), &whole};
	double peak = peak_kilobytes(), begin = figure_now();
	struct result result;

	read_pieces(feed_tokener, context);
	if (!whole)
		errx(1, "json-c does not take the document");
	result = (struct result){figure_now() - begin, peak_kilobytes() - peak};
	json_object_put(whole);
	json_tokener_free(context[0]);
	return result;
}

/* A run in a process of its own; the files that it leaves go. */
static struct result run(struct result (*measure)(void))
{
	struct result result;
	char path[96];
	int pipes[2], status;
	pid_t child;

	if (pipe(pipes))
		err(1, "pipe");
	child = fork();
	if (child < 0)
		err(1, "fork");
	if (child == 0) {
		result = measure();
		if (write(pipes[1], &result, sizeof(result)) != sizeof(result))
			_exit(1);
		_exit(0);
	}
	close(pipes[1]);
	if (read(pipes[0], &result, sizeof(result)) != sizeof(result))
		errx(1, "a run has failed");
	close(pipes[0]);
	waitpid(child, &status, 0);
	snprintf(path, sizeof(path), "%s/zwave.numbers", folder);
	unlink(path);
	return result;
}

static void measure_documents(unsigned int nodes)
{
	char variant[32];
	struct figure time = {.name = "zwave_publish", .unit = "ms", .reference = "json-c's parse"};
	struct figure memory = {.name = "zwave_memory", .unit = "KB at its peak", .reference = "json-c's parse"};

	write_document(nodes);
	snprintf(variant, sizeof(variant), "%u nodes", nodes);
	time.variant = memory.variant = variant;
	for (int i = 0; i < RUNS; i++) {
		struct result ours = run(publish_run), theirs = run(parse_run);

		figure_add(&time, ours.seconds / 1e6, theirs.seconds / 1e6);
		figure_add(&memory, ours.kilobytes, theirs.kilobytes);
	}
	figure_print(&time);
	figure_print(&memory);
}

/* ---- Events ----------------------------------------------------------------------------------------------------- */

static void take_event(struct model *model, unsigned int watts)
{
	struct json_split split;
	struct node *query;
	char text[512];
	int length = snprintf(
		text, sizeof(text),
		"{\"type\":\"event\",\"event\":{\"source\":\"node\",\"event\":\"value updated\",\"nodeId\":%d,"
		"\"args\":{\"commandClassName\":\"Meter\",\"commandClass\":50,\"endpoint\":0,\"property\":\"value\","
		"\"propertyKey\":66049,\"newValue\":%u.25,\"prevValue\":55.1,\"propertyName\":\"value\","
		"\"propertyKeyName\":\"Electric_W_Consumed\"}}}",
		WATCHED, watts);

	if (json_split_open(&split, "nodes", 3, take_node, model) || json_split_feed(&split, text, (size_t)length))
		errx(1, "an event is refused");
	zwave_js_event(model, json_member(json_split_end(&split), "event"), &query);
	json_split_close(&split);
	model_settle(model);
}

static void measure_events(unsigned int nodes)
{
	struct figure figure = {.name = "zwave_event", .unit = "us", .goal_value = EVENT_GOAL_US};
	struct espalier_value value;
	struct model model;
	char variant[32], text[64], wanted[32];

	snprintf(variant, sizeof(variant), "%u nodes", nodes);
	figure.variant = variant;
	write_document(nodes);
	open_model(&model);
	read_state(&model);
	for (int i = 0; i < RUNS; i++) {
		double begin = figure_now();

		for (unsigned int event = 0; event < EVENTS; event++)
			take_event(&model, (unsigned int)i * EVENTS + event);
		figure_add(&figure, (figure_now() - begin) / EVENTS / 1e3, 0);
	}
	snprintf(wanted, sizeof(wanted), "%u.25", RUNS * EVENTS - 1);
	if (espalier_get(model.writer, model_find(&model, WATCHED)->children[CHILD_VALUE][0]->row, VALUE_VALUE, &value,
			 text, sizeof(text)) ||
	    value.length != strlen(wanted) || memcmp(text, wanted, value.length) != 0)
		errx(1, "the value is not in the tree");
	figure_print(&figure);
	model_close(&model);
}

int main(void)
{
	static const unsigned int sizes[] = {5, 50, 200, 2000};
	char path[96];

	snprintf(folder, sizeof(folder), "/dev/shm/espalier-zwave-XXXXXX");
	if (!mkdtemp(folder))
		err(1, "%s", folder);
	snprintf(document, sizeof(document), "%s/state.json", folder);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		measure_documents(sizes[i]);
	measure_events(200);
	measure_events(2000);
	unlink(document);
	snprintf(path, sizeof(path), "%s/zwave.numbers", folder);
	unlink(path);
	snprintf(path, sizeof(path), "%s/zwave.sock", folder);
	unlink(path);
	rmdir(folder);
	return 0;
}
