/* gen.h - a deterministic customer base: users with attributes, a year of events in time order.
 *
 * Made for the demo, the tests and the benchmarks of libseg; it uses the public headers alone.
 * The same options give the same rows on every machine: all choices are integer arithmetic over
 * counters and the tables in gen_tables.c, no floating-point function and no library's random
 * numbers. The only doubles are coordinates, integers divided by ten million.
 *
 * Users are numbered 0 .. users - 1 in the order of their sign-up; user u has the id `u` followed
 * by u + 1 in decimals, or the number u + 1. Three in five signed up in the three years before
 * the history begins, the others during it. How active a user is follows a log-normal
 * distribution; 45 % fall silent for good at some moment.
 *
 * Events come in sessions: an app opened; a search, some pages, a cart, now and then a purchase;
 * a sign-up completed or not. Shares are about app_open 45 %, page_view 25 %, purchase 3 %, the
 * rest search, add_to_cart, refund, signup_started, signup_completed, video_watched,
 * level_completed, review_submitted and message_opened.
 *
 *   property   type         of                        values
 *   amount     decimal(2)   purchase, refund          median 35.00, log-normal
 *   category   string       purchase, add_to_cart     40, skewed; half of them the user's favourite
 *   sku        string       purchase, add_to_cart     50,000
 *   coupon     bool         purchase                  one in five is true
 *   page       string       page_view                 200
 *   object     string       video_watched             12
 *   seconds    int64        video_watched             5 .. 900, most are short
 *   term       string       search                    5,000
 *   channel    string       message_opened            5
 *   stars      int64        review_submitted          1 .. 5
 *   level      int64        level_completed           1 .. 60
 *
 *   attribute  type         values                                       missing
 *   country    string       62 ISO codes, skewed
 *   age        int64        18 .. 85                                     4 % absent
 *   birthday   date         fits the age                                 as age
 *   income     int64        log-normal around 42,000                     7 % absent, 8 % null
 *   employed   bool
 *   plan       string       free 62 %, basic 20 %, pro 13 %, enterprise 5 %
 *   interests  string set   0 .. 5 of 30                                 10 % absent
 *   home       geo          around the big cities of the country         5 % absent
 *   timezone   string       IANA name of that city
 *   signed_up  timestamp */
#ifndef BENCH_GEN_H
#define BENCH_GEN_H

#include <seg/ingest.h>

#include <stdbool.h>

/* 2026-01-01T00:00:00Z: every event is before it, the newest by less than an hour. */
#define GEN_NOW INT64_C(1767225600000000)
#define GEN_DAYS 365

#define GEN_EVENT_TYPES 12

typedef struct gen_options {
    uint64_t seed;
    uint64_t users;      /* 1 .. 2^32 - 1 */
    uint64_t events;     /* exactly so many */
    uint32_t batch_rows; /* rows of one batch at the most; 0: 65,536 */
    bool ids_u64;        /* ids are numbers (SEG_ID_U64), else texts */
    bool event_ids;      /* give every event an id of its own */
} gen_options;

/* Takes one batch, borrowed until it returns; anything but 0 stops the generator, which returns
 * it. */
typedef int (*gen_sink)(void *user, const seg_batch *batch);

#define GEN_E_NOMEM (-1000)   /* out of memory */
#define GEN_E_OPTIONS (-1001) /* users out of range */

/* All users, in order. */
int gen_users(const gen_options *options, gen_sink sink, void *user);
/* All events, in order of time. */
int gen_events(const gen_options *options, gen_sink sink, void *user);

#endif /* BENCH_GEN_H */
