/* api_base.c - version and tasks. Status names, errors and buffers live in base, which is where
 * every room needs them. */
#include "api/api_int.h"

#define VERSION_TEXT_OF(major, minor, patch) #major "." #minor "." #patch
#define VERSION_TEXT(major, minor, patch) VERSION_TEXT_OF(major, minor, patch)

/* The numbers are macros of the header, joined by the preprocessor: no text of its own can differ
 * from them. */
const char *seg_version(void)
{
    return VERSION_TEXT(SEG_VERSION_MAJOR, SEG_VERSION_MINOR, SEG_VERSION_PATCH);
}

uint32_t seg_abi_version(void)
{
    return SEG_ABI_MAJOR;
}

/* ---- tasks ------------------------------------------------------------------------------- */

seg_status seg_task_create(const seg_allocator *allocator, seg_task **out_task, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_task != NULL, err, "out_task is NULL");
    *out_task = NULL;
    segi_mem mem;
    SEGI_TRY(segi_mem_init(&mem, allocator, err));
    seg_task *task = segi_alloc_zero(&mem, sizeof *task);
    if (task == NULL)
        return segi_fail_nomem(err);
    task->mem = mem;
    atomic_init(&task->progress.interrupted, 0);
    atomic_init(&task->progress.done, 0);
    atomic_init(&task->progress.total, 0);
    *out_task = task;
    return SEG_OK;
}

void seg_task_destroy(seg_task *task)
{
    if (task == NULL)
        return;
    segi_mem mem = task->mem;
    segi_free(&mem, task);
}

/* A flag that evaluations look at; any thread, also while the task is in use. */
void seg_task_interrupt(seg_task *task)
{
    if (task != NULL)
        atomic_store_explicit(&task->progress.interrupted, 1, memory_order_relaxed);
}

/* Between calls: a task may serve one after the other. */
void seg_task_reset(seg_task *task)
{
    if (task == NULL)
        return;
    atomic_store_explicit(&task->progress.interrupted, 0, memory_order_relaxed);
    atomic_store_explicit(&task->progress.done, 0, memory_order_relaxed);
    atomic_store_explicit(&task->progress.total, 0, memory_order_relaxed);
}

void seg_task_progress(const seg_task *task, uint64_t *out_done, uint64_t *out_total)
{
    uint64_t done = 0;
    uint64_t total = 0;
    if (task != NULL) {
        /* In this order, so that a call that has just begun is never more than complete. */
        done = atomic_load_explicit(&task->progress.done, memory_order_acquire);
        total = atomic_load_explicit(&task->progress.total, memory_order_relaxed);
    }
    if (out_done != NULL)
        *out_done = done < total ? done : total;
    if (out_total != NULL)
        *out_total = total;
}
