/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.h - the command line as one struct. A table of options is the only
 * place that knows their letters, names and help texts; a command names the
 * letters it takes.
 */
#ifndef UI_OPTIONS_H
#define UI_OPTIONS_H

#include <stdio.h>

#include "core/fault.h"

/* Options without a letter have one nobody can type. */
#define OPTION_STRICT "\001"
#define OPTION_SIGN   "\002\003" /* --sign and --cert */
#define OPTION_CA     "\004"
#define OPTION_RIGHTS "\020\021" /* --user and --confine */

#define OPTION_LONG "\022\023\024" /* --rotate, --journal, --memory */
#define OPTION_HELD "\025"         /* --memory of watch */

struct options;

struct command {
	const char *name;
	const char *arguments; /* after the name, for usage */
	const char *about;     /* one line */
	const char *letters;   /* of its options, in the order of the help */
	const char *details;   /* examples and exit status, for --help */
	/* More for --help; may be NULL. */
	void (*more)(FILE *out);
	/* What the options alone cannot know; may be NULL. */
	bool (*check)(const struct options *o, struct fault *f);
	int (*run)(const struct options *o); /* exit status */
};

struct strings {
	const char **list; /* the strings are lent from argv */
	size_t count;
};

struct options {
	const struct command *command; /* NULL: none was named */
	const char *version;           /* of the program, set by main() */
	bool help, show_version;
	struct strings files, interfaces, keys, outputs;
	struct strings words;  /* what is no option */
	const char *interface; /* the first; NULL: none */
	const char *policy;    /* NULL: not given */
	const char *evidence;  /* -w */
	const char *filter;    /* -f */
	const char *sign, *cert, *ca;
	const char *user, *confine; /* NULL: not given */
	unsigned workers;           /* 0: not given */
	uint32_t snaplen;           /* 0: not given */
	uint32_t buffer;            /* KiB; 0: not given */
	uint64_t count;
	int64_t duration;      /* ns */
	int64_t rotate_every;  /* ns; 0: not given so */
	uint64_t rotate_bytes; /* 0: not given so */
	const char *journal;   /* NULL: not given */
	uint64_t memory;       /* bytes; 0: not given */
	bool no_names, quiet, verbose, strict;
};

/*
 * argv[0] is skipped. `commands` ends with NULL. False with a sentence that
 * says what to try; options_done() in any case.
 */
bool options_parse(struct options *o, const struct command *const *commands,
    char *const *argv, struct fault *f);
void options_done(struct options *o);

/* The words in one string, to be freed; NULL without memory. */
char *options_words(const struct options *o);

/* For --help: of the program, or of o->command. */
void options_help(const struct command *const *commands,
    const struct command *command, FILE *out);

#endif
