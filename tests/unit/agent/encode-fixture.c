/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small tree of a test's own, and messages about it produced in pieces of any size. */
#include "tests/unit/agent/encode-fixture.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENCODING "http://schemas.xmlsoap.org/soap/encoding/"

static const struct espalier_parameter root_parameters[] = {
	{.name = "RootDataModelVersion", .type = ESPALIER_STRING},
	{0},
};

static const struct espalier_parameter device_info_parameters[] = {
	{.name = "Manufacturer", .type = ESPALIER_STRING},
	{.name = "UpTime", .type = ESPALIER_UNSIGNED_INT},
	{0},
};

static const struct espalier_parameter management_server_parameters[] = {
	{.name = "Username", .type = ESPALIER_STRING, .flags = ESPALIER_WRITABLE},
	{.name = "Password", .type = ESPALIER_STRING, .flags = ESPALIER_WRITABLE | ESPALIER_HIDDEN},
	{.name = "PeriodicInformEnable", .type = ESPALIER_BOOLEAN, .flags = ESPALIER_WRITABLE},
	{0},
};

static const struct espalier_parameter ethernet_parameters[] = {
	{.name = "InterfaceNumberOfEntries", .type = ESPALIER_UNSIGNED_INT},
	{0},
};

static const struct espalier_parameter interface_parameters[] = {
	{.name = "Enable", .type = ESPALIER_BOOLEAN, .flags = ESPALIER_WRITABLE},
	{.name = "Status", .type = ESPALIER_STRING},
	{.name = "Name", .type = ESPALIER_STRING},
	{0},
};

static const struct espalier_parameter stats_parameters[] = {
	{.name = "BytesSent", .type = ESPALIER_UNSIGNED_LONG},
	{.name = "BytesReceived", .type = ESPALIER_UNSIGNED_LONG},
	{0},
};

static const struct espalier_parameter types_parameters[] = {
	{.name = "Int", .type = ESPALIER_INT, .flags = ESPALIER_WRITABLE},
	{.name = "UnsignedInt", .type = ESPALIER_UNSIGNED_INT},
	{.name = "Long", .type = ESPALIER_LONG},
	{.name = "UnsignedLong", .type = ESPALIER_UNSIGNED_LONG},
	{.name = "Boolean", .type = ESPALIER_BOOLEAN},
	{.name = "DateTime", .type = ESPALIER_DATE_TIME},
	{.name = "Base64", .type = ESPALIER_BASE64},
	{.name = "HexBinary", .type = ESPALIER_HEX_BINARY},
	{.name = "Decimal", .type = ESPALIER_DECIMAL},
	{.name = "List", .type = ESPALIER_UNSIGNED_INT, .flags = ESPALIER_LIST},
	{.name = "Text", .type = ESPALIER_STRING},
	{.name = "Command", .type = ESPALIER_BOOLEAN, .flags = ESPALIER_COMMAND | ESPALIER_WRITABLE},
	{.name = "Secret", .type = ESPALIER_STRING, .flags = ESPALIER_HIDDEN},
	{0},
};

static const struct espalier_object objects[] = {
	[FIXTURE_ROOT] = {.path = "Device.", .parameters = root_parameters},
	[FIXTURE_DEVICE_INFO] = {.path = "Device.DeviceInfo.", .parameters = device_info_parameters},
	[FIXTURE_MANAGEMENT_SERVER] = {.path = "Device.ManagementServer.", .parameters = management_server_parameters},
	[FIXTURE_ETHERNET] = {.path = "Device.Ethernet.", .parameters = ethernet_parameters},
	[FIXTURE_INTERFACE] = {.path = "Device.Ethernet.Interface.{i}.", .parameters = interface_parameters},
	[FIXTURE_STATS] = {.path = "Device.Ethernet.Interface.{i}.Stats.", .parameters = stats_parameters},
	[FIXTURE_TYPES] = {.path = "Device.X_EXAMPLE_Types.{i}.",
			   .parameters = types_parameters,
			   .flags = ESPALIER_WRITABLE},
	{0},
};

