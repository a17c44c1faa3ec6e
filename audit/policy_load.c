/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens a policy and those it extends, and joins them: what the outer file
 * says goes before what its base says.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "audit/policy_private.h"
#include "core/buf.h"
#include "core/limits.h"
#include "core/names.h"

/* What policy_load() gives out, with its memory. */
struct owned {
	struct policy policy; /* first, so that policy_free() finds it */
	struct arena arena;
};

/* A policy and its bases, outermost first. */
struct chain {
	struct arena *arena;
	struct fault *fault;
	struct policy_layer layers[LIMIT_POLICY_DEPTH];
	struct stat files[LIMIT_POLICY_DEPTH]; /* st_ino 0: built-in */
	unsigned count;
};

static const struct policy_text *
builtin(const char *name)
{
	for (size_t i = 0; i < policy_text_count; i++) {
		if (strcmp(policy_texts[i].name, name) == 0)
			return &policy_texts[i];
	}
	return NULL;
}

const char *
policy_builtin_name(size_t i)
{
	return i < policy_text_count ? policy_texts[i].name : NULL;
}

const char *
policy_builtin_text(const char *name)
{
	const struct policy_text *t = builtin(name);

	return t != NULL ? t->text : NULL;
}

const char *
policy_builtin_about(const char *name)
{
	const struct policy_text *t = builtin(name);

	return t != NULL ? t->about : NULL;
}

/* "file:line:column: " of what named the next policy; empty for the first. */
static const char *
place(const struct chain *c, char *to, size_t room)
{
	to[0] = '\0';
	if (c->count > 0) {
		const struct policy_layer *l = &c->layers[c->count - 1];

		snprintf(to, room, "%s:%u:%u: ", l->shown, l->extends_line,
		    l->extends_column);
	}
	return to;
}

static bool
cannot_open(const struct chain *c, const char *name, const char *path,
    int error)
{
	const char *words[16];
	size_t n = 0;
	char at[300];

	place(c, at, sizeof(at));
	if (error != ENOENT || strchr(name, '/') != NULL)
		return fail(c->fault, "%s%s: %s", at, path, strerror(error));
	while (n < COUNT(words) && n < policy_text_count) {
		words[n] = policy_texts[n].name;
		n++;
	}
	const char *near = name_nearest(words, n, slice_text(name));

	if (near == NULL)
		return fail(c->fault,
		    "%s'%s' is neither a built-in policy nor a file", at, name);
	return fail(c->fault,
	    "%s'%s' is neither a built-in policy nor a file; did you mean "
	    "'%s'?",
	    at, name, near);
}

/* Reads all of a file, or one byte more than is allowed. */
static bool
read_all(FILE *in, struct buf *b)
{
	char piece[16 * 1024];
	size_t n;

	while (b->n <= LIMIT_POLICY_TEXT &&
	    (n = fread(piece, 1, sizeof(piece), in)) > 0)
		buf_add(b, piece, n);
	return !ferror(in) && buf_ok(b);
}

static bool
is_open_already(const struct chain *c, const struct stat *file)
{
	for (unsigned i = 0; i < c->count; i++) {
		if (c->files[i].st_ino != 0 &&
		    c->files[i].st_ino == file->st_ino &&
		    c->files[i].st_dev == file->st_dev)
			return true;
	}
	return false;
}

static bool
take_text(struct chain *c, FILE *in, struct policy_layer *l)
{
	struct stat *file = &c->files[c->count];
	struct buf b;
	bool good = false;
	char at[300];

	place(c, at, sizeof(at));
	buf_init(&b);
	if (fstat(fileno(in), file) != 0)
		fail(c->fault, "%s%s: %s", at, l->shown, strerror(errno));
	else if (S_ISDIR(file->st_mode))
		fail(c->fault, "%s%s is a folder, not a policy file", at,
		    l->shown);
	else if (is_open_already(c, file))
		fail(c->fault, "%s%s extends itself, here or through others",
		    at, l->shown);
	else if (!read_all(in, &b))
		fail(c->fault, "%s%s: %s", at, l->shown,
		    buf_ok(&b) ? strerror(errno) : "out of memory");
	else if (b.n > LIMIT_POLICY_TEXT)
		fail(c->fault,
		    "%s%s is too large for a policy: more than %d "
		    "bytes",
		    at, l->shown, LIMIT_POLICY_TEXT);
	else if (!arena_copy(c->arena, buf_slice(&b), &l->text))
		fail(c->fault, "out of memory");
	else
		good = true;
	buf_done(&b);
	return good;
}

/* Text that is NUL-terminated; NULL without memory. */
static const char *
join(struct arena *a, struct slice one, const char *two)
{
	size_t n = one.n + strlen(two) + 1;
	char *to = arena_take(a, n);

	if (to != NULL)
		snprintf(to, n, "%.*s%s", (int)one.n, (const char *)one.p, two);
	return to;
}

static struct slice
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return slice_text("./");
	return slice_of(path, (size_t)(slash - path) + 1);
}

