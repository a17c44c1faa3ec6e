/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The uniformity tests. Under encryption each octet is uniform and independent
 * of all others, hence over N packets:
 *
 *   A   the most common octet at one of the first 16 positions stands there k
 *       times or more with p <= 16 C(N,k) 256^(1-k)
 *   A2  the same of the nibbles at the first 8 positions, 16 C(N,k) 16^(1-k)
 *   B   chi-square of all octets together, 255 degrees of freedom
 *   D   the same octet at the same position of the packet before, first 32
 *       positions: binomial with p = 1/256
 *   E   equal neighbours inside packets: binomial with p = 1/256
 *
 * Behind the ciphertext SRTP has a tag and maybe a constant key identifier
 * (MKI, RFC 3711 section 3.1), others append a counter. An octet of the tail
 * that repeats the one at the same distance from the end of the packet before
 * is therefore not counted; the tests that remain keep their bounds, because
 * uniform octets are left out at random. An MKI may have up to 128 octets (RFC
 * 4568 section 6.1): further from the end those are left out that were never
 * anything else. What is constant in clear media begins with the first octet,
 * which always counts.
 */
#include "dissect/media_test.h"

#include <stdlib.h>

enum {
	A_POSITIONS = 16,
	A2_POSITIONS = 8,
	D_POSITIONS = 32,
	B_OCTETS = 512, /* below it the chi-square law is too coarse */
	B_MANY = 2048,  /* from here on its tail is nearer to the law */
	B_MOST = 420,   /* 2e-7 would be 391; the true tail is heavier */
	B_MOST_OF_MANY = 400,
	FREEDOM = 255,
	TAIL = 20,  /* tag of GCM and an MKI or counter of 32 bits */
	DEEP = 144, /* tag of GCM and the longest MKI */
	STICKY = 4, /* repeats in so many-th of all packets: not encrypted */
};

enum deep_state { DEEP_NEW, DEEP_FIXED, DEEP_VARIES };

struct media_test {
	uint32_t packets, octets;
	uint8_t result; /* enum media_result */
	char test;
	uint8_t before_count;
	uint8_t before[D_POSITIONS]; /* of the packet before */
	uint32_t same, same_of;      /* test D */
	/* By the distance from the end, less one. */
	uint32_t tail_known;                    /* bit mask */
	uint8_t tail[TAIL];                     /* of the packet before */
	uint8_t tail_same[TAIL], tail_of[TAIL]; /* test D there */
	/* From there on. */
	uint8_t deep[DEEP];       /* first seen */
	uint8_t state[DEEP];      /* enum deep_state */
	size_t vary;              /* so many, from the tail on, all vary */
	uint32_t twins, twins_of; /* test E */
	uint16_t present[A_POSITIONS];
	uint8_t octet[A_POSITIONS][256];
	uint8_t nibble[A2_POSITIONS][2][16];
	uint32_t histogram[256];
};

/* A count of packets must fit its cell. */
_Static_assert(MEDIA_TEST_MOST <= UINT8_MAX, "cells too small");

/*
 * Least k by number of packets with p < 2e-7, computed exactly; 0 where even
 * k = N is not rare enough.
 */
/* clang-format off */
static const uint8_t least_bytes[] = {
	0, 0, 0, 0, 0, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 7, 7, 7, 7, 7, 7,
	7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8,
	8, 8, 8, 8, 8, 8, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
	9, 9, 9, 9, 9, 9, 9, 9, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10,
	10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10,
	10, 10, 10, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11,
	11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11,
	11, 11, 11, 11, 11, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12,
	12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12,
	12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 13, 13, 13, 13, 13, 13, 13,
	13,
};

static const uint8_t least_nibbles[] = {
	0, 0, 0, 0, 0, 0, 0, 0, 8, 9, 9, 10, 10, 10, 11, 11, 11, 11, 12, 12, 12,
	13, 13, 13, 13, 14, 14, 14, 14, 15, 15, 15, 15, 16, 16, 16, 16, 16, 17,
	17, 17, 17, 18, 18, 18, 18, 18, 19, 19, 19, 19, 19, 20, 20, 20, 20, 20,
	21, 21, 21, 21, 21, 22, 22, 22, 22, 22, 23, 23, 23, 23, 23, 24, 24, 24,
	24, 24, 24, 25, 25, 25, 25, 25, 26, 26, 26, 26, 26, 26, 27, 27, 27, 27,
	27, 28, 28, 28, 28, 28, 28, 29, 29, 29, 29, 29, 29, 30, 30, 30, 30, 30,
	31, 31, 31, 31, 31, 31, 32, 32, 32, 32, 32, 32, 33, 33, 33, 33, 33, 34,
	34, 34, 34, 34, 34, 35, 35, 35, 35, 35, 35, 36, 36, 36, 36, 36, 36, 37,
	37, 37, 37, 37, 37, 38, 38, 38, 38, 38, 38, 39, 39, 39, 39, 39, 39, 40,
	40, 40, 40, 40, 40, 41, 41, 41, 41, 41, 41, 42, 42, 42, 42, 42, 42, 43,
	43, 43, 43, 43, 43, 44, 44, 44, 44, 44, 44, 45, 45, 45, 45, 45, 45, 46,
};

