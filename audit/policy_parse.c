/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy file to a layer: who is who, trust, requirements, and the file as a
 * whole. Each mapping is a table of its keys.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/policy_parse_node.h"
#include "core/limits.h"
#include "core/map.h"
#include "core/text.h"

enum { POLICY_VERSION = 1, MOST_NAME = 40 };

/* How many items the lists of a mapping have together. */
static bool
count_items(const struct parse *p, const yaml_node_t *n, size_t most,
    size_t *sum)
{
	*sum = 0;
	for (size_t i = 0; i < node_pairs(n); i++) {
		struct list l;

		if (!list_open(p, node_value(p, n, i), most, &l))
			return false;
		*sum += l.count;
		if (*sum > most)
			return node_wrong(p, node_value(p, n, i),
			    "a policy lists at most %zu hosts", most);
	}
	return true;
}

static bool
take_hosts_of(struct parse *p, enum role role, const yaml_node_t *n)
{
	struct policy_layer *layer = p->layer;
	struct list l;

	if (!list_open(p, n, LIMIT_POLICY_HOSTS, &l))
		return false;
	for (size_t i = 0; i < l.count; i++) {
		struct policy_host *h = &layer->hosts[layer->host_count];

		h->role = role;
		if (!take_range(p, node_at(p, &l, i), &h->range))
			return false;
		layer->host_count++;
	}
	return true;
}

static bool
take_hosts(struct parse *p, const yaml_node_t *n, void *into)
{
	bool seen[ROLES] = { false };
	size_t sum;

	(void)into;
	if (!node_is_mapping(p, n, "a mapping of roles to addresses") ||
	    !count_items(p, n, LIMIT_POLICY_HOSTS, &sum))
		return false;
	p->layer->hosts =
	    arena_take(p->arena, (sum + 1) * sizeof(*p->layer->hosts));
	if (p->layer->hosts == NULL)
		return node_starved(p);
	for (size_t i = 0; i < node_pairs(n); i++) {
		const yaml_node_t *key = node_key(p, n, i);
		enum role role;

		if (!take_role_word(p, key, &role))
			return false;
		if (seen[role])
			return node_wrong(p, key, "'%s' stands here twice",
			    role_words[role].word);
		seen[role] = true;
		if (!take_hosts_of(p, role, node_value(p, n, i)))
			return false;
	}
	return true;
}

static bool
take_strings(struct parse *p, const yaml_node_t *n, struct policy_strings *to)
{
	struct list l;

	if (!list_open(p, n, LIMIT_POLICY_LIST, &l))
		return false;
	to->given = true;
	to->list = arena_take(p->arena, (l.count + 1) * sizeof(*to->list));
	if (to->list == NULL)
		return node_starved(p);
	for (size_t i = 0; i < l.count; i++) {
		if (!take_line(p, node_at(p, &l, i), &to->list[i]))
			return false;
		to->count++;
	}
	return true;
}

static bool
take_host_name(struct parse *p, const yaml_node_t *n, struct policy_name *to)
{
	struct policy_strings names = { 0 };
	struct list l;

	if (!list_open(p, n, LIMIT_POLICY_LIST, &l))
		return false;
	for (size_t i = 0; i < l.count; i++) {
		const yaml_node_t *name = node_at(p, &l, i);

		if (!node_is_scalar(p, name, "a host name"))
			return false;
		struct slice s = node_bytes(name);

		if (s.n > 255 || !node_is_handle(slice_from(s, s.p[0] == '*')))
			return node_wrong(p, name, "'%s' is no host name",
			    node_shown(p, name));
	}
	if (!take_strings(p, n, &names))
		return false;
	to->names = names.list;
	to->count = names.count;
	return true;
}

static bool
take_names_in(struct parse *p, const yaml_node_t *n, struct map *seen)
{
	for (size_t i = 0; i < node_pairs(n); i++) {
		const yaml_node_t *key = node_key(p, n, i);
		struct policy_name *to = &p->layer->names[i];

		if (!take_range(p, key, &to->range))
			return false;
		uint64_t *before = map_put(seen, node_bytes(key));

		if (before == NULL)
			return node_starved(p);
		if (*before != 0)
			return node_wrong(p, key, "'%s' stands here twice",
			    node_shown(p, key));
		*before = 1;
		if (!take_host_name(p, node_value(p, n, i), to))
			return false;
		p->layer->name_count++;
	}
	return true;
}

