// SPDX-License-Identifier: GPL-2.0-or-later
// Moves one file between a server and the disk with libcurl: HTTP, HTTPS, FTP, TFTP.
#include "agent/transfer-curl.h"

#include "agent/transfer-checksum.h"
#include "agent/transfer-file.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TFTP_BLOCK_SIZE		    1428l // fits an Ethernet frame; 65,535 of them are 93 MB
#define REPORT_SECONDS		    1
#define STATUS_OK		    200
#define STATUS_PARTIAL		    206
#define STATUS_RANGE		    416
#define STATUS_UNAUTHORIZED	    401
#define STATUS_PROXY_AUTHENTICATION 407

struct run {
	const struct transfer_job *job;
	CURL *easy;
	struct transfer_file file;
	int source; // of an upload
	bool secure, http, ftp;

	uint64_t offset; // where a download goes on
	bool begun;	 // the first bytes of the file have come
	char etag[TRANSFER_HEADER_SIZE_MAXIMUM], modified[TRANSFER_HEADER_SIZE_MAXIMUM];
	char range[TRANSFER_HEADER_SIZE_MAXIMUM]; // Content-Range
	struct transfer_checksum checksum;

	void (*report)(const struct transfer_report *report);
	struct transfer_report *result;
	time_t reported;
	bool changed; // what is on the disk can't be gone on with: from the start
};

static void __attribute__((format(printf, 4, 5)))
failed(struct run *run, bool temporary, enum transfer_fault fault, const char *format, ...)
{
	struct transfer_report *result = run->result;
	va_list arguments;

	if (result->fault)
		return;
	result->fault = fault;
	result->temporary = temporary;
	va_start(arguments, format);
	vsnprintf(result->text, sizeof(result->text), format, arguments);
	va_end(arguments);
}

static void disk_failed(struct run *run, int error)
{
	failed(run, false, TRANSFER_FAULT_FAILURE, "the file can't be written: %s", strerror(-error));
}

// ---- What the server says of the file

static size_t header(char *data, size_t size, size_t count, void *context)
{
	struct run *run = context;
	size_t length = size * count;
	char value[TRANSFER_HEADER_SIZE_MAXIMUM], name[32];
	const char *colon = memchr(data, ':', length), *at;
	size_t value_length;

	// Each response of a chain (a redirect, a 401) starts afresh.
	if (length > 5 && !strncmp(data, "HTTP/", 5)) {
		*run->etag = *run->modified = *run->range = 0;
		run->checksum = (struct transfer_checksum){0};
	}
	if (!colon || (size_t)(colon - data) >= sizeof(name))
		return length;
	snprintf(name, sizeof(name), "%.*s", (int)(colon - data), data);
	at = colon + 1;
	value_length = length - (size_t)(at - data);
	while (value_length && strchr(" \t", *at)) {
		at++;
		value_length--;
	}
	while (value_length && strchr(" \t\r\n", at[value_length - 1]))
		value_length--;
	if (value_length >= sizeof(value))
		return length;
	snprintf(value, sizeof(value), "%.*s", (int)value_length, at);
	if (!strcasecmp(name, "ETag"))
		snprintf(run->etag, sizeof(run->etag), "%s", value);
	else if (!strcasecmp(name, "Last-Modified"))
		snprintf(run->modified, sizeof(run->modified), "%s", value);
	else if (!strcasecmp(name, "Content-Range"))
		snprintf(run->range, sizeof(run->range), "%s", value);
	else if (!run->job->upload)
		transfer_checksum_take(&run->checksum, name, value, *run->range);
	return length;
}

