/* The inside of a store, for the files of this room. */
#ifndef SEGI_STORE_INT_H
#define SEGI_STORE_INT_H

#include <stdatomic.h>

#include "base/arena.h"
#include "disk/disk.h"
#include "store/attr.h"
#include "store/cache.h"
#include "store/dedup.h"
#include "store/dict.h"
#include "store/era.h"
#include "store/ids.h"
#include "store/part.h"
#include "store/suppress.h"
#include "store/tail.h"
#include "store/texts.h"
#include "store/tokens.h"

/* The tail is sealed when it has this many rows or bytes: large enough to sort in one go, small
 * enough that tail and working memory stay a fraction of what is sealed already. */
#define SEGI_TAIL_ROWS_MAX ((size_t)4 << 20)
#define SEGI_TAIL_BYTES_MAX ((size_t)256 << 20)
/* Rows sorted at once; a larger tail is sealed in slices. */
#define SEGI_SEAL_ROWS_MAX ((size_t)8 << 20)
/* Rows of one merge at the most: bounds the working memory of merging. */
#define SEGI_MERGE_ROWS_MAX ((uint64_t)16 << 20)
/* So many runs of similar size in one bucket are merged: at a snapshot, and during a load, where
 * it pays to wait and merge everything once. */
#define SEGI_MERGE_FANOUT 4
#define SEGI_MERGE_FANOUT_LOAD 48
/* Attribute values that wait before they are folded without a snapshot. */
#define SEGI_PENDING_MAX ((size_t)2 << 20)
/* Working memory above this is given back when a snapshot is made. */
#define SEGI_SCRATCH_KEPT ((size_t)8 << 20)
#define SEGI_TAIL_KEPT ((size_t)32 << 20)

/* Dictionaries of one event type, by property; NULL for other types than string. */
typedef struct segi_event_dicts {
    segi_strings **dicts; /* owned */
    size_t count, capacity;
} segi_event_dicts;

/* What one snapshot shows: immutable, reference-counted, holds what it points to. */
typedef struct segi_version {
    atomic_uint refs;
    const segi_mem *mem;
    segi_arena arena;          /* arrays and views */
    const segi_schema *schema; /* retained */
    segi_era *era;             /* retained */
    segi_table *id_table;      /* retained */
    segi_run **runs;           /* retained */
    size_t run_count;
    segi_attr_state **states; /* retained, by attribute; NULL entries */
    size_t state_count;
    segi_attr_absent **absent; /* retained, by attribute; NULL where the state is there */
    segi_attr_state *exists;   /* retained; NULL: nobody */
    segi_attr_absent *exists_absent;
    atomic_bool *ready;       /* by attribute: what it shows is in memory */
    atomic_bool ids_ready;    /* the same of the ids, */
    atomic_bool exists_ready; /* ... and of `exists` */
    segi_table **tables;      /* retained, of dictionaries */
    size_t table_count;
    segi_run *firsts; /* retained, or NULL */
    segi_event_view *events;
    segi_event_view *first_events;
    segi_attr_view *attributes;
    uint64_t commit_sequence, event_count, part_count, memory_bytes;
    uint32_t user_count, erased_count;
    int64_t time_min, time_max;
    bool paged;
    segi_disk *disk; /* pinned, so that columns of its runs can be loaded; NULL: no file */
    segi_pin pin;
} segi_version;

/* How long events are kept, by their time. */
typedef struct segi_retention {
    uint64_t usual; /* SEG_KEEP_FOREVER, or microseconds */
    uint64_t *own;  /* owned, by event index; SEG_KEEP_USUAL */
    size_t count, capacity;
} segi_retention;

typedef struct segi_keep segi_keep;

