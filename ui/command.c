/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/command.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

int
command_failed(const char *fmt, ...)
{
	va_list args;

	fputs("spanward: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return STATUS_TROUBLE;
}

int
command_flush(int status)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	return command_failed("standard output: %s",
	    errno != 0 ? strerror(errno) : "could not be written");
}
