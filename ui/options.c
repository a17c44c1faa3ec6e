/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/options.h"

#include <assert.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/limits.h"
#include "core/names.h"
#include "core/text.h"

enum {
	SNAPLEN_MOST = 262144,
	BUFFER_MOST = 2097151,
	OPTIONS_MOST = 32,
	HELP_COLUMN = 28
};

struct option {
	char letter;
	const char *name;
	const char *argument; /* NULL: takes none */
	const char *about;    /* lines after the first are indented */
	bool (*take)(struct options *o, const char *value, struct fault *f);
};

/* --- values ------------------------------------------------------------- */

static bool
push(struct strings *s, const char *value, struct fault *f)
{
	const char **list = realloc(s->list, (s->count + 1) * sizeof(*list));

	if (list == NULL)
		return fail(f, "out of memory");
	list[s->count++] = value;
	s->list = list;
	return true;
}

static bool
once(const char **to, const char *value, const char *what, struct fault *f)
{
	if (*to != NULL)
		return fail(f, "%s is given twice", what);
	*to = value;
	return true;
}

static bool
number(const char *what, const char *value, uint64_t most, uint64_t *to,
    struct fault *f)
{
	if (!text_u64(slice_text(value), to) || *to == 0 || *to > most)
		return fail(f, "%s %s: expected a number from 1 to %llu", what,
		    value, (unsigned long long)most);
	return true;
}

static bool
take_read(struct options *o, const char *value, struct fault *f)
{
	return push(&o->files, value, f);
}

static bool
take_interface(struct options *o, const char *value, struct fault *f)
{
	if (o->interface == NULL)
		o->interface = value;
	return push(&o->interfaces, value, f);
}

static bool
take_policy(struct options *o, const char *value, struct fault *f)
{
	return once(&o->policy, value, "-p", f);
}

static bool
take_keys(struct options *o, const char *value, struct fault *f)
{
	if (o->keys.count == LIMIT_KEYLOG_FILES)
		return fail(f, "-k: at most %d key logs", LIMIT_KEYLOG_FILES);
	return push(&o->keys, value, f);
}

static bool
take_output(struct options *o, const char *value, struct fault *f)
{
	return push(&o->outputs, value, f);
}

static bool
take_write(struct options *o, const char *value, struct fault *f)
{
	return once(&o->evidence, value, "-w", f);
}

static bool
take_workers(struct options *o, const char *value, struct fault *f)
{
	uint64_t n;

	if (!number("-t", value, LIMIT_WORKERS, &n, f))
		return false;
	o->workers = (unsigned)n;
	return true;
}

static bool
take_snaplen(struct options *o, const char *value, struct fault *f)
{
	uint64_t n;

	/* As tcpdump: 0 is the default. */
	if (strcmp(value, "0") == 0)
		return true;
	if (!number("-s", value, SNAPLEN_MOST, &n, f))
		return false;
	o->snaplen = (uint32_t)n;
	return true;
}

static bool
take_buffer(struct options *o, const char *value, struct fault *f)
{
	uint64_t n;

	if (!number("-B", value, BUFFER_MOST, &n, f))
		return false;
	o->buffer = (uint32_t)n;
	return true;
}

static bool
take_filter(struct options *o, const char *value, struct fault *f)
{
	return once(&o->filter, value, "-f", f);
}

static bool
take_count(struct options *o, const char *value, struct fault *f)
{
	return number("-c", value, UINT64_MAX, &o->count, f);
}

static bool
take_duration(struct options *o, const char *value, struct fault *f)
{
	if (!clock_parse_duration(slice_text(value), &o->duration) ||
	    o->duration == 0)
		return fail(f,
		    "-d %s: expected a duration such as 30s, 5m, 2h or 1d",
		    value);
	return true;
}

static bool
take_no_names(struct options *o, const char *value, struct fault *f)
{
	(void)value;
	(void)f;
	o->no_names = true;
	return true;
}

