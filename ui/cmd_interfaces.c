/* SPDX-License-Identifier: Apache-2.0 */
/* spanward interfaces: where a live capture is possible. */
#include <string.h>

#include "capture/source.h"
#include "ui/command.h"

struct listing {
	size_t count, no_right, can;
};

static const char *
state_of(const struct source_interface *i)
{
	if (!i->up)
		return "down";
	return i->running ? "up" : "no link";
}

static const char *
answer_of(enum source_can can)
{
	switch (can) {
	case SOURCE_CAN:
		return "yes";
	case SOURCE_NO_RIGHT:
		return "no right";
	case SOURCE_DOWN:
		return "when up";
	case SOURCE_FOREIGN:
		return "not read";
	case SOURCE_CANNOT:
		return "no";
	}
	return "";
}

static const char *
description_of(const struct source_interface *i)
{
	if (i->description != NULL)
		return i->description;
	return i->loopback ? "loopback" : "";
}

static void
show(void *ctx, const struct source_interface *i)
{
	struct listing *l = ctx;

	if (l->count++ == 0)
		printf("%-16s %-8s %-9s %-18s %-40s %s\n", "NAME", "STATE",
		    "CAPTURE", "LINK TYPE", "ADDRESSES", "DESCRIPTION");
	l->no_right += i->can == SOURCE_NO_RIGHT;
	l->can += i->can == SOURCE_CAN;
	printf("%-16s %-8s %-9s %-18.18s %-40s %s\n", i->name, state_of(i),
	    answer_of(i->can), i->link_type != NULL ? i->link_type : "-",
	    i->addresses[0] != '\0' ? i->addresses : "-", description_of(i));
}

static bool
check(const struct options *o, struct fault *f)
{
	if (o->words.count > 0)
		return fail(f, "interfaces takes no word, found '%s'",
		    o->words.list[0]);
	return true;
}

static int
run(const struct options *o)
{
	struct listing l = { .count = 0 };
	struct fault f = { "" };

	(void)o;
	if (!source_list(show, &l, &f))
		return command_failed("%s", f.text);
	int status = command_flush(STATUS_FINE);

	if (l.count == 0)
		fputs("spanward: no interface can be captured here\n", stderr);
	if (l.no_right > 0)
		fputs("spanward: capturing needs root or the right "
		      "CAP_NET_RAW: sudo setcap cap_net_raw+ep "
		      "\"$(command -v spanward)\"\n",
		    stderr);
	return status;
}

const struct command command_interfaces = {
	.name = "interfaces",
	.arguments = "",
	.about = "list the interfaces that can be captured",
	.letters = "",
	.details =
	    "CAPTURE says whether -i would work now: yes; no right (root or\n"
	    "CAP_NET_RAW is needed); when up; not read (a link type without\n"
	    "IP); no.\n"
	    "\n"
	    "Example:\n"
	    "  spanward interfaces\n"
	    "\n"
	    "Exit status: 0 fine, 2 the interfaces could not be read.\n",
	.check = check,
	.run = run,
};
