/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support.h"

#include "core/names.h"

/* Ours is under test, not the macro of cmocka. */
#undef fail

static const struct name table[] = {
	{ 0, "zero" },
	{ 7, "Seven" },
	{ 0x1301, "aes" },
	{ UINT32_MAX, "last" },
};

static void
finds_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		assert_ptr_equal(name_of(table, COUNT(table), table[i].value),
		    table[i].text);
	assert_null(name_of(table, COUNT(table), 1));
	assert_null(name_of(table, COUNT(table), 0x1302));
	assert_null(name_of(table, COUNT(table) - 1, UINT32_MAX));
	assert_null(name_of(table, 0, 0));
}

static void
finds_values(void **state)
{
	uint32_t v = 1;

	(void)state;
	assert_true(name_value(table, COUNT(table), slice_text("sEVEN"), &v));
	assert_int_equal(v, 7);
	assert_true(name_value(table, COUNT(table), slice_text("last"), &v));
	assert_true(v == UINT32_MAX);
	v = 1;
	assert_false(name_value(table, COUNT(table), slice_text("seve"), &v));
	assert_false(name_value(table, COUNT(table), slice_text(""), &v));
	assert_int_equal(v, 1);
}

static void
finds_nearest(void **state)
{
	static const char *const words[] = { "compliant", "violation", "exempt",
		"from", "to", "front-end" };
	char huge[100];

	(void)state;
#define NEAR(text) name_nearest(words, COUNT(words), slice_text(text))
	assert_string_equal(NEAR("compliant"), "compliant");
	assert_string_equal(NEAR("complaint"), "compliant");
	assert_string_equal(NEAR("voilation"), "violation");
	assert_string_equal(NEAR("VIOLATIONS"), "violation");
	assert_string_equal(NEAR("frontend"), "front-end");
	assert_string_equal(NEAR("form"), "from");
	assert_string_equal(NEAR("tp"), "to");
	assert_null(NEAR("ot"));
	assert_null(NEAR("x"));
	assert_null(NEAR(""));
	assert_null(NEAR("zzzzzzzz"));
	assert_null(name_nearest(words, 0, slice_text("from")));
	memset(huge, 'a', sizeof(huge));
	assert_null(
	    name_nearest(words, COUNT(words), slice_of(huge, sizeof(huge))));
#undef NEAR
}

static void
fault_keeps_one_sentence(void **state)
{
	struct fault f;

	(void)state;
	assert_false(fail(&f, "line %d is bad", 7));
	assert_string_equal(f.text, "line 7 is bad");
	assert_false(fail(&f, "%s: %s", "a.yaml", f.text));
	assert_string_equal(f.text, "a.yaml: line 7 is bad");
}

static void
fault_is_cut_between_characters(void **state)
{
	char text[sizeof(((struct fault *)NULL)->text) + 8];
	struct fault f;

	(void)state;
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_false(fail(&f, "%s", text));
	assert_int_equal(strlen(f.text), sizeof(f.text) - 1);
	/* Two bytes, of which only the first would fit. */
	memcpy(text + sizeof(f.text) - 2, "\xc3\xa4", 2);
	assert_false(fail(&f, "%s", text));
	assert_int_equal(strlen(f.text), sizeof(f.text) - 2);
	assert_int_equal(f.text[sizeof(f.text) - 3], 'a');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_names),
		cmocka_unit_test(finds_values),
		cmocka_unit_test(finds_nearest),
		cmocka_unit_test(fault_keeps_one_sentence),
		cmocka_unit_test(fault_is_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
