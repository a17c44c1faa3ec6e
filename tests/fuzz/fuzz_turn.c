/* SPDX-License-Identifier: Apache-2.0 */
/* STUN, TURN and what it relays, on datagrams and on a stream with holes. */
#include "tests/fuzz/media_fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = slice_of(data, size);

	fuzz_flow(input, IPPROTO_NUM_UDP, NULL);
	fuzz_flow(input, IPPROTO_NUM_TCP, NULL);
	fuzz_flow(input, IPPROTO_NUM_TCP, &dissect_stun);
	return 0;
}
