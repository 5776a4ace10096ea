/* hand.c - what plain loops need: no engine, no checks, one thread.
 *
 *   bench_hand FOLDER
 *
 * Loads the columns that bench_dump wrote, puts the events of each type together (in order of
 * time they are already) and answers some of the questions with loops written for each alone over
 * arrays by user. One line of JSON per question: members and the nanoseconds of the median run.
 * Codes of words are those of the generator's dictionaries. */
#include "workload.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPES 12
#define RUNS 9
#define NOW ((uint32_t)(GEN_NOW / 1000000))
#define DAY 86400u

enum {
    APP_OPEN,
    PAGE_VIEW,
    PURCHASE,
    SEARCH,
    ADD_TO_CART,
    REFUND,
    SIGNUP_STARTED,
    SIGNUP_COMPLETED,
    VIDEO_WATCHED
};

/* One event type: rows in order of time. */
typedef struct rows {
    size_t count;
    uint32_t *user, *time, *amount; /* user from 0 */
    uint16_t *seconds;
    uint8_t *category, *object;
} rows;

static const char *folder;
static size_t user_count;
static rows types[TYPES];
static uint8_t *country, *age, *plan, *employed;
static uint32_t *income, *interests;
static double *latitude, *longitude;
static uint64_t *segments[WORKLOAD_SEGMENTS];
static uint64_t *bits, *other_bits; /* a bit per user */
static uint8_t *bytes;              /* a byte per user */
static uint32_t *words;             /* 4 bytes per user */
static size_t bit_words;

static void *need(void *block)
{
    if (!block) {
        fprintf(stderr, "bench_hand: out of memory\n");
        exit(1);
    }
    return block;
}

static void *load(const char *name, size_t width, size_t *out_count)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(1);
    }
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    void *data = need(malloc(size ? size : 1));
    if (fread(data, 1, size, file) != size) {
        perror(path);
        exit(1);
    }
    fclose(file);
    *out_count = size / width;
    return data;
}

static void load_users(void)
{
    country = load("users.country", 1, &user_count);
    age = load("users.age", 1, &user_count);
    plan = load("users.plan", 1, &user_count);
    employed = load("users.employed", 1, &user_count);
    income = load("users.income", 4, &user_count);
    interests = load("users.interests", 4, &user_count);
    latitude = load("users.lat", 8, &user_count);
    longitude = load("users.lon", 8, &user_count);
    bit_words = (user_count + 63) / 64;
    bits = need(malloc(bit_words * 8));
    other_bits = need(malloc(bit_words * 8));
    bytes = need(malloc(user_count));
    words = need(malloc(user_count * 4));
}

static void load_events(void)
{
    size_t count;
    uint8_t *type = load("events.type", 1, &count);
    uint32_t *user = load("events.user", 4, &count);
    uint32_t *time = load("events.time", 4, &count);
    uint32_t *amount = load("events.amount", 4, &count);
    uint16_t *seconds = load("events.seconds", 2, &count);
    uint8_t *category = load("events.category", 1, &count);
    uint8_t *object = load("events.object", 1, &count);
    for (size_t i = 0; i < count; i++) {
        types[type[i]].count++;
    }
    for (int t = 0; t < TYPES; t++) {
        rows *r = &types[t];
        size_t n = r->count ? r->count : 1;
        r->user = need(malloc(n * 4));
        r->time = need(malloc(n * 4));
        r->amount = need(malloc(n * 4));
        r->seconds = need(malloc(n * 2));
        r->category = need(malloc(n));
        r->object = need(malloc(n));
        r->count = 0;
    }
    for (size_t i = 0; i < count; i++) {
        rows *r = &types[type[i]];
        size_t at = r->count++;
        r->user[at] = user[i] - 1;
        r->time[at] = time[i];
        r->amount[at] = amount[i];
        r->seconds[at] = seconds[i];
        r->category[at] = category[i];
        r->object[at] = object[i];
    }
    free(type);
    free(user);
    free(time);
    free(amount);
    free(seconds);
    free(category);
    free(object);
}

static void load_segments(void)
{
    size_t count, ends_count;
    uint32_t *users = load("segments.user", 4, &count);
    uint64_t *ends = load("segments.end", 8, &ends_count);
    size_t at = 0;
    for (size_t s = 0; s < WORKLOAD_SEGMENTS; s++) {
        segments[s] = need(calloc(bit_words, 8));
        for (; at < ends[s]; at++) {
            segments[s][(users[at] - 1) / 64] |= UINT64_C(1) << ((users[at] - 1) % 64);
        }
    }
    free(users);
    free(ends);
}