/*
 * k = index + 1: the most trials in which k repeats have p < 2e-7.
 */
static const uint32_t most_trials[] = {
	0, 1, 3, 13, 33, 63, 103, 152, 210, 277, 350, 429, 515, 606, 702, 802,
	906, 1015, 1127, 1242, 1360, 1482, 1606, 1733, 1862, 1994, 2127, 2263,
	2401, 2541, 2682, 2826, 2971, 3117, 3265, 3415, 3566, 3718, 3872, 4026,
	4182, 4340, 4498, 4657, 4818, 4979, 5142, 5305, 5469, 5635, 5801, 5968,
	6135, 6304, 6473, 6643, 6814, 6986, 7158, 7331, 7505, 7679, 7854, 8030,
	8206, 8383, 8560, 8738, 8917, 9096, 9275, 9455, 9636, 9817, 9999, 10181,
	10364, 10547, 10730, 10914, 11098, 11283, 11469, 11654, 11840, 12027,
	12214, 12401, 12589, 12777, 12965, 13154, 13343, 13533, 13722, 13913,
	14103, 14294, 14485, 14677, 14868, 15060, 15253, 15446, 15639, 15832,
	16026, 16220, 16414, 16608, 16803, 16998, 17193, 17389, 17585, 17781,
	17977, 18174, 18370, 18568, 18765, 18962, 19160, 19358, 19556, 19755,
	19954, 20153, 20352, 20551, 20751, 20950, 21150, 21351, 21551, 21752,
	21953, 22154, 22355, 22556, 22758, 22960, 23162, 23364, 23566, 23769,
	23971, 24174, 24377, 24581, 24784, 24988, 25191, 25395, 25599, 25804,
	26008, 26213, 26418, 26622, 26828, 27033, 27238, 27444, 27649, 27855,
	28061, 28267, 28474, 28680, 28887, 29093, 29300, 29507, 29714, 29922,
	30129, 30337, 30544, 30752, 30960, 31168, 31377, 31585, 31793, 32002,
	32211, 32420, 32629, 32838, 33047, 33256, 33466, 33675, 33885, 34095,
	34305, 34515, 34725, 34935, 35146, 35356, 35567, 35778, 35988, 36199,
	36411, 36622, 36833, 37044, 37256, 37467, 37679, 37891, 38103, 38315,
	38527, 38739, 38952, 39164, 39376, 39589, 39802, 40015, 40227, 40440,
	40654, 40867, 41080, 41293, 41507, 41720, 41934, 42148, 42362, 42575,
	42789, 43004, 43218, 43432, 43646, 43861, 44075, 44290, 44505, 44719,
	44934, 45149, 45364, 45579, 45794, 46010, 46225, 46440, 46656, 46872,
	47087, 47303, 47519, 47735, 47951, 48167, 48383, 48599, 48815, 49032,
	49248, 49464, 49681, 49898, 50114, 50331, 50548, 50765, 50982, 51199,
	51416, 51633, 51851, 52068, 52285, 52503, 52720, 52938, 53156, 53374,
	53591, 53809, 54027, 54245, 54463, 54681, 54900, 55118, 55336, 55555,
	55773, 55992, 56210, 56429, 56648, 56866, 57085, 57304, 57523, 57742,
	57961, 58180, 58400, 58619, 58838, 59058, 59277, 59496, 59716, 59936,
	60155, 60375, 60595, 60815, 61035, 61254, 61474, 61695, 61915, 62135,
	62355, 62575, 62796, 63016, 63236, 63457, 63678, 63898, 64119, 64339,
	64560, 64781, 65002, 65223, 65444, 65665,
};
/* clang-format on */

unsigned
media_least_bytes(unsigned packets)
{
	return packets < COUNT(least_bytes) ? least_bytes[packets] : 0;
}

unsigned
media_least_nibbles(unsigned packets)
{
	return packets < COUNT(least_nibbles) ? least_nibbles[packets] : 0;
}

