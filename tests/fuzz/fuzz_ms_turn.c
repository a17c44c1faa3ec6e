/* SPDX-License-Identifier: Apache-2.0 */
/* Microsoft's TURN dialect on datagrams and streams. */
#include "tests/fuzz/media_fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = slice_of(data, size);

	fuzz_flow(input, IPPROTO_NUM_UDP, &dissect_ms_turn);
	fuzz_flow(input, IPPROTO_NUM_TCP, &dissect_ms_turn);
	return 0;
}
