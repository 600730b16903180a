/* SPDX-License-Identifier: MIT */
/*
 * The table of subcommands, and the program's top: find the row, parse by it,
 * run it.  Invariant: whatever a command printed has reached standard output
 * when the program says that it succeeded.
 */
#include "jwksctl/cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jwksctl/cmd_aws.h"
#include "jwksctl/cmd_kube.h"

#define BIT(state) (1U << (state))

#define OPTION_OUTPUT                                                          \
	{                                                                      \
		"o", "FORM", false, "text (for people) or json (for programs)" \
	}
#define OPTION_FORCE                                                     \
	{"force", NULL, false, "do it before its time; needs --reason"}, \
	{                                                                \
		"reason", "TEXT", false, "why, for the journal"          \
	}
#define OPTION_GATES                                                           \
	{"url", "URL", false,                                                  \
		"where the public JWKS is, if not at the issuer"},             \
		{"ca", "FILE", false,                                          \
			"certificates to trust for --url and --apiserver"},    \
		{"connect", "HOST:PORT", false,                                \
			"connect there instead for the public JWKS"},          \
		{"apiserver", "URL", true, "ask this API server as well"},     \
		{"bearer", "FILE", false, "token to show to the API servers"}, \
		{"token", "FILE", false,                                       \
			"a fresh service-account token to look at"},           \
	{                                                                      \
		"waive", "GATE", true,                                         \
			"do without this gate: url, apiserver or token"        \
	}
#define OPTION_POLICY                                                          \
	{"alg", "ALG", false, "RS256, ES256, ES384 or ES512, of new keys"},    \
		{"bits", "N", false, "2048, 3072 or 4096, of new RSA keys"},   \
		{"publish-ahead", "TIME", false,                               \
			"a new key is published for so long before it signs"}, \
		{"token-lifetime", "TIME", false,                              \
			"the longest life of a token for AWS or others "       \
			"outside"},                                            \
		{"api-token-lifetime", "TIME", false,                          \
			"the longest life of a token for the API server"},     \
		{"skew", "TIME", false, "how far clocks may be apart"},        \
		{"max-age", "TIME", false,                                     \
			"for how long the JWKS may be cached"},                \
		{"rotation-max-age", "TIME", false,                            \
			"... while a rotation is open"},                       \
		{"rollout", "TIME", false,                                     \
			"all API servers have restarted so long after a "      \
			"step"},                                               \
	{                                                                      \
		"period", "TIME", false,                                       \
			"rotate starts a rotation so often; 0: not"            \
	}
#define OPTION_END                      \
	{                               \
		NULL, NULL, false, NULL \
	}

static const struct ctl_option init_options[] = {
	{"issuer", "URL", false, "the issuer, byte for byte as in tokens"},
	{"adopt", "FILE", true,
		"a key that the cluster has: public, or the signing key"},
	{"adopt-jwks", "FILE|URL", false, "a JWKS whose keys the cluster has"},
	{"signing", "KID", false,
		"which adopted key signs, when that is not clear"},
	OPTION_POLICY,
	OPTION_END,
};

static const struct ctl_option policy_options[] = {
	OPTION_POLICY,
	OPTION_OUTPUT,
	OPTION_FORCE,
	OPTION_END,
};

static const struct ctl_option view_options[] = {OPTION_OUTPUT, OPTION_END};

static const struct ctl_option stage_options[] = {
	OPTION_OUTPUT,
	OPTION_FORCE,
	OPTION_END,
};

static const struct ctl_option kid_options[] = {
	{"kid", "KID", false, "which key, when that is not clear"},
	OPTION_OUTPUT,
	OPTION_FORCE,
	OPTION_END,
};

static const struct ctl_option gate_options[] = {
	{"kid", "KID", false, "which key, when that is not clear"},
	OPTION_OUTPUT,
	OPTION_FORCE,
	OPTION_GATES,
	OPTION_END,
};

