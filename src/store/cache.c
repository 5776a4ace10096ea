/* The cache of pages: see cache.h.
 *
 * One mutex guards the state of all pages and is never held while a block is read or decoded. Who
 * loads a page holds one of a few further locks, chosen by the page, so that others who want the
 * same page wait for it and find it loaded. Order: a loading lock before the mutex. */
#include "store/cache.h"

#include <string.h>

#include "base/error.h"
#include "disk/disk.h"
#include "store/part_code.h"
#include "store/part_file.h"

#define CACHE_LOADERS 16

struct segi_cache {
    const segi_mem *mem;
    segi_mutex *mutex;
    segi_mutex *loaders[CACHE_LOADERS];
    segi_cache_figures figures;
    segi_page *first, *last; /* that may be put out, the longest unused first */
};

seg_status segi_cache_create(const segi_mem *mem, uint64_t limit, segi_cache **out, seg_error *err)
{
    segi_cache *cache = segi_alloc_zero(mem, sizeof *cache);
    *out = NULL;
    if (!cache)
        return segi_fail_nomem(err);
    cache->mem = mem;
    cache->figures.limit = limit;
    seg_status status = segi_mutex_create(mem, &cache->mutex, err);
    for (uint32_t i = 0; status == SEG_OK && i < CACHE_LOADERS; i++)
        status = segi_mutex_create(mem, &cache->loaders[i], err);
    if (status != SEG_OK) {
        segi_cache_destroy(cache);
        return status;
    }
    *out = cache;
    return SEG_OK;
}

void segi_cache_destroy(segi_cache *cache)
{
    if (!cache)
        return;
    for (uint32_t i = 0; i < CACHE_LOADERS && cache->loaders[i]; i++)
        segi_mutex_destroy(cache->mem, cache->loaders[i]);
    if (cache->mutex)
        segi_mutex_destroy(cache->mem, cache->mutex);
    segi_free(cache->mem, cache);
}

segi_cache_figures segi_cache_look(segi_cache *cache)
{
    segi_mutex_lock(cache->mutex);
    segi_cache_figures figures = cache->figures;
    segi_mutex_unlock(cache->mutex);
    return figures;
}

/* ---- under the mutex ------------------------------------------------------------------------- */

static void cache_unlink(segi_cache *cache, segi_page *page)
{
    *(page->before ? &page->before->after : &cache->first) = page->after;
    *(page->after ? &page->after->before : &cache->last) = page->before;
    page->before = page->after = NULL;
}

/* A page that nobody holds any more, or not yet. */
static void cache_append(segi_cache *cache, segi_page *page)
{
    page->before = cache->last;
    page->after = NULL;
    *(cache->last ? &cache->last->after : &cache->first) = page;
    cache->last = page;
}

static void cache_hold(segi_cache *cache, segi_page *page)
{
    if (page->holds++ == 0 && !page->kept)
        cache_unlink(cache, page);
}

static void cache_let_go(segi_cache *cache, segi_page *page)
{
    if (--page->holds == 0 && !page->kept)
        cache_append(cache, page);
}

static segi_part *page_part(const segi_page *page)
{
    return page->run->parts[page->part];
}

/* Put pages out until the rest is within the limit, or held. */
static void cache_shrink(segi_cache *cache)
{
    segi_cache_figures *figures = &cache->figures;
    while (figures->limit > 0 && figures->bytes > figures->limit && cache->first) {
        segi_page *page = cache->first;
        cache_unlink(cache, page);
        segi_arrays arrays = segi_part_take(page_part(page), page->column);
        segi_arrays_free(page->run->mem, &arrays);
        page->loaded = false;
        figures->bytes -= page->bytes;
        figures->puts++;
    }
}

/* ---- runs ------------------------------------------------------------------------------------ */

void segi_cache_adopt(segi_cache *cache, segi_run *run, bool loaded)
{
    segi_run_file *file = run->file;
    file->cache = cache;
    segi_mutex_lock(cache->mutex);
    for (uint32_t i = 0; i < file->page_count; i++) {
        segi_page *page = &file->pages[i];
        page->bytes = segi_part_column_bytes(page_part(page), page->column);
        run->bytes -= page->bytes;
        cache->figures.bytes += page->bytes;
        page->loaded = page->kept = loaded || page->size == 0;
    }
    segi_mutex_unlock(cache->mutex);
}

