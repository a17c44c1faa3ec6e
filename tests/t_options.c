/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support.h"

#include "core/clock.h"
#include "ui/command.h"
#include "ui/progress.h"

/* Ours is under test, not the macro of cmocka. */
#undef fail

static const struct command *const commands[] = {
	&command_audit,
	&command_policy,
	&command_interfaces,
	NULL,
};

enum { MOST_WORDS = 48 };

/* Splits at blanks and parses; the words live as long as `line`. */
struct parsed {
	char line[512];
	char *argv[MOST_WORDS];
	struct options o;
	struct fault f;
	bool good;
};

static void
parse(struct parsed *p, const char *line)
{
	size_t n = 0;
	char *rest = NULL;

	*p = (struct parsed){ .f = { "" } };
	snprintf(p->line, sizeof(p->line), "spanward %s", line);
	for (char *w = strtok_r(p->line, " ", &rest); w != NULL;
	     w = strtok_r(NULL, " ", &rest))
		p->argv[n++] = w;
	p->good = options_parse(&p->o, commands, p->argv, &p->f);
}

static void
takes_every_option(void **state)
{
	struct parsed p;

	(void)state;
	parse(&p,
	    "audit -r a.pcap -rb.pcap --read=c.pcap --read d.pcap -p contoso "
	    "-k one -k two -o - -o json:x -w ev -t 3 -s 96 -c 17 -nq --strict "
	    "tcp port 5061");
	assert_true(p.good);
	assert_ptr_equal(p.o.command, &command_audit);
	assert_int_equal(p.o.files.count, 4);
	assert_string_equal(p.o.files.list[1], "b.pcap");
	assert_string_equal(p.o.files.list[2], "c.pcap");
	assert_string_equal(p.o.files.list[3], "d.pcap");
	assert_string_equal(p.o.policy, "contoso");
	assert_int_equal(p.o.keys.count, 2);
	assert_int_equal(p.o.outputs.count, 2);
	assert_string_equal(p.o.evidence, "ev");
	assert_int_equal(p.o.workers, 3);
	assert_int_equal(p.o.snaplen, 96);
	assert_int_equal(p.o.count, 17);
	assert_true(p.o.no_names && p.o.quiet && p.o.strict);
	assert_false(p.o.verbose || p.o.help || p.o.show_version);
	char *filter = options_words(&p.o);

	assert_string_equal(filter, "tcp port 5061");
	free(filter);
	options_done(&p.o);

	parse(&p, "audit -v -i eth0 -i eth1 -B 4096 -d 5m -f udp");
	assert_true(p.good);
	assert_string_equal(p.o.interface, "eth0");
	assert_int_equal(p.o.interfaces.count, 2);
	assert_string_equal(p.o.interfaces.list[1], "eth1");
	assert_int_equal(p.o.buffer, 4096);
	assert_true(p.o.duration == 300 * NS_PER_S);
	assert_string_equal(p.o.filter, "udp");
	assert_true(p.o.verbose);
	options_done(&p.o);

	/* Options may follow the filter; after -- all are words. */
	parse(&p, "audit port 5061 -r - -s 0 --verb -- -n");
	assert_true(p.good);
	assert_string_equal(p.o.files.list[0], "-");
	assert_int_equal(p.o.snaplen, 0);
	assert_int_equal(p.o.words.count, 3);
	assert_string_equal(p.o.words.list[2], "-n");
	assert_true(p.o.verbose);
	assert_false(p.o.no_names);
	options_done(&p.o);

	parse(&p, "--version");
	assert_true(p.good && p.o.show_version);
	options_done(&p.o);
	parse(&p, "audit --bogus=0 --help");
	assert_false(p.good);
	options_done(&p.o);
	parse(&p, "audit --help");
	assert_true(p.good && p.o.help);
	assert_ptr_equal(p.o.command, &command_audit);
	options_done(&p.o);
	parse(&p, "policy check a b");
	assert_true(p.good);
	options_done(&p.o);
}