/* A path is relative to the file that names it. */
static bool
open_file(struct chain *c, const char *name, struct policy_layer *l)
{
	const char *folder =
	    c->count > 0 ? c->layers[c->count - 1].folder : NULL;
	struct slice base = { NULL, 0 };

	if (folder != NULL && strcmp(folder, "./") != 0 && name[0] != '/')
		base = slice_text(folder);
	l->shown = join(c->arena, base, name);
	if (l->shown == NULL)
		return fail(c->fault, "out of memory");
	l->folder = join(c->arena, folder_of(l->shown), "");
	if (l->folder == NULL)
		return fail(c->fault, "out of memory");

	FILE *in = fopen(l->shown, "re");

	if (in == NULL)
		return cannot_open(c, name, l->shown, errno);
	bool good = take_text(c, in, l);

	fclose(in);
	return good;
}

static bool
open_builtin(struct chain *c, const struct policy_text *t,
    struct policy_layer *l)
{
	char at[300];

	l->shown = t->name;
	l->text = slice_text(t->text);
	for (unsigned i = 0; i < c->count; i++) {
		if (c->layers[i].text.p == l->text.p)
			return fail(c->fault, "%s%s extends itself",
			    place(c, at, sizeof(at)), t->name);
	}
	return true;
}

static bool
open_chain(struct chain *c, const char *name)
{
	char at[300];

	while (name != NULL) {
		if (c->count == LIMIT_POLICY_DEPTH)
			return fail(c->fault,
			    "%smore than %d policies extend each other",
			    place(c, at, sizeof(at)), LIMIT_POLICY_DEPTH);
		struct policy_layer *l = &c->layers[c->count];
		const struct policy_text *t = builtin(name);

		if (!(t != NULL ? open_builtin(c, t, l)
				: open_file(c, name, l)) ||
		    !policy_parse(l, c->arena, c->fault))
			return false;
		c->count++;
		name = l->extends;
	}
	return true;
}

static bool
is_dropped(const struct policy_drops *d, const char *word)
{
	for (size_t i = 0; i < d->count; i++) {
		if (strcmp(d->list[i].word, word) == 0)
			return true;
	}
	return false;
}

static bool
rule_dropped(const struct chain *c, unsigned layer, size_t i)
{
	for (unsigned k = 0; k < layer; k++) {
		if (is_dropped(&c->layers[k].drop_rules,
			c->layers[layer].rules[i].id))
			return true;
	}
	return false;
}

static bool
service_dropped(const struct chain *c, unsigned layer, size_t i)
{
	for (unsigned k = 0; k < layer; k++) {
		if (is_dropped(&c->layers[k].drop_services,
			c->layers[layer].services[i].service))
			return true;
	}
	return false;
}

static size_t
words_of(const struct policy_layer *l, bool rules, const char **words)
{
	size_t n = rules ? l->rule_count : l->service_count;

	for (size_t i = 0; i < n; i++)
		words[i] = rules ? l->rules[i].id : l->services[i].service;
	return n;
}

static bool
is_among(const char *const *words, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(words[i], word) == 0)
			return true;
	}
	return false;
}

/* Each word that is dropped must be in a base of its layer. */
static bool
check_drops(const struct chain *c, unsigned layer, bool rules)
{
	const struct policy_layer *l = &c->layers[layer];
	const struct policy_drops *d =
	    rules ? &l->drop_rules : &l->drop_services;
	const char **words;
	size_t n = 0;

	if (d->count == 0)
		return true;
	for (unsigned k = layer + 1; k < c->count; k++)
		n += rules ? c->layers[k].rule_count
			   : c->layers[k].service_count;
	words = arena_take(c->arena, (n + 1) * sizeof(*words));
	if (words == NULL)
		return fail(c->fault, "out of memory");
	n = 0;
	for (unsigned k = layer + 1; k < c->count; k++)
		n += words_of(&c->layers[k], rules, words + n);
	for (size_t i = 0; i < d->count; i++) {
		const char *word = d->list[i].word;

		if (is_among(words, n, word))
			continue;
		const char *near = name_nearest(words, n, slice_text(word));

		return fail(c->fault,
		    "%s:%u:%u: no %s of the base is called '%s'%s%s%s",
		    l->shown, d->list[i].line, d->list[i].column,
		    rules ? "rule" : "service", word,
		    near != NULL ? "; did you mean '" : "",
		    near != NULL ? near : "", near != NULL ? "'?" : "");
	}
	return true;
}

static void
join_layer(struct policy *p, const struct chain *c, unsigned layer,
    struct policy_layer *sum)
{
	const struct policy_layer *l = &c->layers[layer];

	for (size_t i = 0; i < l->host_count; i++)
		sum->hosts[sum->host_count++] = l->hosts[i];
	for (size_t i = 0; i < l->name_count; i++)
		sum->names[sum->name_count++] = l->names[i];
	for (size_t i = 0; i < l->service_count; i++) {
		if (!service_dropped(c, layer, i))
			sum->services[sum->service_count++] = l->services[i];
	}
	for (size_t i = 0; i < l->rule_count; i++) {
		if (!rule_dropped(c, layer, i))
			sum->rules[sum->rule_count++] = l->rules[i];
	}
	for (unsigned k = 0; k < CLASSES; k++) {
		if (!l->has_require[k] || p->require_policy[k] != NULL)
			continue;
		p->require[k] = l->require[k];
		p->require_policy[k] = l->name;
	}
	if (l->ca.given && !sum->ca.given)
		sum->ca = l->ca;
	if (l->crl.given && !sum->crl.given)
		sum->crl = l->crl;
	if (p->base == NULL && l->folder == NULL)
		p->base = l->name;
}

