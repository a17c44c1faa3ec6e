/* SPDX-License-Identifier: Apache-2.0 */
/* spanward policy: list the built-in policies, show one, check a file. */
#include <string.h>

#include "audit/policy.h"
#include "core/names.h"
#include "ui/command.h"

enum { POLICIES_MOST = 16 };

static int
list_policies(const struct options *o)
{
	(void)o;
	for (size_t i = 0; policy_builtin_name(i) != NULL; i++) {
		const char *name = policy_builtin_name(i);

		printf("%-12s %s%s\n", name, policy_builtin_about(name),
		    i == 0 ? " (default)" : "");
	}
	return STATUS_FINE;
}

static int
show_policies(const struct options *o)
{
	const char *names[POLICIES_MOST];
	size_t n = 0;
	const char *name = o->words.list[1];
	const char *text = policy_builtin_text(name);

	if (text != NULL) {
		fputs(text, stdout);
		return STATUS_FINE;
	}
	while (n < POLICIES_MOST && policy_builtin_name(n) != NULL) {
		names[n] = policy_builtin_name(n);
		n++;
	}
	const char *near = name_nearest(names, n, slice_text(name));

	if (near == NULL)
		return command_failed("no built-in policy is called '%s'; "
				      "try spanward policy list",
		    name);
	return command_failed(
	    "no built-in policy is called '%s', did you mean '%s'", name, near);
}

/* A rule of several paths counts once. */
static size_t
count_rules(const struct policy *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->rule_count; i++) {
		const struct policy_rule *r = &p->rules[i];

		n += i == 0 || strcmp(r->id, r[-1].id) != 0 ||
		    strcmp(r->policy, r[-1].policy) != 0;
	}
	return n;
}

static const char *
plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static int
check_policies(const struct options *o)
{
	int status = STATUS_FINE;

	for (size_t i = 1; i < o->words.count; i++) {
		struct fault f = { "" };
		struct policy *p = policy_load(o->words.list[i], &f);

		if (p == NULL) {
			status = command_failed("%s", f.text);
			continue;
		}
		size_t rules = count_rules(p);

		printf("%s: fine: %zu host%s, %zu rule%s, %zu service%s%s%s\n",
		    o->words.list[i], p->host_count, plural(p->host_count),
		    rules, plural(rules), p->service_count,
		    plural(p->service_count),
		    p->base != NULL ? ", based on " : "",
		    p->base != NULL ? p->base : "");
		policy_free(p);
	}
	return status;
}

static const struct verb {
	const char *name;
	size_t least, most; /* words after it */
	const char *usage;
	int (*run)(const struct options *o);
} verbs[] = {
	{ "list", 0, 0, "policy list takes no word", list_policies },
	{ "show", 1, 1, "policy show needs the NAME of a built-in policy",
	    show_policies },
	{ "check", 1, SIZE_MAX, "policy check needs a FILE", check_policies },
};

static const struct verb *
find_verb(const char *word)
{
	for (size_t i = 0; i < COUNT(verbs); i++) {
		if (strcmp(verbs[i].name, word) == 0)
			return &verbs[i];
	}
	return NULL;
}

static bool
check(const struct options *o, struct fault *f)
{
	const char *words[COUNT(verbs)];

	if (o->words.count == 0)
		return fail(f, "policy needs list, show or check");
	const struct verb *v = find_verb(o->words.list[0]);

	if (v == NULL) {
		for (size_t i = 0; i < COUNT(verbs); i++)
			words[i] = verbs[i].name;
		const char *near = name_nearest(words, COUNT(words),
		    slice_text(o->words.list[0]));

		return fail(f, "policy cannot '%s'%s%s%s", o->words.list[0],
		    near != NULL ? ", did you mean '" : "",
		    near != NULL ? near : "", near != NULL ? "'" : "");
	}
	if (o->words.count - 1 < v->least || o->words.count - 1 > v->most)
		return fail(f, "%s", v->usage);
	return true;
}

static int
run(const struct options *o)
{
	return command_flush(find_verb(o->words.list[0])->run(o));
}

const struct command command_policy = {
	.name = "policy",
	.arguments = "(list | show NAME | check FILE)",
	.about = "list or show the built-in policies, or check a policy file",
	.letters = "",
	.details = "Examples:\n"
		   "  spanward policy list\n"
		   "  spanward policy show lync-2013 | less\n"
		   "  spanward policy check contoso.yaml\n"
		   "\n"
		   "Exit status: 0 fine, 2 a policy is bad or was not found.\n",
	.check = check,
	.run = run,
};
