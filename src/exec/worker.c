/* Working memory of one thread: stacks of masks, vectors and row bits, and plain arrays, all
 * allocated at first use and kept for the next evaluation.
 *
 * A worker belongs to one thread from segi_scratch_take() to segi_scratch_return(); the pool is the
 * only thing here that threads share, under its mutex. The stacks follow the call tree: whoever
 * pushes pops, on failure too, and a failed push has nothing to pop. Failures are noted in the
 * worker, the first one stays, and whoever is under way unwinds without looking at results. Sizes
 * of arrays never shrink: the largest chunk met so far decides what a worker holds. */
#include <string.h>

#include "exec/exec_int.h"

void segi_worker_fail(segi_worker *w, seg_status status, const char *message)
{
    if (w->status != SEG_OK)
        return;
    w->status = status;
    segi_fail(&w->error, status, "%s", message);
}

static void *worker_nomem(segi_worker *w)
{
    segi_worker_fail(w, SEG_E_NOMEM, "out of memory");
    return NULL;
}

segi_mask *segi_worker_mask_push(segi_worker *w)
{
    if (w->mask_count == w->mask_capacity) {
        size_t capacity = w->mask_capacity;
        if (!segi_grow(w->mem, (void **)&w->masks, &capacity, w->mask_count + 1, sizeof *w->masks))
            return worker_nomem(w);
        memset(w->masks + w->mask_capacity, 0, (capacity - w->mask_capacity) * sizeof *w->masks);
        w->mask_capacity = (uint32_t)capacity;
    }
    segi_mask **slot = &w->masks[w->mask_count];
    if (!*slot)
        *slot = segi_alloc(w->mem, sizeof **slot);
    if (!*slot)
        return worker_nomem(w);
    w->mask_count++;
    return *slot;
}

void segi_worker_mask_pop(segi_worker *w)
{
    w->mask_count--;
}

/* All three arrays or none. */
static bool vector_allocate(segi_worker *w, segi_vector *v)
{
    v->slots = segi_alloc_array(w->mem, SEGI_CHUNK_USERS, sizeof *v->slots);
    v->set = segi_alloc(w->mem, sizeof(segi_mask));
    v->null = segi_alloc(w->mem, sizeof(segi_mask));
    if (v->slots && v->set && v->null)
        return true;
    segi_free(w->mem, v->slots);
    segi_free(w->mem, v->set);
    segi_free(w->mem, v->null);
    *v = (segi_vector){0};
    return false;
}

/* Vectors are handed out by pointer into this array, so it may not move while some are in use: it
 * is made once, as deep as expressions can nest. The language allows 64 operators upon each other;
 * each holds two vectors, and comparisons, windows and gathering a few more at the bottom. A vector
 * takes half a MiB, but only those that were ever in use are allocated. */
#define WORKER_VECTORS_MAX 160

segi_vector *segi_worker_vector_push(segi_worker *w)
{
    if (!w->vectors) {
        w->vectors = segi_alloc_zero(w->mem, WORKER_VECTORS_MAX * sizeof *w->vectors);
        if (!w->vectors)
            return worker_nomem(w);
        w->vector_capacity = WORKER_VECTORS_MAX;
    }
    if (w->vector_count == w->vector_capacity) {
        segi_worker_fail(w, SEG_E_LIMIT, "values are nested too deeply");
        return NULL;
    }
    segi_vector *v = &w->vectors[w->vector_count];
    if (!v->slots && !vector_allocate(w, v))
        return worker_nomem(w);
    w->vector_count++;
    return v;
}

void segi_worker_vector_pop(segi_worker *w)
{
    w->vector_count--;
}

/* Bits of rows differ in size from span to span, so each place of the stack remembers how large
 * its buffer is; half as much again saves growing for every somewhat longer span. */
