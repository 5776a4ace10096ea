/* seg/privacy.h - forget: erase customers, and events that are older than they may be.
 *
 * Both change the store for good. What is gone is gone from every answer at once, and from memory
 * as soon as the last snapshot of before is released; docs/privacy.md says exactly what is erased,
 * when, and what is out of the library's reach.
 *
 * In a store in a file, erasing and expiring write a checkpoint and overwrite what it drops before
 * they return: power loss afterwards brings nothing back. After a crash before that the store is as
 * it was or as it would have been; call again, which also finishes the overwriting. They fail with
 * SEG_E_READ_ONLY, SEG_E_FORK, SEG_E_FULL (the room is taken before anything changes), SEG_E_IO and
 * SEG_E_CORRUPT as well, and with SEG_E_POISONED where memory runs out, or the medium fails, while
 * the change is being written. Whatever fails by then poisons the store: its answers may be those
 * without what was removed, and opening it again gives the state before or after. */
#ifndef SEG_PRIVACY_H
#define SEG_PRIVACY_H

#include <seg/base.h>
#include <seg/store.h>

SEG_BEGIN_DECLS

/* ---- erasing customers -------------------------------------------------------------------- */

/* Refuse the ids from now on: rows that name one of them are left out of every later commit and
 * counted (SEG_ROW_REFUSED). The store keeps a keyed 128-bit hash of each such id, not the id.
 * Without the flag, an id that comes again is a new customer who knows nothing of the old one. */
#define SEG_ERASE_REFUSE 1u

typedef struct seg_erase_options {
    uint32_t struct_size;
    uint32_t flags; /* SEG_ERASE_* */
} seg_erase_options;

#define SEG_ERASE_OPTIONS_INIT                                                                     \
    {                                                                                              \
        (uint32_t)sizeof(seg_erase_options), 0                                                     \
    }
SEG_API void seg_erase_options_init(seg_erase_options *options, size_t options_size);

/* What an erasure did; counts only, so that it may be kept as a proof. */
typedef struct seg_erase_receipt {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t commit_sequence;   /* of the store with the erasure in it */
    uint64_t users_erased;      /* different customers */
    uint64_t ids_unknown;       /* ids that no customer had */
    uint64_t ids_refused;       /* ids that are refused from now on and were not before */
    uint64_t events_removed;    /* rows */
    uint64_t values_removed;    /* values of attributes, explicit nulls included */
    uint64_t event_ids_removed; /* of those remembered against duplicates */
    uint64_t strings_removed;   /* texts that no value of a column uses any more */
    uint64_t parts_rewritten;   /* sorted parts that lost rows */
    uint64_t views_open;        /* as seg_store_views_open() after the erasure */
} seg_erase_receipt;

/* Erase customers: their events, attributes, ids, remembered event ids, and every text that no
 * one else's values use. They are in no answer of a snapshot made afterwards, and no snapshot,
 * however old, knows their ids any more: cursors over older sets give an empty id in their place
 * (seg/set.h), and the counts of such sets still include them. Their internal numbers are never
 * given again.
 *
 * Ids as in seg_set_from_ids(); repeated ids count once. options and receipt may be NULL. All or
 * nothing: on failure the store is as before, or poisoned (above). Needs memory for a second copy
 * of the parts it rewrites, and time in proportion to them, so give many ids at once.
 * Fails with SEG_E_ARG, SEG_E_NOMEM. Any thread; waits for other calls that write. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_store_erase_users(seg_store *store, const char *bytes,
                                                      const uint64_t *offsets, uint64_t id_count,
                                                      const seg_erase_options *options,
                                                      seg_erase_receipt *receipt, seg_error *err);
SEG_API SEG_MUST_USE seg_status seg_store_erase_users_u64(seg_store *store, const uint64_t *ids,
                                                          uint64_t id_count,
                                                          const seg_erase_options *options,
                                                          seg_erase_receipt *receipt,
                                                          seg_error *err);

/* How many erasures and expiries are not finished in memory, because a snapshot of before one of
 * them (or a set or a segment's evaluation that holds it) still shows what was removed. 0: all
 * that was removed has been overwritten and given back. Any thread. Since 0.1. */
SEG_API uint64_t seg_store_views_open(const seg_store *store);

/* ---- retention ------------------------------------------------------------------------------ */

#define SEG_KEEP_USUAL 0u           /* as the rule for all event types says */
#define SEG_KEEP_FOREVER UINT64_MAX /* the rule for all event types of a new store */

/* Keep events of one type (event NULL: of all types without a rule of their own) for keep_us
 * microseconds by their time. Only a rule: seg_store_expire() applies it. An event type that the
 * store does not know is defined. For event NULL, SEG_KEEP_USUAL is SEG_KEEP_FOREVER.
 * Fails with SEG_E_ARG, SEG_E_LIMIT, SEG_E_NOMEM. Any thread. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_store_set_retention(seg_store *store, const char *event,
                                                        size_t event_size, uint64_t keep_us,
                                                        seg_error *err);
/* The rule that holds for the event type; event NULL: the one for all without their own.
 * Fails with SEG_E_ARG, SEG_E_NOT_FOUND. Any thread. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_store_get_retention(const seg_store *store, const char *event,
                                                        size_t event_size, uint64_t *out_keep_us,
                                                        seg_error *err);

typedef struct seg_expire_report {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t commit_sequence;
    uint64_t events_removed;
    uint64_t strings_removed; /* texts that no value of a column uses any more */
    uint64_t parts_rewritten; /* sorted parts that lost rows, those that lost all included */
    uint64_t views_open;      /* as seg_store_views_open() afterwards */
} seg_expire_report;

/* Remove every event whose time is `now` minus what its type's rule keeps, or older: what a window
 * `in last D` still sees at `now` stays where D is kept. The instant is the host's word: nothing
 * is removed but by this call, and a wrong clock removes the wrong events. A later commit may bring
 * older events; they are taken in and removed by the next call.
 *
 * Customers stay, also those without any event left. The instant of each customer's first event of
 * each type stays too, so that `first purchase in last 30 days` keeps its meaning; of such an event
 * only `first` knows, and its properties are absent. Snapshots made before stay exact.
 *
 * report may be NULL. All or nothing, memory and time as seg_store_erase_users().
 * Fails with SEG_E_ARG, SEG_E_NOMEM. Any thread; waits for other calls that write. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_store_expire(seg_store *store, int64_t now,
                                                 seg_expire_report *report, seg_error *err);

SEG_END_DECLS
#endif /* SEG_PRIVACY_H */
