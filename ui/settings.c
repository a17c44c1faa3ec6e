/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/settings.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/text.h"

/* $XDG_CONFIG_HOME, else ~/.config (XDG Base Directory Specification). */
static bool
base_folder(char path[PATH_MAX])
{
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	int n = -1;

	if (config != NULL && config[0] == '/')
		n = snprintf(path, PATH_MAX, "%s", config);
	else if (home != NULL && home[0] == '/')
		n = snprintf(path, PATH_MAX, "%s/.config", home);
	return n > 0 && n < PATH_MAX - 64;
}

static void
take_word(char *to, size_t room, struct slice value)
{
	if (value.n >= room)
		return;
	if (value.n > 0)
		memcpy(to, value.p, value.n);
	to[value.n] = '\0';
}

static void
take_line(struct settings *s, struct slice line)
{
	struct slice key;

	if (!text_split(&line, '=', &key))
		return;
	key = text_trim(key);
	line = text_trim(line);
	if (slice_is(key, "scheme"))
		take_word(s->scheme, sizeof(s->scheme), line);
	else if (slice_is(key, "columns"))
		take_word(s->columns, sizeof(s->columns), line);
	else if (slice_is(key, "sort"))
		take_word(s->sort, sizeof(s->sort), line);
	else if (slice_is(key, "folder"))
		take_word(s->folder, sizeof(s->folder), line);
	else if (slice_is(key, "rising"))
		s->rising = slice_is(line, "yes");
	else if (slice_is(key, "ascii"))
		s->ascii = slice_is(line, "yes");
	else if (slice_is(key, "privacy"))
		s->privacy = slice_is(line, "yes");
}

void
settings_load(struct settings *s)
{
	char path[PATH_MAX], line[2 * SETTING_TEXT];

	*s = (struct settings){ .rising = true };
	if (!base_folder(path))
		return;
	strncat(path, "/spanward/watch.conf", 32);
	FILE *in = fopen(path, "re");

	if (in == NULL)
		return;
	while (fgets(line, sizeof(line), in) != NULL)
		take_line(s, slice_text(line));
	fclose(in);
}

static const char *
yes(bool b)
{
	return b ? "yes" : "no";
}

bool
settings_folder(char path[PATH_MAX], struct fault *f)
{
	if (!base_folder(path))
		return fail(f,
		    "settings: neither XDG_CONFIG_HOME nor HOME "
		    "name a folder");
	(void)mkdir(path, 0700);
	strncat(path, "/spanward", 16);
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return fail(f, "settings: %s: %s", path, strerror(errno));
	return true;
}

bool
settings_save(const struct settings *s, struct fault *f)
{
	char path[PATH_MAX], part[PATH_MAX + 8];

	if (!settings_folder(path, f))
		return false;
	strncat(path, "/watch.conf", 16);
	(void)snprintf(part, sizeof(part), "%s.new", path);
	FILE *out = fopen(part, "we");

	if (out == NULL)
		return fail(f, "settings: %s: %s", part, strerror(errno));
	(void)fprintf(out,
	    "# spanward watch\nscheme = %s\ncolumns = %s\nsort = %s\n"
	    "rising = %s\nascii = %s\nprivacy = %s\nfolder = %s\n",
	    s->scheme, s->columns, s->sort, yes(s->rising), yes(s->ascii),
	    yes(s->privacy), s->folder);
	bool good = ferror(out) == 0;

	if (fclose(out) != 0 || !good || rename(part, path) != 0)
		return fail(f, "settings: %s: %s", path, strerror(errno));
	return true;
}
