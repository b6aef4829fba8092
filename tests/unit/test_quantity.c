// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>

#include "policy/quantity.h"

#define UNTOUCHED 4711u

struct good {
	const char *text;
	uint64_t value;
};

static void expect(int (*parse)(const char *, uint64_t *), const struct good *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t value = UNTOUCHED;
		int r = parse(cases[i].text, &value);

		if (r != 0 || value != cases[i].value)
			fail_msg("\"%s\": %d, %llu, expected %llu", cases[i].text, r,
				 (unsigned long long)value, (unsigned long long)cases[i].value);
	}
}

static void expect_refused(int (*parse)(const char *, uint64_t *), int error,
			   const char *const *texts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t value = UNTOUCHED;
		int r = parse(texts[i], &value);

		if (r != error || value != UNTOUCHED)
			fail_msg("\"%s\": %d, %llu, expected %d and nothing stored", texts[i], r,
				 (unsigned long long)value, error);
	}
}

#define EXPECT(parse, ...)                                                                         \
	do {                                                                                       \
		static const struct good cases[] = {__VA_ARGS__};                                  \
		expect(parse, cases, sizeof(cases) / sizeof(cases[0]));                            \
	} while (0)
#define EXPECT_REFUSED(parse, error, ...)                                                          \
	do {                                                                                       \
		static const char *const texts[] = {__VA_ARGS__};                                  \
		expect_refused(parse, error, texts, sizeof(texts) / sizeof(texts[0]));             \
	} while (0)

TEST(cpu_of_a_pod_is_read_in_every_form_that_kubernetes_writes)
{
	EXPECT(quantity_cpu_milli, {"0", 0}, {"1", 1000}, {"500m", 500}, {"0.1", 100},
	       {"1e3", 1000000}, {"1E3", 1000000}, {"2k", 2000000}, {"1.5", 1500}, {".5", 500},
	       {"1.", 1000}, {"+1", 1000}, {"007", 7000}, {"15e-1", 1500}, {"1e+0", 1000},
	       {"1Ki", 1024000}, {"0.000", 0}, {"1000000u", 1000});
}

TEST(cpu_is_rounded_up_so_that_a_small_request_is_never_none)
{
	EXPECT(quantity_cpu_milli, {"100u", 1}, {"1n", 1}, {"0.1n", 1}, {"1000u", 1}, {"1001u", 2},
	       {"0.0005", 1}, {"1.0001", 1001}, {"1.000", 1000}, {"1e-30", 1},
	       {"0.00000000000000000000000000000000000000000000001", 1});
}

TEST(memory_of_a_pod_is_read_in_every_form_that_kubernetes_writes)
{
	EXPECT(quantity_bytes, {"1", 1}, {"128974848", 128974848}, {"1Ki", 1024},
	       {"1Gi", 1073741824}, {"1500M", 1500000000}, {"1e3", 1000}, {"0.5Gi", 536870912},
	       {"1Ti", 1099511627776}, {"1Pi", 1125899906842624}, {"1Ei", 1152921504606846976},
	       {"1k", 1000}, {"1G", 1000000000}, {"1T", 1000000000000}, {"1P", 1000000000000000},
	       {"1E", 1000000000000000000}, {"129e6", 129000000}, {"123Mi", 128974848}, {"0Gi", 0});
}

TEST(memory_is_rounded_up_to_a_byte_however_many_digits_there_are)
{
	EXPECT(quantity_bytes, {"100m", 1}, {"1001m", 2}, {"0.1Ki", 103}, {"0.3Gi", 322122548},
	       {"0.0009765625Ki", 1}, {"0.00097656250000000000000000000001Ki", 2},
	       {"1.00000000000000000000000000000000000000000000001", 2},
	       {"0.99999999999999999999999999999999999999999999999Ei", 1152921504606846976},
	       {"1000000000000000000000000000000000000000e-39", 1},
	       {"1.0000000000000000000000000000000000000000", 1});
}

TEST(the_largest_value_is_one_below_the_word_max)
{
	EXPECT(quantity_bytes, {"18446744073709551614", UINT64_MAX - 1}, {"15Ei", 15ull << 60},
	       {"18446744073709551613.5", UINT64_MAX - 1});
	EXPECT_REFUSED(quantity_bytes, -ERANGE, "18446744073709551615", "18446744073709551614.5",
		       "18446744073709551616", "16Ei", "99999999999999999999Ei", "1e20", "1e999999",
		       "1e99999999999999999999", "100000000000000000000000000000000000000000000");
	EXPECT_REFUSED(quantity_cpu_milli, -ERANGE, "18446744073709551.615", "19E", "1e17");
	EXPECT(quantity_cpu_milli, {"18446744073709551.614", UINT64_MAX - 1});
}

