/* SPDX-License-Identifier: Apache-2.0 */
/* STUN, TURN and what it relays, as datagrams or on a stream, by the first
 * octet, which is also that of the first packet. */
#include "tests/fuzz/media_fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool tcp = size > 0 && (data[0] & 4) != 0;

	fuzz_flow(slice_of(data, size), tcp ? IPPROTO_NUM_TCP : IPPROTO_NUM_UDP,
	    &dissect_stun);
	return 0;
}
