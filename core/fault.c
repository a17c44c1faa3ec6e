/* SPDX-License-Identifier: Apache-2.0 */
#include "core/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool
fail(struct fault *f, const char *fmt, ...)
{
	char text[sizeof(f->text)];
	va_list args;

	va_start(args, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);

	if (n < 0)
		text[0] = '\0';
	if (n >= (int)sizeof(text)) {
		size_t end = sizeof(text) - 1;

		/* Not in the middle of a UTF-8 sequence. */
		while (end > 0 && ((uint8_t)text[end - 1] & 0xc0) == 0x80)
			end--;
		if (end > 0 && (uint8_t)text[end - 1] >= 0xc0)
			end--;
		text[end] = '\0';
	}
	/* Only now: f->text may be one of the arguments. */
	memcpy(f->text, text, sizeof(text));
	return false;
}
