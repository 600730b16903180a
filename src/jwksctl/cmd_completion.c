/* SPDX-License-Identifier: MIT */
/*
 * jwksctl completion: the shell's completion, made from the command table, so
 * that it cannot fall behind.  kids are asked for when they are completed
 * (`jwksctl kids`), because only those are offered that the verb could take.
 */
#include <stdio.h>
#include <string.h>

#include "jwksctl/view.h"

static void
print_options(const struct ctl_cmd *cmd, const char *between)
{
	const struct ctl_option *o;

	for (o = cmd->options; o->name != NULL; o++)
		printf("%s%s%s", between, o->name[1] == '\0' ? "-" : "--",
			o->name);
}

/* "token mint" as a word of a shell's case pattern or function. */
static void
print_name(const struct ctl_cmd *cmd)
{
	const char *c;

	for (c = cmd->name; *c != '\0'; c++)
		putchar(*c == ' ' ? '-' : *c);
}

/* Length of the first word of a name. */
static int
first_len(const struct ctl_cmd *cmd)
{
	return (int)strcspn(cmd->name, " ");
}

/* Is it the first row of its family: "token mint" of token's? */
static bool
is_first(size_t i)
{
	const char *name = ctl_cmds[i].name;

	return i == 0 ||
	       strncmp(name, ctl_cmds[i - 1].name, strcspn(name, " ") + 1) !=
		       0 ||
	       strchr(name, ' ') == NULL;
}

static void
print_first_words(const char *between)
{
	size_t i;

	for (i = 0; i < ctl_cmds_count; i++)
		if (ctl_cmds[i].summary != NULL && is_first(i))
			printf("%s%.*s", between, first_len(&ctl_cmds[i]),
				ctl_cmds[i].name);
}

/* A case for each family, that sets the variable `second` to its words. */
static void
print_families(const char *open, const char *close)
{
	size_t i, k;

	printf("\tcase $verb in\n");
	for (i = 0; i < ctl_cmds_count; i++) {
		if (strchr(ctl_cmds[i].name, ' ') == NULL || !is_first(i))
			continue;
		printf("\t%.*s) second=%s", first_len(&ctl_cmds[i]),
			ctl_cmds[i].name, open);
		for (k = i; k == i || (k < ctl_cmds_count && !is_first(k)); k++)
			printf(" %s", strchr(ctl_cmds[k].name, ' ') + 1);
		printf("%s ;;\n", close);
	}
	printf("\tesac\n");
}

static void
bash_case(const struct ctl_cmd *cmd)
{
	printf("\t");
	print_name(cmd);
	printf(")\n\t\toptions='");
	print_options(cmd, " ");
	printf("'\n");
	if (cmd->kid_states != 0)
		printf("\t\tkids=$(jwksctl kids \"$dir\" --for '%s' "
		       "2>/dev/null)\n",
			cmd->name);
	printf("\t\t;;\n");
}

static void
print_bash(void)
{
	size_t i;

	printf("# bash completion for jwksctl; made by `jwksctl completion "
	       "bash`\n"
	       "_jwksctl()\n{\n"
	       "\tlocal current=${COMP_WORDS[COMP_CWORD]}\n"
	       "\tlocal previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
	       "\tlocal verb=${COMP_WORDS[1]} dir=${COMP_WORDS[2]} options "
	       "kids second\n\n"
	       "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
	       "\t\tCOMPREPLY=($(compgen -W '");
	print_first_words(" ");
	printf("' -- \"$current\"))\n\t\treturn\n\tfi\n");
	print_families("'", "'");
	printf("\tif [ -n \"$second\" ]; then\n"
	       "\t\tif [ \"$COMP_CWORD\" -eq 2 ]; then\n"
	       "\t\t\tCOMPREPLY=($(compgen -W \"$second\" -- "
	       "\"$current\"))\n\t\t\treturn\n\t\tfi\n"
	       "\t\tverb=$verb-$dir dir=${COMP_WORDS[3]}\n\tfi\n"
	       "\t[ -d \"$dir\" ] || dir=$JWKSD_KEYRING\n"
	       "\tcase $verb in\n");
	for (i = 0; i < ctl_cmds_count; i++)
		if (ctl_cmds[i].summary != NULL)
			bash_case(&ctl_cmds[i]);
	printf("\tesac\n"
	       "\tif [ \"$previous\" = --kid ]; then\n"
	       "\t\tCOMPREPLY=($(compgen -W \"$kids\" -- \"$current\"))\n"
	       "\telif [ \"${current#-}\" != \"$current\" ]; then\n"
	       "\t\tCOMPREPLY=($(compgen -W \"$options\" -- \"$current\"))\n"
	       "\telif [ -n \"$kids\" ] && [ \"$COMP_CWORD\" -gt 2 ]; then\n"
	       "\t\tCOMPREPLY=($(compgen -W \"$kids\" -- \"$current\"))\n"
	       "\telse\n"
	       "\t\tCOMPREPLY=($(compgen -f -- \"$current\"))\n"
	       "\tfi\n}\n"
	       "complete -o filenames -F _jwksctl jwksctl\n");
}