void segi_cache_settle(segi_run *run)
{
    segi_run_file *file = run->file;
    segi_cache *cache = file->cache;
    segi_mutex_lock(cache->mutex);
    for (uint32_t i = 0; i < file->page_count; i++) {
        segi_page *page = &file->pages[i];
        if (!page->kept || page->size == 0)
            continue;
        page->kept = false;
        if (page->holds == 0)
            cache_append(cache, page);
    }
    cache_shrink(cache);
    segi_mutex_unlock(cache->mutex);
}

void segi_cache_forget(segi_run *run)
{
    segi_run_file *file = run->file;
    segi_cache *cache = file->cache;
    segi_mutex_lock(cache->mutex);
    for (uint32_t i = 0; i < file->page_count; i++) {
        segi_page *page = &file->pages[i];
        SEGI_ASSERT(page->holds == 0);
        if (page->loaded && !page->kept)
            cache_unlink(cache, page);
        cache->figures.bytes -= page->loaded ? page->bytes : 0;
    }
    segi_mutex_unlock(cache->mutex);
}

/* ---- loading --------------------------------------------------------------------------------- */

static seg_status page_decode(const segi_page *page, segi_arrays *out, seg_error *err)
{
    const segi_run *run = page->run;
    const segi_run_file *file = run->file;
    const segi_run_block *block = &file->blocks[page->block];
    segi_buf bytes;
    segi_buf_init(&bytes, run->mem);
    seg_status status = segi_disk_read(file->disk, block->id, SEGI_BLOCK_ROWS, &bytes, err);
    if (status == SEG_OK && bytes.size != block->size)
        status = segi_fail(err, SEG_E_CORRUPT, "block %llu does not have the size its run says",
                           (unsigned long long)block->id);
    if (status == SEG_OK)
        status =
            segi_column_decode(run->mem, page_part(page), page->column, file->user_count,
                               (const uint8_t *)bytes.data + page->offset, page->size, out, err);
    segi_buf_deinit(&bytes);
    return status;
}

/* Load a page that is not there. Of a block with several pages only the one is decoded: reading
 * the block again for another costs less than decoding what nobody wants. */
static seg_status page_load(segi_cache *cache, segi_page *page, seg_error *err)
{
    segi_arrays arrays;
    SEGI_TRY(page_decode(page, &arrays, err));
    segi_mutex_lock(cache->mutex);
    segi_part_put(page_part(page), page->column, &arrays);
    page->bytes = segi_part_column_bytes(page_part(page), page->column);
    page->loaded = true;
    page->holds = 1;
    cache->figures.bytes += page->bytes;
    cache->figures.loads++;
    segi_mutex_unlock(cache->mutex);
    return SEG_OK;
}

static bool page_try_hold(segi_cache *cache, segi_page *page)
{
    segi_mutex_lock(cache->mutex);
    bool loaded = page->loaded;
    if (loaded)
        cache_hold(cache, page);
    segi_mutex_unlock(cache->mutex);
    return loaded;
}

/* Hold a page, loading it where it is not there. Only who has its loading lock loads it, so it
 * stays missing until page_load() has put it in. */
static seg_status page_hold(segi_cache *cache, segi_page *page, seg_error *err)
{
    segi_mutex *loader = cache->loaders[(page - page->run->file->pages) % CACHE_LOADERS];
    seg_status status = SEG_OK;
    segi_mutex_lock(loader);
    if (!page_try_hold(cache, page))
        status = page_load(cache, page, err);
    segi_mutex_unlock(loader);
    return status;
}

/* ---- pins ------------------------------------------------------------------------------------ */

void segi_pins_init(segi_pins *pins, const segi_mem *mem)
{
    *pins = (segi_pins){.mem = mem};
}

bool segi_pins_want(segi_pins *pins, const segi_part *part, uint32_t column)
{
    if (!part->pages)
        return true;
    if (!segi_grow(pins->mem, (void **)&pins->pages, &pins->capacity, pins->count + 1,
                   sizeof *pins->pages))
        return false;
    pins->pages[pins->count++] = &part->pages[column];
    return true;
}