unsigned
media_least_repeats(unsigned long trials)
{
	size_t low = 0;
	size_t high = COUNT(most_trials);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (most_trials[middle] < trials)
			low = middle + 1;
		else
			high = middle;
	}
	return low < COUNT(most_trials) ? (unsigned)low + 1 : 0;
}

struct media_test *
media_test_new(void)
{
	return calloc(1, sizeof(struct media_test));
}

void
media_test_free(struct media_test *t)
{
	free(t);
}

static bool
mode_reaches(const uint8_t *counts, size_t n, unsigned least)
{
	uint8_t most = 0;

	for (size_t i = 0; i < n; i++)
		most = counts[i] > most ? counts[i] : most;
	return least > 0 && most >= least;
}

static bool
test_octets(const struct media_test *t)
{
	for (size_t i = 0; i < A_POSITIONS; i++) {
		if (mode_reaches(t->octet[i], COUNT(t->octet[i]),
			media_least_bytes(t->present[i])))
			return true;
	}
	return false;
}

static bool
test_nibbles(const struct media_test *t)
{
	for (size_t i = 0; i < A2_POSITIONS; i++) {
		unsigned least = media_least_nibbles(t->present[i]);

		if (mode_reaches(t->nibble[i][0], 16, least) ||
		    mode_reaches(t->nibble[i][1], 16, least))
			return true;
	}
	return false;
}

/* Sum of the squares of all counts: chi-square is 256 sum / m - m. */
static uint64_t
squares(const struct media_test *t)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < COUNT(t->histogram); i++)
		sum += (uint64_t)t->histogram[i] * t->histogram[i];
	return sum;
}

static bool
test_histogram(const struct media_test *t)
{
	uint64_t m = t->octets;
	uint64_t most = m < B_MANY ? B_MOST : B_MOST_OF_MANY;

	return m >= B_OCTETS && 256 * squares(t) > (most + m) * m;
}

static bool
repeats(uint32_t count, uint32_t trials)
{
	unsigned least = media_least_repeats(trials);

	return least > 0 && count >= least;
}

/* Distances whose octet hardly ever changes are left out. */
static bool
test_repeats(const struct media_test *t)
{
	uint32_t same = t->same;
	uint32_t of = t->same_of;

	for (size_t i = 0; i < TAIL; i++) {
		if (t->tail_same[i] * STICKY >= t->tail_of[i])
			continue;
		same += t->tail_same[i];
		of += t->tail_of[i];
	}
	return repeats(same, of);
}

static char
reject(const struct media_test *t)
{
	if (test_octets(t))
		return 'A';
	if (test_nibbles(t))
		return '2';
	if (test_histogram(t))
		return 'B';
	if (test_repeats(t))
		return 'D';
	return repeats(t->twins, t->twins_of) ? 'E' : 0;
}

/* Every look adds its own chance to err, so there are few. */
static bool
is_time(uint32_t packets)
{
	static const uint8_t times[] = { 3, 5, 8, 10, 15, 20, 30, 50, 75, 100,
		150, MEDIA_TEST_MOST };

	for (size_t i = 0; i < COUNT(times); i++) {
		if (packets == times[i])
			return true;
	}
	return false;
}

/* Distance from the end; DEEP: too far. The first octet is always media. */
static size_t
deep_at(size_t i, uint32_t octets)
{
	size_t left = octets > i ? octets - 1 - i : DEEP;

	return i > 0 && left < DEEP ? left : DEEP;
}

/* Index into the tail; TAIL: not in it. */
static size_t
tail_at(size_t i, uint32_t octets)
{
	size_t left = deep_at(i, octets);

	return left < TAIL ? left : TAIL;
}

/* May be of a long MKI: nothing else was ever there. */
static bool
is_fixed(const struct media_test *t, struct slice payload, size_t i,
    uint32_t octets)
{
	size_t at = deep_at(i, octets);

	if (at == DEEP || at < TAIL || t->state[at] == DEEP_VARIES)
		return false;
	return t->state[at] == DEEP_NEW || t->deep[at] == payload.p[i];
}

static bool
is_known(const struct media_test *t, size_t tail)
{
	return (t->tail_known >> tail & 1) != 0;
}

/* May be a trailer's: the same as before, or nothing to compare it with. */
static inline bool
is_stale(const struct media_test *t, struct slice payload, size_t i,
    uint32_t octets)
{
	size_t tail = tail_at(i, octets);

	if (tail < TAIL)
		return !is_known(t, tail) || t->tail[tail] == payload.p[i];
	return is_fixed(t, payload, i, octets);
}