/* Room for what all layers have together. */
static bool
take_room(const struct chain *c, struct policy_layer *sum)
{
	size_t hosts = 1;
	size_t names = 1;
	size_t services = 1;
	size_t rules = 1;

	for (unsigned i = 0; i < c->count; i++) {
		hosts += c->layers[i].host_count;
		names += c->layers[i].name_count;
		services += c->layers[i].service_count;
		rules += c->layers[i].rule_count;
	}
	sum->hosts = arena_take(c->arena, hosts * sizeof(*sum->hosts));
	sum->names = arena_take(c->arena, names * sizeof(*sum->names));
	sum->services = arena_take(c->arena, services * sizeof(*sum->services));
	sum->rules = arena_take(c->arena, rules * sizeof(*sum->rules));
	return sum->hosts != NULL && sum->names != NULL &&
	    sum->services != NULL && sum->rules != NULL;
}

static int
by_port(const void *a, const void *b)
{
	const struct policy_service *const *x = a;
	const struct policy_service *const *y = b;

	return (*x)->lo - (*y)->lo;
}

/* Thousands of flows ask for the rows of a role and a port. */
static bool
order_services(struct policy *p, const struct chain *c,
    const struct policy_layer *sum)
{
	size_t n = 0, most = sum->service_count + 1;
	struct policy_service *to = arena_take(c->arena, most * sizeof(*to));

	p->single =
	    arena_take(c->arena, most * sizeof(struct policy_service *));
	if (to == NULL || p->single == NULL)
		return false;
	for (unsigned role = 0; role < ROLES; role++) {
		p->service_from[role] = n;
		for (size_t i = 0; i < sum->service_count; i++) {
			if (sum->services[i].role == role)
				to[n++] = sum->services[i];
		}
	}
	p->service_from[ROLES] = n;
	for (size_t i = 0; i < n; i++) {
		if (to[i].lo == to[i].hi)
			p->single[p->single_count++] = &to[i];
	}
	qsort(p->single, p->single_count, sizeof(struct policy_service *),
	    by_port);
	p->services = to;
	p->service_count = n;
	return true;
}

static bool
hash_chain(const struct chain *c, uint8_t to[SHA256_SIZE])
{
	struct digest *d = digest_new();

	if (d == NULL)
		return false;
	for (unsigned i = 0; i < c->count; i++)
		digest_add(d, c->layers[i].text.p, c->layers[i].text.n);
	digest_finish(d, to);
	digest_free(d);
	return true;
}

static bool
join_chain(struct policy *p, const struct chain *c)
{
	struct policy_layer sum = { 0 };
	const struct policy_layer *outer = &c->layers[0];

	p->name = outer->name;
	p->path = outer->folder != NULL ? outer->shown : NULL;
	p->text = join(c->arena, outer->text, "");
	if (p->text == NULL || !take_room(c, &sum) || !hash_chain(c, p->sha256))
		return fail(c->fault, "out of memory");
	for (unsigned i = 0; i < c->count; i++) {
		if (!check_drops(c, i, true) || !check_drops(c, i, false))
			return false;
		join_layer(p, c, i, &sum);
	}
	if (!order_services(p, c, &sum))
		return fail(c->fault, "out of memory");
	for (unsigned k = 0; k < CLASSES; k++) {
		if (p->require_policy[k] != NULL)
			continue;
		p->require[k] = class_required[k];
		p->require_policy[k] = p->name;
	}
	p->hosts = sum.hosts;
	p->host_count = sum.host_count;
	p->names = sum.names;
	p->name_count = sum.name_count;
	p->rules = sum.rules;
	p->rule_count = sum.rule_count;
	p->ca = sum.ca.list;
	p->ca_count = sum.ca.count;
	p->crl = sum.crl.list;
	p->crl_count = sum.crl.count;
	return true;
}

struct policy *
policy_load(const char *name_or_path, struct fault *f)
{
	struct owned *o = calloc(1, sizeof(*o));

	if (o == NULL) {
		fail(f, "out of memory");
		return NULL;
	}
	arena_init(&o->arena, LIMIT_POLICY_ARENA);
	struct chain *c = arena_take(&o->arena, sizeof(*c));

	if (c == NULL) {
		fail(f, "out of memory");
		policy_free(&o->policy);
		return NULL;
	}
	c->arena = &o->arena;
	c->fault = f;
	if (!open_chain(c, name_or_path) || !join_chain(&o->policy, c)) {
		policy_free(&o->policy);
		return NULL;
	}
	return &o->policy;
}

void
policy_free(struct policy *p)
{
	struct owned *o = (struct owned *)p;

	if (o == NULL)
		return;
	arena_done(&o->arena);
	free(o);
}
