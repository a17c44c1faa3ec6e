/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/policy_private.h"
#include "core/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct policy_layer l = {
		.shown = "fuzz.yaml",
		.folder = "/nonexistent/",
		.text = { data, n },
	};
	struct arena a;
	struct fault f = { "" };

	arena_init(&a, LIMIT_POLICY_ARENA);
	/* Either whole, or with a sentence. */
	if (policy_parse(&l, &a, &f) ? l.name == NULL : f.text[0] == '\0')
		__builtin_trap();
	arena_done(&a);
	return 0;
}
