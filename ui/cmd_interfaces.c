/* SPDX-License-Identifier: Apache-2.0 */
/* spanward interfaces: where a live capture is possible. */
#include <string.h>
#include <unistd.h>

#include "capture/source.h"
#include "core/text.h"
#include "ui/command.h"

enum { CAP_NET_RAW_BIT = 13 }; /* linux/capability.h */

static void
show(void *ctx, const struct source_interface *i)
{
	size_t *count = ctx;
	const char *state = i->up ? (i->running ? "up" : "no link") : "down";

	if ((*count)++ == 0)
		printf("%-16s %-8s %-40s %s\n", "NAME", "STATE", "ADDRESSES",
		    "DESCRIPTION");
	printf("%-16s %-8s %-40s %s\n", i->name, state,
	    i->addresses != NULL && i->addresses[0] != '\0' ? i->addresses
							    : "-",
	    i->description != NULL ? i->description
		: i->loopback      ? "loopback"
				   : "");
}

/* Whether this process may open packet sockets. */
static bool
may_capture(void)
{
	FILE *in = fopen("/proc/self/status", "re");
	char line[256];
	uint64_t set = 0;
	bool known = false;

	if (in == NULL)
		return geteuid() == 0;
	while (!known && fgets(line, sizeof(line), in) != NULL) {
		struct slice rest = slice_text(line);
		struct slice name;

		known = text_split(&rest, ':', &name) &&
		    slice_is(name, "CapEff") &&
		    text_hex64(text_trim(rest), &set);
	}
	fclose(in);
	return known ? (set >> CAP_NET_RAW_BIT & 1) != 0 : geteuid() == 0;
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
	struct fault f = { "" };
	size_t count = 0;

	(void)o;
	if (!source_list(show, &count, &f))
		return command_failed("%s", f.text);
	int status = command_flush(STATUS_FINE);

	if (count == 0)
		fputs("spanward: no interface can be captured here\n", stderr);
	if (!may_capture())
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
	.details = "Example:\n"
		   "  spanward interfaces\n"
		   "\n"
		   "Exit status: 0 fine, 2 the interfaces could not be read.\n",
	.check = check,
	.run = run,
};
