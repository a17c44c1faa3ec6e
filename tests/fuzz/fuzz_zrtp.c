/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/media_fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_flow(slice_of(data, size), IPPROTO_NUM_UDP, &dissect_zrtp);
	return 0;
}
