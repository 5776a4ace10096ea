/* gen_people.h - private to the generator: who exists and when they are active. */
#ifndef BENCH_GEN_PEOPLE_H
#define BENCH_GEN_PEOPLE_H

#include "gen.h"
#include "gen_random.h"

#define GEN_CLASSES 256
#define GEN_DAY_US INT64_C(86400000000)
#define GEN_SPAN_US (GEN_DAYS * GEN_DAY_US)
/* The history begins half an hour early, so that its last sessions end before GEN_NOW. */
#define GEN_BEGIN (GEN_NOW - GEN_SPAN_US - INT64_C(1800000000))

/* Streams of numbers, by what they decide. */
enum {
    GEN_STREAM_ATTRIBUTES = 1,
    GEN_STREAM_SPAN,
    GEN_STREAM_SESSION_KIND,
    GEN_STREAM_SESSION,
    GEN_STREAM_TASTE
};

typedef struct gen_people {
    uint64_t seed;
    uint64_t count;
    uint64_t old_count;               /* users 0 .. old_count - 1 signed up before the history */
    uint64_t factor, shift;           /* rank -> user: (rank * factor + shift) mod count */
    uint64_t class_sums[GEN_CLASSES]; /* running totals of weight x users of the class */
} gen_people;

void gen_people_init(gen_people *people, const gen_options *options);
/* When the user signed up, and the instant from which nothing more is heard (GEN_NOW: none). */
int64_t gen_signed_up(const gen_people *people, uint64_t user);
int64_t gen_silent_from(const gen_people *people, uint64_t user);
/* Someone who is active then; the more active the likelier. */
uint64_t gen_active_user(const gen_people *people, gen_random *random, int64_t time);
/* Someone who signs up about then. */
uint64_t gen_new_user(const gen_people *people, int64_t time);
/* The category that the user likes best. */
uint32_t gen_favourite(const gen_people *people, uint64_t user);

/* The id as text; room for 24 bytes. Returns its size. */
uint32_t gen_user_id(uint64_t user, char *out);

#endif /* BENCH_GEN_PEOPLE_H */
