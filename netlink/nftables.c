/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's packet filter, by libnftables and its JSON. A context for each call: kept, it would keep the ruleset. */
#include "netlink/nftables.h"

#include "netlink/channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <nftables/libnftables.h>

static int take_generation(const struct nlmsghdr *header, void *context)
{
	struct nlattr *id = nlmsg_find_attr((struct nlmsghdr *)header, sizeof(struct nfgenmsg), NFTA_GEN_ID);

	if (id && nla_len(id) >= (int)sizeof(uint32_t))
		*(unsigned int *)context = ntohl(nla_get_u32(id));
	return 0;
}

int nftables_generation(unsigned int *generation)
{
	const struct nfgenmsg body = {.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0};
	struct channel_buffer buffer = {0};
	struct channel channel = {0};
	struct nl_msg *message = NULL;
	int error = channel_open_protocol(&channel, NETLINK_NETFILTER, &buffer, 0);

	*generation = 0;
	if (!error) {
		error = -ENOMEM;
		message = nlmsg_alloc_simple(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN, 0);
		if (message && !nlmsg_append(message, (void *)&body, sizeof(body), NLMSG_ALIGNTO))
			error = channel_request(&channel, message, take_generation, generation);
		nlmsg_free(message);
	}
	channel_close(&channel);
	free(buffer.bytes);
	/* nfnetlink says EINVAL where nobody has registered the subsystem. */
	return error == -EINVAL ? -EOPNOTSUPP : error;
}

/* libnftables has no numbers for what went wrong. */
static int error_of(const char *text)
{
	static const int known[] = {EPERM, ENOMEM, EOPNOTSUPP, ENOENT, EEXIST, EBUSY, EMSGSIZE};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strstr(text, strerror(known[i])))
			return -known[i];
	}
	return -EIO;
}

static struct nft_ctx *open_context(void)
{
	struct nft_ctx *context = nft_ctx_new(NFT_CTX_DEFAULT);

	if (!context)
		return NULL;
	nft_ctx_output_set_flags(context, NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_NUMERIC_PRIO | NFT_CTX_OUTPUT_TERSE);
	if (nft_ctx_buffer_output(context) || nft_ctx_buffer_error(context)) {
		nft_ctx_free(context);
		return NULL;
	}
	return context;
}

int nftables_run(const char *commands, char error_text[NFTABLES_ERROR_SIZE])
{
	struct nft_ctx *context = open_context();
	int error = 0;

	if (!context)
		return -ENOMEM;
	if (nft_run_cmd_from_buffer(context, commands)) {
		const char *text = nft_ctx_get_error_buffer(context);
		size_t length = strcspn(text, "\n");

		error = error_of(text);
		if (length >= NFTABLES_ERROR_SIZE)
			length = NFTABLES_ERROR_SIZE - 1;
		memcpy(error_text, text, length);
		error_text[length] = '\0';
	}
	nft_ctx_free(context);
	return error;
}

int nftables_list(char **text)
{
	static const char command[] = "{\"nftables\": [{\"list\": {\"ruleset\": null}}]}";
	struct nft_ctx *context = open_context();
	int error = 0;

	*text = NULL;
	if (!context)
		return -ENOMEM;
	if (nft_run_cmd_from_buffer(context, command)) {
		error = error_of(nft_ctx_get_error_buffer(context));
	} else {
		*text = strdup(nft_ctx_get_output_buffer(context));
		if (!*text)
			error = -ENOMEM;
	}
	nft_ctx_free(context);
	return error;
}
