// SPDX-License-Identifier: GPL-2.0-or-later
// agent/cwmp-version.c: what the versions of CWMP can tell.
#include "agent/cwmp-version.h"

#include <criterion/criterion.h>
#include <errno.h>

Test(cwmp_version, texts)
{
	cr_expect_eq(cwmp_version_of_text("1.0"), CWMP_1_0);
	cr_expect_eq(cwmp_version_of_text("1.4"), CWMP_1_4);
	cr_expect_eq(cwmp_version_of_text("1.5"), -EINVAL);
	cr_expect_eq(cwmp_version_of_text("1.40"), -EINVAL);
	cr_expect_eq(cwmp_version_of_text("\n\t1.2 \r\n"), CWMP_1_2);
	cr_expect_eq(cwmp_version_of_text("1.2 1"), -EINVAL);
	cr_expect_eq(cwmp_version_of_text(""), -EINVAL);
	for (int version = CWMP_1_0; version <= CWMP_1_4; version++)
		cr_expect_eq(cwmp_version_of_text(cwmp_version_text((enum cwmp_version)version)), version);
}

Test(cwmp_version, namespaces)
{
	cr_expect_eq(cwmp_version_of_namespace(SOAP_NAMESPACE_CWMP_1_0), CWMP_1_0);
	cr_expect_eq(cwmp_version_of_namespace(SOAP_NAMESPACE_CWMP_1_1), CWMP_1_1);
	cr_expect_eq(cwmp_version_of_namespace(SOAP_NAMESPACE_CWMP_1_2), CWMP_1_3, "at most 1.3");
	cr_expect_eq(cwmp_version_of_namespace(SOAP_NAMESPACE_CWMP_1_3), CWMP_1_3);
	cr_expect_eq(cwmp_version_of_namespace(SOAP_NAMESPACE_CWMP_1_4), CWMP_1_4);
	cr_expect_eq(cwmp_version_namespace(CWMP_1_0), SOAP_NAMESPACE_CWMP_1_0);
	cr_expect_eq(cwmp_version_namespace(CWMP_1_1), SOAP_NAMESPACE_CWMP_1_1);
	for (int version = CWMP_1_2; version <= CWMP_1_4; version++)
		cr_expect_eq(cwmp_version_namespace((enum cwmp_version)version), SOAP_NAMESPACE_CWMP_1_2);
}

Test(cwmp_version, aliases)
{
	for (int version = CWMP_1_0; version <= CWMP_1_4; version++)
		cr_expect_eq(cwmp_version_has_aliases((enum cwmp_version)version), version >= CWMP_1_3);
}

Test(cwmp_version, notifications)
{
	static const uint32_t before[] = {0, 1, 2, 0, 1, 0, 1};

	for (uint32_t notification = 0; notification <= 6; notification++) {
		cr_expect_eq(cwmp_version_notification(CWMP_1_4, notification), notification);
		cr_expect_eq(cwmp_version_notification(CWMP_1_3, notification), notification);
		cr_expect_eq(cwmp_version_notification(CWMP_1_2, notification), before[notification]);
	}
}

Test(cwmp_version, faults_of_transfers)
{
	static const unsigned of_1_0[] = {0, 9001, 9002, 9010, 9011, 9012, 9800, 9899};

	for (size_t i = 0; i < sizeof(of_1_0) / sizeof(*of_1_0); i++)
		cr_expect_eq(cwmp_version_transfer_fault(CWMP_1_0, of_1_0[i], false), of_1_0[i]);
	for (unsigned code = 9014; code <= 9020; code++) {
		cr_expect_eq(cwmp_version_transfer_fault(CWMP_1_0, code, false), 9010);
		cr_expect_eq(cwmp_version_transfer_fault(CWMP_1_0, code, true), 9011);
		cr_expect_eq(cwmp_version_transfer_fault(CWMP_1_1, code, false), code);
	}
}
