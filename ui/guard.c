/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/guard.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "audit/policy.h"
#include "capture/confine.h"
#include "core/log.h"
#include "ui/command.h"
#include "ui/reports.h"
#include "ui/settings.h"

/* What libraries read late: the time of day here, random seeds, whether
 * cryptography is restricted. */
static const char *const of_libraries[] = { "/etc/localtime",
	"/usr/share/zoneinfo", "/dev/urandom", "/proc/sys/crypto",
	"/etc/gcrypt" };

/* How to draw, and letters. */
static const char *const of_terminals[] = { "/etc/terminfo", "/lib/terminfo",
	"/usr/lib/terminfo", "/usr/share/terminfo", "/usr/lib/locale",
	"/usr/share/locale" };

static bool
is_watch(const struct options *o)
{
	return o->command == &command_watch;
}

static bool
read_all(struct confine *c, const char *const *paths, size_t n, struct fault *f)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(paths[i], "-") != 0 && !confine_read(c, paths[i], f))
			return false;
	}
	return true;
}

static bool
wish_all(struct confine *c, const char *const *paths, size_t n, struct fault *f)
{
	for (size_t i = 0; i < n; i++) {
		if (!confine_wish_read(c, paths[i], f))
			return false;
	}
	return true;
}

/* Key logs are open, and a policy is read; a manifest tells their hashes. */
static bool
hand_over_inputs(struct confine *c, const struct options *o,
    const struct policy *p, struct fault *f)
{
	if (p == NULL)
		return read_all(c, o->words.list, o->words.count, f);
	return read_all(c, o->files.list, o->files.count, f) &&
	    read_all(c, p->ca, p->ca_count, f) &&
	    read_all(c, p->crl, p->crl_count, f) &&
	    (o->sign == NULL ||
		(read_all(c, o->keys.list, o->keys.count, f) &&
		    (p->path == NULL || confine_read(c, p->path, f))));
}

static bool
hand_over_outputs(struct confine *c, const struct options *o, struct fault *f)
{
	for (size_t i = 0; i < o->outputs.count; i++) {
		const char *output = o->outputs.list[i];

		if (!report_is_stdout(output) &&
		    !confine_write(c, reports_path(output), f))
			return false;
	}
	return (o->evidence == NULL || confine_write(c, o->evidence, f)) &&
	    (o->journal == NULL || confine_append(c, o->journal, f));
}

/* Exports go to the current folder, unless that is the root of all ... */
static bool
hand_over_here(struct confine *c, struct fault *f)
{
	char here[PATH_MAX];

	return getcwd(here, sizeof(here)) == NULL || strcmp(here, "/") == 0 ||
	    confine_folder(c, here, f);
}

/* ... or to that of the settings, which are those of the user who stays. */
static bool
hand_over_terminal(struct confine *c, struct fault *f)
{
	const char *own = getenv("TERMINFO");
	char path[PATH_MAX];
	struct settings s;
	struct fault none;

	/* Letters of old locales are code, which cannot be loaded later. */
	(void)setlocale(LC_CTYPE, "");
	(void)btowc('a');
	if (settings_folder(path, &none) && !confine_wish_folder(c, path, f))
		return false;
	settings_load(&s);
	if (s.folder[0] != '\0' && !confine_wish_folder(c, s.folder, f))
		return false;
	return wish_all(c, of_terminals, COUNT(of_terminals), f) &&
	    (own == NULL || confine_wish_read(c, own, f));
}

/* Devices and pipes were looked at before; opening them twice might end what
 * reads them. */
static bool
try_outputs(const struct options *o, struct fault *f)
{
	for (size_t i = 0; i < o->outputs.count; i++) {
		if (!report_is_stdout(o->outputs.list[i]) &&
		    !outputs_check(reports_path(o->outputs.list[i]), f))
			return false;
	}
	return o->evidence == NULL || outputs_check(o->evidence, f);
}

static bool
enter(struct confine *c, const struct options *o, const struct policy *p,
    struct fault *f)
{
	if (!hand_over_inputs(c, o, p, f) || !hand_over_outputs(c, o, f) ||
	    !wish_all(c, of_libraries, COUNT(of_libraries), f) ||
	    (is_watch(o) && !hand_over_here(c, f)) || !confine_drop(c, f))
		return false;
	if (is_watch(o) && !hand_over_terminal(c, f))
		return false;
	/* Time zones are read once. */
	tzset();
	return confine_enter(c, f) && try_outputs(o, f);
}

static enum confine_mode
mode_of(const struct options *o)
{
	if (o->confine == NULL || strcmp(o->confine, "auto") == 0)
		return CONFINE_AUTO;
	return strcmp(o->confine, "off") == 0 ? CONFINE_OFF : CONFINE_STRICT;
}

bool
guard_enter(const struct options *o, const struct policy *p, struct fault *f)
{
	struct confine *c;

	if (mode_of(o) == CONFINE_OFF && o->user != NULL)
		return fail(f, "--user and --confine=off exclude each other");
	if (mode_of(o) == CONFINE_OFF)
		return true;
	c = confine_new(
	    &(struct confine_options){
		.mode = mode_of(o),
		.user = o->user,
		.terminal = is_watch(o),
	    },
	    f);
	bool good = c != NULL && enter(c, o, p, f);

	confine_free(c);
	return good;
}

void
guard_show(FILE *out)
{
	struct fault f = { "" };

	log_set_level(LOG_ERROR);
	struct confine *c =
	    confine_new(&(struct confine_options){ .mode = CONFINE_AUTO }, &f);

	if (c == NULL || !confine_enter(c, &f)) {
		fprintf(out, "confinement: %s\n", f.text);
		confine_free(c);
		return;
	}
	fputs("confinement on this machine:\n", out);
	for (int i = 0; i < CONFINE_STEPS; i++) {
		const struct confine_step *s =
		    confine_step(c, (enum confine_id)i);

		fprintf(out, "  %s: %s: %s\n", s->name,
		    confine_state_word(s->state), s->note);
	}
	confine_free(c);
}