static long status_of(struct run *run)
{
	long status = 0;

	curl_easy_getinfo(run->easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

// What identifies the bytes that come: a strong entity tag, or else the date of their change (RFC 9110, 13.1.5).
static void validator_of(struct run *run, char validator[TRANSFER_VALIDATOR_SIZE])
{
	curl_off_t time = -1;

	*validator = 0;
	if (run->http) {
		const char *found = *run->etag == '"' ? run->etag : run->modified;

		if (strlen(found) < TRANSFER_VALIDATOR_SIZE - 16)
			snprintf(validator, TRANSFER_VALIDATOR_SIZE, "%s", found);
	} else if (run->ftp) {
		curl_easy_getinfo(run->easy, CURLINFO_FILETIME_T, &time);
		if (time >= 0)
			snprintf(validator, TRANSFER_VALIDATOR_SIZE, "ftp %lld", (long long)time);
	}
}

// ---- Downloads

// Whether these are the bytes that follow those on the disk.
static bool continues(struct run *run)
{
	char validator[TRANSFER_VALIDATOR_SIZE];
	unsigned long long start;

	if (!run->offset)
		return false;
	if (run->http)
		return status_of(run) == STATUS_PARTIAL && sscanf(run->range, "bytes %llu-", &start) == 1 &&
		       start == run->offset;
	validator_of(run, validator);
	return run->ftp && *validator && !strcmp(validator, run->file.validator);
}

// The first bytes have come, or the file is empty. Returns false when they are of no use.
static bool begin(struct run *run)
{
	char validator[TRANSFER_VALIDATOR_SIZE];
	curl_off_t length = -1;
	uint64_t total;
	int error;

	run->begun = true;
	if (!continues(run)) {
		if (run->offset && (!run->http || status_of(run) == STATUS_PARTIAL)) {
			run->changed = true;
			return false;
		}
		if (run->http && status_of(run) != STATUS_OK) {
			failed(run, false, TRANSFER_FAULT_ACCESS, "the server answers with status %ld", status_of(run));
			return false;
		}
		validator_of(run, validator);
		error = transfer_file_restart(&run->file, validator);
		if (error) {
			disk_failed(run, error);
			return false;
		}
	}
	curl_easy_getinfo(run->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	total = length > 0 ? (uint64_t)length + run->file.length : run->job->size;
	if (total > run->job->size_maximum) {
		failed(run, false, TRANSFER_FAULT_FAILURE, "the file has %llu bytes, and %llu are allowed",
		       (unsigned long long)total, (unsigned long long)run->job->size_maximum);
		return false;
	}
	run->result->total = total;
	error = transfer_file_room(&run->file, total > run->file.length ? total - run->file.length : 0);
	if (error) {
		disk_failed(run, error);
		return false;
	}
	return true;
}

static size_t received(char *data, size_t size, size_t count, void *context)
{
	struct run *run = context;
	size_t length = size * count;
	int error;

	if (!run->begun && !begin(run))
		return 0;
	if (run->file.length + length > run->job->size_maximum) {
		failed(run, false, TRANSFER_FAULT_FAILURE, "the file has more than the %llu bytes that are allowed",
		       (unsigned long long)run->job->size_maximum);
		return 0;
	}
	// The disk keeps its reserve although the server did not say how long the file is.
	error = run->result->total ? 0 : transfer_file_room(&run->file, length);
	if (!error)
		error = transfer_file_write(&run->file, data, length);
	if (error) {
		disk_failed(run, error);
		return 0;
	}
	return length;
}

// ---- Uploads

static size_t send_piece(char *buffer, size_t size, size_t count, void *context)
{
	struct run *run = context;
	ssize_t length = read(run->source, buffer, size * count);

	return length < 0 ? CURL_READFUNC_ABORT : (size_t)length;
}

static int seek(void *context, curl_off_t offset, int origin)
{
	struct run *run = context;

	return lseek(run->source, (off_t)offset, origin) < 0 ? CURL_SEEKFUNC_FAIL : CURL_SEEKFUNC_OK;
}

// The answer to an upload is of no interest.
static size_t ignore(char *data, size_t size, size_t count, void *context)
{
	(void)data;
	(void)context;
	return size * count;
}

// ---- What went wrong

static void explain_status(struct run *run, long status)
{
	enum transfer_fault failure = run->job->upload ? TRANSFER_FAULT_UPLOAD : TRANSFER_FAULT_FAILURE;

	if (status == STATUS_RANGE && run->offset)
		run->changed = true;
	else if (status == STATUS_UNAUTHORIZED || status == STATUS_PROXY_AUTHENTICATION)
		failed(run, false, TRANSFER_FAULT_AUTHENTICATION, "the server answers with status %ld", status);
	else if (status >= 500)
		failed(run, true, failure, "the server answers with status %ld", status);
	else
		failed(run, false, TRANSFER_FAULT_ACCESS, "the server answers with status %ld", status);
}

// The connection is lost: before anything of the file had come, the server counts as not reached.
static void explain_loss(struct run *run, const char *text)
{
	if (run->job->upload)
		failed(run, true, TRANSFER_FAULT_UPLOAD, "%s", text);
	else if (run->begun || status_of(run))
		failed(run, true, TRANSFER_FAULT_INCOMPLETE, "%s", text);
	else
		failed(run, true, TRANSFER_FAULT_CONTACT, "%s", text);
}

static void explain(struct run *run, CURLcode code)
{
	const char *text = curl_easy_strerror(code);

	switch (code) {
	case CURLE_OK:
		break;
	case CURLE_HTTP_RETURNED_ERROR:
		explain_status(run, status_of(run));
		break;
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_TOO_MANY_REDIRECTS:
	case CURLE_REMOTE_FILE_NOT_FOUND:
	case CURLE_REMOTE_ACCESS_DENIED:
	case CURLE_FTP_COULDNT_RETR_FILE:
	case CURLE_TFTP_NOTFOUND:
	case CURLE_TFTP_PERM:
	case CURLE_REMOTE_DISK_FULL:
	case CURLE_REMOTE_FILE_EXISTS:
	case CURLE_TFTP_NOSUCHUSER:
		failed(run, false, TRANSFER_FAULT_ACCESS, "%s", text);
		break;
	case CURLE_LOGIN_DENIED:
	case CURLE_AUTH_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
		failed(run, false, TRANSFER_FAULT_AUTHENTICATION, "%s", text);
		break;
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
		failed(run, false, TRANSFER_FAULT_AUTHENTICATION, "%s: [tls] of the configuration", text);
		break;
	case CURLE_BAD_DOWNLOAD_RESUME:
	case CURLE_FTP_COULDNT_USE_REST:
	case CURLE_RANGE_ERROR:
		run->changed = true;
		break;
	case CURLE_FILESIZE_EXCEEDED:
		failed(run, false, TRANSFER_FAULT_FAILURE, "the file has more than the %llu bytes that are allowed",
		       (unsigned long long)run->job->size_maximum);
		break;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_FTP_ACCEPT_TIMEOUT:
		failed(run, true, TRANSFER_FAULT_CONTACT, "%s", text);
		break;
	case CURLE_OUT_OF_MEMORY:
		failed(run, true, TRANSFER_FAULT_INTERNAL, "%s", text);
		break;
	default:
		explain_loss(run, text);
		break;
	}
}

// ---- The transfer

static int progress(void *context, curl_off_t download_total, curl_off_t downloaded, curl_off_t upload_total,
		    curl_off_t uploaded)
{
	struct run *run = context;
	struct transfer_report *result = run->result;
	struct timespec now;

	(void)download_total;
	(void)downloaded;
	if (run->job->upload) {
		result->transferred = (uint64_t)uploaded;
		result->total = (uint64_t)upload_total;
	} else {
		result->transferred = run->file.length;
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec - run->reported >= REPORT_SECONDS) {
		run->reported = now.tv_sec;
		run->report(result);
	}
	return 0;
}

static void set_tls(CURL *easy, const struct transfer_job *job)
{
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, job->verify ? 1l : 0l);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, job->verify ? 2l : 0l);
	if (*job->ca_file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, job->ca_file);
	if (*job->crl_file)
		curl_easy_setopt(easy, CURLOPT_CRLFILE, job->crl_file);
	if (*job->certificate) {
		curl_easy_setopt(easy, CURLOPT_SSLCERT, job->certificate);
		curl_easy_setopt(easy, CURLOPT_SSLKEY, *job->private_key ? job->private_key : job->certificate);
	}
}

static void set_common(struct run *run)
{
	const struct transfer_job *job = run->job;
	CURL *easy = run->easy;

	curl_easy_setopt(easy, CURLOPT_URL, job->url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https,ftp,tftp");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1l);
	curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)TRANSFER_REDIRECTS_MAXIMUM);
	// Never from https to clear text, and never to another protocol.
	curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, run->secure ? "https" : "http,https");
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1l);
	curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1l);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)TRANSFER_CONNECT_SECONDS);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)job->timeout);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1l);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)job->stall_timeout);
	curl_easy_setopt(easy, CURLOPT_TFTP_BLKSIZE, TFTP_BLOCK_SIZE);
	curl_easy_setopt(easy, CURLOPT_FILETIME, 1l);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "espalier/" ESPALIER_VERSION);
	curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)(CURLAUTH_BASIC | CURLAUTH_DIGEST));
	if (*job->username || *job->password) {
		curl_easy_setopt(easy, CURLOPT_USERNAME, job->username);
		curl_easy_setopt(easy, CURLOPT_PASSWORD, job->password);
	}
	set_tls(easy, job);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, run);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0l);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, progress);
	curl_easy_setopt(easy, CURLOPT_XFERINFODATA, run);
}