uint64_t *segi_worker_bits_push(segi_worker *w, size_t words)
{
    if (w->bits_count == w->bits_capacity) {
        size_t capacity = w->bits_capacity;
        if (!segi_grow(w->mem, (void **)&w->bits, &capacity, w->bits_count + 1, sizeof *w->bits))
            return worker_nomem(w);
        memset(w->bits + w->bits_capacity, 0, (capacity - w->bits_capacity) * sizeof *w->bits);
        size_t *grown = segi_resize(w->mem, w->bits_words, capacity * sizeof *grown);
        if (!grown)
            return worker_nomem(w);
        memset(grown + w->bits_capacity, 0, (capacity - w->bits_capacity) * sizeof *grown);
        w->bits_words = grown;
        w->bits_capacity = (uint32_t)capacity;
    }
    uint32_t at = w->bits_count;
    if (w->bits_words[at] < words) {
        size_t size = words + words / 2 + 64;
        segi_free(w->mem, w->bits[at]);
        w->bits_words[at] = 0;
        w->bits[at] = segi_alloc_array(w->mem, size, sizeof **w->bits);
        if (!w->bits[at])
            return worker_nomem(w);
        w->bits_words[at] = size;
    }
    w->bits_count++;
    return w->bits[at];
}

void segi_worker_bits_pop(segi_worker *w)
{
    w->bits_count--;
}

bool segi_worker_array(segi_worker *w, void **slot, size_t count, size_t size)
{
    if (*slot)
        return true;
    *slot = segi_alloc_array(w->mem, count, size);
    if (!*slot)
        worker_nomem(w);
    return *slot != NULL;
}

bool segi_worker_stop(segi_worker *w)
{
    const segi_progress *progress = w->run->progress;
    if (progress && atomic_load_explicit(&progress->interrupted, memory_order_relaxed))
        segi_worker_fail(w, SEG_E_INTERRUPTED, "the evaluation was interrupted");
    return w->status != SEG_OK;
}

bool segi_worker_list(segi_worker *w)
{
    return segi_worker_array(w, (void **)&w->candidates, SEGI_CHUNK_USERS + SEGI_EXTRACT_SLACK,
                             sizeof *w->candidates);
}

const uint64_t *segi_worker_wanted(segi_worker *w, segi_users users)
{
    if (users.count > w->user_limit / 2)
        return NULL;
    if (!w->wanted && !(w->wanted = segi_alloc(w->mem, sizeof *w->wanted)))
        return NULL;
    segi_mask_zero(w->wanted);
    for (uint32_t i = 0; i < users.count; i++)
        segi_bit_set(w->wanted->words, users.lows[i]);
    return w->wanted->words;
}

/* ---- the pool of workers ---- */

/* A name that some user's attribute had, and what came of looking it up. */
typedef struct scratch_zone {
    char *name; /* owned */
    size_t name_size;
    segi_zone *zone; /* owned; NULL: there is no such zone */
} scratch_zone;

struct segi_scratch {
    const segi_mem *mem;
    segi_mutex *mutex;
    segi_worker **idle; /* owned, and so are the workers */
    size_t idle_count, idle_capacity;
    uint64_t clears;     /* workers of before the last one end when they come back */
    scratch_zone *zones; /* owned */
    size_t zone_count, zone_capacity;
    size_t unknown_count; /* of the zones: names that are none */
};

/* Names that are no zone are remembered up to here, so that most are not looked for on disk again;
 * a hostile attribute may hold any number of texts. Zones that exist are all kept: the database
 * bounds them, and giving one up would move its users to the fallback. */
#define SCRATCH_UNKNOWN_MAX 1024

seg_status segi_scratch_create(const segi_mem *mem, segi_scratch **out, seg_error *err)
{
    *out = NULL;
    segi_scratch *scratch = segi_alloc_zero(mem, sizeof *scratch);
    if (!scratch)
        return segi_fail_nomem(err);
    scratch->mem = mem;
    seg_status status = segi_mutex_create(mem, &scratch->mutex, err);
    if (status != SEG_OK) {
        segi_free(mem, scratch);
        return status;
    }
    *out = scratch;
    return SEG_OK;
}

