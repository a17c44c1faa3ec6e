/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/sdp.h"
#include "tests/fuzz/fuzz_talk.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct sdp_origin origin = { .call = 1, .cseq = 1 };
	struct session *s = fuzz_session(IPPROTO_NUM_UDP);

	if (s == NULL)
		return 0;
	(void)sdp_learn(s, slice_of(p, n), &origin);
	fuzz_done(s);
	return 0;
}