void fixture_set_text(struct fixture *fixture, struct espalier_row row, uint32_t parameter, const char *text,
		      size_t length)
{
	cr_assert_eq(espalier_begin(fixture->writer, row), 0);
	cr_assert_eq(espalier_set_text(fixture->writer, row, parameter, text, length), 0);
	cr_assert_eq(espalier_commit(fixture->writer, row), 0);
}

static struct espalier_row add(struct fixture *fixture, uint32_t object, uint32_t instance)
{
	struct espalier_row row;

	cr_assert_eq(espalier_instance_add(fixture->writer, object, (struct espalier_row){0}, instance, &row), 0);
	cr_assert_eq(espalier_instance_publish(fixture->writer, row), 0);
	return row;
}

static void fill(struct fixture *fixture)
{
	struct espalier_writer *writer = fixture->writer;
	struct espalier_row none = {0};
	struct espalier_row ethernet = espalier_row_of(writer, FIXTURE_ETHERNET, none);

	fixture->types = add(fixture, FIXTURE_TYPES, 1);
	fixture->interfaces[1] = add(fixture, FIXTURE_INTERFACE, 10);
	fixture->interfaces[0] = add(fixture, FIXTURE_INTERFACE, 1);
	for (uint64_t i = 0; i < 2; i++) {
		struct espalier_row stats = espalier_row_of(writer, FIXTURE_STATS, fixture->interfaces[i]);

		fixture_set_text(fixture, fixture->interfaces[i], 1, "Up", 2);
		cr_assert_eq(espalier_begin(writer, stats), 0);
		cr_assert_eq(espalier_set_unsigned(writer, stats, 0, 1000000 * i + 7), 0);
		cr_assert_eq(espalier_set_unsigned(writer, stats, 1, UINT64_MAX - i), 0);
		cr_assert_eq(espalier_commit(writer, stats), 0);
	}
	cr_assert_eq(espalier_begin(writer, ethernet), 0);
	cr_assert_eq(espalier_set_unsigned(writer, ethernet, 0, 2), 0);
	cr_assert_eq(espalier_commit(writer, ethernet), 0);
	fixture_set_text(fixture, espalier_row_of(writer, FIXTURE_ROOT, none), 0, "2.17", 4);
	fixture_set_text(fixture, espalier_row_of(writer, FIXTURE_DEVICE_INFO, none), 0, "A & B", 5);
}

void fixture_open(struct fixture *fixture)
{
	struct espalier_writer_options options = {.name = "fixture", .objects = objects};

	*fixture = (struct fixture){.folder = "/tmp/espalier-XXXXXX"};
	cr_assert(mkdtemp(fixture->folder));
	options.folder = fixture->folder;
	cr_assert_eq(espalier_writer_open(&fixture->writer, &options), 0, "%s", espalier_error_text());
	fill(fixture);
	cr_assert_eq(espalier_writer_publish(fixture->writer), 0);
	cr_assert_eq(tree_open(&fixture->tree, &(struct tree_options){.folder = fixture->folder}), 0);
	soap_encoder_init(&fixture->encoder, fixture->tree);
	fixture->envelope = (struct soap_envelope){.namespace = SOAP_NAMESPACE_CWMP_1_2, .id = "42", .id_length = 2};
}

void fixture_close(struct fixture *fixture)
{
	DIR *folder;
	struct dirent *entry;

	soap_encoder_exit(&fixture->encoder);
	tree_close(fixture->tree);
	espalier_writer_close(fixture->writer);
	folder = opendir(fixture->folder);
	while (folder && (entry = readdir(folder)))
		unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder)
		closedir(folder);
	rmdir(fixture->folder);
}

struct tree_reference fixture_find(struct fixture *fixture, const char *path)
{
	struct tree_reference reference;

	cr_assert_eq(tree_resolve(fixture->tree, path, strlen(path), &reference), 0, "%s", path);
	return reference;
}