static bool
take_names(struct parse *p, const yaml_node_t *n, void *into)
{
	(void)into;
	if (!node_is_mapping(p, n, "a mapping of addresses to host names"))
		return false;
	if (node_pairs(n) > LIMIT_POLICY_HOSTS)
		return node_wrong(p, n, "a policy names at most %d hosts",
		    LIMIT_POLICY_HOSTS);
	p->layer->names = arena_take(p->arena,
	    (node_pairs(n) + 1) * sizeof(*p->layer->names));
	struct map *seen = map_new(0);

	if (p->layer->names == NULL || seen == NULL) {
		map_free(seen);
		return node_starved(p);
	}
	bool good = take_names_in(p, n, seen);

	map_free(seen);
	return good;
}

/* A file beside the policy, which must be there now. */
static bool
resolve(struct parse *p, const yaml_node_t *n, const char **path)
{
	const char *folder = p->layer->folder;
	struct stat file;

	if (folder == NULL)
		return node_wrong(p, n, "a built-in policy has no files");
	if ((*path)[0] != '/' && strcmp(folder, "./") != 0) {
		size_t room = strlen(folder) + strlen(*path) + 1;
		char *joined = arena_take(p->arena, room);

		if (joined == NULL)
			return node_starved(p);
		snprintf(joined, room, "%s%s", folder, *path);
		*path = joined;
	}
	if (stat(*path, &file) != 0 || access(*path, R_OK) != 0)
		return node_wrong(p, n, "cannot read '%s': %s", *path,
		    strerror(errno));
	if (!S_ISREG(file.st_mode))
		return node_wrong(p, n, "'%s' is not a file", *path);
	return true;
}

static bool
take_files(struct parse *p, const yaml_node_t *n, struct policy_strings *to)
{
	struct list l;

	if (!take_strings(p, n, to) || !list_open(p, n, LIMIT_POLICY_LIST, &l))
		return false;
	for (size_t i = 0; i < to->count; i++) {
		if (!resolve(p, node_at(p, &l, i), &to->list[i]))
			return false;
	}
	return true;
}

static bool
take_ca(struct parse *p, const yaml_node_t *n, void *into)
{
	(void)into;
	return take_files(p, n, &p->layer->ca);
}

static bool
take_crl(struct parse *p, const yaml_node_t *n, void *into)
{
	(void)into;
	return take_files(p, n, &p->layer->crl);
}

static bool
take_trust(struct parse *p, const yaml_node_t *n, void *into)
{
	static const struct field fields[] = {
		{ "ca", take_ca },
		{ "crl", take_crl },
	};
	static const struct mapping trust = { "trust", fields, COUNT(fields) };

	(void)into;
	return take_mapping(p, n, &trust, NULL);
}

static bool
take_requires(struct parse *p, const yaml_node_t *n, void *into)
{
	struct policy_layer *l = p->layer;

	(void)into;
	if (!node_is_mapping(p, n, "a mapping of classes to requirements"))
		return false;
	for (size_t i = 0; i < node_pairs(n); i++) {
		const yaml_node_t *key = node_key(p, n, i);
		enum traffic_class class;

		if (!take_class_word(p, key, &class))
			return false;
		if (l->has_require[class])
			return node_wrong(p, key, "'%s' stands here twice",
			    class_words[class].word);
		l->has_require[class] = true;
		if (!take_requirement_word(p, node_value(p, n, i),
			&l->require[class]))
			return false;
	}
	return true;
}

static bool
take_drops(struct parse *p, const yaml_node_t *n, struct policy_drops *to)
{
	struct policy_strings words = { 0 };
	struct list l;

	if (!take_strings(p, n, &words) ||
	    !list_open(p, n, LIMIT_POLICY_LIST, &l))
		return false;
	to->list = arena_take(p->arena, (l.count + 1) * sizeof(*to->list));
	if (to->list == NULL)
		return node_starved(p);
	for (size_t i = 0; i < words.count; i++) {
		const yaml_node_t *word = node_at(p, &l, i);

		to->list[i] = (struct policy_drop){
			words.list[i],
			(unsigned)word->start_mark.line + 1,
			(unsigned)word->start_mark.column + 1,
		};
	}
	to->count = words.count;
	return true;
}

static bool
take_drop_rules(struct parse *p, const yaml_node_t *n, void *into)
{
	(void)into;
	return take_drops(p, n, &p->layer->drop_rules);
}

