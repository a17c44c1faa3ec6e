/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/setup.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/limits.h"
#include "core/log.h"
#include "core/processors.h"
#include "ui/guard.h"

/* --- the options -------------------------------------------------------- */

static bool
is_file(const char *word)
{
	struct stat st;

	return stat(word, &st) == 0 && S_ISREG(st.st_mode);
}

/* -r *.pcap gives the shell's other files as words. */
static bool
check_words(const struct options *o, struct fault *f)
{
	for (size_t i = 0; i < o->words.count; i++) {
		const char *word = o->words.list[i];

		if (is_file(word))
			return fail(f,
			    "'%s' is a file and not a filter: put -r before "
			    "every file, or name their folder",
			    word);
	}
	if (o->filter != NULL && o->words.count > 0)
		return fail(f, "the filter is given twice: '%s' and '%s'",
		    o->filter, o->words.list[0]);
	return true;
}

static bool
check_source(const struct options *o, struct fault *f)
{
	if (o->files.count > 0 && o->interface != NULL)
		return fail(f, "-r and -i exclude each other");
	if (o->files.count == 0 && o->interface == NULL)
		return fail(f, "nothing to %s: give -r FILE or -i IFACE",
		    o->command->name);
	if (o->duration != 0 && o->interface == NULL)
		return fail(f, "-d ends a live capture; a file ends by itself");
	return true;
}

bool
setup_check(const struct options *o, struct fault *f)
{
	return check_words(o, f) && check_source(o, f);
}

bool
setup_is_once(const struct options *o)
{
	for (size_t i = 0; i < o->files.count; i++) {
		if (strcmp(o->files.list[i], "-") == 0)
			return true;
	}
	return o->interface != NULL;
}

/* --- opening ------------------------------------------------------------ */

static bool
open_keys(struct setup *s, struct fault *f)
{
	const struct strings *keys = &s->o->keys;

	s->keylog = keylog_new();
	if (s->keylog == NULL)
		return fail(f, "out of memory");
	for (size_t i = 0; i < keys->count; i++) {
		if (!keylog_open(s->keylog, keys->list[i], f))
			return false;
	}
	/* A live one is still to be written. */
	if (keys->count > 0 && keylog_count(s->keylog) == 0 &&
	    s->o->interface == NULL)
		log_warn("keys: the key log holds no secret");
	return true;
}

static bool
set_source(struct setup *s, struct fault *f)
{
	const struct options *o = s->o;

	s->source = (struct source_options){
		.files = o->files.list,
		.file_count = o->files.count,
		.hash = true,
		.interfaces = o->interfaces.list,
		.interface_count = o->interfaces.count,
		.buffer_kib = o->buffer,
		.filter = o->filter,
		.snaplen = o->snaplen,
		.most_packets = o->count,
		.duration = o->duration,
	};
	if (o->words.count == 0)
		return true;
	s->filter = options_words(o);
	s->source.filter = s->filter;
	return s->filter != NULL || fail(f, "out of memory");
}

bool
setup_open(struct setup *s, const struct options *o, struct fault *f)
{
	*s = (struct setup){ .o = o };
	s->policy = policy_load(o->policy != NULL ? o->policy : "lync-2013", f);
	return s->policy != NULL && open_keys(s, f) && set_source(s, f);
}

static unsigned
default_workers(void)
{
	unsigned n = processors();

	if (n <= 2)
		return 1;
	return n - 1 < LIMIT_WORKERS ? n - 1 : LIMIT_WORKERS;
}

/* What `more` has to open is made by whom root became. */
static bool
ready(void *ctx, struct fault *f)
{
	const struct setup *s = ctx;

	return guard_enter(s->o, s->policy, f) &&
	    (s->ready == NULL || s->ready(s->ready_ctx, f));
}

bool
setup_engine(struct setup *s, struct engine_options *more, struct fault *f)
{
	more->source = s->source;
	more->policy = s->policy;
	more->keylog = s->keylog;
	more->workers = s->o->workers > 0 ? s->o->workers : default_workers();
	s->ready = more->ready;
	s->ready_ctx = more->ready_ctx;
	more->ready = ready;
	more->ready_ctx = s;
	s->engine = engine_new(more, f);
	return s->engine != NULL;
}

void
setup_close(struct setup *s)
{
	if (s->engine != NULL)
		engine_free(s->engine);
	keylog_free(s->keylog);
	policy_free(s->policy);
	free(s->filter);
	*s = (struct setup){ .o = NULL };
}
