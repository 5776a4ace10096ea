/* Sorting: see sort.h.
 *
 * Two stable byte passes bring each user's events together; times within a user mostly rise
 * already and are only verified, and sorted where they do not. */
#include <string.h>

#include "store/sort.h"

#define SORT_INSERTION_MAX 32

/* By user, then by time. */
static bool sort_before(const segi_key *a, const segi_key *b)
{
    return a->low != b->low ? a->low < b->low : a->time < b->time;
}

/* Stable, and the quickest for few keys. */
static void sort_insertion(segi_key *keys, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        segi_key key = keys[i];
        size_t at = i;
        for (; at > 0 && sort_before(&key, &keys[at - 1]); at--)
            keys[at] = keys[at - 1];
        keys[at] = key;
    }
}

/* Of equal times those of `a` come first, which came first. */
static void sort_merge_pair(const segi_key *a, const segi_key *a_end, const segi_key *b,
                            const segi_key *b_end, segi_key *out)
{
    while (a < a_end && b < b_end)
        *out++ = b->time < a->time ? *b++ : *a++;
    memcpy(out, a, (size_t)(a_end - a) * sizeof *out);
    memcpy(out + (a_end - a), b, (size_t)(b_end - b) * sizeof *out);
}

/* Stable, from the bottom up; all keys are of one user. */
static void sort_merge(segi_key *keys, segi_key *swap, size_t count)
{
    segi_key *from = keys, *to = swap;
    for (size_t begin = 0; begin < count; begin += SORT_INSERTION_MAX) {
        size_t left = count - begin;
        sort_insertion(keys + begin, left < SORT_INSERTION_MAX ? left : SORT_INSERTION_MAX);
    }
    for (size_t width = SORT_INSERTION_MAX; width < count; width *= 2) {
        for (size_t begin = 0; begin < count; begin += 2 * width) {
            size_t middle = count - begin < width ? count : begin + width;
            size_t end = count - begin < 2 * width ? count : begin + 2 * width;
            sort_merge_pair(from + begin, from + middle, from + middle, from + end, to + begin);
        }
        segi_key *other = from;
        from = to;
        to = other;
    }
    if (from != keys)
        memcpy(keys, from, count * sizeof *keys);
}

/* One stable pass by a byte of the user; `places` holds how many keys there are of each value and
 * is used up. */
static void sort_pass(const segi_key *from, segi_key *to, size_t count, uint32_t *places, int shift)
{
    uint32_t place = 0;
    for (int i = 0; i < 256; i++) {
        uint32_t rows = places[i];
        places[i] = place;
        place += rows;
    }
    for (size_t i = 0; i < count; i++)
        to[places[(from[i].low >> shift) & 0xff]++] = from[i];
}

/* Verify that each user's times rise and mend where they do not. */
static void sort_times(segi_key *keys, segi_key *swap, size_t count)
{
    for (size_t i = 0; i < count;) {
        size_t begin = i++;
        bool rising = true;
        for (; i < count && keys[i].low == keys[begin].low; i++)
            rising &= keys[i - 1].time <= keys[i].time;
        if (rising)
            continue;
        if (i - begin <= SORT_INSERTION_MAX)
            sort_insertion(keys + begin, i - begin);
        else
            sort_merge(keys + begin, swap, i - begin);
    }
}

/* Both counts in one walk; O(n) where times rise, as they do in most feeds. */
void segi_keys_sort(segi_key *keys, segi_key *swap, size_t count)
{
    uint32_t lower[256] = {0}, upper[256] = {0};
    if (count <= SORT_INSERTION_MAX) {
        sort_insertion(keys, count);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        lower[keys[i].low & 0xff]++;
        upper[keys[i].low >> 8]++;
    }
    sort_pass(keys, swap, count, lower, 0);
    sort_pass(swap, keys, count, upper, 8);
    sort_times(keys, swap, count);
}

/* A radix sort of four passes; one whose byte is the same everywhere is left out. */
uint64_t *segi_sort_high(uint64_t *entries, uint64_t *swap, size_t count)
{
    for (int shift = 32; shift < 64 && count > 0; shift += 8) {
        size_t places[256] = {0}, at = 0;
        for (size_t i = 0; i < count; i++)
            places[(entries[i] >> shift) & 0xff]++;
        if (places[(entries[0] >> shift) & 0xff] == count)
            continue;
        for (int i = 0; i < 256; i++) {
            size_t n = places[i];
            places[i] = at;
            at += n;
        }
        for (size_t i = 0; i < count; i++)
            swap[places[(entries[i] >> shift) & 0xff]++] = entries[i];
        uint64_t *other = entries;
        entries = swap;
        swap = other;
    }
    return entries;
}
