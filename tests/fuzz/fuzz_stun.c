/* SPDX-License-Identifier: Apache-2.0 */
/* Messages and attributes of all dialects, read to the end. */
#include "dissect/stun.h"
#include "tests/fuzz/media_fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *p = fuzz_copy(slice_of(data, size));
	struct stun_message m;

	if (stun_parse(slice_of(p, size), (uint32_t)size, &m)) {
		struct stun_attribute a;
		struct endpoint e;
		size_t left = cur_left(&m.attributes);

		while (stun_next(&m, &a)) {
			if (cur_left(&m.attributes) >= left)
				abort();
			left = cur_left(&m.attributes);
			(void)stun_is_microsoft(a.type);
			if (stun_address(a.value, &e) &&
			    !stun_xor_address(a.value, m.id, &e))
				abort();
		}
	}
	free(p);
	fuzz_flow(slice_of(data, size), IPPROTO_NUM_UDP, &dissect_stun);
	return 0;
}
