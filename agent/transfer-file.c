// SPDX-License-Identifier: GPL-2.0-or-later
// The file of a download while it comes: a part and its validator, and then the whole under its name.
#include "agent/transfer-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define PART	     ".part"
#define VALIDATOR    ".validator"
#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"
#define BOOT_ID_SIZE 40

// Reads a small file to a text. Returns its length, 0 when it can't be read.
static size_t read_small(const char *path, char *text, size_t size)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t length = descriptor < 0 ? -1 : read(descriptor, text, size - 1);

	if (descriptor >= 0)
		close(descriptor);
	text[length < 0 ? 0 : length] = 0;
	return strlen(text);
}

static void boot_id(char id[BOOT_ID_SIZE])
{
	read_small(BOOT_ID_FILE, id, BOOT_ID_SIZE);
	id[strcspn(id, "\n")] = 0;
}

// The validator's file has the boot's id, a line end, and the validator.
static void load_validator(struct transfer_file *file)
{
	char text[TRANSFER_VALIDATOR_SIZE + BOOT_ID_SIZE], id[BOOT_ID_SIZE];
	size_t length;

	boot_id(id);
	length = strlen(id);
	if (read_small(file->validator_path, text, sizeof(text)) > length && !strncmp(text, id, length) &&
	    text[length] == '\n')
		snprintf(file->validator, sizeof(file->validator), "%s", text + length + 1);
}

static int save_validator(const struct transfer_file *file)
{
	int descriptor = open(file->validator_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	char id[BOOT_ID_SIZE];
	int error = 0;

	if (descriptor < 0)
		return -errno;
	boot_id(id);
	if (dprintf(descriptor, "%s\n%s", id, file->validator) < 0)
		error = -errno;
	close(descriptor);
	return error;
}

int transfer_file_open(struct transfer_file *file, const char *path)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct stat status;

	*file = (struct transfer_file){.descriptor = -1};
	snprintf(file->path, sizeof(file->path), "%s", path);
	snprintf(file->part, sizeof(file->part), "%s" PART, path);
	snprintf(file->validator_path, sizeof(file->validator_path), "%s" VALIDATOR, path);
	file->descriptor = open(file->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file->descriptor < 0)
		return -errno;
	if (fcntl(file->descriptor, F_OFD_SETLKW, &lock) < 0 || fstat(file->descriptor, &status) < 0)
		return -errno;
	load_validator(file);
	if (*file->validator)
		file->length = (uint64_t)status.st_size;
	return 0;
}

int transfer_file_restart(struct transfer_file *file, const char *validator)
{
	file->length = 0;
	// The old validator must never be found beside new bytes.
	if (unlink(file->validator_path) < 0 && errno != ENOENT)
		return -errno;
	if (ftruncate(file->descriptor, 0) < 0)
		return -errno;
	snprintf(file->validator, sizeof(file->validator), "%s", validator);
	return *validator ? save_validator(file) : 0;
}

int transfer_file_write(struct transfer_file *file, const void *data, size_t length)
{
	const char *at = data;

	while (length) {
		ssize_t written = pwrite(file->descriptor, at, length, (off_t)file->length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return written ? -errno : -EIO;
		file->length += (uint64_t)written;
		at += written;
		length -= (size_t)written;
	}
	return 0;
}

int transfer_file_room(const struct transfer_file *file, uint64_t more)
{
	struct statvfs disk;
	uint64_t room;

	if (fstatvfs(file->descriptor, &disk) < 0)
		return -errno;
	room = (uint64_t)disk.f_bavail * disk.f_frsize;
	return room < TRANSFER_DISK_RESERVE || room - TRANSFER_DISK_RESERVE < more ? -ENOSPC : 0;
}

static int sync_folder(const char *path)
{
	char folder[TRANSFER_PATH_SIZE];
	const char *slash = strrchr(path, '/');
	int descriptor, error = 0;

	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) : 0, path);
	descriptor = open(*folder ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (descriptor < 0)
		return -errno;
	if (fsync(descriptor) < 0)
		error = -errno;
	close(descriptor);
	return error;
}

int transfer_file_finish(struct transfer_file *file)
{
	if (fsync(file->descriptor) < 0)
		return -errno;
	if (rename(file->part, file->path) < 0)
		return -errno;
	unlink(file->validator_path);
	return sync_folder(file->path);
}

void transfer_file_drop(struct transfer_file *file)
{
	unlink(file->part);
	unlink(file->validator_path);
}

void transfer_file_remove(const char *path)
{
	static const char *const endings[] = {"", PART, VALIDATOR};
	char name[TRANSFER_PATH_SIZE + 16];

	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
		snprintf(name, sizeof(name), "%s%s", path, endings[i]);
		unlink(name);
	}
}

void transfer_file_close(struct transfer_file *file)
{
	if (file->descriptor >= 0)
		close(file->descriptor);
	file->descriptor = -1;
}
