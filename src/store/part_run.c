/* Runs: the parts of one bucket that were sealed together, and the pages that they have in a store
 * with a file. */
#include "base/error.h"
#include "store/cache.h"

static void run_file_destroy(const segi_mem *mem, segi_run_file *file)
{
    if (!file)
        return;
    segi_free(mem, file->blocks);
    segi_free(mem, file->pages);
    segi_free(mem, file);
}

/* One page for each column of each part. */
static bool run_make_pages(segi_run *run)
{
    segi_run_file *file = segi_alloc_zero(run->mem, sizeof *file);
    run->file = file;
    if (!file)
        return false;
    file->user_count = UINT32_MAX;
    for (uint32_t i = 0; i < run->part_count; i++)
        file->page_count += SEGI_COLUMN_PROPERTY + run->parts[i]->column_count;
    file->pages = segi_alloc_zero(run->mem, file->page_count * sizeof *file->pages);
    if (!file->pages)
        return false;
    segi_page *page = file->pages;
    for (uint32_t i = 0; i < run->part_count; i++) {
        run->parts[i]->pages = page;
        for (uint32_t c = 0; c < SEGI_COLUMN_PROPERTY + run->parts[i]->column_count; c++)
            *page++ = (segi_page){.run = run, .part = i, .column = c};
    }
    return true;
}

/* Figures of a run are those of its parts. */
static void run_add_part(segi_run *run, segi_part *part)
{
    bool first = run->part_count == 0;
    run->parts[run->part_count++] = part;
    run->row_count += part->row_count;
    run->bytes += segi_part_bytes(part);
    run->time_min = first || part->time_min < run->time_min ? part->time_min : run->time_min;
    run->time_max = first || part->time_max > run->time_max ? part->time_max : run->time_max;
    run->has_ties |= part->tie.width > 0 || part->tie.base != 0;
}

/* Takes the parts on success. `paged`: the run may go to a file, so its columns get pages. */
segi_run *segi_run_create(const segi_mem *mem, bool paged, segi_bucket bucket, uint64_t generation,
                          segi_part *const *parts, uint32_t part_count)
{
    segi_run *run = segi_alloc_zero(mem, sizeof *run + part_count * sizeof run->parts[0]);
    if (!run)
        return NULL;
    SEGI_ASSERT(part_count > 0);
    atomic_init(&run->refs, 1);
    run->mem = mem;
    run->generation = generation;
    run->bucket = bucket;
    run->bytes = sizeof *run + part_count * sizeof run->parts[0];
    for (uint32_t i = 0; i < part_count; i++)
        run_add_part(run, parts[i]);
    if (!paged || run_make_pages(run))
        return run;
    run_file_destroy(mem, run->file);
    segi_free(mem, run);
    return NULL;
}

void segi_run_retain(segi_run *run)
{
    atomic_fetch_add_explicit(&run->refs, 1, memory_order_relaxed);
}

/* The cache is told before the parts go, as its lists lead through their pages. */
void segi_run_release(segi_run *run)
{
    if (!run || atomic_fetch_sub_explicit(&run->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (run->file && run->file->cache)
        segi_cache_forget(run);
    for (uint32_t i = 0; i < run->part_count; i++)
        segi_part_destroy(run->mem, run->parts[i]);
    run_file_destroy(run->mem, run->file);
    segi_free(run->mem, run);
}

/* All columns of all parts, for what reads whole runs (merging, writing). */
bool segi_run_want(const segi_run *run, segi_pins *pins)
{
    for (uint32_t i = 0; i < run->part_count; i++)
        for (uint32_t c = 0; c < SEGI_COLUMN_PROPERTY + run->parts[i]->column_count; c++)
            if (!segi_pins_want(pins, run->parts[i], c))
                return false;
    return true;
}
