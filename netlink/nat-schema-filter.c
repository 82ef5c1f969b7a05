/* SPDX-License-Identifier: BSD-2-Clause */
/* The objects of address translation and of the firewall (TR-181, Device.NAT., Device.Firewall.). */
#include "netlink/nat.h"

const char *const nat_setting_statuses[] = {
	"Disabled", "Enabled", "Enabled_NATForcedDisabled", "Enabled_PortMappingDisabled", "Error_Misconfigured",
	"Error",    NULL};
static const char *const types[] = {"Stateless", "Stateful", NULL};
/* High and Low are TR-181's, and said of rulesets that the device's maker can vouch for; this one is anybody's. */
static const char *const configurations[] = {"High", "Low", "Advanced", "Policy", "X_ESPALIER_Ruleset", NULL};
static const char *const creators[] = {"Defaults", "PortMapping", "WANIPv6FirewallControl", "ACS", "UserInterface",
				       "Other",	   NULL};

const struct espalier_parameter nat_schema_nat[] = {
	[NAT_INTERFACE_SETTINGS] = {"InterfaceSettingNumberOfEntries", ESPALIER_UNSIGNED_INT,
				    .description = "Rows of InterfaceSetting"},
	[NAT_PORT_MAPPINGS] = {"PortMappingNumberOfEntries", ESPALIER_UNSIGNED_INT,
			       .description = "Rows of PortMapping"},
	[NAT_PORT_MAPPINGS_MAXIMUM] = {"MaxNumberOfPortMappings", ESPALIER_UNSIGNED_INT,
				       .description = "How many there can be"},
	[NAT_RULES] = {"X_ESPALIER_TranslationRules", ESPALIER_UNSIGNED_INT,
		       .description = "Rules that translate source addresses of IPv4, whatever interface they are for"},
	[NAT_RULES_ERROR] = {"X_ESPALIER_LastError", ESPALIER_STRING, .maximum_length = 256,
			     .description = "Why the packet filter can't be seen or changed; empty: it can"},
	{0},
};

const struct espalier_parameter nat_schema_interface_setting[] = {
	[INTERFACE_SETTING_ENABLE] = {"Enable", ESPALIER_BOOLEAN,
				      .description = "Whether packets are translated that leave by it"},
	[INTERFACE_SETTING_STATUS] = {"Status", ESPALIER_STRING, .enumeration = nat_setting_statuses,
				      .description = "Error_Misconfigured: nobody publishes an interface of that name"},
	[INTERFACE_SETTING_ALIAS] = {"Alias", ESPALIER_STRING, ESPALIER_UNIQUE_KEY,
				     .maximum_length = PORT_MAPPING_ALIAS, .description = "A name of the row"},
	[INTERFACE_SETTING_INTERFACE] = {"Interface", ESPALIER_STRING, ESPALIER_UNIQUE_KEY | ESPALIER_STRONG_REFERENCE,
					 .maximum_length = PORT_MAPPING_PATH, .description = "The IP interface"},
	[INTERFACE_SETTING_TCP_TIMEOUT] = {"TCPTranslationTimeout", ESPALIER_INT, .range = "-1:",
					   .description = "Seconds that an established connection may be silent"},
	[INTERFACE_SETTING_UDP_TIMEOUT] = {"UDPTranslationTimeout", ESPALIER_INT, .range = "-1:",
					   .description = "Seconds that a binding may be silent that was answered"},
	[INTERFACE_SETTING_NAME] = {"X_ESPALIER_Name", ESPALIER_STRING, .maximum_length = 64,
				    .description = "The interface's name as the rules give it"},
	{0},
};

const struct espalier_parameter nat_schema_firewall[] = {
	[FIREWALL_ENABLE] = {"Enable", ESPALIER_BOOLEAN,
			     .description = "Whether some rule or policy of nftables refuses packets"},
	[FIREWALL_CONFIG] = {"Config", ESPALIER_STRING, .enumeration = configurations,
			     .description = "X_ESPALIER_Ruleset: as the device's own ruleset says"},
	[FIREWALL_TYPE] = {"Type", ESPALIER_STRING, .enumeration = types,
			   .description = "Stateful: some rule looks at the state of connections"},
	[FIREWALL_VERSION] = {"Version", ESPALIER_STRING, .maximum_length = 16,
			      .description = "The kernel's number of the ruleset, another one after each change"},
	[FIREWALL_LAST_CHANGE] = {"LastChange", ESPALIER_DATE_TIME, .description = "When the ruleset changed last"},
	[FIREWALL_CHAINS] = {"ChainNumberOfEntries", ESPALIER_UNSIGNED_INT, .description = "Rows of Chain"},
	[FIREWALL_ALL_TABLES] = {"X_ESPALIER_Tables", ESPALIER_UNSIGNED_INT, .description = "Tables of nftables"},
	[FIREWALL_ALL_CHAINS] = {"X_ESPALIER_Chains", ESPALIER_UNSIGNED_INT,
				 .description = "Chains of nftables, also those without a row"},
	[FIREWALL_ALL_RULES] = {"X_ESPALIER_Rules", ESPALIER_UNSIGNED_INT, .description = "Rules of nftables"},
	{0},
};

const struct espalier_parameter nat_schema_chain[] = {
	[CHAIN_ENABLE] = {"Enable", ESPALIER_BOOLEAN, .description = "A chain that is there is in force"},
	[CHAIN_ALIAS] = {"Alias", ESPALIER_STRING, ESPALIER_UNIQUE_KEY, .maximum_length = PORT_MAPPING_ALIAS,
			 .description = "A name of the row"},
	[CHAIN_NAME] = {"Name", ESPALIER_STRING, ESPALIER_UNIQUE_KEY, .maximum_length = 64,
			.description = "Family, table and chain"},
	[CHAIN_CREATOR] = {"Creator", ESPALIER_STRING, .enumeration = creators,
			   .description = "PortMapping: the table of Device.NAT.PortMapping"},
	[CHAIN_RULES] = {"X_ESPALIER_Rules", ESPALIER_UNSIGNED_INT, .description = "Rules in it"},
	{0},
};