static void
says_what_is_wrong(void **state)
{
	static const struct {
		const char *line;
		const char *sentence;
	} cases[] = {
		{ "", "a command is missing; try spanward --help" },
		{ "adit",
		    "'adit' is no command, did you mean 'audit'; try "
		    "spanward --help" },
		{ "zzzzz", "'zzzzz' is no command; try spanward --help" },
		{ "--strict",
		    "unknown option '--strict'; try spanward "
		    "--help" },
		{ "--verzion",
		    "unknown option '--verzion', did you mean "
		    "'--version'; try spanward --help" },
		{ "audit",
		    "nothing to audit: give -r FILE or -i IFACE; try "
		    "spanward audit --help" },
		{ "audit --polcy x",
		    "unknown option '--polcy', did you mean "
		    "'--policy'; try spanward audit "
		    "--help" },
		{ "audit -z",
		    "unknown option '-z'; try spanward audit "
		    "--help" },
		{ "audit -V",
		    "unknown option '-V'; try spanward audit "
		    "--help" },
		{ "audit --w x",
		    "'--w' is ambiguous: '--write' or "
		    "'--workers'; try spanward audit --help" },
		{ "audit -r", "-r needs FILE; try spanward audit --help" },
		{ "audit --read",
		    "--read needs FILE; try spanward audit --help" },
		{ "audit --quiet=1",
		    "--quiet takes no value; try spanward audit --help" },
		{ "audit -r a -i b",
		    "-r and -i exclude each other; try "
		    "spanward audit --help" },
		{ "audit -i a -B 0",
		    "-B 0: expected a number from 1 to 2097151; try "
		    "spanward audit --help" },
		{ "audit -r a -p b -p c",
		    "-p is given twice; try spanward audit --help" },
		{ "audit -r a -t 0",
		    "-t 0: expected a number from 1 to 256; "
		    "try spanward audit --help" },
		{ "audit -r a -t 257",
		    "-t 257: expected a number from 1 to "
		    "256; try spanward audit --help" },
		{ "audit -r a -t x",
		    "-t x: expected a number from 1 to 256; "
		    "try spanward audit --help" },
		{ "audit -r a -s 262145",
		    "-s 262145: expected a number from 1 to 262144; try "
		    "spanward audit --help" },
		{ "audit -i a -d 5x",
		    "-d 5x: expected a duration such as 30s, 5m, 2h or 1d; "
		    "try spanward audit --help" },
		{ "audit -i a -d 0s",
		    "-d 0s: expected a duration such as 30s, 5m, 2h or 1d; "
		    "try spanward audit --help" },
		{ "audit -r a -d 5s",
		    "-d ends a live capture; a file ends "
		    "by itself; try spanward audit "
		    "--help" },
		{ "audit -r a -q -v",
		    "-q and -v exclude each other; try "
		    "spanward audit --help" },
		{ "audit -r a -o - -o json:-",
		    "only one report can go to standard output; try spanward "
		    "audit --help" },
		{ "audit -r a -o x.json -o x.json",
		    "-o x.json is given twice; try spanward audit --help" },
		{ "audit -r a -f udp tcp",
		    "the filter is given twice: 'udp' and 'tcp'; try "
		    "spanward audit --help" },
		{ "audit -r a Makefile",
		    "'Makefile' is a file and not a filter: put -r before "
		    "every file, or name their folder; try spanward audit "
		    "--help" },
		{ "policy",
		    "policy needs list, show or check; try spanward "
		    "policy --help" },
		{ "policy shw",
		    "policy cannot 'shw', did you mean 'show'; "
		    "try spanward policy --help" },
		{ "policy show",
		    "policy show needs the NAME of a built-in "
		    "policy; try spanward policy --help" },
		{ "policy list x",
		    "policy list takes no word; try spanward "
		    "policy --help" },
		{ "policy check",
		    "policy check needs a FILE; try spanward policy --help" },
		{ "policy -r x",
		    "unknown option '-r'; try spanward policy "
		    "--help" },
		{ "interfaces eth0",
		    "interfaces takes no word, found "
		    "'eth0'; try spanward interfaces "
		    "--help" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct parsed p;

		parse(&p, cases[i].line);
		assert_false(p.good);
		assert_string_equal(p.f.text, cases[i].sentence);
		options_done(&p.o);
	}
}

/* What --help prints, to be freed. */
static char *
help_of(const struct command *c)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	assert_non_null(out);
	options_help(commands, c, out);
	fclose(out);
	return text;
}

static void
helps(void **state)
{
	static const char *const names[] = { "read", "interface", "policy",
		"keys", "output", "write", "workers", "snaplen", "buffer-size",
		"filter", "count", "duration", "quiet", "verbose", "strict",
		"no-names", "help" };
	char *text = help_of(NULL);
	char name[32];

	(void)state;
	for (size_t i = 0; commands[i] != NULL; i++) {
		char *one = help_of(commands[i]);

		assert_non_null(strstr(text, commands[i]->about));
		assert_non_null(strstr(one, "Usage: spanward "));
		assert_non_null(strstr(one, "Exit status"));
		assert_non_null(strstr(one, "Example"));
		free(one);
	}
	assert_non_null(strstr(text, "--version"));
	free(text);
	text = help_of(&command_audit);
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(name, sizeof(name), "--%s", names[i]);
		assert_non_null(strstr(text, name));
	}
	assert_null(strstr(text, "--version"));
	/* Within eighty columns, as a terminal shows it. */
	for (const char *line = text; *line != '\0'; line++) {
		size_t n = strcspn(line, "\n");

		assert_true(n <= 80);
		line += n;
	}
	free(text);
}

static void
draws_progress(void **state)
{
	struct engine_progress p = {
		.source = { .packets = 1234, .bytes = 5000000 },
		.flows = 1,
	};
	char buf[PROGRESS_TEXT];

	(void)state;
	assert_string_equal(progress_text(&p, 65 * NS_PER_S, 80, buf),
	    "1:05, 76.9 kB/s, 1234 packets, 1 flow");
	p.source.total_bytes = 400;
	p.source.read_bytes = 100;
	p.flows = 7;
	assert_string_equal(progress_text(&p, 10 * NS_PER_S, 80, buf),
	    " 25% [######..................] 10 B/s, 0:30 left, 7 flows");
	assert_string_equal(progress_text(&p, 10 * NS_PER_S, 10, buf),
	    " 25% [####");
	p.source.read_bytes = 0;
	assert_string_equal(progress_text(&p, 0, 80, buf),
	    "  0% [........................] 0 B/s, ? left, 7 flows");
	/* A file that grew while it was read. */
	p.source.read_bytes = 500;
	assert_string_equal(progress_text(&p, NS_PER_S, 80, buf),
	    "100% [########################] 500 B/s, 0:00 left, 7 flows");
	p.source.total_bytes = UINT64_MAX;
	progress_text(&p, NS_PER_S, 80, buf);
	assert_non_null(strstr(buf, "99:59:59 left"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_every_option),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(helps),
		cmocka_unit_test(draws_progress),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