static bool
take_drop_services(struct parse *p, const yaml_node_t *n, void *into)
{
	(void)into;
	return take_drops(p, n, &p->layer->drop_services);
}

static bool
take_version(struct parse *p, const yaml_node_t *n, void *into)
{
	uint64_t version;

	(void)into;
	if (!node_is_scalar(p, n, "the version of the policy language"))
		return false;
	if (!text_u64(node_bytes(n), &version))
		return node_wrong(p, n,
		    "'%s' is no version; write "
		    "'spanward-policy: %d'",
		    node_shown(p, n), POLICY_VERSION);
	if (version != POLICY_VERSION)
		return node_wrong(p, n,
		    "policy version %s is not supported; this "
		    "program knows version %d",
		    node_shown(p, n), POLICY_VERSION);
	return true;
}

static bool
take_name(struct parse *p, const yaml_node_t *n, void *into)
{
	(void)n;
	(void)into;
	return p->layer->name != NULL;
}

static bool
take_about(struct parse *p, const yaml_node_t *n, void *into)
{
	const char *about;

	(void)into;
	return take_line(p, n, &about);
}

static bool
take_extends(struct parse *p, const yaml_node_t *n, void *into)
{
	(void)into;
	p->layer->extends_line = (unsigned)n->start_mark.line + 1;
	p->layer->extends_column = (unsigned)n->start_mark.column + 1;
	return take_line(p, n, &p->layer->extends);
}

static const struct field policy_fields[] = {
	{ "spanward-policy", take_version },
	{ "name", take_name },
	{ "about", take_about },
	{ "extends", take_extends },
	{ "hosts", take_hosts },
	{ "names", take_names },
	{ "trust", take_trust },
	{ "require", take_requires },
	{ "rules", policy_take_rules },
	{ "services", policy_take_services },
	{ "drop-rules", take_drop_rules },
	{ "drop-services", take_drop_services },
};
static const struct mapping policy_mapping = { "a policy", policy_fields,
	COUNT(policy_fields) };

static const yaml_node_t *
find_value(const struct parse *p, const yaml_node_t *n, const char *word)
{
	for (size_t i = 0; i < node_pairs(n); i++) {
		const yaml_node_t *key = node_key(p, n, i);

		if (key->type == YAML_SCALAR_NODE &&
		    slice_is(node_bytes(key), word))
			return node_value(p, n, i);
	}
	return NULL;
}

/* A file without a name is called after its own. */
static bool
name_layer(struct parse *p, const yaml_node_t *root)
{
	const yaml_node_t *name = find_value(p, root, "name");
	const char *slash = strrchr(p->layer->shown, '/');
	char text[MOST_NAME + 1];

	if (name != NULL)
		return take_handle(p, name, MOST_NAME, &p->layer->name);
	snprintf(text, sizeof(text), "%s",
	    slash != NULL ? slash + 1 : p->layer->shown);
	char *dot = strrchr(text, '.');

	if (dot != NULL && dot != text)
		*dot = '\0';
	for (size_t i = 0; text[i] != '\0'; i++) {
		if (!node_is_handle(slice_of(text + i, 1)))
			text[i] = '-';
	}
	return node_keep(p, slice_text(text), &p->layer->name);
}

static bool
take_policy(struct parse *p, const yaml_node_t *root)
{
	if (!node_is_mapping(p, root, "a policy"))
		return false;
	/* First, because another version may have other keys. */
	const yaml_node_t *version = find_value(p, root, "spanward-policy");

	if (version == NULL)
		return node_wrong(p, root,
		    "this is no policy: "
		    "'spanward-policy: %d' is missing",
		    POLICY_VERSION);
	return take_version(p, version, NULL) && name_layer(p, root) &&
	    take_mapping(p, root, &policy_mapping, NULL);
}

/* Where in the text a reader error stands, which has no mark. */
static void
mark_of(struct slice text, size_t offset, size_t *line, size_t *column)
{
	*line = 1;
	*column = 1;
	for (size_t i = 0; i < text.n && i < offset; i++) {
		*column += 1;
		if (text.p[i] == '\n') {
			*line += 1;
			*column = 1;
		}
	}
}