/* Values of customers lie in there: segi_free() overwrites what it gives back. */
static void worker_destroy(segi_worker *w)
{
    const segi_mem *mem = w->mem;
    for (uint32_t i = 0; i < w->mask_capacity; i++)
        segi_free(mem, w->masks[i]);
    for (uint32_t i = 0; i < w->memo_count; i++)
        segi_free(mem, w->memo[i]);
    for (uint32_t i = 0; i < w->vector_capacity; i++) {
        segi_free(mem, w->vectors[i].slots);
        segi_free(mem, w->vectors[i].set);
        segi_free(mem, w->vectors[i].null);
    }
    for (uint32_t i = 0; i < w->bits_capacity; i++)
        segi_free(mem, w->bits[i]);
    void *const owned[] = {
        w->masks,         w->memo,          w->memo_chunk, w->vectors,     w->bits,
        w->bits_words,    w->lows,          w->counts,     w->row_lows,    w->candidates,
        w->tally8,        w->tally32,       w->tally64,    w->tally_sum,   w->tally_float,
        w->bound_begin,   w->bound_end,     w->rows,       w->rows_sorted, w->starts,
        w->actual,        w->tally32_more,  w->seen,       w->wanted,      w->bag_slots,
        w->bag_sorted,    w->bag_lows,      w->bag_counts, w->bag_places,  w->sessions.rows,
        w->sessions.lows, w->sessions.list, w->runs};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        segi_free(mem, owned[i]);
    segi_sequence_work_destroy(mem, w->sequence);
    segi_free(mem, w);
}

/* Forget the texts that are no zone: they are values of an attribute. */
static void scratch_forget_unknown(segi_scratch *scratch)
{
    size_t kept = 0;
    for (size_t i = 0; i < scratch->zone_count; i++) {
        if (scratch->zones[i].zone)
            scratch->zones[kept++] = scratch->zones[i];
        else
            segi_free(scratch->mem, scratch->zones[i].name);
    }
    scratch->zone_count = kept;
    scratch->unknown_count = 0;
}

void segi_scratch_clear(segi_scratch *scratch)
{
    segi_mutex_lock(scratch->mutex);
    for (size_t i = 0; i < scratch->idle_count; i++)
        worker_destroy(scratch->idle[i]);
    scratch->idle_count = 0;
    scratch->clears++;
    scratch_forget_unknown(scratch);
    segi_mutex_unlock(scratch->mutex);
}

void segi_scratch_destroy(segi_scratch *scratch)
{
    if (!scratch)
        return;
    const segi_mem *mem = scratch->mem;
    for (size_t i = 0; i < scratch->idle_count; i++)
        worker_destroy(scratch->idle[i]);
    for (size_t i = 0; i < scratch->zone_count; i++) {
        segi_free(mem, scratch->zones[i].name);
        segi_zone_destroy(scratch->zones[i].zone);
    }
    segi_free(mem, scratch->idle);
    segi_free(mem, scratch->zones);
    segi_mutex_destroy(mem, scratch->mutex);
    segi_free(mem, scratch);
}

/* Room for the program's shared operations and, where asked for, its figures. What an earlier
 * evaluation remembered is of other data: the marks are cleared, the masks behind them are kept. */
static bool worker_fit(segi_worker *w, const segi_exec_run *run)
{
    uint32_t count = run->program->op_count;
    if (count > w->memo_count) {
        segi_mask **memo = segi_resize(w->mem, w->memo, count * sizeof *memo);
        if (!memo)
            return false;
        w->memo = memo;
        uint32_t *chunks = segi_resize(w->mem, w->memo_chunk, count * sizeof *chunks);
        if (!chunks)
            return false;
        w->memo_chunk = chunks;
        memset(memo + w->memo_count, 0, (count - w->memo_count) * sizeof *memo);
        w->memo_count = count;
    }
    if (count)
        memset(w->memo_chunk, 0, count * sizeof *w->memo_chunk);
    if (!run->actual) {
        segi_free(w->mem, w->actual);
        w->actual = NULL;
        return true;
    }
    segi_op_actual *actual = segi_resize(w->mem, w->actual, (count + 1) * sizeof *actual);
    if (!actual)
        return false;
    memset(actual, 0, (count + 1) * sizeof *actual);
    w->actual = actual;
    return true;
}

