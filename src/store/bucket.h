/* Time buckets: narrow for recent time, wide for old and far-future time.
 *
 * Time is cut into cells of 8 days. A bucket is an aligned group of 1, 4, 32, 256 or 2048 cells,
 * so wider buckets consist of whole narrower ones. Which width applies depends on the distance to
 * the watermark, an estimate of the newest event's time that single wild times do not move. */
#ifndef SEGI_BUCKET_H
#define SEGI_BUCKET_H

#include <seg/schema.h>
#include <stdbool.h>

#define SEGI_CELL_US ((int64_t)8 * 86400 * 1000000)
#define SEGI_CLOCK_SAMPLES 4096

typedef struct segi_bucket {
    uint32_t cell, cells;
} segi_bucket;

static inline uint32_t segi_cell_of(int64_t time)
{
    return (uint32_t)((uint64_t)(time - SEG_TIME_MIN) / (uint64_t)SEGI_CELL_US);
}
segi_bucket segi_bucket_of(uint32_t cell, int64_t watermark);
/* Is it one of those that segi_bucket_of() gives? */
bool segi_bucket_is_good(segi_bucket bucket);
/* All of time: that of expired first events (firsts.c). */
static inline segi_bucket segi_bucket_all(void)
{
    return (segi_bucket){0, segi_cell_of(SEG_TIME_MAX) + 1};
}
static inline bool segi_bucket_is_all(segi_bucket bucket)
{
    return bucket.cell == 0 && bucket.cells == segi_bucket_all().cells;
}
static inline bool segi_bucket_overlap(segi_bucket a, segi_bucket b)
{
    return a.cell < b.cell + b.cells && b.cell < a.cell + a.cells;
}

/* Event times, sampled evenly in order of arrival. */
typedef struct segi_clock {
    uint32_t count;
    uint64_t stride; /* every stride-th row is kept */
    uint64_t skip;   /* rows until the next one */
    int64_t samples[SEGI_CLOCK_SAMPLES];
} segi_clock;

void segi_clock_init(segi_clock *clock);
void segi_clock_add(segi_clock *clock, const int64_t *times, uint64_t count);
/* The newest time but for the highest 1/512 of the samples; SEG_TIME_MIN if there are none. */
int64_t segi_clock_watermark(const segi_clock *clock);

#endif