struct segi_store {
    atomic_uint refs;
    segi_mem mem;
    segi_mutex *mutex;      /* guards everything below but pool and constants */
    segi_mutex *load_mutex; /* taken after it: guards what readers bring into memory (load.c) */
    segi_pool *pool;
    uint32_t threads_max;
    uint64_t key[2];
    const segi_schema *schema; /* retained */
    uint64_t commit_sequence;
    uint64_t event_count;
    uint64_t generation; /* of the newest run */
    int64_t time_min, time_max;
    segi_ids *_Atomic ids; /* owned; snapshots of any age look ids up in the present one */
    uint32_t user_count;   /* committed, also erased ones: ordinals are never given twice */
    uint32_t erased_count;
    segi_era *era;         /* retained: the newest */
    atomic_uint eras_open; /* that one and those before it which still serve snapshots */
    bool strays;           /* failed commits may have left strings that nothing uses */
    segi_suppress suppress;
    segi_retention retention;
    segi_tail tail;
    segi_run **runs; /* owned array of retained runs, in no order */
    size_t run_count, run_capacity;
    segi_run *firsts;  /* retained: expired first events, one row per user and event type */
    segi_cache *cache; /* owned; NULL in a store without a file */
    segi_run *retired; /* retained: merged away, but still on disk; see part_file.h */
    segi_attr *attrs;  /* owned, by attribute index */
    size_t attr_count, attr_capacity;
    segi_attr exists;        /* instants since when users exist */
    segi_event_dicts *dicts; /* owned, by event index */
    size_t dict_count, dict_capacity;
    segi_dedup dedup;
    segi_clock clock;
    segi_scratch scratch;
    size_t tail_rows_max, seal_rows_max; /* SEGI_TAIL_ROWS_MAX, SEGI_SEAL_ROWS_MAX; less in tests */
    uint64_t merge_rows_max;             /* SEGI_MERGE_ROWS_MAX */
    segi_saved_texts texts[SEGI_SHELF_COUNT];
    segi_commit_tokens tokens;
    segi_keep *keep;       /* owned: the file; NULL: in memory alone */
    segi_version *version; /* the newest, NULL once something has changed */
};

/* An empty struct with one reference. NULL: out of memory. segi_store_release() ends it, whatever
 * was done with it. */
segi_store *segi_store_alloc(const segi_mem *mem);
/* Fill in what is left open. */
seg_status segi_store_defaults(segi_store_config *config, seg_error *err);
/* Everything but a file, for such a store. Takes config->zone, also on failure. dedup_key: NULL
 * for a new one. */
seg_status segi_store_begin(segi_store *store, const segi_store_config *config,
                            const uint64_t dedup_key[2], seg_error *err);
/* Take a schema that a definition made; the snapshots of before do not show it. */
void segi_store_take_schema(segi_store *store, const segi_schema *next);

/* All of these run under the store's mutex. */

/* The tail becomes runs. False when out of memory; nothing has changed. */
bool segi_store_seal(segi_store *store);
/* Merge runs, at most `budget_rows` rows of them, where `fanout` or more of a bucket have come
 * together. Running out of memory only ends it. */
void segi_store_maintain(segi_store *store, uint64_t budget_rows, uint32_t fanout);
/* Rows to be left out: all rows of some users, or those up to an instant per event type. */
typedef struct segi_row_filter {
    const uint32_t *users; /* rising; NULL: by time */
    size_t user_count;
    const int64_t *until; /* by event type; SEG_TIME_MIN - 1: no row goes */
} segi_row_filter;
/* How many rows of the part the filter leaves out; users and times of the part are held. */
uint64_t segi_part_count_out(const segi_part *part, const segi_row_filter *filter);
/* The run without those rows: NULL if none is left. */
seg_status segi_run_rewrite(segi_store *store, segi_run *run, const segi_row_filter *filter,
                            segi_run **out, seg_error *err);
/* Take all pending attribute values in. False when out of memory; some may be in. */
bool segi_store_fold(segi_store *store);
/* The attribute, or the dictionary of a property, made where it is new. NULL: out of memory. */
segi_attr *segi_store_attr(segi_store *store, const segi_field *field);
segi_strings *segi_store_dict(segi_store *store, uint32_t event, uint32_t property);
/* Forget attributes and dictionaries that the schema does not have. */
void segi_store_forget(segi_store *store);
void segi_version_release(segi_version *version);

#endif
