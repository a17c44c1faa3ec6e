/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/keylog.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct keylog *k = keylog_new();
	uint8_t random[KEYLOG_RANDOM] = { 0 }, secret[KEYLOG_SECRET_MOST];

	if (k == NULL)
		return 0;
	keylog_add(k, slice_of(p, n));
	for (int label = 0; label < KEYLOG_LABELS; label++)
		(void)keylog_find(k, random, (enum keylog_label)label, secret);
	keylog_free(k);
	return 0;
}
