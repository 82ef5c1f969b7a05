/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device and its mapping: what is refused, who holds the module, when it samples. */
#include "tests/kmod/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define READERS	     3
#define PAGE	     4096u
#define HEADER_BYTES 128u

static int device_open(int flags)
{
	int fd = open(ESPALIER_COUNTERS_DEVICE, flags | O_CLOEXEC);

	CHECK(fd >= 0, "(%s)", strerror(errno));
	return fd;
}

static int map_error(int fd, size_t size, int protection, int flags, off_t offset)
{
	void *bytes = mmap(NULL, size, protection, flags, fd, offset);

	if (bytes == MAP_FAILED)
		return errno;
	munmap(bytes, size);
	return 0;
}

void test_header(void)
{
	struct kernel_counters page;
	struct stat node;

	module_load(MODULE_FILE, "interfaces=100 period_ms=20");
	CHECK(!stat(ESPALIER_COUNTERS_DEVICE, &node));
	CHECK((node.st_mode & 07777) == 0440, "(%o)", node.st_mode);
	page_open(&page);
	CHECK(page.header->magic == ESPALIER_COUNTERS_MAGIC);
	CHECK(page.header->header_size == HEADER_BYTES);
	CHECK(page.header->state == ESPALIER_COUNTERS_LIVE);
	CHECK(page.header->period_ms == TEST_PERIOD_MS);
	CHECK(page.header->compatible == ESPALIER_COUNTERS_PERF);
	CHECK(page.interfaces.rows == 100);
	CHECK(page.interfaces.slot_words == ESPALIER_INTERFACE_WORDS);
	CHECK(page.interfaces.offset % 64 == 0 && page.interfaces.stride % 64 == 0);
	CHECK(page.header->size % PAGE == 0);
	CHECK(!kernel_counters_check(&page));
	kernel_counters_close(&page);
	module_unload();
	CHECK(module_try_load(MODULE_FILE, "interfaces=15") == -EINVAL);
	CHECK(module_try_load(MODULE_FILE, "interfaces=65537") == -EINVAL);
	CHECK(module_try_load(MODULE_FILE, "period_ms=9") == -EINVAL);
}

void test_mappings_refused(void)
{
	struct kernel_counters page;
	size_t size;
	void *bytes;
	int fd;

	module_load(MODULE_FILE, "interfaces=100 period_ms=20");
	page_open(&page);
	size = page.size;
	fd = device_open(O_RDWR);
	CHECK(map_error(fd, size, PROT_READ | PROT_WRITE, MAP_SHARED, 0) == EACCES);
	CHECK(map_error(fd, size, PROT_WRITE, MAP_SHARED, 0) == EACCES);
	CHECK(map_error(fd, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0) == EACCES);
	CHECK(map_error(fd, size, PROT_READ | PROT_EXEC, MAP_SHARED, 0) == EACCES);
	CHECK(map_error(fd, size + 1, PROT_READ, MAP_SHARED, 0) == EINVAL);
	CHECK(map_error(fd, size + PAGE, PROT_READ, MAP_SHARED, 0) == EINVAL);
	CHECK(map_error(fd, 1ul << 40, PROT_READ, MAP_SHARED, 0) == EINVAL);
	CHECK(map_error(fd, PAGE, PROT_READ, MAP_SHARED, PAGE) == EINVAL);
	CHECK(map_error(fd, PAGE, PROT_READ, MAP_SHARED, (off_t)(-1ul << 13 >> 1)) != 0);
	for (int flags = MAP_SHARED; flags <= MAP_PRIVATE; flags++) {
		bytes = mmap(NULL, size, PROT_READ, flags, fd, 0);
		CHECK(bytes != MAP_FAILED);
		CHECK(mprotect(bytes, size, PROT_READ | PROT_WRITE) && errno == EACCES);
		CHECK(mprotect(bytes, size, PROT_READ | PROT_EXEC) && errno == EACCES);
		CHECK(mremap(bytes, size, size + PAGE, MREMAP_MAYMOVE) == MAP_FAILED);
		/* A mapping in two pieces, of which one goes. */
		CHECK(!munmap((char *)bytes + PAGE, PAGE));
		CHECK(*(volatile uint32_t *)bytes == ESPALIER_COUNTERS_MAGIC);
		CHECK(!munmap(bytes, size));
	}
	close(fd);
	/* The debugger's way in. */
	fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK(pwrite(fd, "x", 1, (off_t)(uintptr_t)page.header) < 0);
	close(fd);
	CHECK(page.header->magic == ESPALIER_COUNTERS_MAGIC);
	kernel_counters_close(&page);
	module_unload();
}

