/* unit/base/test_zone.c - base/zone.h against Python's zoneinfo, and with hostile files. */
#include <stdint.h>
#include <string.h>

#include "base/zone.h"
#include "support/check_main.h"
#include "support/mem_fault.h"
#include "zone_cases.h"

#define STEPS_MAX 700
#define DAY_SECONDS 86400

static mem_fault fault;
static segi_mem mem;
static seg_error err = SEG_ERROR_INIT;
static uint64_t state = 0x9e3779b97f4a7c15u;

static void setup(void)
{
    mem_fault_init(&fault);
    ck_assert_int_eq(segi_mem_init(&mem, mem_fault_allocator(&fault), NULL), SEG_OK);
}

static void teardown(void)
{
    ck_assert_uint_eq(mem_fault_live_bytes(&fault), 0);
}

static int64_t random_between(int64_t low, int64_t high)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return low + (int64_t)(state % (uint64_t)(high - low));
}

/* What zoneinfo says: offsets[i] holds from times[i] on, up to the end of 2100. */
typedef struct expectation {
    int64_t times[STEPS_MAX];
    int32_t offsets[STEPS_MAX];
    size_t count;
} expectation;

static void expect_case(size_t index, expectation *out)
{
    ck_assert_uint_le(zone_cases[index].step_count, STEPS_MAX);
    int64_t time = 0;
    for (size_t i = 0; i < zone_cases[index].step_count; i++) {
        time += zone_cases[index].steps[i * 2];
        out->times[i] = time;
        out->offsets[i] = (int32_t)zone_cases[index].steps[i * 2 + 1];
    }
    out->count = zone_cases[index].step_count;
}

static int32_t expected_offset(const expectation *e, int64_t seconds)
{
    size_t i = e->count - 1;
    while (e->times[i] > seconds)
        i--;
    return e->offsets[i];
}

/* From the definition in zone.h: the earliest instant with that local time, else the start of the
 * gap that it falls into. Looks at all stretches. */
static int64_t expected_instant(const expectation *e, int64_t local)
{
    for (size_t i = 0; i < e->count; i++) {
        int64_t end = i + 1 < e->count ? e->times[i + 1] : INT64_MAX;
        int64_t candidate = local - e->offsets[i];
        if (candidate >= e->times[i] && candidate < end)
            return candidate;
    }
    for (size_t i = 1; i < e->count; i++) {
        if (local - e->offsets[i - 1] >= e->times[i] && local - e->offsets[i] < e->times[i])
            return e->times[i];
    }
    ck_abort_msg("local time %lld is nowhere", (long long)local);
    return 0;
}

static segi_zone *case_zone(size_t index)
{
    segi_zone *zone;
    const char *name = zone_cases[index].name;
    seg_status status = segi_zone_parse(&mem, name, strlen(name), zone_cases[index].file,
                                        zone_cases[index].file_size, &zone, &err);
    ck_assert_msg(status == SEG_OK, "%s: %s", name, err.message);
    ck_assert_str_eq(segi_zone_name(zone), name);
    return zone;
}

static void check_instant(const segi_zone *zone, const expectation *e, int64_t seconds)
{
    int64_t rest = random_between(0, SEGI_SECOND);
    int64_t instant = seconds * SEGI_SECOND + rest;
    int32_t offset = expected_offset(e, seconds);
    int32_t got = segi_zone_offset(zone, instant);
    ck_assert_msg(got == offset, "%s at %lld: %d, not %d", segi_zone_name(zone), (long long)seconds,
                  got, offset);
    int64_t local = instant + offset * SEGI_SECOND;
    check_fast(segi_zone_local(zone, instant) == local);
    check_fast(segi_zone_date(zone, instant) == segi_floor_div(local, SEGI_DAY));
    int64_t begin, end;
    check_fast(segi_zone_span(zone, instant, &begin, &end) == offset);
    check_fast(begin <= instant);
    check_fast(end > instant);
}

static void check_local(const segi_zone *zone, const expectation *e, int64_t local)
{
    int64_t expected = expected_instant(e, local) * SEGI_SECOND;
    int64_t got = segi_zone_instant(zone, local * SEGI_SECOND);
    if (got != expected)
        ck_abort_msg("%s, local %lld: %lld, not %lld", segi_zone_name(zone), (long long)local,
                     (long long)got, (long long)expected);
    /* Microseconds stay, except where the local time does not exist. */
    got = segi_zone_instant(zone, local * SEGI_SECOND + 7);
    if (segi_zone_local(zone, expected) == local * SEGI_SECOND)
        check_fast(got == expected + 7);
    else
        check_fast(got == expected);
}

