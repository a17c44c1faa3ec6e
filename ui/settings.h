/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.h - what `watch` remembers from one day to the next, in
 * $XDG_CONFIG_HOME/spanward/watch.conf: lines of "key = value". A line nobody
 * understands is left out; a missing file is no fault.
 */
#ifndef UI_SETTINGS_H
#define UI_SETTINGS_H

#include <limits.h>

#include "core/fault.h"

enum { SETTING_TEXT = 256 };

struct settings {
	char scheme[16];            /* empty: what suits the terminal */
	char columns[SETTING_TEXT]; /* of the flows, by name; empty: usual */
	char sort[32];              /* column of the flows */
	bool rising;                /* its order */
	bool ascii;
	bool privacy;
	char folder[SETTING_TEXT]; /* exports go there; empty: here */
};

void settings_load(struct settings *s);
/* Made if need be; false with a sentence, and *path may still be there. */
bool settings_folder(char path[PATH_MAX], struct fault *f) MUST_CHECK;
bool settings_save(const struct settings *s, struct fault *f) MUST_CHECK;

#endif
