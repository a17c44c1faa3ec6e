/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz_talk.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct slice bytes = slice_of(p, n);

	fuzz_whole(&dissect_rdp, bytes);
	fuzz_stream(&dissect_rdp, bytes);
	return 0;
}
