/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's packet filter, by libnftables and its JSON (libnftables-json(5)). */
#pragma once

#include <stddef.h>

/** Room for what is wrong, one line with its NUL */
#define NFTABLES_ERROR_SIZE 160

/**
 * nftables_generation() - asks which ruleset is in force; also whether there is one and it may be seen
 *
 * Returns 0; -EPERM without CAP_NET_ADMIN; -EOPNOTSUPP for a kernel without nftables; or another -errno. When it is not
 * 0, the functions below must not be called: libnftables would end the program where there is no socket for it.
 */
int nftables_generation(unsigned int *generation);

/**
 * nftables_run() - does all of the JSON's commands as one transaction, or nothing
 * @error_text: gets, on error, the first line of what libnftables or the kernel says
 *
 * Waits for the kernel. Returns 0 or -errno.
 */
int nftables_run(const char *commands, char error_text[NFTABLES_ERROR_SIZE]);

/**
 * nftables_list() - the whole ruleset in JSON, without the elements of sets
 * @text: gets it, to be freed by the caller
 *
 * Returns 0 or -errno.
 */
int nftables_list(char **text);
