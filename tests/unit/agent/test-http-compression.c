// SPDX-License-Identifier: GPL-2.0-or-later
// Compressed bodies: what the HTTP client sends, what it reads, and what it refuses.
#include "tests/unit/agent/http-client-fixture.h"

#define ANY_FORMAT 47 // window bits: gzip or zlib's, whichever comes
#define RAW	   -15
#define ZLIB	   15
#define GZIP	   31

static unsigned char coded[LARGE];
static size_t coded_length;

static void compress_text(const char *text, size_t length, int window)
{
	z_stream stream = {0};

	cr_assert_eq(deflateInit2(&stream, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
	stream.next_in = (Bytef *)text;
	stream.avail_in = (uInt)length;
	stream.next_out = coded;
	stream.avail_out = sizeof(coded);
	cr_assert_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
	coded_length = stream.total_out;
	deflateEnd(&stream);
}

// Puts the plain body in the place of a compressed one.
static void decompress_request(void)
{
	char *plain = malloc(LARGE + 1);
	z_stream stream = {0};

	cr_assert(plain);
	cr_assert_eq(inflateInit2(&stream, ANY_FORMAT), Z_OK);
	stream.next_in = (Bytef *)request.body;
	stream.avail_in = (uInt)request.body_length;
	stream.next_out = (Bytef *)plain;
	stream.avail_out = LARGE + 1;
	cr_assert_eq(inflate(&stream, Z_FINISH), Z_STREAM_END);
	cr_assert_eq(stream.avail_in, 0);
	free(request.body);
	request.body = plain;
	request.body_length = stream.total_out;
	inflateEnd(&stream);
}

static void answer_coded(int descriptor, const char *coding, size_t length, size_t piece)
{
	char head[200];

	snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %zu\r\n\r\n", coding,
		 length);
	peer_write(descriptor, head);
	for (size_t at = 0; at < length; at += piece) {
		size_t count = piece < length - at ? piece : length - at;

		send(descriptor, coded + at, count, MSG_NOSIGNAL);
	}
}

static const size_t lengths[] = {10, 5000, RING_BUFFER_SIZE, LARGE, 0};

#define LENGTHS (sizeof(lengths) / sizeof(*lengths))

static const char *wanted_coding;

static void serve_coded(struct peer *self)
{
	int descriptor = peer_accept(self);
	char value[100];

	for (size_t i = 0; i < LENGTHS; i++) {
		cr_assert(peer_read(descriptor, &request));
		peer_header(&request, "Content-Encoding", value, sizeof(value));
		cr_assert_str_eq(value, wanted_coding);
		peer_header(&request, "Accept-Encoding", value, sizeof(value));
		cr_assert_str_eq(value, wanted_coding);
		if (lengths[i] > 5000)
			cr_assert_lt(request.body_length, lengths[i] / 10);
		decompress_request();
		cr_assert(body_is_right());
		peer_request_free(&request);
		compress_text(" \n<a>text</a>", 13, i % 2 ? GZIP : ZLIB);
		answer_coded(descriptor, i % 2 ? "x-gzip" : "Deflate", coded_length, i == 0 ? 1 : 1000);
	}
	cr_assert(peer_read(descriptor, &request));
	peer_header(&request, "Content-Encoding", value, sizeof(value));
	cr_assert_str_eq(value, "");
	peer_header(&request, "Accept-Encoding", value, sizeof(value));
	cr_assert_str_eq(value, wanted_coding);
	peer_request_free(&request);
	answer_coded(descriptor, "gzip", 0, 1);
	close(descriptor);
}

static void both_ways(enum http_compression compression)
{
	wanted_coding = http_compression_name(compression);
	start(serve_coded);
	client.settings.compression = compression;
	for (size_t i = 0; i < LENGTHS; i++) {
		post_length(lengths[i]);
		cr_assert_eq(result.error, 0, "%s", result.reason);
		cr_assert_str_eq(received, "<a>text</a>");
	}
	post(NULL);
	cr_assert_eq(result.error, 0, "%s", result.reason);
	cr_assert(result.empty);
	cr_assert_eq(connected_count, 1);
	stop();
	cr_assert_null(client.encoder.piece);
}

Test(http_compression, gzip_both_ways)
{
	both_ways(HTTP_COMPRESSION_GZIP);
}

Test(http_compression, deflate_both_ways)
{
	both_ways(HTTP_COMPRESSION_DEFLATE);
}

static void serve_refusal(struct peer *self)
{
	int descriptor = peer_accept(self);
	char value[100];

	for (int i = 0; i < 4; i++) {
		cr_assert(peer_read(descriptor, &request));
		peer_header(&request, "Content-Encoding", value, sizeof(value));
		cr_assert_str_eq(value, i == 0 || i == 3 ? "gzip" : "");
		if (*value)
			decompress_request();
		cr_assert(body_is_right());
		peer_request_free(&request);
		peer_write(descriptor,
			   i == 0 ? "HTTP/1.1 415 x\r\nContent-Length: 2\r\n\r\nno" : "HTTP/1.1 204 x\r\n\r\n");
		if (i == 2) {
			close(descriptor);
			descriptor = peer_accept(self);
		}
	}
	close(descriptor);
}

Test(http_compression, refused_requests_go_plain_until_the_session_ends)
{
	start(serve_refusal);
	client.settings.compression = HTTP_COMPRESSION_GZIP;
	post_length(LARGE);
	cr_assert_eq(result.error, 0, "%s", result.reason);
	cr_assert_eq(source.rewinds, 1);
	post_length(100);
	cr_assert_eq(result.error, 0);
	cr_assert_eq(http_client_begin(&client, url), 0);
	post_length(100);
	cr_assert_eq(result.error, 0);
	stop();
}

Test(http_compression, refusal_of_a_plain_request_fails)
{
	expect("HTTP/1.1 415 x\r\nContent-Length: 0\r\n\r\n", 1, -EPROTO);
	cr_assert_eq(result.status, 415);
}

static const char *coding;
static size_t answer_length;

static void serve_answer(struct peer *self)
{
	int descriptor = peer_accept(self);

	peer_read(descriptor, &request);
	peer_request_free(&request);
	answer_coded(descriptor, coding, answer_length, answer_length);
	peer_read(descriptor, &request);
	peer_request_free(&request);
	close(descriptor);
}

static void read_answer(enum http_compression compression, const char *name, size_t length, uint64_t body_max,
			int error)
{
	coding = name;
	answer_length = length;
	start(serve_answer);
	client.settings.compression = compression;
	client.parser.body_max = body_max;
	post(NULL);
	cr_assert_eq(result.error, error, "%d: %s", result.error, result.reason);
	stop();
}

Test(http_compression, bound_of_the_decoded_body)
{
	static char zeros[1000000];

	memset(zeros, 'x', sizeof(zeros));
	compress_text(zeros, sizeof(zeros), GZIP);
	cr_assert_lt(coded_length, 2000);
	read_answer(HTTP_COMPRESSION_GZIP, "gzip", coded_length, 100000, -EMSGSIZE);
	cr_assert(strstr(result.reason, "more than 100000 bytes"), "%s", result.reason);
	cr_assert_leq(received_length, 100000);
	compress_text(zeros, 100000, GZIP);
	read_answer(HTTP_COMPRESSION_GZIP, "gzip", coded_length, 100000, 0);
	cr_assert_eq(received_length, 100000);
}

Test(http_compression, deflate_without_a_header)
{
	compress_text("<a/>", 4, RAW);
	read_answer(HTTP_COMPRESSION_DEFLATE, "deflate", coded_length, 1000, 0);
	cr_assert_str_eq(received, "<a/>");
}

Test(http_compression, damaged_answers)
{
	compress_text("<a>text text text</a>", 21, GZIP);
	read_answer(HTTP_COMPRESSION_GZIP, "gzip", coded_length - 1, 1000, -EBADMSG);
	cr_assert(strstr(result.reason, "without its end"), "%s", result.reason);
	coded[coded_length] = '!';
	read_answer(HTTP_COMPRESSION_GZIP, "gzip", coded_length + 1, 1000, -EBADMSG);
	cr_assert(strstr(result.reason, "more follows its end"), "%s", result.reason);
	coded[coded_length - 6] ^= 1;
	read_answer(HTTP_COMPRESSION_GZIP, "gzip", coded_length, 1000, -EBADMSG);
	cr_assert(strstr(result.reason, "incorrect data check"), "%s", result.reason);
	coded[0] = '<';
	read_answer(HTTP_COMPRESSION_GZIP, "gzip", coded_length, 1000, -EBADMSG);
	cr_assert(strstr(result.reason, "incorrect header check"), "%s", result.reason);
}

Test(http_compression, codings_that_were_not_asked_for)
{
	compress_text("<a/>", 4, GZIP);
	read_answer(HTTP_COMPRESSION_DISABLED, "gzip", coded_length, 1000, -EPROTONOSUPPORT);
	read_answer(HTTP_COMPRESSION_GZIP, "br", coded_length, 1000, -EPROTONOSUPPORT);
	cr_assert(strstr(result.reason, "Content-Encoding of \"br\""), "%s", result.reason);
	read_answer(HTTP_COMPRESSION_GZIP, "gzip\r\nContent-Encoding: gzip", coded_length, 1000, -EPROTONOSUPPORT);
}

// A body that cannot be cut: its pieces need all the room that is promised.
static ssize_t produce_whole(void *context, char *buffer, size_t size)
{
	struct source *from = context;

	if (from->at == from->length)
		return from->error;
	if (size < from->length)
		return -ENOBUFS;
	for (from->at = 0; from->at < from->length; from->at++)
		buffer[from->at] = byte_at(from->at);
	return (ssize_t)from->length;
}

Test(http_compression, pieces_and_errors_of_a_body)
{
	static const struct http_body whole = {produce_whole, rewind_source, &source};
	struct http_encoder encoder = {0};
	char buffer[64];
	const struct http_body *message;
	ssize_t length;
	size_t sum = 0;

	source = (struct source){.length = HTTP_BODY_ROOM_MIN};
	message = http_encoder_begin(&encoder, HTTP_COMPRESSION_GZIP, &whole);
	while ((length = message->produce(message->context, buffer, sizeof(buffer))) > 0)
		sum += (size_t)length;
	cr_assert_eq(length, 0);
	cr_assert_gt(sum, 20);
	source = (struct source){.length = 100, .error = -ERANGE};
	message = http_encoder_begin(&encoder, HTTP_COMPRESSION_DEFLATE, &whole);
	cr_assert_eq(message->produce(message->context, buffer, sizeof(buffer)), -ERANGE);
	http_encoder_end(&encoder);
}