static void
count_octet(struct media_test *t, size_t i, uint8_t v)
{
	t->octets++;
	t->histogram[v]++;
	if (i >= A_POSITIONS)
		return;
	t->octet[i][v]++;
	if (i >= A2_POSITIONS)
		return;
	t->nibble[i][0][v >> 4]++;
	t->nibble[i][1][v & 15]++;
}

/* Of a payload of this length no octet before the tail may be an MKI's. */
static bool
all_vary(const struct media_test *t, uint32_t octets)
{
	size_t vary = TAIL + t->vary;

	return vary == DEEP || vary + 1 >= octets;
}

/* Where the tail begins; what is before it may not be a trailer's. */
static size_t
body_of(const struct media_test *t, struct slice payload, uint32_t octets)
{
	size_t tail = all_vary(t, octets) ? TAIL : DEEP;
	size_t n = octets > tail ? octets - tail : 0;

	return n < payload.n ? n : payload.n;
}

static void
count_octets(struct media_test *t, struct slice payload, uint32_t octets,
    size_t body)
{
	size_t i = 0;

	for (; i < payload.n && i < A_POSITIONS; i++) {
		/* Counted as a trial even if left out: no bound gets lower. */
		t->present[i]++;
		if (i < body || !is_stale(t, payload, i, octets))
			count_octet(t, i, payload.p[i]);
	}
	/* Nearly all octets are here. */
	if (i < body)
		t->octets += (uint32_t)(body - i);
	for (; i < body; i++)
		t->histogram[payload.p[i]]++;
	for (; i < payload.n; i++) {
		if (!is_stale(t, payload, i, octets))
			count_octet(t, i, payload.p[i]);
	}
}

static void
count_same(struct media_test *t, struct slice payload, uint32_t octets,
    size_t body)
{
	size_t n = payload.n < D_POSITIONS ? payload.n : D_POSITIONS;
	size_t i = 0;
	uint8_t same = 0;

	for (; i < n && i < body && i < t->before_count; i++)
		same += payload.p[i] == t->before[i];
	t->same += same;
	t->same_of += (uint32_t)i;
	for (; i < n; i++) {
		size_t tail = tail_at(i, octets);

		if (tail < TAIL && is_known(t, tail)) {
			t->tail_same[tail] += payload.p[i] == t->tail[tail];
			t->tail_of[tail]++;
		} else if (tail == TAIL && i < t->before_count &&
		    !is_fixed(t, payload, i, octets)) {
			t->same += payload.p[i] == t->before[i];
			t->same_of++;
		}
	}
	memcpy(t->before, payload.p, n);
	t->before_count = (uint8_t)n;
}

static void
count_twins(struct media_test *t, struct slice payload, uint32_t octets,
    size_t body)
{
	size_t room = MEDIA_TRIALS_MOST - t->twins_of, i = 1;
	bool stale, before;

	if (body > room)
		body = room;
	while (i < body) {
		size_t end = body - i < UINT8_MAX ? body : i + UINT8_MAX;
		uint8_t twins = 0;

		t->twins_of += (uint32_t)(end - i);
		for (; i < end; i++)
			twins += payload.p[i] == payload.p[i - 1];
		t->twins += twins;
	}
	before = is_stale(t, payload, i - 1, octets);
	for (; i < payload.n && t->twins_of < MEDIA_TRIALS_MOST;
	     i++, before = stale) {
		stale = is_stale(t, payload, i, octets);
		if (stale || before)
			continue;
		t->twins += payload.p[i] == payload.p[i - 1];
		t->twins_of++;
	}
}

static void
keep_tail(struct media_test *t, struct slice payload, uint32_t octets)
{
	size_t first = octets > TAIL ? octets - TAIL : 0;

	t->tail_known = 0;
	for (size_t i = first; i < payload.n; i++) {
		size_t tail = tail_at(i, octets);

		if (tail == TAIL)
			continue;
		t->tail[tail] = payload.p[i];
		t->tail_known |= UINT32_C(1) << tail;
	}
}

static void
keep_deep(struct media_test *t, struct slice payload, uint32_t octets)
{
	size_t i = octets > DEEP ? octets - DEEP : 1;
	size_t at;

	if (all_vary(t, octets))
		return;
	for (; i < payload.n && (at = deep_at(i, octets)) >= TAIL; i++) {
		if (at == DEEP || t->state[at] == DEEP_VARIES)
			continue;
		if (t->state[at] == DEEP_NEW) {
			t->deep[at] = payload.p[i];
			t->state[at] = DEEP_FIXED;
		} else if (t->deep[at] != payload.p[i]) {
			t->state[at] = DEEP_VARIES;
		}
	}
	while (TAIL + t->vary < DEEP && t->state[TAIL + t->vary] == DEEP_VARIES)
		t->vary++;
}

