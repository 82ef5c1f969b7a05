// SPDX-License-Identifier: GPL-2.0-or-later
// What of file transfers needs no server: windows, checksums, URLs, file types, and the part of a file on the disk.
#include "agent/log-file.h"
#include "agent/transfer-checksum.h"
#include "agent/transfer-file.h"
#include "agent/transfer-type.h"
#include "agent/transfer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Test(transfer, the_time_since_receipt_counts_by_the_clock_that_is_right)
{
	struct transfer_receipt receipt = {.boottime = 100, .realtime = 5000, .boot_id = "one"};
	struct transfer_receipt now = {.boottime = 130, .realtime = 1, .boot_id = "one"};

	cr_expect_eq(transfer_elapsed(&receipt, &now), 30, "the clock was set back meanwhile");
	now = (struct transfer_receipt){.boottime = 3, .realtime = 5060, .boot_id = "two"};
	cr_expect_eq(transfer_elapsed(&receipt, &now), 60, "the device has restarted");
	now.realtime = 10;
	cr_expect_eq(transfer_elapsed(&receipt, &now), 0, "and its clock is wrong");
	now.realtime = 0;
	cr_expect_eq(transfer_elapsed(&receipt, &now), 3, "and its clock is not set");
	now.realtime = 5060;
	receipt.realtime = 0;
	cr_expect_eq(transfer_elapsed(&receipt, &now), 3, "it was not set at the receipt");
}

Test(transfer, windows_follow_each_other)
{
	struct transfer_window windows[] = {{.start = 10, .end = 20}, {.start = 20, .end = 30, .retries = -1}};

	cr_expect(transfer_windows_valid(windows, 2));
	cr_expect_eq(transfer_window_at(windows, 2, 0), 0);
	cr_expect_eq(transfer_window_at(windows, 2, 19), 0);
	cr_expect_eq(transfer_window_at(windows, 2, 20), 1);
	cr_expect_eq(transfer_window_at(windows, 2, 30), 2);
	cr_expect_eq(transfer_window_retries(&windows[0]), 0);
	cr_expect_eq(transfer_window_retries(&windows[1]), TRANSFER_WINDOW_RETRIES);
	windows[1].start = 19;
	cr_expect_not(transfer_windows_valid(windows, 2), "they overlap");
	windows[1].start = 30;
	cr_expect_not(transfer_windows_valid(windows, 2), "the second is empty");
	windows[0].retries = -2;
	cr_expect_not(transfer_windows_valid(windows, 1));
	cr_expect_eq(transfer_mode_of("3 When Idle", 11), TRANSFER_WHEN_IDLE);
	cr_expect_eq(transfer_mode_of("3 When", 6), -EINVAL);
}

