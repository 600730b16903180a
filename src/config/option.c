/* SPDX-License-Identifier: MIT */
/*
 * One row is all there is to an option, so adding one is adding a row, a
 * member, and its two places in the manual and the sample, which a test asks
 * for.  Invariant: names are unique over all places.
 */
#include "config/option.h"

#include <string.h>

#include "config/config.h"

static const char *const may_be_off[] = {"", NULL};
static const char *const log_targets[] = {"", "-", NULL};
static const char *const log_levels[] = {
	"error", "warn", "info", "debug", NULL};
static const char *const log_formats[] = {"logfmt", "json", NULL};
static const char *const jwks_types[] = {
	"application/jwk-set+json", "application/json", NULL};

#define TOP(member) \
	.place = CONFIG_TOP, .offset = offsetof(struct config, member)
#define BLOCK(where, member) \
	.place = where, .offset = offsetof(struct config_issuer, member)

const struct config_option config_options[] = {
	{
		.name = "listen",
		TOP(listen),
		.number = offsetof(struct config, n_listen),
		.type = CONFIG_LIST,
		.fallback = "{ \"127.0.0.1:8080\" }",
		.unit = "",
		.doc = "Addresses on which the documents are served: "
		       "\"127.0.0.1:8080\", \"[::1]:8080\", \"*:8080\" or "
		       "\"unix:/path\"; with TLS when \"tls:\" stands before "
		       "it.",
	},
	{
		.name = "tls-certificates",
		TOP(tls_certificates),
		.number = offsetof(struct config, n_tls_certificates),
		.type = CONFIG_PATHS,
		.fallback = "\"\"",
		.words = may_be_off,
		.unit = "",
		.doc = "Files with a certificate for TLS and those that issued "
		       "it, in PEM.  The names in them choose among several, "
		       "and the first is for all other names.",
	},
	{
		.name = "tls-keys",
		TOP(tls_keys),
		.number = offsetof(struct config, n_tls_keys),
		.type = CONFIG_PATHS,
		.fallback = "\"\"",
		.words = may_be_off,
		.unit = "",
		.doc = "Files with the certificates' private keys, in the same "
		       "order.  They belong to this listener alone, and never "
		       "to a cluster.",
	},
	{
		.name = "proxy-protocol",
		TOP(proxies),
		.number = offsetof(struct config, n_proxies),
		.type = CONFIG_LIST,
		.fallback = "{ \"none\" }",
		.unit = "",
		.doc = "Addresses (\"10.0.0.0/8\", \"192.0.2.1\", "
		       "\"unix\") from which each connection begins with a "
		       "PROXY protocol header, version 1 or 2; the access log "
		       "then shows the address in it.",
	},
	{
		.name = "admin",
		TOP(admin),
		.type = CONFIG_STRING,
		.fallback = "\"127.0.0.1:8081\"",
		.unit = "",
		.doc = "Address of the status page, health checks and metrics; "
		       "\"\" for none.",
	},
	{
		.name = "admin-public",
		TOP(admin_public),
		.type = CONFIG_BOOL,
		.fallback = "false",
		.unit = "",
		.doc = "Allow an admin address that other machines can reach.  "
		       "It shows nothing secret, but it is not made for "
		       "strangers.",
	},
	{
		.name = "workers",
		TOP(workers),
		.type = CONFIG_INT,
		.fallback = "0",
		.max = 256,
		.unit = "threads",
		.doc = "Threads that serve; 0 is one for each processor.",
	},
	{
		.name = "state",
		TOP(state),
		.type = CONFIG_PATH,
		.fallback = "\"" JWKSD_STATEDIR "/state\"",
		.words = may_be_off,
		.unit = "",
		.doc = "Directory in which the last good keys of each issuer "
		       "are kept over a restart; \"\" for none.",
	},
	{
		.name = "access-log",
		TOP(access_log),
		.type = CONFIG_PATH,
		.fallback = "\"\"",
		.words = log_targets,
		.unit = "",
		.doc = "File with one line for each request; \"-\" is standard "
		       "error, \"\" is off.",
	},
	{
		.name = "access-log-sample",
		TOP(access_log_sample),
		.type = CONFIG_INT,
		.fallback = "1",
		.min = 1,
		.max = 1000000,
		.unit = "requests",
		.doc = "Write one line for so many requests.",
	},
	{
		.name = "log-level",
		TOP(log_level),
		.type = CONFIG_LEVEL,
		.fallback = "\"info\"",
		.words = log_levels,
		.unit = "",
		.doc = "The least important event that is logged: error, warn, "
		       "info or debug.",
	},
	{
		.name = "log-format",
		TOP(log_format),
		.type = CONFIG_STRING,
		.fallback = "\"logfmt\"",
		.words = log_formats,
		.unit = "",
		.doc = "How a line of the log and of the access log is "
		       "written: logfmt or json.",
	},
	{
		.name = "header-timeout",
		TOP(header_timeout),
		.type = CONFIG_INT,
		.fallback = "10",
		.min = 1,
		.max = 3600,
		.unit = "seconds",
		.doc = "Time for a whole request, from its first byte.",
	},
	{
		.name = "idle-timeout",
		TOP(idle_timeout),
		.type = CONFIG_INT,
		.fallback = "75",
		.min = 1,
		.max = 86400,
		.unit = "seconds",
		.doc = "Time that a connection may wait for its next request.  "
		       "Longer than the ingress keeps its connections, so that "
		       "the ingress is the one who closes.",
	},
	{
		.name = "write-timeout",
		TOP(write_timeout),
		.type = CONFIG_INT,
		.fallback = "30",
		.min = 1,
		.max = 3600,
		.unit = "seconds",
		.doc = "Time in which a peer has to take the whole of its "
		       "answer, or 16 KiB of it.",
	},
	{
		.name = "drain-timeout",
		TOP(drain_timeout),
		.type = CONFIG_INT,
		.fallback = "10",
		.max = 3600,
		.unit = "seconds",
		.doc = "Time that open connections have after SIGTERM.  Less "
		       "than the service manager waits.",
	},
	{
		.name = "max-connections",
		TOP(max_connections),
		.type = CONFIG_INT,
		.fallback = "10000",
		.min = 1,
		.max = 1000000,
		.unit = "connections",
		.doc = "Connections in all.  For one more the longest idle one "
		       "is closed, or else the new one.",
	},
	{
		.name = "max-connections-per-address",
		TOP(max_connections_per_address),
		.type = CONFIG_INT,
		.fallback = "0",
		.max = 1000000,
		.unit = "connections",
		.doc = "Connections from one address; 0 is no limit.  Behind "
		       "an "
		       "ingress all of them come from its address, so a limit "
		       "is for a jwksd that is reached directly.",
	},
	{
		.name = "sandbox",
		TOP(sandbox),
		.type = CONFIG_BOOL,
		.fallback = "true",
		.unit = "",
		.doc = "Give up, once started, the access to other files and "
		       "the system calls that serving does not need, as far "
		       "as the kernel can.",
	},
	{
		.name = "rescan",
		TOP(rescan),
		.type = CONFIG_INT,
		.fallback = "60",
		.min = 1,
		.max = 86400,
		.unit = "seconds",
		.doc = "Time between two looks at everything that is watched, "
		       "for changes that the kernel did not tell of (network "
		       "file systems, too many watches).",
	},
	{
		.name = "keys",
		BLOCK(CONFIG_SINGLE, keys),
		.number = offsetof(struct config_issuer, n_keys),
		.type = CONFIG_PATHS,
		.unit = "",
		.doc = "Files and directories with the public keys, in the "
		       "order in which they are to be published.",
	},
	{
		.name = "directory",
		BLOCK(CONFIG_FLEET, directory),
		.type = CONFIG_PATH,
		.unit = "",
		.doc = "Directory of which each subdirectory is an issuer: its "
		       "name stands for the star, its files are the keys.",
	},
	{
		.name = "max-age",
		BLOCK(CONFIG_ISSUER, max_age),
		.type = CONFIG_INT,
		.fallback = "3600",
		/* what jwksctl waits before a published key may sign is a day
		 * unless told otherwise, and must not be less than this */
		.max = 86400,
		.unit = "seconds",
		.doc = "Time for which caches may keep the documents.  A new "
		       "key must have been published for longer than this "
		       "before it signs.",
	},
	{
		.name = "jwks-content-type",
		BLOCK(CONFIG_ISSUER, jwks_content_type),
		.type = CONFIG_STRING,
		.fallback = "\"application/jwk-set+json\"",
		.words = jwks_types,
		.unit = "",
		.doc = "Content-Type of the keys: application/jwk-set+json, as "
		       "kube-apiserver sends it, or application/json for "
		       "clients that insist.",
	},
};

const size_t config_options_count =
	sizeof(config_options) / sizeof(config_options[0]);

_Static_assert(sizeof(config_options) / sizeof(config_options[0]) <=
		       CONFIG_OPTIONS_MAX,
	"CONFIG_OPTIONS_MAX is too small");

const struct config_option *
config_option_find(const char *name)
{
	size_t i;

	for (i = 0; i < config_options_count; i++)
		if (strcmp(config_options[i].name, name) == 0)
			return &config_options[i];
	return NULL;
}