static segi_cache *pins_cache(const segi_pins *pins)
{
    return pins->pages[0]->run->file->cache;
}

/* Hold what is in memory already; the others come behind. */
static void pins_hold_loaded(segi_pins *pins)
{
    segi_cache *cache = pins_cache(pins);
    segi_mutex_lock(cache->mutex);
    for (size_t i = pins->held; i < pins->count; i++) {
        segi_page *page = pins->pages[i];
        if (!page->loaded)
            continue;
        cache_hold(cache, page);
        pins->pages[i] = pins->pages[pins->held];
        pins->pages[pins->held++] = page;
    }
    segi_mutex_unlock(cache->mutex);
}

/* Pages to load, shared by the threads that do it. */
typedef struct pins_work {
    segi_cache *cache;
    segi_page **pages;
    bool *held; /* by page */
    size_t count;
    atomic_size_t next;
    seg_status status; /* the first failure, and its error; guarded by the cache's mutex */
    seg_error error;
} pins_work;

static void pins_fail(pins_work *work, seg_status status, const seg_error *error)
{
    segi_mutex_lock(work->cache->mutex);
    if (work->status == SEG_OK) {
        work->status = status;
        work->error = *error;
    }
    segi_mutex_unlock(work->cache->mutex);
    atomic_store(&work->next, work->count);
}

static void pins_worker(void *context, uint32_t worker)
{
    pins_work *work = context;
    (void)worker;
    for (size_t i; (i = atomic_fetch_add(&work->next, 1)) < work->count;) {
        seg_error error = SEG_ERROR_INIT;
        seg_status status = page_hold(work->cache, work->pages[i], &error);
        work->held[i] = status == SEG_OK;
        if (status != SEG_OK) {
            pins_fail(work, status, &error);
            return;
        }
    }
}

/* Those that could be held come to the others. */
static void pins_gather(segi_pins *pins, const pins_work *work)
{
    size_t first = pins->held;
    for (size_t i = 0; i < work->count; i++) {
        segi_page *page = pins->pages[first + i];
        if (!work->held[i])
            continue;
        pins->pages[first + i] = pins->pages[pins->held];
        pins->pages[pins->held++] = page;
    }
}

static seg_status pins_load(segi_pins *pins, segi_pool *pool, uint32_t threads, seg_error *err)
{
    pins_work work = {.cache = pins_cache(pins),
                      .pages = pins->pages + pins->held,
                      .count = pins->count - pins->held};
    atomic_init(&work.next, 0);
    work.held = segi_alloc_zero(pins->mem, work.count);
    if (!work.held)
        return segi_fail_nomem(err);
    threads = threads < work.count ? threads : (uint32_t)work.count;
    if (pool && threads > 1)
        segi_pool_run(pool, threads, pins_worker, &work);
    else
        pins_worker(&work, 0);
    pins_gather(pins, &work);
    segi_free(pins->mem, work.held);
    if (work.status == SEG_OK)
        return SEG_OK;
    seg_status status = segi_fail(err, work.status, "%s", work.error.message);
    if (work.error.os_errno)
        segi_error_errno(err, work.error.os_errno);
    return status;
}

seg_status segi_pins_hold(segi_pins *pins, segi_pool *pool, uint32_t threads, seg_error *err)
{
    if (pins->held == pins->count)
        return SEG_OK;
    pins_hold_loaded(pins);
    seg_status status = SEG_OK;
    if (pins->held < pins->count)
        status = pins_load(pins, pool, threads, err);
    segi_mutex_lock(pins_cache(pins)->mutex);
    cache_shrink(pins_cache(pins));
    segi_mutex_unlock(pins_cache(pins)->mutex);
    return status;
}

void segi_pins_release(segi_pins *pins)
{
    if (pins->held > 0) {
        segi_cache *cache = pins_cache(pins);
        segi_mutex_lock(cache->mutex);
        for (size_t i = 0; i < pins->held; i++)
            cache_let_go(cache, pins->pages[i]);
        cache_shrink(cache);
        segi_mutex_unlock(cache->mutex);
    }
    segi_free(pins->mem, pins->pages);
    segi_pins_init(pins, pins->mem);
}