Test(transfer, urls)
{
	static const struct {
		const char *url;
		unsigned fault;
	} cases[] = {
		{"http://host/path?a=b@c", 0},
		{"HTTPS://[::1]:8080/", 0},
		{"ftp://host", 0},
		{"tftp://10.0.0.1/image", 0},
		{"http://user@host/", 9003},
		{"ftp://:@host/", 9003},
		{"http://:80/", 9003},
		{"http://", 9003},
		{"http:/host", 9003},
		{"host/path", 9003},
		{"http://host/\n", 9003},
		{"http://host\\@other/", 9003},
		{"", 9003},
		{"sftp://host/", 9013},
		{"file:///etc/passwd", 9013},
		{"httpx://host/", 9013},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		cr_expect_eq(transfer_check_url(cases[i].url, strlen(cases[i].url)), cases[i].fault, "%s",
			     cases[i].url);
}

static int temporary_folder(char *path)
{
	strncpy(path, "/tmp/espalier-transfer-XXXXXX", 64);
	return mkdtemp(path) ? 0 : -errno;
}

Test(transfer, checksums_of_headers)
{
	struct transfer_checksum checksum = {0};
	char path[] = "/tmp/espalier-checksum-XXXXXX";
	int descriptor = mkstemp(path);

	unlink(path);
	cr_assert_eq(write(descriptor, "abc", 3), 3);
	cr_expect_eq(transfer_checksum_verify(&checksum, descriptor), 0, "nothing is known");
	transfer_checksum_take(&checksum, "content-md5", "kAFQmDzST7DWlj99KOF/cg==", false);
	cr_expect_eq(checksum.size, 16);
	cr_expect_eq(transfer_checksum_verify(&checksum, descriptor), 0);
	transfer_checksum_take(&checksum, "Digest",
			       "unixsum=1, SHA-256=ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0= ,md5=AAAA", false);
	cr_expect_eq(checksum.size, 32, "the stronger one counts");
	cr_expect_eq(transfer_checksum_verify(&checksum, descriptor), 0);
	transfer_checksum_take(&checksum, "Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==", false);
	cr_expect_eq(checksum.size, 32);
	checksum = (struct transfer_checksum){0};
	transfer_checksum_take(&checksum, "Content-MD5", "kAFQmDzST7DWlj99KOF/cg==", true);
	cr_expect_eq(checksum.size, 0, "of a part");
	transfer_checksum_take(&checksum, "Digest", "sha-256=", true);
	transfer_checksum_take(&checksum, "Digest", "sha-256", true);
	transfer_checksum_take(&checksum, "Digest", ",,=,", true);
	transfer_checksum_take(&checksum, "Repr-Digest", "sha-256=:", true);
	transfer_checksum_take(&checksum, "Repr-Digest", "sha-256=:ungW:", true);
	cr_expect_eq(checksum.size, 0, "nothing that can be read");
	transfer_checksum_take(&checksum, "Repr-Digest",
			       "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:", true);
	cr_expect_eq(transfer_checksum_verify(&checksum, descriptor), -EBADMSG, "of the empty file");
	close(descriptor);
}

Test(transfer, a_part_is_used_again_with_its_validator)
{
	char folder[64], path[80], missing[100];
	struct transfer_file file;

	cr_assert_eq(temporary_folder(folder), 0);
	snprintf(path, sizeof(path), "%s/1", folder);
	cr_assert_eq(transfer_file_open(&file, path), 0);
	cr_expect_eq(file.length, 0);
	cr_expect_eq(transfer_file_restart(&file, "\"tag\""), 0);
	cr_expect_eq(transfer_file_write(&file, "12345", 5), 0);
	transfer_file_close(&file);

	cr_assert_eq(transfer_file_open(&file, path), 0);
	cr_expect_eq(file.length, 5);
	cr_expect_str_eq(file.validator, "\"tag\"");
	cr_expect_eq(transfer_file_write(&file, "678", 3), 0);
	cr_expect_eq(file.length, 8);
	cr_expect_eq(transfer_file_room(&file, 1), 0);
	cr_expect_eq(transfer_file_room(&file, UINT64_MAX), -ENOSPC);
	cr_expect_eq(transfer_file_restart(&file, ""), 0);
	cr_expect_eq(transfer_file_write(&file, "x", 1), 0);
	transfer_file_close(&file);

	cr_assert_eq(transfer_file_open(&file, path), 0);
	cr_expect_eq(file.length, 0, "nobody knows what it is");
	cr_expect_eq(transfer_file_restart(&file, "tag"), 0);
	cr_expect_eq(transfer_file_finish(&file), 0);
	transfer_file_close(&file);
	cr_expect_eq(access(path, R_OK), 0);
	snprintf(missing, sizeof(missing), "%s.validator", path);
	cr_expect_eq(access(missing, F_OK), -1);
	transfer_file_remove(path);
	cr_expect_eq(rmdir(folder), 0, "nothing is left");
}

Test(transfer, a_part_of_another_boot_is_not)
{
	char folder[64], path[80], validator[100];
	struct transfer_file file;
	int descriptor;

	cr_assert_eq(temporary_folder(folder), 0);
	snprintf(path, sizeof(path), "%s/1", folder);
	cr_assert_eq(transfer_file_open(&file, path), 0);
	cr_expect_eq(transfer_file_restart(&file, "\"tag\""), 0);
	cr_expect_eq(transfer_file_write(&file, "12345", 5), 0);
	transfer_file_close(&file);
	snprintf(validator, sizeof(validator), "%s.validator", path);
	descriptor = open(validator, O_WRONLY);
	cr_expect_eq(write(descriptor, "0", 1), 1);
	cr_expect_eq(pwrite(descriptor, "1", 1, 1), 1);
	close(descriptor);
	cr_assert_eq(transfer_file_open(&file, path), 0);
	cr_expect(file.length == 0 && !*file.validator);
	transfer_file_drop(&file);
	transfer_file_close(&file);
	cr_expect_eq(rmdir(folder), 0);
}

Test(transfer, file_types)
{
	uint32_t instance = 7;

	cr_expect_not_null(transfer_type_find("1 Firmware Upgrade Image", 24, TRANSFER_DOWN, &instance));
	cr_expect_eq(instance, 0);
	cr_expect_null(transfer_type_find("1 Firmware Upgrade Image", 24, TRANSFER_UP, &instance));
	cr_expect_null(transfer_type_find("1 Firmware Upgrade Image 1", 26, TRANSFER_DOWN, &instance));
	cr_expect_null(transfer_type_find("1 Firmware", 10, TRANSFER_DOWN, &instance));
	cr_expect_null(transfer_type_find("", 0, TRANSFER_DOWN, &instance));
}

static const char *told(const char *name, enum transfer_direction direction, enum cwmp_version version)
{
	static char text[TRANSFER_FILE_TYPE_SIZE];

	transfer_type_tell(name, direction, version, text);
	return text;
}

Test(transfer, R69_names_of_file_types_for_both_directions)
{
	cr_expect_str_eq(told("2 Vendor Log File", TRANSFER_UP, CWMP_1_4), "4 Vendor Log File");
	cr_expect_str_eq(told("4 Vendor Log File 4294967295", TRANSFER_UP, CWMP_1_4), "7 Vendor Log File 4294967295");
	cr_expect_str_eq(told("4 Vendor Log File 1", TRANSFER_UP, CWMP_1_1), "4 Vendor Log File");
	cr_expect_str_eq(told("3 Vendor Configuration File 1", TRANSFER_UP, CWMP_1_2), "6 Vendor Configuration File 1");
	cr_expect_str_eq(told("3 Vendor Configuration File", TRANSFER_DOWN, CWMP_1_4), "3 Vendor Configuration File");
	cr_expect_str_eq(told("2 Vendor Log File", TRANSFER_DOWN, CWMP_1_4), "2 Vendor Log File", "no such download");
	cr_expect_str_eq(told("X 00D09E y 1", TRANSFER_UP, CWMP_1_1), "X 00D09E y 1");
	cr_expect_str_eq(transfer_type_filter("4 Vendor Log File 9", TRANSFER_UP), "4 Vendor Log File");
	cr_expect_str_eq(transfer_type_filter("1 Vendor Configuration File", TRANSFER_UP),
			 "3 Vendor Configuration File");
	cr_expect_str_eq(transfer_type_filter("5 Ringer File", TRANSFER_DOWN), "5 Ringer File");
}

Test(transfer, lists_of_log_files)
{
	char longest[LOG_FILE_PATH_SIZE], too_long[LOG_FILE_PATH_SIZE + 1];

	cr_expect_null(log_files_wrong("/a"));
	cr_expect_null(log_files_wrong("journal"));
	cr_expect_null(log_files_wrong(" /with a blank ,\tjournal,/b\t"));
	cr_expect_null(log_files_wrong("/1,/2,/3,/4,/5,/6,/7,journal"));
	for (const char *const *wrong =
		     (const char *const[]){",", "/a,", ",/a", "/a,,/b", "a", "/a,b", "Journal", " ", NULL};
	     *wrong; wrong++)
		cr_expect_str_eq(log_files_wrong(*wrong), "neither absolute paths nor journal, separated by commas",
				 "%s", *wrong);
	cr_expect(strstr(log_files_wrong("/1,/2,/3,/4,/5,/6,/7,/8,/9"), "more than 8"));
	cr_expect(strstr(log_files_wrong("/a,journal,journal"), "the same name"));
	memset(longest, 'x', sizeof(longest));
	longest[0] = '/';
	longest[sizeof(longest) - 1] = 0;
	cr_expect_null(log_files_wrong(longest));
	memset(too_long, 'x', sizeof(too_long));
	too_long[0] = '/';
	too_long[sizeof(too_long) - 1] = 0;
	cr_expect(strstr(log_files_wrong(too_long), "longer than 1023"));
}

Test(transfer, records_that_are_none)
{
	struct transfer *transfer;

	cr_expect_eq(transfer_load(&transfer, "0", "", 0), -EBADMSG);
	cr_expect_eq(transfer_load(&transfer, "1", "state", 5), -EBADMSG, "no NUL at its end");
	cr_expect_eq(transfer_load(&transfer, "1",
				   "state\0"
				   "99",
				   9),
		     -EBADMSG);
	cr_expect_eq(transfer_load(&transfer, "1",
				   "window-count\0"
				   "3",
				   15),
		     -EBADMSG);
	cr_expect_eq(transfer_load(&transfer, "1",
				   "window-count\0"
				   "1\0window-0-mode\0"
				   "9",
				   31),
		     -EBADMSG);
	cr_assert_eq(transfer_load(&transfer, "5", "of a later version\0x\0url\0http://a/\0last", 40), 0);
	cr_expect_eq(transfer->number, 5);
	cr_expect_str_eq(transfer->url, "http://a/");
	transfer_free(transfer);
}