static bool
take_quiet(struct options *o, const char *value, struct fault *f)
{
	(void)value;
	(void)f;
	o->quiet = true;
	return true;
}

static bool
take_verbose(struct options *o, const char *value, struct fault *f)
{
	(void)value;
	(void)f;
	o->verbose = true;
	return true;
}

static bool
take_strict(struct options *o, const char *value, struct fault *f)
{
	(void)value;
	(void)f;
	o->strict = true;
	return true;
}

static bool
take_sign(struct options *o, const char *value, struct fault *f)
{
	return once(&o->sign, value, "--sign", f);
}

static bool
take_cert(struct options *o, const char *value, struct fault *f)
{
	return once(&o->cert, value, "--cert", f);
}

static bool
take_ca(struct options *o, const char *value, struct fault *f)
{
	return once(&o->ca, value, "--ca", f);
}

static bool
take_user(struct options *o, const char *value, struct fault *f)
{
	return once(&o->user, value, "--user", f);
}

static bool
take_confine(struct options *o, const char *value, struct fault *f)
{
	static const char *const words[] = { "auto", "strict", "off" };

	for (size_t i = 0; i < COUNT(words); i++) {
		if (strcmp(value, words[i]) == 0)
			return once(&o->confine, value, "--confine", f);
	}
	return fail(f, "--confine %s: expected auto, strict or off", value);
}

/* 500M; unlike a duration it ends with a capital letter. */
static bool
parse_size(const char *value, uint64_t *to)
{
	static const char units[] = "KMGT";
	size_t n = strlen(value);
	const char *unit = n > 1 ? strchr(units, value[n - 1]) : NULL;

	if (unit == NULL || !text_u64(slice_of(value, n - 1), to))
		return false;
	for (const char *u = units; u <= unit; u++) {
		if (__builtin_mul_overflow(*to, UINT64_C(1000), to))
			return false;
	}
	return *to > 0;
}

static bool
take_rotate(struct options *o, const char *value, struct fault *f)
{
	if (o->rotate_every != 0 || o->rotate_bytes != 0)
		return fail(f, "--rotate is given twice");
	if (parse_size(value, &o->rotate_bytes) ||
	    (clock_parse_duration(slice_text(value), &o->rotate_every) &&
		o->rotate_every > 0))
		return true;
	return fail(f,
	    "--rotate %s: expected a time such as 15m, 1h or 1d, or a size "
	    "such as 500M or 20G",
	    value);
}

static bool
take_journal(struct options *o, const char *value, struct fault *f)
{
	return once(&o->journal, value, "--journal", f);
}

static bool
take_memory(struct options *o, const char *value, struct fault *f)
{
	if (parse_size(value, &o->memory) && o->memory < SIZE_MAX)
		return true;
	return fail(f, "--memory %s: expected a size such as 500M or 8G",
	    value);
}

static bool
take_help(struct options *o, const char *value, struct fault *f)
{
	(void)value;
	(void)f;
	o->help = true;
	return true;
}

static bool
take_version(struct options *o, const char *value, struct fault *f)
{
	(void)value;
	(void)f;
	o->show_version = true;
	return true;
}