static const struct ctl_option rotate_options[] = {
	{"now", NULL, false, "start a rotation though none is due"},
	OPTION_OUTPUT,
	OPTION_GATES,
	OPTION_END,
};

static const struct ctl_option flags_options[] = {
	{"for", "TOOL", false, "kubeadm, k3s, rke2, talos, kops or systemd"},
	{"old-issuer", "URL", false,
		"how to change from this issuer to the keyring's"},
	OPTION_END,
};

static const struct ctl_option mint_options[] = {
	{"service-account", "NS/NAME", false, "whose token it is"},
	{"audience", "AUD", false, "for whom; else sts.amazonaws.com"},
	{"expires", "TIME", false, "how long it lives; else 10m"},
	OPTION_END,
};

static const struct ctl_option verify_options[] = {
	{"audience", "AUD", false,
		"what aud must hold; else sts.amazonaws.com"},
	{"jwks", "FILE|URL", false, "keys to verify with, else the keyring's"},
	OPTION_END,
};

static const struct ctl_option kids_options[] = {
	{"for", "COMMAND", false, "only those that the command takes"},
	OPTION_END,
};

static const struct ctl_option no_options[] = {OPTION_END};

/* name, arguments, summary, dirs, words, words_max, kid_states,
 * options, run */
const struct ctl_cmd ctl_cmds[] = {
	{"init", "DIR", "make a keyring, of a new key or of the cluster's",
		CTL_ONE_DIR, 0, 0, 0, init_options, cmd_init},
	{"list", "DIR...", "the keys and their states", CTL_MANY_DIRS, 0, 0, 0,
		view_options, cmd_list},
	{"show", "DIR KID", "all that is known of a key", CTL_ONE_DIR, 1, 1,
		BIT(KEYRING_STATES) - 1, view_options, cmd_show},
	{"status", "DIR...", "how a keyring fares and what comes next",
		CTL_MANY_DIRS, 0, 0, 0, view_options, cmd_status},
	{"plan", "DIR...", "the steps ahead, and when each is safe",
		CTL_MANY_DIRS, 0, 0, 0, view_options, cmd_plan},
	{"rotate", "DIR", "take the step that is due, or say when it is",
		CTL_ONE_DIR, 0, 0, 0, rotate_options, cmd_rotate},
	{"stage", "DIR", "make the next key and publish it", CTL_ONE_DIR, 0, 0,
		0, stage_options, cmd_stage},
	{"activate", "DIR", "sign with the staged key", CTL_ONE_DIR, 0, 0,
		BIT(KEYRING_STAGED) | BIT(KEYRING_RETIRING), gate_options,
		cmd_activate},
	{"retire", "DIR", "take a key out whose tokens have expired",
		CTL_ONE_DIR, 0, 0, BIT(KEYRING_RETIRING), gate_options,
		cmd_retire},
	{"revoke", "DIR KID", "take a key out at once, with its tokens",
		CTL_ONE_DIR, 1, 1, BIT(KEYRING_RETIRING) | BIT(KEYRING_RETIRED),
		stage_options, cmd_revoke},
	{"restore", "DIR KID", "publish a retired or revoked key again",
		CTL_ONE_DIR, 1, 1, BIT(KEYRING_RETIRED) | BIT(KEYRING_REVOKED),
		stage_options, cmd_restore},
	{"discard", "DIR", "take back a staged key", CTL_ONE_DIR, 0, 0,
		BIT(KEYRING_STAGED), kid_options, cmd_discard},
	{"policy", "DIR", "change the waits, or the kind of the next keys",
		CTL_ONE_DIR, 0, 0, 0, policy_options, cmd_policy},
	{"apiserver-flags", "DIR", "the API servers' flags, for your installer",
		CTL_ONE_DIR, 0, 0, 0, flags_options, cmd_apiserver_flags},
	{"export", "DIR OUT", "the documents as files, with their headers",
		CTL_ONE_DIR, 1, 1, 0, no_options, cmd_export},
	{"lint", "FILE|URL", "what those who read a JWKS make of it",
		CTL_NO_DIR, 1, 1, 0, no_options, cmd_lint},
	{"token mint", "DIR", "a service account's token, for trying out",
		CTL_ONE_DIR, 0, 0, 0, mint_options, cmd_token_mint},
	{"token verify", "DIR FILE", "would a strict verifier take a token?",
		CTL_ONE_DIR, 1, 1, 0, verify_options, cmd_token_verify},
	{"token decode", "FILE", "a token's header and claims, unverified",
		CTL_NO_DIR, 1, 1, 0, no_options, cmd_token_decode},
	{"doctor", "ISSUER", "which link from a token to a role is broken",
		CTL_NO_DIR, 1, 1, 0, doctor_options, cmd_doctor},
	{"aws provider", "", "the IAM OIDC provider of an issuer", CTL_NO_DIR,
		0, 0, 0, aws_provider_options, cmd_aws_provider},
	{"aws thumbprint", "URL", "what IAM would compute for an issuer",
		CTL_NO_DIR, 1, 1, 0, aws_thumbprint_options,
		cmd_aws_thumbprint},
	{"aws trust-policy", "", "a role's trust policy, new or extended",
		CTL_NO_DIR, 0, 0, 0, aws_trust_policy_options,
		cmd_aws_trust_policy},
	{"aws audit", "FILE...", "what is too wide in trust policies",
		CTL_NO_DIR, 1, 1000, 0, aws_audit_options, cmd_aws_audit},
	{"aws simulate", "", "would AWS take this token for this role?",
		CTL_NO_DIR, 0, 0, 0, aws_simulate_options, cmd_aws_simulate},
	{"kube check", "", "does a cluster agree with what is published?",
		CTL_NO_DIR, 0, 0, 0, kube_check_options, cmd_kube_check},
	{"kube irsa-policy", "", "what gives pods their service account's role",
		CTL_NO_DIR, 0, 0, 0, kube_irsa_policy_options,
		cmd_kube_irsa_policy},
	{"mirror", "", "keep the keys that API servers show, for jwksd",
		CTL_NO_DIR, 0, 0, 0, mirror_options, cmd_mirror},
	{"completion", "SHELL", "completion for bash, zsh or fish", CTL_NO_DIR,
		1, 1, 0, no_options, cmd_completion},
	{"kids", "DIR", NULL, CTL_ONE_DIR, 0, 0, 0, kids_options, cmd_kids},
};

