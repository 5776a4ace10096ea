/* Working memory of one thread: stacks of masks, vectors and row bits, and plain arrays, all
 * allocated at first use and kept for the next evaluation. */
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
        if (!segi_grow(w->mem, (void **)&w->masks, &capacity, w->mask_count + 1,
                       sizeof *w->masks))
            return worker_nomem(w);
        memset(w->masks + w->mask_capacity, 0,
               (capacity - w->mask_capacity) * sizeof *w->masks);
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

/* Vectors are handed out by pointer into an array of pointers' contents, so the array may not
 * move while some are in use: it is made once, as deep as expressions can nest. */
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

uint64_t *segi_worker_bits_push(segi_worker *w, size_t words)
{
    if (w->bits_count == w->bits_capacity) {
        size_t capacity = w->bits_capacity, sizes = w->bits_capacity;
        if (!segi_grow(w->mem, (void **)&w->bits, &capacity, w->bits_count + 1, sizeof *w->bits))
            return worker_nomem(w);
        memset(w->bits + w->bits_capacity, 0, (capacity - w->bits_capacity) * sizeof *w->bits);
        size_t *grown = segi_resize(w->mem, w->bits_words, capacity * sizeof *grown);
        if (!grown) {
            (void)sizes;
            return worker_nomem(w);
        }
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

uint32_t segi_mask_list(const segi_mask *mask, uint16_t *out)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < SEGI_MASK_WORDS; i++) {
        for (uint64_t word = mask->words[i]; word; word &= word - 1)
            out[count++] = (uint16_t)(i * 64 + (uint32_t)segi_ctz(word));
    }
    return count;
}
