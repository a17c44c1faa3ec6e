/* SPDX-License-Identifier: Apache-2.0 */
#include "report/audit_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "report/events.h"

enum {
	AUDIT_VERSION = 1,
	WINDOW = 32 * 1024 * 1024, /* of the mapped file; whole pages */
};

struct stored {
	char *text; /* of the file */
	size_t size;
	uint64_t *at[DOC_LISTS]; /* where each element begins */
	size_t room[DOC_LISTS];
	size_t window; /* of the file that was read from last */
};

struct reading {
	const char *path;
	struct stored *s;
	struct audit_doc *d;
	size_t at;
	json_t *format, *version;
	bool seen[DOC_LISTS];
	struct fault *f;
};

/*
 * Whoever reads from another part of the file lets go of the one before, so
 * that an audit of many gigabytes does not fill the memory.
 */
static void
let_go(struct stored *s, size_t at)
{
	size_t now = at / WINDOW;

	if (now == s->window)
		return;
	size_t begin = s->window * WINDOW;
	size_t n = s->size - begin < WINDOW ? s->size - begin : WINDOW;

	(void)madvise(s->text + begin, n, MADV_DONTNEED);
	s->window = now;
}

/* ---- walking through the text ---- */

static bool
wrong(struct reading *r, const char *what)
{
	size_t line = 1;

	for (size_t i = 0; i < r->at && i < r->s->size; i++)
		line += r->s->text[i] == '\n';
	if (r->at >= r->s->size)
		return fail(r->f,
		    "%s:%zu: the file ends in the middle: it is cut off",
		    r->path, line);
	return fail(r->f, "%s:%zu: %s", r->path, line, what);
}

static void
skip_space(struct reading *r)
{
	while (r->at < r->s->size &&
	    strchr(" \t\r\n", r->s->text[r->at]) != NULL &&
	    r->s->text[r->at] != '\0')
		r->at++;
}

static bool
take(struct reading *r, char c)
{
	skip_space(r);
	if (r->at >= r->s->size || r->s->text[r->at] != c)
		return false;
	r->at++;
	return true;
}

static json_t *
value_at(const struct stored *s, size_t at, json_error_t *e)
{
	return json_loadb(s->text + at, s->size - at,
	    JSON_DISABLE_EOF_CHECK | JSON_DECODE_ANY | JSON_REJECT_DUPLICATES,
	    e);
}

/* The next value, or NULL with a sentence. */
static json_t *
take_value(struct reading *r)
{
	json_error_t e;
	json_t *j;

	skip_space(r);
	let_go(r->s, r->at);
	if (r->at >= r->s->size) {
		(void)wrong(r, "");
		return NULL;
	}
	j = value_at(r->s, r->at, &e);
	if (j != NULL) {
		r->at += (size_t)e.position;
		return j;
	}
	/* Jansson counts from where it began. */
	if (json_error_code(&e) == json_error_premature_end_of_input)
		r->at = r->s->size;
	else if (e.position > 0 && (size_t)e.position < r->s->size - r->at)
		r->at += (size_t)e.position;
	(void)wrong(r, "this is no JSON");
	return NULL;
}

/* ---- what the elements must have ---- */

static bool
check_flow(struct reading *r, const json_t *o)
{
	enum verdict v;
	enum traffic_class c;

	if (doc_text(o, "src_ip")[0] == '\0' ||
	    doc_text(o, "dest_ip")[0] == '\0')
		return wrong(r, "a flow needs src_ip and dest_ip");
	if (!doc_verdict(o, &v))
		return wrong(r, "the verdict of this flow is none we know");
	if (!doc_class(o, &c))
		return wrong(r, "the class of this flow is none we know");
	return true;
}

static bool
check_element(struct reading *r, enum doc_list list, const json_t *o)
{
	if (!json_is_object(o))
		return wrong(r, "an object is expected here");
	switch (list) {
	case DOC_FLOWS:
		return check_flow(r, o);
	case DOC_INPUTS:
		return doc_text(o, "path")[0] != '\0' ||
		    wrong(r, "an input needs a path");
	case DOC_CERTIFICATES:
		return doc_text(o, "fingerprint")[0] != '\0' ||
		    wrong(r, "a certificate needs a fingerprint");
	case DOC_HOSTS:
		return doc_text(o, "ip")[0] != '\0' ||
		    wrong(r, "a host needs an ip");
	case DOC_LISTS:
		break;
	}
	return true;
}