void test_calls_refused(void)
{
	char bytes[16] = "";
	int fd;

	module_load(MODULE_FILE, "");
	fd = device_open(O_RDWR);
	for (unsigned long request = 0; request < 0x10000; request += 0x101)
		CHECK(ioctl(fd, request, bytes) && errno == ENOTTY, "(%#lx: %s)", request, strerror(errno));
	CHECK(read(fd, bytes, sizeof(bytes)) < 0 && errno == EINVAL);
	CHECK(write(fd, bytes, sizeof(bytes)) < 0 && errno == EINVAL);
	CHECK(fallocate(fd, 0, 0, PAGE) < 0);
	CHECK(ftruncate(fd, 0) < 0);
	close(fd);
	module_unload();
}

static uint64_t samplings(const struct kernel_counters *page)
{
	struct kernel_counters_system system;

	CHECK(!kernel_counters_system(page, &system));
	return system.samplings;
}

static pid_t reader_start(void)
{
	pid_t child = fork();

	CHECK(child >= 0);
	if (child == 0) {
		struct kernel_counters page;
		struct kernel_counters_cpu cpu;

		page_open(&page);
		while (!kernel_counters_cpu(&page, 0, &cpu))
			;
		_exit(1);
	}
	return child;
}

void test_fork_and_kill(void)
{
	struct kernel_counters page;
	uint64_t before;
	pid_t child;

	module_load(MODULE_FILE, "period_ms=20");
	/* A child's inherited copy keeps the sampling going when the parent's is gone. */
	page_open(&page);
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		page_wait(&page, 20);
		_exit(0);
	}
	kernel_counters_close(&page);
	CHECK(module_try_unload() == -EWOULDBLOCK);
	CHECK(waitpid(child, NULL, 0) == child);
	/* A reader that is killed in the middle of reading leaves nothing behind. */
	child = reader_start();
	sleep_ms(100);
	CHECK(!kill(child, SIGKILL));
	CHECK(waitpid(child, NULL, 0) == child);
	page_open(&page);
	before = samplings(&page);
	kernel_counters_close(&page);
	sleep_ms(10 * TEST_PERIOD_MS);
	CHECK(!kernel_counters_open(&page, ESPALIER_COUNTERS_DEVICE));
	CHECK(samplings(&page) <= before + 3, "(%llu after %llu)", (unsigned long long)samplings(&page),
	      (unsigned long long)before);
	kernel_counters_close(&page);
	module_unload();
}

void test_nothing_sampled_unmapped(void)
{
	struct kernel_counters page;
	uint64_t before;
	int fd;

	module_load(MODULE_FILE, "period_ms=10");
	CHECK(!kernel_counters_open(&page, ESPALIER_COUNTERS_DEVICE));
	page_wait(&page, 5);
	before = samplings(&page);
	kernel_counters_close(&page);
	/* An open file is no mapping. */
	fd = device_open(O_RDONLY);
	sleep_ms(300);
	CHECK(!kernel_counters_open(&page, ESPALIER_COUNTERS_DEVICE));
	CHECK(samplings(&page) <= before + 4, "(%llu after %llu)", (unsigned long long)samplings(&page),
	      (unsigned long long)before);
	page_wait(&page, 2);
	CHECK(!kernel_counters_check(&page));
	close(fd);
	kernel_counters_close(&page);
	module_unload();
}