void
media_test_add(struct media_test *t, struct slice payload, uint32_t octets)
{
	if (media_test_over(t) || payload.n == 0)
		return;
	size_t body = body_of(t, payload, octets);

	t->packets++;
	count_octets(t, payload, octets, body);
	count_twins(t, payload, octets, body);
	count_same(t, payload, octets, body);
	keep_tail(t, payload, octets);
	keep_deep(t, payload, octets);
	if (!is_time(t->packets))
		return;
	t->test = reject(t);
	if (t->test != 0)
		t->result = RESULT_CLEAR;
	else if (t->packets >= MEDIA_TEST_ENOUGH &&
	    t->octets >= MEDIA_TEST_OCTETS)
		t->result = RESULT_RANDOM;
}

enum media_result
media_test_result(const struct media_test *t)
{
	return (enum media_result)t->result;
}

bool
media_test_over(const struct media_test *t)
{
	return t->result != RESULT_OPEN || t->packets == MEDIA_TEST_MOST;
}

uint32_t
media_test_packets(const struct media_test *t)
{
	return t->packets;
}

static uint32_t
wanted(const struct media_test *t)
{
	uint32_t packets = 0;
	uint32_t octets = 0;

	if (t->packets < MEDIA_TEST_ENOUGH)
		packets = MEDIA_TEST_ENOUGH - t->packets;
	if (t->octets < MEDIA_TEST_OCTETS && t->packets > 0) {
		uint32_t each = t->octets / t->packets;

		octets = (MEDIA_TEST_OCTETS - t->octets) / (each ? each : 1);
		octets += 1;
	}
	return packets > octets ? packets : octets;
}

void
media_test_verdict(const struct media_test *t, struct media_verdict *v)
{
	*v = (struct media_verdict){
		.result = (enum media_result)t->result,
		.test = t->test,
		.packets = t->packets,
		.octets = t->octets,
	};
	if (v->result == RESULT_OPEN)
		v->wanted = wanted(t);
	if (t->octets == 0)
		return;
	double m = t->octets;

	/* standardised: mean 255, variance 2 * 255 */
	v->z =
	    (float)((256.0 * (double)squares(t) / m - m - FREEDOM) / 22.583180);
}

/* ---- lengths ---- */

/* RFC 3711 and 7714: 32 bits, 80 bits, 80 bits and an MKI octet as Microsoft's
 * clients send it, 128 bits of GCM. */
static const uint8_t tags[LENGTH_TAGS] = { 0, 4, 10, 11, 16 };

enum { PT_GSM = 3, PT_G729 = 18, PAIRS_LEAST = 4, SHARE_LEAST = 90 };

/* What so many ticks of a codec take; false: it has no such ratio. */
static bool
octets_of(uint8_t pt, unsigned ratio, uint32_t ticks, uint32_t *octets)
{
	if (pt == PT_G729 || pt == PT_GSM) {
		*octets = pt == PT_GSM ? ticks * 33 / 160 : ticks / 8;
		return ratio == 0;
	}
	*octets = ratio == 0 ? ticks : ticks * 2;
	return true;
}

void
length_rule_add(struct length_rule *l, uint8_t pt, uint32_t octets,
    uint32_t ticks)
{
	if (l->pairs == UINT16_MAX)
		return;
	l->pairs++;
	if (ticks == 0 || ticks > UINT16_MAX)
		return;
	for (unsigned r = 0; r < LENGTH_RATIOS; r++) {
		uint32_t media;

		if (!octets_of(pt, r, ticks, &media) || media > octets)
			continue;
		for (size_t i = 0; i < LENGTH_TAGS; i++)
			l->hits[r][i] += octets - media == tags[i];
	}
}

uint8_t
length_rule_tag(const struct length_rule *l, uint8_t *share)
{
	uint32_t best = 0;
	uint8_t tag = MEDIA_TAG_NONE;

	for (size_t r = 0; r < LENGTH_RATIOS; r++) {
		for (size_t i = 0; i < LENGTH_TAGS; i++) {
			if (l->hits[r][i] <= best)
				continue;
			best = l->hits[r][i];
			tag = tags[i];
		}
	}
	*share = l->pairs > 0 ? (uint8_t)(best * 100 / l->pairs) : 0;
	return l->pairs >= PAIRS_LEAST && *share >= SHARE_LEAST
	    ? tag
	    : MEDIA_TAG_NONE;
}