static void
print_zsh(void)
{
	size_t i;

	printf("#compdef jwksctl\n"
	       "# zsh completion for jwksctl; made by `jwksctl completion "
	       "zsh`\n"
	       "_jwksctl()\n{\n"
	       "\tlocal verb=$words[2] dir=$words[3]\n"
	       "\tlocal -a options kids second\n\n"
	       "\tif (( CURRENT == 2 )); then\n\t\tcompadd --");
	print_first_words(" ");
	printf("\n\t\treturn\n\tfi\n");
	print_families("(", " )");
	printf("\tif (( $#second )); then\n"
	       "\t\tif (( CURRENT == 3 )); then\n"
	       "\t\t\tcompadd -- $second\n\t\t\treturn\n\t\tfi\n"
	       "\t\tverb=$verb-$dir dir=$words[4]\n\tfi\n"
	       "\t[[ -d $dir ]] || dir=$JWKSD_KEYRING\n"
	       "\tcase $verb in\n");
	for (i = 0; i < ctl_cmds_count; i++) {
		if (ctl_cmds[i].summary == NULL)
			continue;
		printf("\t");
		print_name(&ctl_cmds[i]);
		printf(")\n\t\toptions=(");
		print_options(&ctl_cmds[i], " ");
		printf(" )\n");
		if (ctl_cmds[i].kid_states != 0)
			printf("\t\tkids=( $(jwksctl kids \"$dir\" --for '%s' "
			       "2>/dev/null) )\n",
				ctl_cmds[i].name);
		printf("\t\t;;\n");
	}
	printf("\tesac\n"
	       "\tif [[ $words[CURRENT-1] == --kid ]]; then\n"
	       "\t\tcompadd -- $kids\n"
	       "\telif [[ $words[CURRENT] == -* ]]; then\n"
	       "\t\tcompadd -- $options\n"
	       "\telif (( CURRENT > 3 && $#kids )); then\n"
	       "\t\tcompadd -- $kids\n"
	       "\telse\n\t\t_files\n\tfi\n}\n"
	       "_jwksctl \"$@\"\n");
}

/* A description in fish's single quotes, which \\ and \' escape. */
static void
fish_description(const char *text)
{
	printf(" -d '");
	for (; *text != '\0'; text++) {
		if (*text == '\'' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
	printf("'\n");
}

static void
fish_options(const struct ctl_cmd *cmd)
{
	const char *second = strchr(cmd->name, ' ');
	const struct ctl_option *o;

	for (o = cmd->options; o->name != NULL; o++) {
		printf("complete -c jwksctl -n '__fish_seen_subcommand_from "
		       "%.*s%s%s' -%s %s%s",
			first_len(cmd), cmd->name,
			second != NULL ? "; and __fish_seen_subcommand_from"
				       : "",
			second != NULL ? second : "",
			o->name[1] == '\0' ? "s" : "l", o->name,
			o->value != NULL ? " -r" : "");
		fish_description(o->help);
	}
	if (cmd->kid_states != 0)
		printf("complete -c jwksctl -n '__fish_seen_subcommand_from "
		       "%s' "
		       "-a '(jwksctl kids (commandline -opc)[3] --for %s "
		       "2>/dev/null)'\n",
			cmd->name, cmd->name);
}

static void
fish_command(size_t i)
{
	const struct ctl_cmd *cmd = &ctl_cmds[i];
	const char *second = strchr(cmd->name, ' ');

	if (second == NULL)
		printf("complete -c jwksctl -n __fish_use_subcommand -a %s",
			cmd->name);
	else
		printf("complete -c jwksctl -n '__fish_seen_subcommand_from "
		       "%.*s' -a%s",
			first_len(cmd), cmd->name, second);
	fish_description(cmd->summary);
	if (second != NULL && is_first(i))
		printf("complete -c jwksctl -n __fish_use_subcommand -a "
		       "%.*s\n",
			first_len(cmd), cmd->name);
	fish_options(cmd);
}

static void
print_fish(void)
{
	size_t i;

	printf("# fish completion for jwksctl; made by `jwksctl completion "
	       "fish`\n");
	for (i = 0; i < ctl_cmds_count; i++)
		if (ctl_cmds[i].summary != NULL)
			fish_command(i);
}

enum ctl_exit
cmd_completion(struct ctl *ctl)
{
	const char *shell = ctl->words[0];
	struct error e = {0};

	if (strcmp(shell, "bash") == 0)
		print_bash();
	else if (strcmp(shell, "zsh") == 0)
		print_zsh();
	else if (strcmp(shell, "fish") == 0)
		print_fish();
	else {
		error_set(&e, ERROR_INVALID, "for bash, zsh or fish");
		return ctl_usage(&e, ctl->cmd);
	}
	return CTL_OK;
}

enum ctl_exit
cmd_kids(struct ctl *ctl)
{
	const char *verb = ctl_value(ctl, "for");
	const struct keyring_key *k;
	struct keyring *ring;
	struct error e = {0};
	unsigned states = 0;
	size_t i;

	for (i = 0; i < ctl_cmds_count; i++)
		if (verb == NULL || strcmp(verb, ctl_cmds[i].name) == 0)
			states |= ctl_cmds[i].kid_states;
	ring = view_load(ctl->dirs[0], &e);
	if (ring == NULL)
		return ctl_fail(&e);
	for (i = 0; i < ring->count; i++) {
		k = &ring->keys[i];
		if ((states >> keyring_state(k, ctl->clock.now) & 1) != 0)
			printf("%s\n", k->key->kid);
	}
	keyring_free(ring);
	return CTL_OK;
}