/* ---- helpers ------------------------------------------------------------------------------- */

static void set_bit(uint64_t *mask, uint32_t user)
{
    mask[user >> 6] |= UINT64_C(1) << (user & 63);
}

static bool get_bit(const uint64_t *mask, uint32_t user)
{
    return mask[user >> 6] >> (user & 63) & 1;
}

static void clear(uint64_t *mask)
{
    memset(mask, 0, bit_words * 8);
}

static uint64_t count_bits(const uint64_t *mask)
{
    uint64_t count = 0;
    for (size_t i = 0; i < bit_words; i++) {
        count += (uint64_t)__builtin_popcountll(mask[i]);
    }
    return count;
}

/* The first row later than `after`. */
static size_t first_after(const rows *r, uint32_t after)
{
    size_t low = 0, high = r->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->time[middle] > after) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

static void mark(uint64_t *mask, const rows *r, size_t begin, size_t end)
{
    clear(mask);
    for (size_t i = begin; i < end; i++) {
        set_bit(mask, r->user[i]);
    }
}

/* ---- questions ------------------------------------------------------------------------------- */

static uint64_t attributes_set(void)
{
    uint64_t count = 0;
    for (size_t u = 0; u < user_count; u++) {
        bool there = (country[u] == 0) | (country[u] == 2) | (country[u] == 8);
        count += (uint64_t)(there & (age[u] >= 25) & (age[u] <= 34) & (plan[u] >= 2) &
                            (interests[u] != UINT32_MAX) & (interests[u] & 1));
    }
    return count;
}

static uint64_t did_30d(void)
{
    const rows *r = &types[VIDEO_WATCHED];
    mark(bits, r, first_after(r, NOW - 30 * DAY), r->count);
    return count_bits(bits);
}

static uint64_t not_90d(void)
{
    const rows *r = &types[PURCHASE];
    mark(bits, r, first_after(r, NOW - 90 * DAY), r->count);
    return user_count - count_bits(bits);
}

static double distance(double a, double b)
{
    const double degree = 3.14159265358979323846 / 180;
    double p = sin((a - 40.7128) * degree / 2);
    double q = sin((b + 74.0060) * degree / 2);
    return 2 * 6371008.8 * asin(sqrt(p * p + cos(40.7128 * degree) * cos(a * degree) * q * q));
}

static uint64_t mixed_local(void)
{
    const rows *done = &types[SIGNUP_COMPLETED], *bought = &types[PURCHASE];
    uint64_t count = 0;
    mark(bits, done, 0, done->count);
    mark(other_bits, bought, first_after(bought, NOW - 30 * DAY), bought->count);
    for (uint32_t u = 0; u < user_count; u++) {
        double a = latitude[u], b = longitude[u];
        if (employed[u] == 1 && income[u] >= 40000 && income[u] <= 150000 && a > 40.2 && a < 41.2 &&
            b > -74.7 && b < -73.3 && get_bit(bits, u) && !get_bit(other_bits, u)) {
            count += distance(a, b) <= 50000;
        }
    }
    return count;
}

static uint64_t count_7d(void)
{
    const rows *r = &types[APP_OPEN];
    uint64_t count = 0;
    memset(bytes, 0, user_count);
    for (size_t i = first_after(r, NOW - 7 * DAY); i < r->count; i++) {
        uint8_t *n = &bytes[r->user[i]];
        *n = (uint8_t)(*n + (*n < 255));
    }
    for (size_t u = 0; u < user_count; u++) {
        count += bytes[u] >= 5;
    }
    return count;
}

static uint64_t filtered_90d(void)
{
    const rows *r = &types[VIDEO_WATCHED];
    clear(bits);
    for (size_t i = first_after(r, NOW - 90 * DAY); i < r->count; i++) {
        if (r->object[i] == 5 && r->seconds[i] >= 120) {
            set_bit(bits, r->user[i]);
        }
    }
    return count_bits(bits);
}

static uint64_t sum_365d(void)
{
    const rows *r = &types[PURCHASE];
    uint64_t count = 0;
    memset(words, 0, user_count * 4);
    for (size_t i = first_after(r, NOW - 365 * DAY); i < r->count; i++) {
        words[r->user[i]] += r->amount[i];
    }
    for (size_t u = 0; u < user_count; u++) {
        count += words[u] >= 20000;
    }
    return count;
}