const size_t ctl_cmds_count = sizeof(ctl_cmds) / sizeof(ctl_cmds[0]);

static void
print_usage(FILE *out)
{
	size_t i;

	fprintf(out, "usage: jwksctl COMMAND [DIR] [OPTION...]\n\n"
		     "DIR is a keyring's directory; JWKSD_KEYRING can name it "
		     "instead.\n\n");
	for (i = 0; i < ctl_cmds_count; i++)
		if (ctl_cmds[i].summary != NULL)
			fprintf(out, "  %-16s %s\n", ctl_cmds[i].name,
				ctl_cmds[i].summary);
	fprintf(out, "\njwksctl help COMMAND tells more; jwksctl(1) all.\n");
}

static void
print_help(FILE *out, const struct ctl_cmd *cmd)
{
	const struct ctl_option *o;
	char left[64];

	fprintf(out, "usage: jwksctl %s %s%s\n\n%s\n", cmd->name,
		cmd->arguments,
		cmd->options->name != NULL ? " [OPTION...]" : "", cmd->summary);
	if (cmd->options->name != NULL)
		fprintf(out, "\n");
	for (o = cmd->options; o->name != NULL; o++) {
		snprintf(left, sizeof(left), "%s%s%s%s",
			o->name[1] == '\0' ? "-" : "--", o->name,
			o->value != NULL ? " " : "",
			o->value != NULL ? o->value : "");
		fprintf(out, "  %-26s %s\n", left, o->help);
	}
}