// Asks for what is missing, on the condition that the file is still the same.
static struct curl_slist *set_resume(struct run *run)
{
	char range[32], condition[TRANSFER_VALIDATOR_SIZE + 16];

	if (!run->offset)
		return NULL;
	if (!run->http) {
		curl_easy_setopt(run->easy, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)run->offset);
		return NULL;
	}
	snprintf(range, sizeof(range), "%llu-", (unsigned long long)run->offset);
	curl_easy_setopt(run->easy, CURLOPT_RANGE, range);
	snprintf(condition, sizeof(condition), "If-Range: %s", run->file.validator);
	return curl_slist_append(NULL, condition);
}

// One try from the offset. Fills the result, or sets `changed`.
static void download_from(struct run *run, uint64_t offset)
{
	struct curl_slist *headers;
	CURLcode code;

	run->offset = offset;
	run->begun = run->changed = false;
	run->easy = curl_easy_init();
	if (!run->easy) {
		failed(run, true, TRANSFER_FAULT_INTERNAL, "no memory");
		return;
	}
	set_common(run);
	curl_easy_setopt(run->easy, CURLOPT_WRITEFUNCTION, received);
	curl_easy_setopt(run->easy, CURLOPT_WRITEDATA, run);
	headers = set_resume(run);
	curl_easy_setopt(run->easy, CURLOPT_HTTPHEADER, headers);
	code = curl_easy_perform(run->easy);
	// Nothing came because nothing is missing, or because the file is empty.
	if (code == CURLE_OK && !run->begun)
		begin(run);
	if (!run->changed && !run->result->fault)
		explain(run, code);
	curl_slist_free_all(headers);
	curl_easy_cleanup(run->easy);
}

