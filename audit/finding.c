/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/finding.h"

#include "core/text.h"

const struct finding_kind finding_kinds[FINDINGS] = {
#define FINDING(symbol, id, severity, meaning, source) \
	{ id, SEVERITY_##severity, meaning, source },
#include "audit/findings.def"
#undef FINDING
};

const char *const finding_sides[3] = { "", "server", "client" };

struct finding *
findings_add(struct findings *fs, enum finding_id id, enum finding_side side,
    const char *text)
{
	for (unsigned i = 0; i < fs->count; i++) {
		if (fs->f[i].id == id && fs->f[i].side == side)
			return NULL;
	}
	if (fs->count == LIMIT_FINDINGS)
		return NULL;
	struct finding *f = &fs->f[fs->count++];

	f->id = id;
	f->severity = finding_kinds[id].severity;
	f->side = side;
	f->packet = 0;
	text_put(f->text, sizeof(f->text),
	    text != NULL ? text : finding_kinds[id].meaning);
	return f;
}