static bool
remember(struct reading *r, enum doc_list list, size_t at)
{
	size_t n = r->d->count[list];

	if (n == r->s->room[list]) {
		size_t more = n == 0 ? 64 : n * 2;
		uint64_t *p = realloc(r->s->at[list], more * sizeof(*p));

		if (p == NULL)
			return fail(r->f, "%s: no memory", r->path);
		r->s->at[list] = p;
		r->s->room[list] = more;
	}
	r->s->at[list][n] = at;
	r->d->count[list]++;
	return true;
}

static bool
take_list(struct reading *r, enum doc_list list)
{
	bool first = true;

	if (r->seen[list])
		return wrong(r, "this list is there twice");
	r->seen[list] = true;
	if (!take(r, '['))
		return wrong(r, "a list is expected here");
	while (!take(r, ']')) {
		if (!first && !take(r, ','))
			return wrong(r, "a comma or ] is expected here");
		first = false;
		skip_space(r);
		size_t at = r->at;
		json_t *o = take_value(r);

		if (o == NULL)
			return false;
		size_t after = r->at;

		r->at = at;
		bool good = check_element(r, list, o);

		json_decref(o);
		if (!good || !remember(r, list, at))
			return false;
		r->at = after;
	}
	return true;
}

/* ---- the document ---- */

static json_t **
part_named(struct reading *r, const char *key)
{
	struct {
		const char *key;
		json_t **to;
	} parts[] = {
		{ "format", &r->format },
		{ "version", &r->version },
		{ "tool", &r->d->tool },
		{ "policy", &r->d->policy },
		{ "capture", &r->d->capture },
		{ "summary", &r->d->summary },
	};

	for (size_t i = 0; i < COUNT(parts); i++) {
		if (strcmp(parts[i].key, key) == 0)
			return parts[i].to;
	}
	return NULL;
}

static bool
take_member(struct reading *r, const char *key)
{
	for (int i = 0; i < DOC_LISTS; i++) {
		if (strcmp(key, doc_list_names[i]) == 0)
			return take_list(r, (enum doc_list)i);
	}
	json_t **to = part_named(r, key);
	json_t *j = take_value(r);

	if (j == NULL)
		return false;
	if (to == NULL) { /* of a newer program: not ours to judge */
		json_decref(j);
		return true;
	}
	if (*to != NULL) {
		json_decref(j);
		return wrong(r, "this member is there twice");
	}
	*to = j;
	return true;
}

static bool
check_format(struct reading *r)
{
	const char *format = json_string_value(r->format);

	if (format == NULL || strcmp(format, "spanward-audit") != 0)
		return fail(r->f,
		    "%s: is JSON, but not an audit (\"format\": "
		    "\"spanward-audit\")",
		    r->path);
	if (json_integer_value(r->version) != AUDIT_VERSION)
		return fail(r->f,
		    "%s: is an audit of version %lld; this program reads "
		    "version %d",
		    r->path, (long long)json_integer_value(r->version),
		    AUDIT_VERSION);
	return true;
}

static bool
check_parts(struct reading *r)
{
	const struct {
		const char *name;
		const json_t *is;
	} parts[] = {
		{ "tool", r->d->tool },
		{ "policy", r->d->policy },
		{ "capture", r->d->capture },
		{ "summary", r->d->summary },
	};

	for (size_t i = 0; i < COUNT(parts); i++) {
		if (!json_is_object(parts[i].is))
			return fail(r->f, "%s: the audit has no %s", r->path,
			    parts[i].name);
	}
	for (int i = 0; i < DOC_LISTS; i++) {
		if (!r->seen[i])
			return fail(r->f, "%s: the audit has no %s", r->path,
			    doc_list_names[i]);
	}
	return true;
}

