/* Time buckets and the watermark: see bucket.h. */
#include "store/bucket.h"

#define BUCKET_LEVELS 5

/* Width as a power of two of cells, and how far from the watermark (in cells) a bucket must lie
 * wholly to be that wide: 40 days, 2 years, then factors of 8. */
static const struct {
    uint32_t shift;
    int64_t distance;
} bucket_levels[BUCKET_LEVELS] = {{0, 0}, {2, 5}, {5, 92}, {8, 736}, {11, 5888}};

/* The widest level whose aligned bucket lies far enough from the watermark on either side. The
 * level at the watermark is 8 days. */
segi_bucket segi_bucket_of(uint32_t cell, int64_t watermark)
{
    int64_t now = segi_cell_of(watermark);
    for (int level = BUCKET_LEVELS - 1; level > 0; level--) {
        uint32_t shift = bucket_levels[level].shift;
        int64_t begin = (int64_t)(cell >> shift) << shift, end = begin + ((int64_t)1 << shift);
        int64_t distance = bucket_levels[level].distance;
        if (end <= now - distance || begin >= now + distance)
            return (segi_bucket){(uint32_t)begin, (uint32_t)1 << shift};
    }
    return (segi_bucket){cell, 1};
}

bool segi_bucket_is_good(segi_bucket bucket)
{
    for (int level = 0; level < BUCKET_LEVELS; level++)
        if (bucket.cells == (uint32_t)1 << bucket_levels[level].shift)
            return bucket.cell % bucket.cells == 0 && bucket.cell <= segi_cell_of(SEG_TIME_MAX);
    return false;
}

/* Nothing seen yet; every row is a sample. */
void segi_clock_init(segi_clock *clock)
{
    clock->count = 0;
    clock->stride = 1;
    clock->skip = 0;
}

/* Keep every second sample from now on. */
static void clock_thin(segi_clock *clock)
{
    for (uint32_t i = 0; i < SEGI_CLOCK_SAMPLES / 2; i++)
        clock->samples[i] = clock->samples[2 * i];
    clock->count = SEGI_CLOCK_SAMPLES / 2;
    clock->stride *= 2;
}

/* O(rows / stride): the longer the store lives, the less it costs. */
void segi_clock_add(segi_clock *clock, const int64_t *times, uint64_t count)
{
    uint64_t row = clock->skip;
    while (row < count) {
        if (clock->count == SEGI_CLOCK_SAMPLES)
            clock_thin(clock);
        clock->samples[clock->count++] = times[row];
        row += clock->stride;
    }
    clock->skip = row - count;
}

/* Two in a thousand samples may lie in the future without moving the watermark. */
int64_t segi_clock_watermark(const segi_clock *clock)
{
    int64_t top[SEGI_CLOCK_SAMPLES / 512 + 1];
    uint32_t keep = clock->count / 512 + 1, kept = 0;
    if (clock->count == 0)
        return SEG_TIME_MIN;
    /* The highest samples in falling order; most samples are below all of them. */
    for (uint32_t i = 0; i < clock->count; i++) {
        int64_t time = clock->samples[i];
        if (kept == keep && time <= top[kept - 1])
            continue;
        uint32_t at = kept < keep ? kept++ : kept - 1;
        for (; at > 0 && top[at - 1] < time; at--)
            top[at] = top[at - 1];
        top[at] = time;
    }
    return top[kept - 1];
}