/* The piece ends at the end of its memory, so that a sanitizer sees every byte written behind it. */
char *fixture_drain(struct fixture *fixture, size_t size, size_t *length)
{
	char *message = NULL, *piece = malloc(size);
	size_t used = 0;
	ssize_t count;

	cr_assert(piece);
	while ((count = soap_encoder_produce(&fixture->encoder, piece, size)) > 0) {
		message = realloc(message, used + (size_t)count + 1);
		cr_assert(message);
		memcpy(message + used, piece, (size_t)count);
		used += (size_t)count;
	}
	cr_assert_eq(count, 0);
	cr_assert_eq(soap_encoder_produce(&fixture->encoder, piece, size), 0, "more after the end");
	cr_assert(message);
	message[used] = '\0';
	*length = used;
	free(piece);
	return message;
}

static void check_arrays(const xmlNode *node)
{
	for (; node; node = node->next) {
		xmlChar *type;
		unsigned long count = 0, said;

		if (node->type != XML_ELEMENT_NODE)
			continue;
		type = xmlGetNsProp(node, BAD_CAST "arrayType", BAD_CAST ENCODING);
		if (type) {
			for (const xmlNode *child = node->children; child; child = child->next)
				count += child->type == XML_ELEMENT_NODE;
			said = strtoul(strchr((char *)type, '[') + 1, NULL, 10);
			cr_assert_eq(said, count, "%s says %lu, has %lu", (const char *)node->name, said, count);
			xmlFree(type);
		}
		check_arrays(node->children);
	}
}

void fixture_check_xml(const char *message, size_t length)
{
	xmlDoc *document = xmlReadMemory(message, (int)length, NULL, NULL, XML_PARSE_NONET | XML_PARSE_HUGE);

	cr_assert(document, "not well-formed: %s", message);
	check_arrays(xmlDocGetRootElement(document));
	xmlFreeDoc(document);
}

static void record(const char *message, size_t length)
{
	const char *folder = getenv("ESPALIER_RECORD");
	static unsigned int number;
	char path[4096];
	FILE *file;

	if (!folder)
		return;
	snprintf(path, sizeof(path), "%s/unit-%d-%04u-from-agent.xml", folder, (int)getpid(), number++);
	file = fopen(path, "w");
	cr_assert(file, "%s", path);
	cr_assert_eq(fwrite(message, 1, length, file), length);
	cr_assert_eq(fclose(file), 0);
}

char *fixture_message(struct fixture *fixture, struct soap_body *body)
{
	size_t length, again;
	char *message;

	soap_encoder_start(&fixture->encoder, &fixture->envelope, body);
	message = fixture_drain(fixture, 1 << 20, &length);
	fixture_check_xml(message, length);
	record(message, length);
	for (size_t size = 1; size <= length + 1; size += size < 700 ? 1 : 611) {
		char *other;

		cr_assert_eq(soap_encoder_rewind(&fixture->encoder), 0);
		other = fixture_drain(fixture, size, &again);
		cr_assert_eq(again, length, "%zu instead of %zu bytes with pieces of %zu", again, length, size);
		cr_assert_eq(memcmp(other, message, length), 0, "other bytes with pieces of %zu", size);
		free(other);
	}
	soap_encoder_end(&fixture->encoder);
	cr_assert(!tree_held(fixture->tree));
	return message;
}

char *fixture_body(struct fixture *fixture, struct soap_body *body)
{
	static const char start[] = "<soap-env:Body>", end[] = "</soap-env:Body></soap-env:Envelope>\n";
	char *message = fixture_message(fixture, body);
	char *from = strstr(message, start);
	size_t length;

	cr_assert(from);
	from += sizeof(start) - 1;
	length = strlen(from);
	cr_assert(length > sizeof(end) - 1 && strcmp(from + length - (sizeof(end) - 1), end) == 0);
	length -= sizeof(end) - 1;
	memmove(message, from, length);
	message[length] = '\0';
	return message;
}
