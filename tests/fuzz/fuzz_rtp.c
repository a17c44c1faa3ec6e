/* SPDX-License-Identifier: Apache-2.0 */
/* RTP headers, streams, tests and length arithmetic. */
#include "dissect/rtp.h"
#include "tests/fuzz/media_fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = slice_of(data, size);
	struct rtp_header h;

	if (rtp_parse(input, (uint32_t)size, &h) && h.octets != h.payload.n)
		abort();
	fuzz_flow(input, IPPROTO_NUM_UDP, &dissect_rtp);
	return 0;
}