enum ctl_exit
ctl_fail(const struct error *e)
{
	fprintf(stderr, "jwksctl: %s\n", e->text);
	return e->code == ERROR_EARLY ? CTL_EARLY : CTL_FAILED;
}

enum ctl_exit
ctl_usage(const struct error *e, const struct ctl_cmd *cmd)
{
	fprintf(stderr, "jwksctl: %s: %s; see `jwksctl help %s`\n", cmd->name,
		e->text, cmd->name);
	return CTL_USAGE;
}

/* The row whose name the words begin with; *used words are the name's. */
static const struct ctl_cmd *
find_cmd(int argc, char **argv, int *used)
{
	const char *second;
	size_t i, len;

	for (i = 0; argc > 0 && i < ctl_cmds_count; i++) {
		second = strchr(ctl_cmds[i].name, ' ');
		len = second != NULL ? (size_t)(second - ctl_cmds[i].name)
				     : strlen(ctl_cmds[i].name);
		if (strlen(argv[0]) != len ||
			memcmp(argv[0], ctl_cmds[i].name, len) != 0)
			continue;
		if (second != NULL &&
			(argc < 2 || strcmp(argv[1], second + 1) != 0))
			continue;
		*used = second != NULL ? 2 : 1;
		return &ctl_cmds[i];
	}
	return NULL;
}

static enum ctl_exit
help(int argc, char **argv)
{
	const struct ctl_cmd *cmd;
	int used = 0;

	if (argc == 0) {
		print_usage(stdout);
		return CTL_OK;
	}
	cmd = find_cmd(argc, argv, &used);
	if (cmd == NULL) {
		fprintf(stderr, "jwksctl: there is no command \"%.64s\"\n",
			argv[0]);
		return CTL_USAGE;
	}
	print_help(stdout, cmd);
	return CTL_OK;
}

static enum ctl_exit
run(struct ctl *ctl, int argc, char **argv)
{
	const char *dir = getenv("JWKSD_KEYRING");
	struct error e = {0};

	if (dir != NULL && dir[0] == '\0')
		dir = NULL;
	if (argc == 1 && (strcmp(argv[0], "--help") == 0 ||
				 strcmp(argv[0], "-h") == 0)) {
		print_help(stdout, ctl->cmd);
		return CTL_OK;
	}
	if (ctl_parse(ctl, argc, argv, dir, &e) != 0)
		return ctl_usage(&e, ctl->cmd);
	return ctl->cmd->run(ctl);
}

static enum ctl_exit
dispatch(struct ctl *ctl, int argc, char **argv)
{
	int used = 0;

	if (argc == 0) {
		print_usage(stderr);
		return CTL_USAGE;
	}
	if (strcmp(argv[0], "help") == 0 || strcmp(argv[0], "--help") == 0 ||
		strcmp(argv[0], "-h") == 0)
		return help(argc - 1, argv + 1);
	if (strcmp(argv[0], "--version") == 0) {
		printf("jwksctl %s\n", PACKAGE_VERSION);
		return CTL_OK;
	}
	ctl->cmd = find_cmd(argc, argv, &used);
	if (ctl->cmd == NULL) {
		fprintf(stderr,
			"jwksctl: there is no command \"%.64s\"; `jwksctl "
			"help` lists them\n",
			argv[0]);
		return CTL_USAGE;
	}
	return run(ctl, argc - used, argv + used);
}

int
ctl_main(int argc, char **argv, const struct keyring_clock *clock,
	const char *by)
{
	struct ctl ctl = {.clock = *clock, .by = by};
	enum ctl_exit code;

	/* what we make, the next run has to open: umask is about others */
	umask(umask(S_IRWXG | S_IRWXO) & (S_IRWXG | S_IRWXO));
	ctl.colour = isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == NULL;
	code = dispatch(&ctl, argc - 1, argv + 1);
	ctl_release(&ctl);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr,
			"jwksctl: standard output cannot be written; what was "
			"asked may have been done\n");
		return CTL_FAILED;
	}
	return (int)code;
}
