/* Streaks: runs of active periods, of one user at a time (S-22).
 *
 * Periods are numbered; a user's active ones come as rising numbers (from ordered rows) or as the
 * bits of a word (tally.c, windows of at most 64 periods). Missed ones are not stored: between two
 * active ones only the first few matter, since `missed` + 1 in a row break any streak. */
#include "base/bits.h"
#include "exec/exec_int.h"

void segi_streak_begin(segi_streak_walk *s, const segi_streak *rule)
{
    s->rule = rule;
    s->alive = false;
    s->any = false;
    s->length = s->longest = s->latest = s->missed = 0;
    s->broken_at = INT64_MIN;
}

/* One more missed period: does it break the streak? It does where the one `missed` misses before
 * it is less than `per` periods away. */
static void streak_miss(segi_streak_walk *s, int64_t period)
{
    int64_t allowed = s->rule->missed;
    bool broken = allowed == 0;
    if (!broken) {
        int64_t *place = &s->misses[s->missed % allowed];
        broken = s->missed >= allowed && period - *place < s->rule->per;
        *place = period;
    }
    s->missed++;
    if (!broken)
        return;
    s->alive = false;
    if (s->length >= s->rule->length)
        s->broken_at = period;
}

/* Missed periods after the latest active one, up to `end`. */
static void streak_until(segi_streak_walk *s, int64_t end)
{
    for (int64_t period = s->latest + 1; s->alive && period < end; period++)
        streak_miss(s, period);
}

void segi_streak_active(segi_streak_walk *s, int64_t period)
{
    streak_until(s, period);
    if (!s->alive) {
        s->alive = true;
        s->length = s->missed = 0;
    }
    s->length++;
    s->latest = period;
    s->any = true;
    if (s->length > s->longest)
        s->longest = s->length;
}

void segi_streak_end(segi_streak_walk *s, int64_t now)
{
    /* The running period is not missed before it is over. */
    streak_until(s, now);
}

/* ---- words ---- */

/* The longest run of ones: each round takes one from every run. */
static int64_t word_longest(uint64_t word)
{
    int64_t length = 0;
    for (; word; word &= word << 1)
        length++;
    return length;
}

/* Ones at the end, the last period being `now`; that one may be missing still. */
static int64_t word_current(uint64_t word, uint32_t now)
{
    uint64_t ended = word << (63 - now);
    if (!(ended >> 63))
        ended <<= 1;
    return ~ended ? segi_clz(~ended) : 64;
}

static void word_walk(segi_streak_walk *s, uint64_t word, uint32_t now)
{
    for (; word; word &= word - 1)
        segi_streak_active(s, segi_ctz(word));
    segi_streak_end(s, now);
}

bool segi_streak_word(const segi_node *node, uint64_t word, uint32_t now, int64_t *out)
{
    segi_streak_walk walk;
    if (node->streak->missed == 0 && node->aggregate == SEGI_AGG_STREAK) {
        *out = word_longest(word);
        return true;
    }
    if (node->streak->missed == 0 && node->aggregate == SEGI_AGG_CURRENT_STREAK) {
        *out = word_current(word, now);
        return true;
    }
    segi_streak_begin(&walk, node->streak);
    word_walk(&walk, word, now);
    return segi_streak_result(&walk, node->aggregate, out);
}

bool segi_streak_result(const segi_streak_walk *s, segi_aggregate aggregate, int64_t *out)
{
    switch (aggregate) {
    case SEGI_AGG_STREAK: *out = s->longest; return true;
    case SEGI_AGG_CURRENT_STREAK: *out = s->alive ? s->length : 0; return true;
    default: *out = s->broken_at; return s->broken_at != INT64_MIN;
    }
}
