/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 4571 frames, and the judge of frames. */
#include "dissect/frames.h"
#include "tests/fuzz/media_fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = slice_of(data, size);
	struct frame_judge judge = { 0 };

	enum frame whole = frame_judge(&judge, input, size);
	enum frame rest = frame_judge(&judge, slice_from(input, 1), size);

	if (frame_convinced(&judge) && whole != FRAME_GOOD &&
	    rest != FRAME_GOOD)
		abort();
	fuzz_flow(input, IPPROTO_NUM_TCP, &dissect_framed);
	fuzz_flow(input, IPPROTO_NUM_TCP, NULL);
	return 0;
}
