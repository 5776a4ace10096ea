/* support/shop.h - a small store for tests, filled and asked in one line each.
 *
 *   shop s = shop_open("UTC");
 *   shop_user(&s, "ann", "age=31 plan='pro' tags=[vip,beta] email=null");
 *   shop_event(&s, "ann", "order", "2026-03-01T12:00:00Z", "amount=12.50 paid=true");
 *   shop_ask(&s, "2026-03-31", "did \"order\" in last 30 days", "ann");
 *   shop_close(&s);
 *
 * Values are typed by how they look: 31 is int64, 12.50 decimal with two places, 1.5f float64,
 * true and false are bool, @2026-01-31 is a date, @2026-01-31T00:00:00Z an instant,
 * (52.5,13.4) a place, [a,b] a set, null is null, 'text' and bare words are strings.
 * Each call commits at once; between shop_begin() and shop_commit() rows are gathered. */
#ifndef SEG_TEST_SHOP_H
#define SEG_TEST_SHOP_H

#include <seg/seg.h>

typedef struct shop {
    seg_store *store;
    seg_appender *gathering; /* owned; between shop_begin() and shop_commit() */
} shop;

/* week_start Monday.
 *
 * Where the environment variable SEG_SHOP_JOURNAL names a file, all shops append to it what they
 * are given and asked: a line of JSON for each call, an array of its name and its texts. The stage
 * sql asks other engines the same. */
shop shop_open(const char *zone);
void shop_close(shop *s);

void shop_user(shop *s, const char *user, const char *values);
/* Attributes that keep their history, by a value of their type: "plan='' seats=0"; and values of
 * theirs that hold from `since` on. */
void shop_history(shop *s, const char *values);
void shop_since(shop *s, const char *user, const char *since, const char *values);
void shop_event(shop *s, const char *user, const char *event, const char *time, const char *values);
/* So many of them on that day, a minute apart from 10:00 on. */
void shop_events(shop *s, const char *user, const char *event, int count, const char *day,
                 const char *values);
/* With an event id; gives the status instead of failing the test. */
seg_status shop_event_id(shop *s, const char *user, const char *event, const char *time,
                         const char *values, const char *event_id);
void shop_begin(shop *s);
void shop_commit(shop *s);
void shop_define(shop *s, const char *name, const char *predicate);
/* Labels as of seg_store_define_class(). */
void shop_class(shop *s, const char *name, const char *labels);
void shop_occasion(shop *s, const char *name, const int32_t *days, size_t count);

/* Microseconds of "2026-01-31", "2026-01-31T10:00", "...:00:00.000001Z"; always UTC. */
int64_t shop_time(const char *text);

/* The ids for which the predicate holds, sorted, with blanks between, must be `expected`. Asked
 * as a set, as a count and for each user alone. */
void shop_ask(shop *s, const char *now, const char *predicate, const char *expected);
void shop_ask_at(shop *s, int64_t now, const char *predicate, const char *expected);
/* The same in an older snapshot. */
void shop_ask_in(shop *s, seg_snapshot *snapshot, int64_t now, const char *predicate,
                 const char *expected);
/* The value of each user in the order of first sight, with blanks between: "2 0 -". */
void shop_value(shop *s, const char *now, const char *value, const char *expected);
/* How compiling ends. */
seg_status shop_compile(shop *s, const char *predicate);
/* How evaluating ends. */
seg_status shop_evaluate(shop *s, const char *now, const char *predicate);
seg_snapshot *shop_snapshot(shop *s); /* owned by the caller */

#endif /* SEG_TEST_SHOP_H */