START_TEST(test_zone__instants_match_zoneinfo)
{
    static expectation e;
    expect_case((size_t)_i, &e);
    segi_zone *zone = case_zone((size_t)_i);
    int64_t first = e.times[0], last = INT64_C(4133980799);
    for (size_t i = 1; i < e.count; i++) {
        check_instant(zone, &e, e.times[i] - 1);
        check_instant(zone, &e, e.times[i]);
        int64_t begin, end;
        segi_zone_span(zone, e.times[i] * SEGI_SECOND, &begin, &end);
        ck_assert_int_le(begin, e.times[i] * SEGI_SECOND);
    }
    for (int i = 0; i < 4000; i++)
        check_instant(zone, &e, random_between(first, last));
    segi_zone_destroy(zone);
}
END_TEST

START_TEST(test_zone__local_times_match_the_definition)
{
    static expectation e;
    expect_case((size_t)_i, &e);
    segi_zone *zone = case_zone((size_t)_i);
    int64_t first = e.times[0] + 2 * DAY_SECONDS, last = INT64_C(4133980799) - 2 * DAY_SECONDS;
    for (size_t i = 1; i < e.count; i++) {
        if (e.times[i] < first || e.times[i] > last)
            continue;
        /* Around both local times of the switch, and at random near it. */
        for (int64_t d = -2; d <= 2; d++) {
            check_local(zone, &e, e.times[i] + e.offsets[i] + d);
            check_local(zone, &e, e.times[i] + e.offsets[i - 1] + d);
        }
        for (int j = 0; j < 4; j++)
            check_local(zone, &e, e.times[i] + random_between(-DAY_SECONDS, DAY_SECONDS));
    }
    for (int i = 0; i < 1000; i++)
        check_local(zone, &e, random_between(first, last));
    segi_zone_destroy(zone);
}
END_TEST

/* ---- known days ---- */

static int64_t local_of(const char *text)
{
    segi_civil_time t;
    check_fast(segi_civil_parse(text, strlen(text), &t) == strlen(text));
    return t.days * SEGI_DAY + t.time_of_day - t.offset_seconds * SEGI_SECOND;
}

static const segi_zone *named_case(const char *name, segi_zone **out)
{
    for (size_t i = 0; i < ZONE_CASE_COUNT; i++) {
        if (strcmp(zone_cases[i].name, name) == 0)
            return *out = case_zone(i);
    }
    ck_abort_msg("no case %s", name);
    return NULL;
}

