// SPDX-License-Identifier: GPL-2.0-or-later
// agent/attribute.c: attributes by full and partial path.
#include "agent/attribute.h"
#include "shm/espalier.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int set(struct attributes *attributes, const char *path, int notification, const char *list, size_t size)
{
	return attributes_set(attributes, path, strlen(path), notification, list, size);
}

static int get(const struct attributes *attributes, const char *path)
{
	return attributes_notification(attributes, path, strlen(path));
}

Test(attribute, longest_path_holds)
{
	struct attributes a = {0};

	cr_expect_eq(get(&a, "Device.A.B"), -1);
	set(&a, "Device.", 1, NULL, 0);
	set(&a, "Device.A.B", 2, NULL, 0);
	set(&a, "Device.A.", 0, NULL, 0);
	cr_expect_eq(get(&a, "Device.A.B"), 0, "the later partial path wins");
	cr_expect_eq(get(&a, "Device.A.C.D"), 0);
	cr_expect_eq(get(&a, "Device.AB"), 1);
	set(&a, "Device.A.B", 2, NULL, 0);
	cr_expect_eq(get(&a, "Device.A.B"), 2);
	cr_expect_eq(get(&a, "Device.A.BB"), 0);
	set(&a, "", 1, NULL, 0);
	cr_expect_eq(get(&a, "Device.A.B"), 1);
	cr_expect_eq(a.count, 1, "what is overridden is gone");
	attributes_free(&a);
}

Test(attribute, fields_are_independent)
{
	struct attributes a = {0};

	set(&a, "Device.A.B", 2, "other\0", 7);
	set(&a, "Device.A.", 1, NULL, 0);
	cr_expect_eq(get(&a, "Device.A.B"), 1);
	cr_expect_str_eq(attributes_access_list(&a, "Device.A.B", 10), "other");
	cr_expect(!attributes_local_write(&a, "Device.A.B", 10));
	cr_expect(attributes_local_write(&a, "Device.A.C", 10), "the default");
	set(&a, "Device.", -1, "x\0Subscriber\0", 14);
	cr_expect(attributes_local_write(&a, "Device.A.B", 10));
	cr_expect_eq(get(&a, "Device.A.B"), 1);
	set(&a, "Device.A.B", -1, "", 1);
	cr_expect(!attributes_local_write(&a, "Device.A.B", 10), "an empty list");
	attributes_free(&a);
}

Test(attribute, flags_of_the_schema)
{
	cr_expect_eq(attribute_notification(0, -1), ATTRIBUTE_OFF);
	cr_expect_eq(attribute_notification(0, 2), ATTRIBUTE_ACTIVE);
	cr_expect_eq(attribute_notification(ESPALIER_NOTIFY_FORCED, 0), ATTRIBUTE_ACTIVE);
	cr_expect_eq(attribute_notification(ESPALIER_NOTIFY_DEFAULT, -1), ATTRIBUTE_ACTIVE);
	cr_expect_eq(attribute_notification(ESPALIER_NOTIFY_DEFAULT, 0), ATTRIBUTE_OFF);
	cr_expect_eq(attribute_notification(ESPALIER_NOTIFY_CAN_DENY, 2), ATTRIBUTE_PASSIVE);
	cr_expect_eq(attribute_notification(ESPALIER_NOTIFY_CAN_DENY, 1), ATTRIBUTE_PASSIVE);
}

Test(attribute, touch)
{
	struct attributes a = {0};

	cr_expect(!attributes_touch(&a, "Device.A.", 9));
	set(&a, "Device.A.B", 1, NULL, 0);
	cr_expect(attributes_touch(&a, "Device.A.", 9));
	cr_expect(attributes_touch(&a, "Device.", 7));
	cr_expect(!attributes_touch(&a, "Device.B.", 9));
	set(&a, "Device.B.", 1, NULL, 0);
	cr_expect(attributes_touch(&a, "Device.B.1.C.", 13));
	attributes_free(&a);
}

Test(attribute, records)
{
	static const char list[] = "Subscriber\0two\0";
	struct attributes a = {0}, b = {0};
	char record[256];

	set(&a, "Device.A.", 1, list, sizeof(list));
	set(&a, "Device.A.B", 2, NULL, 0);
	set(&a, "Device.C", -1, "", 1);
	for (size_t i = 0; i < a.count; i++) {
		long length = attribute_format(&a.entries[i], record, sizeof(record));

		cr_assert(length > 0);
		cr_expect_eq(attributes_load(&b, a.entries[i].path, record, (size_t)length), 0);
	}
	cr_expect_eq(b.count, 3);
	cr_expect_eq(get(&b, "Device.A.B"), 2);
	cr_expect(!memcmp(attributes_access_list(&b, "Device.A.B", 10), list, sizeof(list)));
	cr_expect(!attributes_local_write(&b, "Device.C", 8));
	cr_expect_eq(attributes_load(&b, "x", "", 0), -EBADMSG);
	cr_expect_eq(attributes_load(&b, "x", "9-", 2), -EBADMSG);
	cr_expect_eq(attributes_load(&b, "x", "1+abc", 5), -EBADMSG, "not ended");
	cr_expect_eq(attributes_load(&b, "x", "1+abc", 6), -EBADMSG, "ended once only");
	attributes_free(&a);
	attributes_free(&b);
}

Test(attribute, copy_and_bound)
{
	struct attributes a = {0}, b;
	char path[32];

	for (int i = 0; i < ATTRIBUTE_ENTRIES_MAXIMUM; i++) {
		snprintf(path, sizeof(path), "Device.P%d", i);
		cr_assert_eq(set(&a, path, 1, NULL, 0), 0);
	}
	cr_expect_eq(set(&a, "Device.Q", 1, NULL, 0), -ENOSPC);
	cr_expect_eq(attributes_copy(&b, &a), 0);
	for (size_t i = 1; i < b.count; i++)
		cr_assert(strcmp(b.entries[i - 1].path, b.entries[i].path) < 0, "in order");
	cr_expect_eq(b.count, a.count);
	set(&b, "Device.", 0, NULL, 0);
	cr_expect_eq(b.count, 1);
	cr_expect_eq(get(&a, "Device.P7"), 1, "the original stays");
	attributes_free(&a);
	attributes_free(&b);
}