static bool
not_yaml(const struct policy_layer *l, const yaml_parser_t *y, struct fault *f)
{
	size_t line = y->problem_mark.line + 1;
	size_t column = y->problem_mark.column + 1;
	const char *problem = y->problem != NULL ? y->problem : "unreadable";

	if (y->error == YAML_MEMORY_ERROR)
		return fail(f, "%s: out of memory", l->shown);
	if (y->error == YAML_READER_ERROR)
		mark_of(l->text, y->problem_offset, &line, &column);
	return fail(f, "%s:%zu:%zu: this is not YAML: %s%s%s", l->shown, line,
	    column, problem, y->context != NULL ? " " : "",
	    y->context != NULL ? y->context : "");
}

static bool
no_second_document(struct policy_layer *l, yaml_parser_t *y, struct fault *f)
{
	yaml_document_t doc;

	if (!yaml_parser_load(y, &doc))
		return not_yaml(l, y, f);
	const yaml_node_t *root = yaml_document_get_root_node(&doc);
	bool good = root == NULL;

	if (!good)
		fail(f,
		    "%s:%zu:%zu: a second document begins here; a policy "
		    "is one",
		    l->shown, root->start_mark.line + 1,
		    root->start_mark.column + 1);
	yaml_document_delete(&doc);
	return good;
}

static bool
parse_document(struct policy_layer *l, yaml_parser_t *y, struct arena *a,
    struct fault *f)
{
	yaml_document_t doc;

	if (!yaml_parser_load(y, &doc))
		return not_yaml(l, y, f);
	struct parse p = { l, &doc, a, f };
	const yaml_node_t *root = yaml_document_get_root_node(&doc);
	bool good;

	if (root == NULL)
		good = fail(f, "%s:1:1: this is no policy: the file is empty",
		    l->shown);
	else
		good = take_policy(&p, root) && no_second_document(l, y, f);
	yaml_document_delete(&doc);
	return good;
}

/* How an event changes the depth. */
static int
step_of(const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return 1;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return -1;
	default:
		return 0;
	}
}

static bool
has_anchor(const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return e->data.scalar.anchor != NULL;
	case YAML_SEQUENCE_START_EVENT:
		return e->data.sequence_start.anchor != NULL;
	case YAML_MAPPING_START_EVENT:
		return e->data.mapping_start.anchor != NULL;
	default:
		return false;
	}
}

/*
 * Before it is loaded: the time libyaml takes grows with the square of the
 * depth and of the number of anchors.
 */
static bool
check_shape(const struct policy_layer *l, yaml_parser_t *y, struct fault *f)
{
	int depth = 0;
	unsigned anchors = 0;
	bool end = false;

	while (!end) {
		yaml_event_t e;

		if (!yaml_parser_parse(y, &e))
			return not_yaml(l, y, f);
		depth += step_of(&e);
		anchors += has_anchor(&e);
		end = e.type == YAML_STREAM_END_EVENT;
		yaml_mark_t mark = e.start_mark;

		yaml_event_delete(&e);
		if (depth > LIMIT_POLICY_NESTING)
			return fail(f,
			    "%s:%zu:%zu: lists and mappings stand more than "
			    "%d deep",
			    l->shown, mark.line + 1, mark.column + 1,
			    LIMIT_POLICY_NESTING);
		if (anchors > LIMIT_POLICY_LIST)
			return fail(f, "%s:%zu:%zu: more than %d anchors",
			    l->shown, mark.line + 1, mark.column + 1,
			    LIMIT_POLICY_LIST);
	}
	return true;
}

static bool
check_text(const struct policy_layer *l, struct slice text, struct fault *f)
{
	yaml_parser_t y;

	if (!yaml_parser_initialize(&y))
		return fail(f, "%s: out of memory", l->shown);
	yaml_parser_set_input_string(&y, text.p, text.n);
	bool good = check_shape(l, &y, f);

	yaml_parser_delete(&y);
	return good;
}

bool
policy_parse(struct policy_layer *l, struct arena *a, struct fault *f)
{
	/* libyaml insists on a pointer. */
	struct slice text = l->text.n > 0 ? l->text : slice_text("");
	yaml_parser_t y;

	if (!check_text(l, text, f))
		return false;
	if (!yaml_parser_initialize(&y))
		return fail(f, "%s: out of memory", l->shown);
	yaml_parser_set_input_string(&y, text.p, text.n);
	bool good = parse_document(l, &y, a, f);

	yaml_parser_delete(&y);
	return good;
}