START_TEST(test_zone__gaps_and_folds)
{
    static const struct {
        const char *zone, *local, *instant;
    } cases[] = {
        /* Clocks go forward at 2:00: the gap begins at 1:00 UTC. */
        {"Europe/Berlin", "2026-03-29T01:59:59.999999", "2026-03-29T00:59:59.999999Z"},
        {"Europe/Berlin", "2026-03-29T02:00", "2026-03-29T01:00Z"},
        {"Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:00Z"},
        {"Europe/Berlin", "2026-03-29T02:59:59.999999", "2026-03-29T01:00Z"},
        {"Europe/Berlin", "2026-03-29T03:00", "2026-03-29T01:00Z"},
        {"Europe/Berlin", "2026-03-29T03:00:01", "2026-03-29T01:00:01Z"},
        /* Clocks go back at 3:00: the first of the two. */
        {"Europe/Berlin", "2026-10-25T02:00", "2026-10-25T00:00Z"},
        {"Europe/Berlin", "2026-10-25T02:59:59.999999", "2026-10-25T00:59:59.999999Z"},
        {"Europe/Berlin", "2026-10-25T03:00", "2026-10-25T02:00Z"},
        {"America/New_York", "2026-03-08T02:30", "2026-03-08T07:00Z"},
        {"America/New_York", "2026-11-01T01:30", "2026-11-01T05:30Z"},
        /* Winter is the exception in Irish law; the clock does not care. */
        {"Europe/Dublin", "2026-10-25T01:30", "2026-10-25T00:30Z"},
        {"Europe/Dublin", "2026-03-29T01:30", "2026-03-29T01:00Z"},
        /* Half an hour. */
        {"Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30Z"},
        {"Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45Z"},
        /* Apia left out 30 December 2011. */
        {"Pacific/Apia", "2011-12-29T23:59", "2011-12-30T09:59Z"},
        {"Pacific/Apia", "2011-12-30T00:00", "2011-12-30T10:00Z"},
        {"Pacific/Apia", "2011-12-30T23:00", "2011-12-30T10:00Z"},
        {"Pacific/Apia", "2011-12-31T00:00", "2011-12-30T10:00Z"},
        {"Pacific/Apia", "2011-12-31T00:01", "2011-12-30T10:01Z"},
        {"Asia/Kathmandu", "2026-01-01T00:00", "2025-12-31T18:15Z"},
        {"Etc/GMT+5", "2026-01-01T00:00", "2026-01-01T05:00Z"},
        /* After the table of the library, by the rule alone. */
        {"Europe/Berlin", "2500-03-28T02:30", "2500-03-28T01:00Z"},
        {"Europe/Berlin", "9999-07-01T00:00", "9999-06-30T22:00Z"},
        {"America/New_York", "2500-11-07T01:30", "2500-11-07T05:30Z"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        segi_zone *zone;
        named_case(cases[i].zone, &zone);
        int64_t got = segi_zone_instant(zone, local_of(cases[i].local));
        ck_assert_msg(got == local_of(cases[i].instant), "%s %s: %lld", cases[i].zone,
                      cases[i].local, (long long)got);
        segi_zone_destroy(zone);
    }
}
END_TEST

START_TEST(test_zone__days_start)
{
    static const struct {
        const char *zone, *day, *instant;
    } cases[] = {
        {"Europe/Berlin", "2026-03-29", "2026-03-28T23:00Z"},
        {"Europe/Berlin", "2026-03-30", "2026-03-29T22:00Z"},
        /* Midnight does not exist there: the day starts at 1:00. */
        {"America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00Z"},
        {"America/Havana", "2026-03-08", "2026-03-08T05:00Z"},
        /* It exists twice: the day starts at the first one. */
        {"America/Havana", "2026-11-01", "2026-11-01T04:00Z"},
        /* The day does not exist at all. */
        {"Pacific/Apia", "2011-12-30", "2011-12-30T10:00Z"},
        {"Pacific/Apia", "2011-12-31", "2011-12-30T10:00Z"},
        {"Pacific/Apia", "2012-01-01", "2011-12-31T10:00Z"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        segi_zone *zone;
        named_case(cases[i].zone, &zone);
        int32_t day = (int32_t)segi_floor_div(local_of(cases[i].day), SEGI_DAY);
        int64_t got = segi_zone_day_start(zone, day);
        ck_assert_msg(got == local_of(cases[i].instant), "%s %s: %lld", cases[i].zone, cases[i].day,
                      (long long)got);
        segi_zone_destroy(zone);
    }
}
END_TEST

/* ---- the whole range of instants ---- */

/* Uses a zone in all ways, at the ends of the range and around the years of its table. Nothing
 * may overflow, hang or contradict itself. */
static void exercise(const segi_zone *zone)
{
    static const int64_t fixed[] = {INT64_MIN,
                                    INT64_MIN + 1,
                                    -1,
                                    0,
                                    1,
                                    INT64_MAX - 1,
                                    INT64_MAX,
                                    INT64_C(-2500000000000000),
                                    INT64_C(4133980800000000)};
    enum {
        FIXED = sizeof fixed / sizeof fixed[0]
    };
    for (size_t i = 0; i < FIXED + 40; i++) {
        int64_t t = i < FIXED
                        ? fixed[i]
                        : random_between(INT64_C(-5000000000000000), INT64_C(9000000000000000));
        int64_t begin, end;
        int32_t offset = segi_zone_span(zone, t, &begin, &end);
        check_fast(offset >= -26 * 3600);
        check_fast(offset <= 26 * 3600);
        check_fast(begin <= t && (t < end || end == INT64_MAX));
        int64_t local = segi_zone_local(zone, t);
        int64_t back = segi_zone_instant(zone, local);
        /* The local time exists, so it comes back as itself or as its first occurrence. */
        if (i >= FIXED) {
            check_fast(back <= t);
            check_fast(segi_zone_local(zone, back) == local);
        }
        segi_zone_instant(zone, t);
        segi_zone_date(zone, t);
    }
    segi_zone_day_start(zone, INT32_MIN);
    segi_zone_day_start(zone, INT32_MAX);
}

START_TEST(test_zone__whole_range_is_safe)
{
    for (size_t i = 0; i < ZONE_CASE_COUNT; i++) {
        segi_zone *zone = case_zone(i);
        for (int round = 0; round < 20; round++)
            exercise(zone);
        /* The calendar repeats after 400 years, and so does the rule. */
        for (int round = 0; round < 500; round++) {
            int64_t t = random_between(INT64_C(4000000000), INT64_C(100000000000)) * SEGI_SECOND;
            int64_t later = t + 146097 * SEGI_DAY;
            ck_assert_int_eq(segi_zone_offset(zone, t), segi_zone_offset(zone, later));
        }
        segi_zone_destroy(zone);
    }
    exercise(segi_zone_utc());
}
END_TEST

START_TEST(test_zone__utc_is_static)
{
    segi_zone *zone;
    ck_assert_int_eq(segi_zone_load(&mem, "UTC", 3, &zone, &err), SEG_OK);
    ck_assert_ptr_eq(zone, segi_zone_utc());
    ck_assert_str_eq(segi_zone_name(zone), "UTC");
    static const int64_t instants[] = {INT64_MIN, -1, 0, 1, 123456789, INT64_MAX};
    for (size_t i = 0; i < sizeof instants / sizeof instants[0]; i++) {
        ck_assert_int_eq(segi_zone_offset(zone, instants[i]), 0);
        ck_assert_int_eq(segi_zone_local(zone, instants[i]), instants[i]);
        ck_assert_int_eq(segi_zone_instant(zone, instants[i]), instants[i]);
        ck_assert_int_eq(segi_zone_date(zone, instants[i]), segi_floor_div(instants[i], SEGI_DAY));
    }
    ck_assert_int_eq(segi_zone_day_start(zone, -1), -SEGI_DAY);
    segi_zone_destroy(zone);
    segi_zone_destroy(NULL);
    ck_assert_str_eq(segi_zone_name(segi_zone_utc()), "UTC");
}
END_TEST

/* ---- names ---- */

START_TEST(test_zone__refuses_names_that_are_none)
{
    static const struct {
        const char *name;
        size_t size;
    } cases[] = {
        {"", 0},
        {"/etc/passwd", 11},
        {"../../../etc/passwd", 19},
        {"Europe/../Europe/Berlin", 23},
        {"Europe/Berlin/", 14},
        {"Europe//Berlin", 14},
        {"/Europe/Berlin", 14},
        {"./UTC", 5},
        {"tzdata.zi", 9},
        {"Europe/Berlin\0x", 15},
        {"Europe/Berlin ", 14},
        {"Europe\\Berlin", 13},
        {"Europe/B\xc3\xa9rlin", 14},
        {"No/Such_Zone", 12},
        {"Europe", 6}, /* a folder */
        {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 65},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        segi_zone *zone;
        err.message[0] = '\0';
        ck_assert_msg(segi_zone_load(&mem, cases[i].name, cases[i].size, &zone, &err) ==
                          SEG_E_UNKNOWN_NAME,
                      "%s", cases[i].name);
        ck_assert_ptr_null(zone);
        ck_assert_str_ne(err.message, "");
    }
}
END_TEST

/* The database of this machine, where there is one: its files are often of the fat form. */
START_TEST(test_zone__loads_what_the_system_has)
{
    size_t loaded = 0;
    for (size_t i = 0; i < ZONE_CASE_COUNT; i++) {
        segi_zone *zone;
        const char *name = zone_cases[i].name;
        seg_status status = segi_zone_load(&mem, name, strlen(name), &zone, &err);
        if (status == SEG_E_UNKNOWN_NAME)
            continue;
        ck_assert_msg(status == SEG_OK, "%s: %s", name, err.message);
        exercise(zone);
        /* The past does not change from one edition to the next. */
        static expectation e;
        expect_case(i, &e);
        for (int round = 0; round < 1000; round++) {
            int64_t t = random_between(INT64_C(31536000), INT64_C(1700000000));
            check_fast(segi_zone_offset(zone, t * SEGI_SECOND) == expected_offset(&e, t));
        }
        segi_zone_destroy(zone);
        loaded++;
    }
    check_fast(loaded == 0 || loaded >= 20);
}
END_TEST

/* ---- rules of footers ---- */

/* A file without transitions: offset -1:00 in its table, and a footer. */
static seg_status parse_rule(const char *rule, segi_zone **zone)
{
    static const unsigned char block[] = {'T', 'Z', 'i', 'f', '2', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                          0,   0,   0,   0,   0,   0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                          0,   0,   0,   0,   0,   0, 0, 0, 0, 0, 0, 0, 0, 0};
    unsigned char file[400];
    size_t size = 0;
    memcpy(file, block, sizeof block);
    memcpy(file + sizeof block, block, sizeof block);
    file[sizeof block + 39] = 1; /* one local time type */
    file[sizeof block + 43] = 4; /* four characters of designations */
    size = 2 * sizeof block;
    memcpy(file + size, "\xff\xff\xf1\xf0\0\0QQQ", 10);
    size += 10;
    file[size++] = '\n';
    memcpy(file + size, rule, strlen(rule));
    size += strlen(rule);
    file[size++] = '\n';
    return segi_zone_parse(&mem, "Test/Zone", 9, file, size, zone, &err);
}

START_TEST(test_zone__rules_say_when)
{
    static const struct {
        const char *rule, *instant;
        int32_t offset;
    } cases[] = {
        {"", "2026-01-01T00:00Z", -3600},
        {"UTC0", "2026-01-01T00:00Z", 0},
        {"EST5", "2026-01-01T00:00Z", -18000},
        {"<+0330>-3:30", "2026-01-01T00:00Z", 12600},
        {"<-12>+12", "2026-01-01T00:00Z", -43200},
        {"LMT-0:53:28", "2026-01-01T00:00Z", 3208},
        /* Last Sunday of March and of October. */
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T00:59:59Z", 3600},
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T01:00:00Z", 7200},
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T00:59:59Z", 7200},
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T01:00:00Z", 3600},
        /* A year whose March ends on a Sunday, and a fifth week that is the fourth. */
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2030-03-31T01:00:00Z", 7200},
        {"AAA0BBB,M2.5.1/0,M11.1.0", "2026-02-22T23:59:59Z", 0},
        {"AAA0BBB,M2.5.1/0,M11.1.0", "2026-02-23T00:00:00Z", 3600},
        /* South of the equator. */
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-01-01T00:00Z", 39600},
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-04-04T16:00Z", 36000},
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-10-03T15:59:59Z", 36000},
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-10-03T16:00:00Z", 39600},
        /* Daylight saving that is earlier than standard time. */
        {"IST-1GMT0,M10.5.0,M3.5.0/1", "2026-01-01T00:00Z", 0},
        {"IST-1GMT0,M10.5.0,M3.5.0/1", "2026-07-01T00:00Z", 3600},
        /* Julian days skip 29 February, plain ones count it. */
        {"AAA0BBB,J60/0,J300/0", "2024-02-29T23:59:59Z", 0},
        {"AAA0BBB,J60/0,J300/0", "2024-03-01T00:00:00Z", 3600},
        {"AAA0BBB,J60/0,J300/0", "2023-03-01T00:00:00Z", 3600},
        {"AAA0BBB,J59/0,J300/0", "2024-02-28T00:00:00Z", 3600},
        {"AAA0BBB,59/0,300/0", "2024-02-29T00:00:00Z", 3600},
        {"AAA0BBB,59/0,300/0", "2023-02-28T23:59:59Z", 0},
        {"AAA0BBB,59/0,300/0", "2023-03-01T00:00:00Z", 3600},
        /* Times before and long after the day. */
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T00:59:59Z", -7200},
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00:00Z", -3600},
        {"AAA0BBB,M3.1.0/167,M10.1.0", "2026-03-07T22:59:59Z", 0},
        {"AAA0BBB,M3.1.0/167,M10.1.0", "2026-03-07T23:00:00Z", 3600},
        {"AAA0BBB,J1/-167,J200", "2025-12-25T01:00:00Z", 3600},
        {"AAA0BBB,J1/-167,J200", "2025-12-25T00:59:59Z", 0},
        {"AAA0BBB,J100,J365/167", "2026-01-06T21:00:00Z", 3600},
        {"AAA0BBB,J100,J365/167", "2026-01-06T22:00:00Z", 0},
        {"EET-2EEST,M3.4.4/50,M10.4.4/50", "2026-03-27T23:59:59Z", 7200},
        {"EET-2EEST,M3.4.4/50,M10.4.4/50", "2026-03-28T00:00:00Z", 10800},
        {"AAA3BBB2:30,M3.2.0/2:15:30,M11.1.0", "2026-03-08T05:15:29Z", -10800},
        {"AAA3BBB2:30,M3.2.0/2:15:30,M11.1.0", "2026-03-08T05:15:30Z", -9000},
        /* Daylight saving all year, as RFC 9636 writes it. */
        {"QQQ3EDT4,0/0,J365/23", "2026-01-01T02:59:59Z", -14400},
        {"QQQ3EDT4,0/0,J365/23", "2026-01-01T03:00:00Z", -14400},
        {"QQQ3EDT4,0/0,J365/23", "2024-12-31T12:00:00Z", -14400},
        {"QQQ3EDT4,0/0,J365/23", "2026-07-01T00:00:00Z", -14400},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        segi_zone *zone;
        ck_assert_msg(parse_rule(cases[i].rule, &zone) == SEG_OK, "%s", cases[i].rule);
        int32_t offset = segi_zone_offset(zone, local_of(cases[i].instant));
        ck_assert_msg(offset == cases[i].offset, "%s at %s: %d", cases[i].rule, cases[i].instant,
                      offset);
        exercise(zone);
        segi_zone_destroy(zone);
    }
}
END_TEST

START_TEST(test_zone__refuses_rules_that_are_none)
{
    static const char *const cases[] = {
        "X",
        "XX1",
        "QQQ",
        "1",
        "<XX>1",
        "<+01",
        "<+01>",
        "A1B5",
        "QQQ25",
        "QQQ1:60",
        "QQQ1:00:60",
        "QQQ1:",
        "QQQ1:00:",
        "QQQ0001",
        "QQQ-",
        "QQQ+-1",
        "QQQ1YYY",
        "QQQ1YYY,",
        "QQQ1YYY,M3.5.0",
        "QQQ1YYY,M3.5.0,",
        "QQQ1YYY,M3.5.0,M10.5.0,",
        "QQQ1YYY,M3.5.0,M10.5.0x",
        "QQQ1YYY,M0.5.0,M10.5.0",
        "QQQ1YYY,M13.5.0,M10.5.0",
        "QQQ1YYY,M3.0.0,M10.5.0",
        "QQQ1YYY,M3.6.0,M10.5.0",
        "QQQ1YYY,M3.5.7,M10.5.0",
        "QQQ1YYY,M3.5,M10.5.0",
        "QQQ1YYY,M3,M10.5.0",
        "QQQ1YYY,J0,J5",
        "QQQ1YYY,J366,J5",
        "QQQ1YYY,366,5",
        "QQQ1YYY,-1,5",
        "QQQ1YYY,1/168,5",
        "QQQ1YYY,1/-168,5",
        "QQQ1YYY,1/,5",
        "QQQ1YYY25,1,5",
        "QQQ 1",
        " QQQ1",
        "QQQ1 ",
        "QQQ1\nYYY",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        segi_zone *zone;
        ck_assert_msg(parse_rule(cases[i], &zone) == SEG_E_CORRUPT, "%s", cases[i]);
        ck_assert_ptr_null(zone);
    }
}
END_TEST

/* ---- hostile files ---- */

static seg_status parse_exactly(const unsigned char *bytes, size_t size, segi_zone **zone)
{
    void *copy = segi_alloc(&mem, size);
    check_fast(copy != NULL);
    memcpy(copy, bytes, size);
    seg_status status = segi_zone_parse(&mem, "Test/Zone", 9, copy, size, zone, &err);
    segi_free(&mem, copy);
    return status;
}

START_TEST(test_zone__refuses_every_truncation)
{
    const unsigned char *file = zone_cases[_i].file;
    for (size_t size = 0; size < zone_cases[_i].file_size; size++) {
        segi_zone *zone;
        check_fast(parse_exactly(file, size, &zone) == SEG_E_CORRUPT);
        check_fast(zone == NULL);
    }
}
END_TEST

START_TEST(test_zone__survives_every_changed_byte)
{
    unsigned char file[4096];
    size_t index = (size_t)_i * 3; /* every third file is enough of them */
    size_t size = zone_cases[index].file_size;
    check_fast(size <= sizeof file);
    memcpy(file, zone_cases[index].file, size);
    size_t accepted = 0;
    for (size_t i = 0; i < size; i++) {
        static const unsigned char changes[] = {0x01, 0x08, 0x80, 0xff};
        for (size_t c = 0; c < sizeof changes; c++) {
            segi_zone *zone;
            file[i] ^= changes[c];
            seg_status status = parse_exactly(file, size, &zone);
            if (status == SEG_OK) {
                exercise(zone);
                segi_zone_destroy(zone);
                accepted++;
            } else {
                check_fast(status == SEG_E_CORRUPT);
                check_fast(zone == NULL);
            }
            file[i] ^= changes[c];
        }
    }
    /* Unused bytes and letters of names may change. */
    check_fast(accepted > 0);
}
END_TEST

START_TEST(test_zone__refuses_what_contradicts_itself)
{
    /* Berlin has an empty first block of 44 + 7 bytes at most; find the second header. */
    segi_zone *zone;
    unsigned char file[4096];
    size_t index = 0;
    while (strcmp(zone_cases[index].name, "Europe/Berlin") != 0)
        index++;
    size_t size = zone_cases[index].file_size;
    const unsigned char *original = zone_cases[index].file;
    size_t second = 44;
    while (memcmp(original + second, "TZif", 4) != 0)
        second++;
    static const struct {
        size_t at;
        unsigned char value;
        bool in_second;
        const char *word;
    } cases[] = {
        {0, 'X', false, "header"},   {4, 0, false, "version 1"},
        {0, 'X', true, "header"},    {20, 1, true, "shorter"}, /* a count of 2^24 */
        {23, 1, true, "contradict"}, {31, 1, true, ""},        /* a leap second that is not there */
        {39, 0, true, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        memcpy(file, original, size);
        file[cases[i].at + (cases[i].in_second ? second : 0)] = cases[i].value;
        ck_assert_int_eq(parse_exactly(file, size, &zone), SEG_E_CORRUPT);
        ck_assert_msg(strstr(err.message, cases[i].word) != NULL, "%s", err.message);
    }
    /* Something after the footer. */
    memcpy(file, original, size);
    file[size] = '\n';
    ck_assert_int_eq(parse_exactly(file, size + 1, &zone), SEG_E_CORRUPT);
    /* The first two transitions in wrong order. */
    memcpy(file, original, size);
    memcpy(file + second + 44, original + second + 52, 8);
    ck_assert_int_eq(parse_exactly(file, size, &zone), SEG_E_CORRUPT);
    ck_assert_ptr_nonnull(strstr(err.message, "rise"));
}
END_TEST

START_TEST(test_zone__survives_failing_memory)
{
    for (uint64_t n = 1;; n++) {
        segi_zone *zone;
        mem_fault_fail_at(&fault, n);
        seg_status status = segi_zone_load(&mem, "Europe/Berlin", 13, &zone, &err);
        bool failed = mem_fault_has_failed(&fault);
        mem_fault_fail_at(&fault, 0);
        segi_zone_destroy(zone);
        ck_assert_uint_eq(mem_fault_live_bytes(&fault), 0);
        if (!failed)
            break;
        ck_assert_int_eq(status, SEG_E_NOMEM);
        ck_assert_ptr_null(zone);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("base/zone");
    TCase *tc = tcase_create("zone");
    int cases = (int)ZONE_CASE_COUNT;
    tcase_set_timeout(tc, 100);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, test_zone__instants_match_zoneinfo, 0, cases);
    tcase_add_loop_test(tc, test_zone__local_times_match_the_definition, 0, cases);
    tcase_add_test(tc, test_zone__gaps_and_folds);
    tcase_add_test(tc, test_zone__days_start);
    tcase_add_test(tc, test_zone__whole_range_is_safe);
    tcase_add_test(tc, test_zone__utc_is_static);
    tcase_add_test(tc, test_zone__refuses_names_that_are_none);
    tcase_add_test(tc, test_zone__loads_what_the_system_has);
    tcase_add_test(tc, test_zone__rules_say_when);
    tcase_add_test(tc, test_zone__refuses_rules_that_are_none);
    tcase_add_loop_test(tc, test_zone__refuses_every_truncation, 0, cases);
    tcase_add_loop_test(tc, test_zone__survives_every_changed_byte, 0, cases / 3);
    tcase_add_test(tc, test_zone__refuses_what_contradicts_itself);
    tcase_add_test(tc, test_zone__survives_failing_memory);
    suite_add_tcase(s, tc);
    return s;
}