TEST(a_tiny_exponent_gives_one_and_not_a_long_wait)
{
	EXPECT(quantity_bytes, {"1e-99999999999999999999", 1}, {"0e-99999999999999999999", 0},
	       {"0e99999999999999999999", 0});
}

TEST(what_is_no_quantity_is_refused)
{
	EXPECT_REFUSED(quantity_bytes, -EINVAL, "", " ", "Gi", "1 Gi", " 1", "1 ", "-1", "-0", "1K",
		       "1gi", "1GiB", "512MB", "1e", "1e+", "1e3Gi", "1e3.5", "1.2.3", ".", "+",
		       "++1", "+-1", "0x10", "1_000", "1,5", "inf", "nan", "max", "1Zi", "1\n",
		       "\xc2\xb2", "1\xc2\xb5");
	EXPECT_REFUSED(quantity_cpu_milli, -EINVAL, "", "m", "500mm", "1cpu", "one", "-500m");
}

static int permille(const char *text, uint64_t *ret_value)
{
	uint32_t value = UNTOUCHED;
	int r = quantity_permille(text, &value);

	*ret_value = value;
	return r;
}

TEST(a_share_is_read_to_a_tenth_of_a_percent)
{
	EXPECT(permille, {"0%", 0}, {"65%", 650}, {"2.5%", 25}, {"0.1%", 1}, {"100%", 1000},
	       {"100.0%", 1000}, {"250%", 2500}, {"007%", 70}, {"429496728.9%", 4294967289});
	EXPECT_REFUSED(permille, -ERANGE, "429496730%", "99999999999999999999999%");
	EXPECT_REFUSED(permille, -EINVAL, "", "%", "65", "65 %", " 65%", "65%%", "2.55%", ".5%",
		       "5.%", "-5%", "+5%", "5,5%", "0.65", "1e1%", "65% ",
		       "99999999999999999999999");
}

TEST(a_duration_needs_its_unit)
{
	EXPECT(quantity_duration_us, {"0s", 0}, {"200us", 200}, {"100ms", 100000},
	       {"10s", 10000000}, {"5m", 300000000}, {"1h", 3600000000},
	       {"18446744073709551614us", UINT64_MAX - 1}, {"5124095576h", 18446744073600000000u});
	EXPECT_REFUSED(quantity_duration_us, -ERANGE, "18446744073709551616us", "5124095577h",
		       "18446744073709552ms");
	EXPECT_REFUSED(quantity_duration_us, -EINVAL, "", "10", "s", "1.5s", "-1s", "+1s", "1 s",
		       "1S", "1sec", "1min", "1d", "1s ", "10s5", "99999999999999999999999");
}

TEST(a_rate_is_bytes_a_second_whatever_its_unit)
{
	EXPECT(quantity_rate, {"1B/s", 1}, {"20MB/s", 20000000}, {"256MiB/s", 268435456},
	       {"3kB/s", 3000}, {"3KiB/s", 3072}, {"1GB/s", 1000000000}, {"2TiB/s", 2199023255552},
	       {"8bit/s", 1}, {"9bit/s", 2}, {"100Mbit/s", 12500000}, {"1Gbit/s", 125000000},
	       {"0B/s", 0});
	EXPECT_REFUSED(quantity_rate, -ERANGE, "18446744073709551616B/s", "18446744073709552kB/s");
	EXPECT_REFUSED(quantity_rate, -EINVAL, "", "20", "MB/s", "20MB", "20mB/s", "20Mb/s",
		       "1.5MB/s", "-1B/s", "20 MB/s", "20MB/s ", "20MB/m", "20MBit/s");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rate_is_bytes_a_second_whatever_its_unit),
		cmocka_unit_test(cpu_of_a_pod_is_read_in_every_form_that_kubernetes_writes),
		cmocka_unit_test(cpu_is_rounded_up_so_that_a_small_request_is_never_none),
		cmocka_unit_test(memory_of_a_pod_is_read_in_every_form_that_kubernetes_writes),
		cmocka_unit_test(memory_is_rounded_up_to_a_byte_however_many_digits_there_are),
		cmocka_unit_test(the_largest_value_is_one_below_the_word_max),
		cmocka_unit_test(a_tiny_exponent_gives_one_and_not_a_long_wait),
		cmocka_unit_test(what_is_no_quantity_is_refused),
		cmocka_unit_test(a_share_is_read_to_a_tenth_of_a_percent),
		cmocka_unit_test(a_duration_needs_its_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