/* clang-format off */
static const struct option table[] = {
	{ 'r', "read", "FILE", "read a pcap or pcapng file; - is standard input;\n"
	    "may be repeated; a folder: every capture in it", take_read },
	{ 'i', "interface", "IFACE", "capture live until Ctrl-C, -c or -d; may be\n"
	    "repeated, as for taps of one direction each", take_interface },
	{ 'p', "policy", "POLICY", "built-in policy (default: lync-2013) or policy file",
	    take_policy },
	{ 'k', "keys", "FILE", "NSS key log (SSLKEYLOGFILE); may be repeated",
	    take_keys },
	{ 'o', "output", "[FORMAT:]PATH", "write a report; may be repeated; - is standard\n"
	    "output; the extension tells the format", take_output },
	{ 'w', "write", "FILE", "write the packets of violating flows to pcapng",
	    take_write },
	{ 't', "workers", "N", "worker threads (default: processors less one)",
	    take_workers },
	{ 's', "snaplen", "BYTES", "capture at most so much of each packet",
	    take_snaplen },
	{ 'B', "buffer-size", "KIB", "kernel buffer of each interface (default 65536)",
	    take_buffer },
	{ 'f', "filter", "FILTER", "capture filter (BPF), the same as the last words",
	    take_filter },
	{ 'c', "count", "N", "stop after so many packets", take_count },
	{ 'd', "duration", "TIME", "stop a live capture after 30s, 5m, 2h or 1d",
	    take_duration },
	{ 'n', "no-names", NULL, "no name look-ups (always so)", take_no_names },
	{ 'q', "quiet", NULL, "no progress, no warnings", take_quiet },
	{ 'v', "verbose", NULL, "more detail: every flow in the text report",
	    take_verbose },
	{ OPTION_STRICT[0], "strict", NULL, "exit with 3 where something stays undetermined",
	    take_strict },
	{ OPTION_SIGN[0], "sign", "KEY", "sign each file and write a manifest; PEM",
	    take_sign },
	{ OPTION_SIGN[1], "cert", "CERT", "certificate of the key, its chain after it; PEM",
	    take_cert },
	{ OPTION_CA[0], "ca", "BUNDLE", "authorities that vouch for signers; PEM", take_ca },
	{ OPTION_RIGHTS[0], "user", "USER", "whom root becomes once the capture is open", take_user },
	{ OPTION_RIGHTS[1], "confine", "MODE", "give up what is not needed: auto (default), strict\n"
	    "(or do not start) or off", take_confine },
	{ OPTION_LONG[0], "rotate", "TIME|SIZE", "close a report every 15m, 1h (at full hours, UTC)\n"
	    "or 500M (of packets), and begin the next;\n"
	    "-o day.json: day.20261122T093000Z.json", take_rotate },
	{ OPTION_LONG[1], "journal", "FILE", "append each flow, as judged so far, once a second:\n"
	    "survives a crash; spanward report reads it", take_journal },
	{ OPTION_LONG[2], "memory", "SIZE",
	    "flows in memory (2G); beyond it those that ended\n"
	    "are judged and go to a temporary file",
	    take_memory },
	{ OPTION_HELD[0], "memory", "SIZE",
	    "flows in memory (1G); beyond it the oldest that ended\n"
	    "are judged and let go, but stay in all sums",
	    take_memory },
	{ 'h', "help", NULL, "this text", take_help },
	{ 'V', "version", NULL, "version of the program and its libraries",
	    take_version },
};
/* clang-format on */
static_assert(COUNT(table) <= OPTIONS_MOST, "room for the names");

/* --- parsing ------------------------------------------------------------ */

static bool
takes(const struct command *c, char letter)
{
	if (letter == 'h' || (c == NULL && (letter == 'V' || letter == 'v')))
		return true;
	return c != NULL && letter != '\0' &&
	    strchr(c->letters, letter) != NULL;
}

static const char *
name_of_command(const struct options *o)
{
	return o->command != NULL ? o->command->name : "";
}

/* "; try spanward audit --help" */
static bool
misuse(const struct options *o, struct fault *f)
{
	const char *name = name_of_command(o);

	return fail(f, "%s; try spanward %s%s--help", f->text, name,
	    name[0] != '\0' ? " " : "");
}

static bool
unknown_option(const struct options *o, struct slice name, struct fault *f)
{
	const char *words[OPTIONS_MOST];
	size_t n = 0;

	for (size_t i = 0; i < COUNT(table); i++) {
		if (takes(o->command, table[i].letter))
			words[n++] = table[i].name;
	}
	const char *near = name_nearest(words, n, name);

	if (near == NULL)
		return fail(f, "unknown option '--%.*s'", (int)name.n,
		    (const char *)name.p);
	return fail(f, "unknown option '--%.*s', did you mean '--%s'",
	    (int)name.n, (const char *)name.p, near);
}

