/* SPDX-License-Identifier: Apache-2.0 */
/* RTCP and SRTCP forms. */
#include "dissect/rtcp.h"
#include "tests/fuzz/media_fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *p = fuzz_copy(slice_of(data, size));
	struct rtcp_look look;

	if (rtcp_look(slice_of(p, size), 1000, &look) && size == 0)
		abort();
	if (rtcp_look(slice_of(p, size), 0, &look) && size == 0)
		abort();
	free(p);
	fuzz_flow(slice_of(data, size), IPPROTO_NUM_UDP, &dissect_rtcp);
	return 0;
}
