/* SPDX-License-Identifier: Apache-2.0 */
#include "report/remedy.h"

const char *const how_words[HOWS] = { "keys-in-clear", "null", "one-sided",
	"clear", "other" };

enum { CLASS_ANY = -1 };

static const struct row {
	int class;
	enum how how;
	struct remedy remedy;
} rows[] = {
#define VIOLATION(class, how, title, remedy, setting, source) \
	{ CLASS_##class, HOW_##how, { title, remedy, setting, source } },
#include "report/remedies.def"
#undef VIOLATION
};

static const struct remedy by_finding[FINDINGS] = {
#define REMEDY(finding, remedy, setting, source) \
	[FINDING_##finding] = { NULL, remedy, setting, source },
#include "report/remedies.def"
#undef REMEDY
};

static bool
has_finding(const json_t *audit, enum finding_id id)
{
	const json_t *list = json_object_get(audit, "findings");

	for (size_t i = 0; i < json_array_size(list); i++) {
		enum finding_id is;

		if (doc_finding(json_array_get(list, i), &is) && is == id)
			return true;
	}
	return false;
}

struct cause
cause_of(const json_t *flow)
{
	const json_t *audit = json_object_get(flow, "audit");
	const char *observed = doc_text(audit, "observed");
	struct cause c = { CLASS_OTHER, HOW_OTHER };

	(void)doc_class(flow, &c.class);
	if (has_finding(audit, FINDING_MEDIA_KEYS_IN_CLEAR) &&
	    strcmp(observed, "srtp") == 0)
		c.how = HOW_KEYS_IN_CLEAR;
	else if (strcmp(observed, "null") == 0)
		c.how = HOW_NULL;
	else if (strcmp(observed, "none") == 0)
		c.how = HOW_CLEAR;
	else if (strncmp(doc_text(audit, "required"), "mtls", 4) == 0 &&
	    (strcmp(observed, "tls") == 0 || strcmp(observed, "https") == 0))
		c.how = HOW_ONE_SIDED;
	return c;
}

const struct remedy *
remedy_of_cause(struct cause c)
{
	size_t i = 0;

	/* The last row fits everything. */
	while (i + 1 < COUNT(rows)) {
		const struct row *r = &rows[i];

		if ((r->class == CLASS_ANY || r->class == (int)c.class) &&
		    r->how == c.how)
			break;
		i++;
	}
	return &rows[i].remedy;
}

const struct remedy *
remedy_of_finding(enum finding_id id)
{
	return &by_finding[id];
}