static void check_and_finish(struct run *run)
{
	const struct transfer_job *job = run->job;
	int error;

	if (job->size && run->file.length != job->size) {
		failed(run, false, TRANSFER_FAULT_CORRUPTED, "the file has %llu bytes instead of %llu",
		       (unsigned long long)run->file.length, (unsigned long long)job->size);
		return;
	}
	error = transfer_checksum_verify(&run->checksum, run->file.descriptor);
	if (error == -EBADMSG) {
		failed(run, false, TRANSFER_FAULT_CORRUPTED, "the file has not the checksum that the server gave");
		return;
	}
	if (!error)
		error = transfer_file_finish(&run->file);
	if (error)
		disk_failed(run, error);
}

static void download(struct run *run)
{
	int error = transfer_file_open(&run->file, run->job->path);

	if (error) {
		disk_failed(run, error);
	} else if (run->job->size > run->job->size_maximum) {
		failed(run, false, TRANSFER_FAULT_FAILURE, "the file has %llu bytes, and %llu are allowed",
		       (unsigned long long)run->job->size, (unsigned long long)run->job->size_maximum);
	} else {
		download_from(run, *run->file.validator ? run->file.length : 0);
		if (run->changed && !run->result->fault)
			download_from(run, 0);
		if (run->changed)
			failed(run, true, TRANSFER_FAULT_INCOMPLETE, "the server changes the file");
	}
	run->result->transferred = run->file.length;
	if (!run->result->fault)
		check_and_finish(run);
	if (run->result->fault && !run->result->temporary)
		transfer_file_drop(&run->file);
	transfer_file_close(&run->file);
}

// A redirect with 303 asks for a GET: whatever that answers, the file has not arrived.
static void check_method(struct run *run)
{
	const char *method = NULL;

	curl_easy_getinfo(run->easy, CURLINFO_EFFECTIVE_METHOD, &method);
	if (run->http && method && strcmp(method, "PUT") != 0)
		failed(run, false, TRANSFER_FAULT_ACCESS, "the server redirects to where nothing can be put");
}

static void upload(struct run *run)
{
	struct stat status;
	CURLcode code;

	run->source = open(run->job->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (run->source < 0 || fstat(run->source, &status) < 0) {
		failed(run, false, TRANSFER_FAULT_UPLOAD, "the file can't be read: %s", strerror(errno));
		return;
	}
	run->easy = curl_easy_init();
	if (run->easy) {
		struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/octet-stream");

		set_common(run);
		curl_easy_setopt(run->easy, CURLOPT_UPLOAD, 1l);
		curl_easy_setopt(run->easy, CURLOPT_READFUNCTION, send_piece);
		curl_easy_setopt(run->easy, CURLOPT_READDATA, run);
		curl_easy_setopt(run->easy, CURLOPT_SEEKFUNCTION, seek);
		curl_easy_setopt(run->easy, CURLOPT_SEEKDATA, run);
		curl_easy_setopt(run->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)status.st_size);
		curl_easy_setopt(run->easy, CURLOPT_WRITEFUNCTION, ignore);
		curl_easy_setopt(run->easy, CURLOPT_HTTPHEADER, headers);
		code = curl_easy_perform(run->easy);
		explain(run, code);
		check_method(run);
		curl_slist_free_all(headers);
		curl_easy_cleanup(run->easy);
	} else {
		failed(run, true, TRANSFER_FAULT_INTERNAL, "no memory");
	}
	close(run->source);
}

void transfer_curl_run(const struct transfer_job *job, void (*report)(const struct transfer_report *report),
		       struct transfer_report *result)
{
	struct run run = {
		.job = job,
		.file = {.descriptor = -1},
		.source = -1,
		.secure = !strncasecmp(job->url, "https:", 6),
		.http = !strncasecmp(job->url, "http", 4),
		.ftp = !strncasecmp(job->url, "ftp:", 4),
		.report = report,
		.result = result,
	};

	*result = (struct transfer_report){0};
	if (job->upload)
		upload(&run);
	else
		download(&run);
	result->finished = true;
}