/* An option by its name or by as much of it as is unambiguous. */
static const struct option *
find_long(const struct options *o, struct slice name, struct fault *f)
{
	const struct option *found = NULL;

	for (size_t i = 0; i < COUNT(table); i++) {
		struct slice whole = slice_text(table[i].name);

		if (!takes(o->command, table[i].letter) ||
		    !slice_eq(slice_head(whole, name.n), name))
			continue;
		if (whole.n == name.n)
			return &table[i];
		if (found != NULL) {
			fail(f, "'--%.*s' is ambiguous: '--%s' or '--%s'",
			    (int)name.n, (const char *)name.p, found->name,
			    table[i].name);
			return NULL;
		}
		found = &table[i];
	}
	if (found == NULL || name.n == 0) {
		unknown_option(o, name, f);
		return NULL;
	}
	return found;
}

static const struct option *
find_short(const struct options *o, char letter)
{
	if (letter < ' ')
		return NULL;
	for (size_t i = 0; i < COUNT(table); i++) {
		if (table[i].letter == letter && takes(o->command, letter))
			return &table[i];
	}
	return NULL;
}

/* *at stands on "--name", "--name=value" and moves to the last word used. */
static bool
take_long(struct options *o, char *const **at, struct fault *f)
{
	struct slice value = slice_text(**at + 2);
	struct slice name;
	const char *equals = strchr(**at, '=');

	if (!text_split(&value, '=', &name))
		return fail(f, "unknown option '--'");
	const struct option *x = find_long(o, name, f);

	if (x == NULL)
		return false;
	if (x->argument == NULL) {
		if (equals != NULL)
			return fail(f, "--%s takes no value", x->name);
		return x->take(o, NULL, f);
	}
	if (equals != NULL)
		return x->take(o, equals + 1, f);
	if ((*at)[1] == NULL)
		return fail(f, "--%s needs %s", x->name, x->argument);
	*at += 1;
	return x->take(o, **at, f);
}

/* *at stands on "-abc" or "-rfile". */
static bool
take_short(struct options *o, char *const **at, struct fault *f)
{
	for (const char *c = **at + 1; *c != '\0'; c++) {
		const struct option *x = find_short(o, *c);

		if (x == NULL)
			return fail(f, "unknown option '-%c'",
			    *c < ' ' || *c == 0x7f ? '?' : *c);
		if (x->argument == NULL) {
			if (!x->take(o, NULL, f))
				return false;
			continue;
		}
		if (c[1] != '\0')
			return x->take(o, c + 1, f);
		if ((*at)[1] == NULL)
			return fail(f, "-%c needs %s", x->letter, x->argument);
		*at += 1;
		return x->take(o, **at, f);
	}
	return true;
}

static bool
take_command(struct options *o, const struct command *const *commands,
    const char *word, struct fault *f)
{
	const char *words[OPTIONS_MOST];
	size_t n = 0;

	for (; commands[n] != NULL && n < COUNT(words); n++) {
		words[n] = commands[n]->name;
		if (strcmp(words[n], word) == 0) {
			o->command = commands[n];
			return true;
		}
	}
	const char *near = name_nearest(words, n, slice_text(word));

	if (near == NULL)
		return fail(f, "'%s' is no command", word);
	return fail(f, "'%s' is no command, did you mean '%s'", word, near);
}

static bool
take_words(struct options *o, const struct command *const *commands,
    char *const *argv, struct fault *f)
{
	bool only_words = false;

	for (char *const *at = argv + 1; *at != NULL; at++) {
		const char *word = *at;
		bool good;

		if (!only_words && strcmp(word, "--") == 0) {
			only_words = true;
			continue;
		}
		if (!only_words && strncmp(word, "--", 2) == 0)
			good = take_long(o, &at, f);
		else if (!only_words && word[0] == '-' && word[1] != '\0')
			good = take_short(o, &at, f);
		else if (o->command == NULL)
			good = take_command(o, commands, word, f);
		else
			good = push(&o->words, word, f);
		if (!good)
			return false;
	}
	return true;
}

