/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command.h - the names of all commands, and the exit statuses they share.
 */
#ifndef UI_COMMAND_H
#define UI_COMMAND_H

#include "ui/options.h"

enum exit_status {
	STATUS_FINE = 0,
	STATUS_VIOLATION = 1,
	STATUS_TROUBLE = 2, /* usage, policy, input or output */
	STATUS_UNDETERMINED = 3,
};

extern const struct command command_audit;
extern const struct command command_watch;
extern const struct command command_report;
extern const struct command command_diff;
extern const struct command command_verify;
extern const struct command command_policy;
extern const struct command command_interfaces;

/* "spanward: sentence" to standard error; always STATUS_TROUBLE. */
int command_failed(const char *fmt, ...) PRINTF(1, 2);
/* All was written to standard output, or that is a failure. */
int command_flush(int status);

#endif