/* From the pool, or new. NULL: out of memory, with err filled. */
segi_worker *segi_scratch_take(segi_scratch *scratch, const segi_exec_run *run, seg_error *err)
{
    segi_worker *w = NULL;
    segi_mutex_lock(scratch->mutex);
    if (scratch->idle_count)
        w = scratch->idle[--scratch->idle_count];
    uint64_t clears = scratch->clears;
    segi_mutex_unlock(scratch->mutex);
    if (!w) {
        w = segi_alloc_zero(scratch->mem, sizeof *w);
        if (!w) {
            segi_fail_nomem(err);
            return NULL;
        }
        w->mem = scratch->mem;
        w->clears = clears;
    }
    w->run = run;
    w->status = SEG_OK;
    seg_error_init(&w->error, sizeof w->error);
    w->mask_count = w->vector_count = w->bits_count = 0;
    if (!worker_fit(w, run)) {
        segi_scratch_return(scratch, w);
        segi_fail_nomem(err);
        return NULL;
    }
    return w;
}

void segi_scratch_return(segi_scratch *scratch, segi_worker *worker)
{
    worker->run = NULL;
    segi_mutex_lock(scratch->mutex);
    bool kept = worker->clears == scratch->clears &&
                segi_grow(scratch->mem, (void **)&scratch->idle, &scratch->idle_capacity,
                          scratch->idle_count + 1, sizeof *scratch->idle);
    if (kept)
        scratch->idle[scratch->idle_count++] = worker;
    segi_mutex_unlock(scratch->mutex);
    if (!kept)
        worker_destroy(worker);
}

/* A linear search: each name of a dictionary asks once per evaluation that goes by users' zones. */
static bool scratch_find(const segi_scratch *scratch, const char *name, size_t size,
                         const segi_zone **out)
{
    for (size_t i = 0; i < scratch->zone_count; i++) {
        const scratch_zone *zone = &scratch->zones[i];
        if (zone->name_size == size && memcmp(zone->name, name, size) == 0) {
            *out = zone->zone;
            return true;
        }
    }
    return false;
}

/* Takes the zone, also on failure. */
static seg_status scratch_keep(segi_scratch *scratch, const char *name, size_t size,
                               segi_zone *zone, seg_error *err)
{
    char *copy = segi_alloc(scratch->mem, size + 1);
    if (copy && segi_grow(scratch->mem, (void **)&scratch->zones, &scratch->zone_capacity,
                          scratch->zone_count + 1, sizeof *scratch->zones)) {
        memcpy(copy, name, size);
        scratch->zones[scratch->zone_count++] = (scratch_zone){copy, size, zone};
        return SEG_OK;
    }
    segi_free(scratch->mem, copy);
    segi_zone_destroy(zone);
    return segi_fail_nomem(err);
}

/* Load a zone that is not kept yet, and keep it. Called with the mutex held, so that two
 * evaluations do not load the same one. */
static seg_status scratch_load(segi_scratch *scratch, const char *name, size_t size,
                               const segi_zone **out, seg_error *err)
{
    segi_zone *zone = NULL;
    seg_status status = segi_zone_load(scratch->mem, name, size, &zone, NULL);
    if (status == SEG_E_NOMEM)
        return segi_fail_nomem(err);
    if (status != SEG_OK) {
        zone = NULL;
        if (scratch->unknown_count == SCRATCH_UNKNOWN_MAX)
            return SEG_OK;
    }
    SEGI_TRY(scratch_keep(scratch, name, size, zone, err));
    scratch->unknown_count += zone == NULL;
    *out = zone;
    return SEG_OK;
}

seg_status segi_scratch_zone(segi_scratch *scratch, const char *name, size_t size,
                             const segi_zone **out, seg_error *err)
{
    *out = NULL;
    segi_mutex_lock(scratch->mutex);
    seg_status status = SEG_OK;
    if (!scratch_find(scratch, name, size, out))
        status = scratch_load(scratch, name, size, out, err);
    segi_mutex_unlock(scratch->mutex);
    return status;
}