bool
options_parse(struct options *o, const struct command *const *commands,
    char *const *argv, struct fault *f)
{
	*o = (struct options){ .command = NULL };
	if (argv[0] == NULL)
		return fail(f, "a command is missing; try spanward --help");
	if (!take_words(o, commands, argv, f))
		return misuse(o, f);
	if (o->help || o->show_version)
		return true;
	if (o->command == NULL) {
		fail(f, "a command is missing");
		return misuse(o, f);
	}
	if (o->command->check != NULL && !o->command->check(o, f))
		return misuse(o, f);
	return true;
}

void
options_done(struct options *o)
{
	free(o->files.list);
	free(o->interfaces.list);
	free(o->keys.list);
	free(o->outputs.list);
	free(o->words.list);
	*o = (struct options){ .command = NULL };
}

char *
options_words(const struct options *o)
{
	size_t room = 1;

	for (size_t i = 0; i < o->words.count; i++)
		room += strlen(o->words.list[i]) + 1;
	char *text = malloc(room);
	size_t n = 0;

	if (text == NULL)
		return NULL;
	text[0] = '\0';
	for (size_t i = 0; i < o->words.count; i++)
		n += (size_t)snprintf(text + n, room - n, "%s%s",
		    i > 0 ? " " : "", o->words.list[i]);
	return text;
}

/* --- help --------------------------------------------------------------- */

static void
help_option(const struct option *x, FILE *out)
{
	char left[64];
	char dash[8] = "    ";

	if (x->letter >= ' ')
		snprintf(dash, sizeof(dash), "-%c, ", x->letter);
	snprintf(left, sizeof(left), "  %s--%s%s%s", dash, x->name,
	    x->argument != NULL ? " " : "",
	    x->argument != NULL ? x->argument : "");
	fprintf(out, "%-*s ", HELP_COLUMN, left);
	if (strlen(left) > HELP_COLUMN)
		fprintf(out, "\n%*s", HELP_COLUMN + 1, "");
	for (const char *c = x->about; *c != '\0'; c++) {
		putc(*c, out);
		if (*c == '\n')
			fprintf(out, "%*s", HELP_COLUMN + 1, "");
	}
	putc('\n', out);
}

static void
help_options(const struct command *command, FILE *out)
{
	fputs("\nOptions:\n", out);
	for (size_t i = 0; i < COUNT(table); i++) {
		if (takes(command, table[i].letter))
			help_option(&table[i], out);
	}
}

static void
help_program(const struct command *const *commands, FILE *out)
{
	fputs("Spanward checks from captured packets whether unified\n"
	      "communication traffic has the protection it must have.\n\n"
	      "Usage:\n",
	    out);
	for (size_t i = 0; commands[i] != NULL; i++)
		fprintf(out, "  spanward %s%s%s\n", commands[i]->name,
		    commands[i]->arguments[0] != '\0' ? " " : "",
		    commands[i]->arguments);
	fputs("\nCommands:\n", out);
	for (size_t i = 0; commands[i] != NULL; i++)
		fprintf(out, "  %-12s %s\n", commands[i]->name,
		    commands[i]->about);
	help_options(NULL, out);
	fputs("\n'spanward COMMAND --help' tells more of a command.\n", out);
}

void
options_help(const struct command *const *commands,
    const struct command *command, FILE *out)
{
	if (command == NULL) {
		help_program(commands, out);
		return;
	}
	fprintf(out, "Usage: spanward %s%s%s\n\n%s\n", command->name,
	    command->arguments[0] != '\0' ? " " : "", command->arguments,
	    command->about);
	help_options(command, out);
	if (command->more != NULL)
		command->more(out);
	if (command->details != NULL)
		fprintf(out, "\n%s", command->details);
}