void test_period(void)
{
	static const char *const wrong[] = {"9", "0", "-1", "60001", "4294967296", "", "x"};
	struct kernel_counters page;
	uint64_t before;

	module_load(MODULE_FILE, "period_ms=60000");
	page.header = NULL;
	CHECK(!kernel_counters_open(&page, ESPALIER_COUNTERS_DEVICE));
	sleep_ms(300);
	before = samplings(&page);
	CHECK(before <= 2 && page.header->period_ms == 60000);
	/* Now, not after the minute that runs. */
	CHECK(!parameter_set("period_ms", "10"));
	page_wait(&page, 10);
	CHECK(page.header->period_ms == 10);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CHECK(parameter_set("period_ms", wrong[i]) < 0 || !*wrong[i], "(%s)", wrong[i]);
	CHECK(page.header->period_ms == 10);
	CHECK(parameter_set("enable", "maybe") == -EINVAL);
	kernel_counters_close(&page);
	module_unload();
}

void test_module_held_by_readers(void)
{
	struct kernel_counters page, second;
	uint64_t before;
	int fd;

	module_load(MODULE_FILE, "period_ms=20");
	fd = device_open(O_RDONLY);
	CHECK(module_try_unload() == -EWOULDBLOCK);
	close(fd);
	page_open(&page);
	CHECK(module_try_unload() == -EWOULDBLOCK);
	CHECK(!parameter_set("enable", "N"));
	CHECK(page.header->state == ESPALIER_COUNTERS_CLOSING);
	CHECK(kernel_counters_check(&page) == -ESHUTDOWN);
	CHECK(kernel_counters_open(&second, ESPALIER_COUNTERS_DEVICE) == -ENODEV);
	sleep_ms(5 * TEST_PERIOD_MS);
	before = samplings(&page);
	sleep_ms(5 * TEST_PERIOD_MS);
	CHECK(samplings(&page) == before);
	/* Whoever still maps it is served again. */
	CHECK(!parameter_set("enable", "Y"));
	page_wait(&page, 2);
	CHECK(!kernel_counters_check(&page));
	CHECK(!parameter_set("enable", "N"));
	kernel_counters_close(&page);
	module_unload();
	CHECK(kernel_counters_open(&page, ESPALIER_COUNTERS_DEVICE) == -ENOENT);
}

/* Opens, looks and lets go for ever, whether the module is there or not, and lets go when it is asked to. */
static void read_for_ever(void)
{
	for (;;) {
		struct kernel_counters page;
		struct kernel_counters_cpu cpu;

		if (kernel_counters_open(&page, ESPALIER_COUNTERS_DEVICE)) {
			sleep_ms(1);
			continue;
		}
		for (int i = 0; i < 50 && kernel_counters_check(&page) != -ESHUTDOWN; i++) {
			CHECK(!kernel_counters_cpu(&page, 0, &cpu));
			page_rows(&page);
			/* Two CPUs are few. */
			if (i % 10 == 9)
				sleep_ms(1);
		}
		kernel_counters_close(&page);
	}
}

void test_load_unload(void)
{
	pid_t readers[READERS];
	const int loads = 100 / guest_slowness();
	unsigned int refused = 0;

	for (int i = 0; i < READERS; i++) {
		readers[i] = fork();
		CHECK(readers[i] >= 0);
		if (readers[i] == 0)
			read_for_ever();
	}
	for (int i = 0; i < loads; i++) {
		uint64_t end = monotonic() + WAIT_SECONDS * 1000000000ull;
		int error;

		module_load(MODULE_FILE, i % 2 ? "period_ms=10 interfaces=256" : "period_ms=10");
		sleep_ms((unsigned int)i % 8);
		if (module_try_unload() == 0)
			continue;
		refused++;
		CHECK(!parameter_set("enable", "N"));
		while ((error = module_try_unload()) == -EWOULDBLOCK && monotonic() < end)
			sleep_ms(1);
		CHECK(!error, "(%d: %s)", i, strerror(-error));
	}
	for (int i = 0; i < READERS; i++) {
		CHECK(waitpid(readers[i], NULL, WNOHANG) == 0, "(a reader has failed)");
		kill(readers[i], SIGKILL);
		waitpid(readers[i], NULL, 0);
	}
	printf("(%d times loaded and unloaded, %u times refused first)\n", loads, refused);
	CHECK(refused > 0);
}