static bool
take_document(struct reading *r)
{
	bool first = true;

	if (!take(r, '{'))
		return fail(r->f, "%s: is no JSON document", r->path);
	while (!take(r, '}')) {
		if (!first && !take(r, ','))
			return wrong(r, "a comma or } is expected here");
		first = false;
		json_t *key = take_value(r);

		if (key == NULL)
			return false;
		bool good = (json_is_string(key) ||
				wrong(r, "a name is expected here")) &&
		    (take(r, ':') || wrong(r, "a colon is expected here")) &&
		    take_member(r, json_string_value(key));

		json_decref(key);
		if (!good)
			return false;
		/* Not an audit: say so before anything else is wrong. */
		if (r->format != NULL && r->version != NULL && !check_format(r))
			return false;
	}
	skip_space(r);
	if (r->at != r->s->size)
		return wrong(r, "something follows the document");
	return check_format(r) && check_parts(r);
}

/* ---- the file ---- */

static json_t *
stored_item(const struct audit_doc *d, enum doc_list list, size_t i)
{
	struct stored *s = d->inside;
	json_error_t e;

	let_go(s, s->at[list][i]);
	return value_at(s, s->at[list][i], &e);
}

static void
stored_release(struct audit_doc *d)
{
	struct stored *s = d->inside;

	if (s->text != NULL)
		(void)munmap(s->text, s->size);
	for (int i = 0; i < DOC_LISTS; i++)
		free(s->at[i]);
	free(s);
}

static bool
map_file(const char *path, struct stored *s, struct fault *f)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return fail(f, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0) {
		(void)close(fd);
		return fail(f, "%s: is %s", path,
		    S_ISREG(st.st_mode) ? "empty" : "no file");
	}
	void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);

	(void)close(fd);
	if (p == MAP_FAILED)
		return fail(f, "%s: %s", path, strerror(errno));
	s->text = p;
	s->size = (size_t)st.st_size;
	return true;
}

/* A stream of lines; it needs the text for as long as it lives. */
struct lines {
	struct stored *s;
	struct audit_doc *d;
};

static json_t *
line_item(const struct audit_doc *d, enum doc_list list, size_t i)
{
	const struct lines *x = d->inside;

	return doc_item(x->d, list, i);
}

static void
line_release(struct audit_doc *d)
{
	struct lines *x = d->inside;

	doc_free(x->d);
	(void)munmap(x->s->text, x->s->size);
	free(x->s);
	free(x);
}

/* Takes `s` over. */
static struct audit_doc *
doc_of_lines(const char *path, struct stored *s, struct fault *f)
{
	struct audit_doc *d = calloc(1, sizeof(*d));
	struct lines *x = calloc(1, sizeof(*x));
	struct audit_doc *of =
	    doc_of_events(path, slice_of(s->text, s->size), f);

	if (d == NULL || x == NULL || of == NULL) {
		if (of != NULL)
			(void)fail(f, "%s: no memory", path);
		doc_free(of);
		free(d);
		free(x);
		(void)munmap(s->text, s->size);
		free(s);
		return NULL;
	}
	*x = (struct lines){ s, of };
	*d = *of;
	json_incref(d->tool);
	json_incref(d->policy);
	json_incref(d->capture);
	json_incref(d->summary);
	d->item = line_item;
	d->release = line_release;
	d->inside = x;
	return d;
}

struct audit_doc *
doc_read(const char *path, struct fault *f)
{
	struct audit_doc *d = calloc(1, sizeof(*d));
	struct stored *s = calloc(1, sizeof(*s));

	if (d == NULL || s == NULL) {
		free(d);
		free(s);
		(void)fail(f, "%s: no memory", path);
		return NULL;
	}
	d->item = stored_item;
	d->release = stored_release;
	d->inside = s;
	struct reading r = { .path = path, .s = s, .d = d, .f = f };
	bool good = map_file(path, s, f);

	if (good && events_begin(slice_of(s->text, s->size))) {
		free(d);
		return doc_of_lines(path, s, f);
	}
	good = good && take_document(&r);

	json_decref(r.format);
	json_decref(r.version);
	if (good)
		return d;
	doc_free(d);
	return NULL;
}
