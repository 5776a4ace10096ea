/* gen_people.c - spans and weights of users, as functions of their number. See gen_people.h.
 *
 * Nothing is kept per user: millions of them cost no memory. A user's class of activity is the
 * rank that an affine permutation of the user numbers gives, modulo the number of classes. */
#include "gen_people.h"

#include "gen_tables.h"

#define YEAR_US (365 * GEN_DAY_US)

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

void gen_people_init(gen_people *people, const gen_options *options)
{
    gen_random random = gen_stream(options->seed, 0, 0);
    *people = (gen_people){.seed = options->seed, .count = options->users};
    people->old_count = options->users * 3 / 5;
    /* About the golden section of the count, so that neighbours in rank are far apart. */
    people->factor = options->users * 618 / 1000 + 1;
    while (common_divisor(people->factor, people->count) != 1) {
        people->factor++;
    }
    people->shift = gen_below(&random, people->count);
    uint64_t sum = 0;
    for (uint64_t i = 0; i < GEN_CLASSES; i++) {
        uint64_t members =
            i < people->count ? (people->count - i + GEN_CLASSES - 1) / GEN_CLASSES : 0;
        sum += members * gen_activity[i];
        people->class_sums[i] = sum;
    }
}

int64_t gen_signed_up(const gen_people *people, uint64_t user)
{
    if (user < people->old_count) {
        int64_t step = 3 * YEAR_US / (int64_t)people->old_count;
        return GEN_BEGIN - 3 * YEAR_US + step * (int64_t)user;
    }
    int64_t step = GEN_SPAN_US / (int64_t)(people->count - people->old_count);
    return GEN_BEGIN + step * (int64_t)(user - people->old_count);
}

int64_t gen_silent_from(const gen_people *people, uint64_t user)
{
    gen_random random = gen_stream(people->seed, GEN_STREAM_SPAN, user);
    int64_t first = gen_signed_up(people, user);
    first = first < GEN_BEGIN ? GEN_BEGIN : first;
    if (gen_below(&random, 100) >= 45) {
        return GEN_NOW;
    }
    uint64_t minutes = (uint64_t)(GEN_NOW - first) / 60000000;
    return first + (int64_t)gen_below(&random, minutes + 1) * 60000000;
}

uint64_t gen_active_user(const gen_people *people, gen_random *random, int64_t time)
{
    uint64_t user = 0;
    /* Nearly always one of the first three is active; the bound is for tiny populations. */
    for (int attempt = 0; attempt < 64; attempt++) {
        uint64_t total = people->class_sums[GEN_CLASSES - 1];
        uint64_t number = gen_next(random) % total;
        uint32_t class = gen_pick(people->class_sums, GEN_CLASSES, number);
        uint64_t members = (people->count - class + GEN_CLASSES - 1) / GEN_CLASSES;
        uint64_t rank = class + GEN_CLASSES * gen_below(random, members);
        user = (rank * people->factor + people->shift) % people->count;
        if (gen_signed_up(people, user) <= time && time < gen_silent_from(people, user)) {
            break;
        }
    }
    return user;
}

uint64_t gen_new_user(const gen_people *people, int64_t time)
{
    uint64_t fresh = people->count - people->old_count;
    int64_t step = GEN_SPAN_US / (int64_t)fresh;
    uint64_t index = (uint64_t)((time - GEN_BEGIN) / step);
    return people->old_count + (index < fresh ? index : fresh - 1);
}

uint32_t gen_favourite(const gen_people *people, uint64_t user)
{
    gen_random random = gen_stream(people->seed, GEN_STREAM_TASTE, user);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < GEN_CATEGORIES; i++) {
        sum += gen_ranks[i];
    }
    uint64_t number = gen_below(&random, sum);
    uint32_t category = 0;
    while (number >= gen_ranks[category]) {
        number -= gen_ranks[category++];
    }
    return category;
}

uint32_t gen_user_id(uint64_t user, char *out)
{
    char digits[20];
    uint32_t count = 0;
    uint64_t number = user + 1;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    out[0] = 'u';
    for (uint32_t i = 0; i < count; i++) {
        out[1 + i] = digits[count - 1 - i];
    }
    return count + 1;
}