static uint64_t top_opens(void)
{
    enum {
        MOST = 65536
    };
    static uint64_t bins[MOST];
    const rows *r = &types[APP_OPEN];
    memset(words, 0, user_count * 4);
    memset(bins, 0, sizeof bins);
    for (size_t i = first_after(r, NOW - 90 * DAY); i < r->count; i++) {
        words[r->user[i]]++;
    }
    for (size_t u = 0; u < user_count; u++) {
        bins[words[u] < MOST ? words[u] : MOST - 1]++;
    }
    uint64_t wanted = ((user_count - bins[0]) * 20 + 99) / 100, above = 0;
    for (size_t n = MOST - 1; n > 0 && above < wanted; n--) {
        above += bins[n];
    }
    return above;
}

static uint64_t last_activity(void)
{
    clear(bits);
    clear(other_bits);
    for (int t = 0; t < TYPES; t++) {
        const rows *r = &types[t];
        size_t begin = first_after(r, NOW - 90 * DAY), end = first_after(r, NOW - 30 * DAY);
        for (size_t i = begin; i < end; i++) {
            set_bit(bits, r->user[i]);
        }
        for (size_t i = end; i < r->count; i++) {
            set_bit(other_bits, r->user[i]);
        }
    }
    for (size_t i = 0; i < bit_words; i++) {
        bits[i] &= ~other_bits[i];
    }
    return count_bits(bits);
}

static uint64_t december(void)
{
    const rows *r = &types[PURCHASE];
    clear(bits);
    for (size_t i = first_after(r, NOW - 31 * DAY - 1); i < r->count; i++) {
        uint8_t c = r->category[i];
        if (c == 12 || c == 6 || c == 11) {
            set_bit(bits, r->user[i]);
        }
    }
    return count_bits(bits);
}

static uint64_t never_accessories(void)
{
    const rows *r = &types[PURCHASE];
    clear(bits);
    clear(other_bits);
    for (size_t i = 0; i < r->count; i++) {
        if (r->category[i] == 0) {
            set_bit(bits, r->user[i]);
        } else if (r->category[i] == 13) {
            set_bit(other_bits, r->user[i]);
        }
    }
    for (size_t i = 0; i < bit_words; i++) {
        bits[i] &= ~other_bits[i];
    }
    return count_bits(bits);
}

static uint64_t signup_open(void)
{
    const rows *started = &types[SIGNUP_STARTED], *done = &types[SIGNUP_COMPLETED];
    mark(bits, started, first_after(started, NOW - 30 * DAY), first_after(started, NOW - DAY));
    mark(other_bits, done, 0, done->count);
    for (size_t i = 0; i < bit_words; i++) {
        bits[i] &= ~other_bits[i];
    }
    return count_bits(bits);
}

static uint64_t stored_algebra(void)
{
    uint64_t count = 0;
    for (size_t i = 0; i < bit_words; i++) {
        uint64_t word = ((segments[3][i] & segments[7][i]) | segments[25][i]) & segments[1][i] &
                        ~segments[12][i];
        count += (uint64_t)__builtin_popcountll(word);
    }
    return count;
}

static const struct {
    const char *name;
    uint64_t (*ask)(void);
} questions[] = {{"attributes_set", attributes_set},
                 {"did_30d", did_30d},
                 {"not_90d", not_90d},
                 {"mixed_local", mixed_local},
                 {"count_7d", count_7d},
                 {"filtered_90d", filtered_90d},
                 {"sum_365d", sum_365d},
                 {"top_opens", top_opens},
                 {"last_activity", last_activity},
                 {"december", december},
                 {"never_accessories", never_accessories},
                 {"signup_open", signup_open},
                 {"stored_algebra", stored_algebra}};

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: bench_hand FOLDER\n");
        return 2;
    }
    folder = argv[1];
    load_users();
    load_events();
    load_segments();
    for (size_t q = 0; q < sizeof questions / sizeof questions[0]; q++) {
        uint64_t times[RUNS], count = questions[q].ask();
        for (int run = 0; run < RUNS; run++) {
            uint64_t start = workload_clock();
            count = questions[q].ask();
            times[run] = workload_clock() - start;
        }
        qsort(times, RUNS, sizeof times[0], compare);
        printf("{\"name\": \"%s\", \"count\": %" PRIu64 ", \"ns\": %" PRIu64
               ", \"least_ns\": %" PRIu64 "}\n",
               questions[q].name, count, times[RUNS / 2], times[0]);
    }
    return 0;
}
