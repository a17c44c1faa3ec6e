/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/command.h"
#include "ui/versions.h"

static const struct command *const commands[] = {
	&command_audit,
	&command_watch,
	&command_report,
	&command_diff,
	&command_verify,
	&command_policy,
	&command_interfaces,
	NULL,
};

int
main(int argc, char **argv)
{
	struct options o;
	struct fault f = { "" };
	int status;

	(void)argc;
	if (!options_parse(&o, commands, argv, &f)) {
		status = command_failed("%s", f.text);
	} else if (o.help) {
		options_help(commands, o.command, stdout);
		status = command_flush(STATUS_FINE);
	} else if (o.show_version) {
		versions_show(VERSION, o.verbose, stdout);
		status = command_flush(STATUS_FINE);
	} else {
		o.version = VERSION;
		status = o.command->run(&o);
	}
	options_done(&o);
	return status;
}
