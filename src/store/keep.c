/* What is logged, and when a checkpoint is made: see keep.h. */
#include "store/keep.h"

#include "base/error.h"
#include "store/part_file.h"

/* Asked first by every change. Replay writes to a store that is otherwise read-only. */
seg_status segi_keep_begin(const segi_store *store, seg_error *err)
{
    const segi_keep *keep = store->keep;
    if (!keep || !keep->read_only || keep->replaying)
        return SEG_OK;
    return segi_fail(err, SEG_E_READ_ONLY, "the store was opened for reading");
}

bool segi_keep_logs(const segi_store *store)
{
    return store->keep && !store->keep->replaying;
}

/* A record is a whole commit, so its size is a limit on commits. */
seg_status segi_keep_log(segi_store *store, const segi_buf *record, seg_error *err)
{
    if (!segi_keep_logs(store))
        return SEG_OK;
    if (record->failed)
        return segi_fail_nomem(err);
    if (record->size > SEGI_DISK_RECORD_MAX) {
        segi_fail(err, SEG_E_LIMIT, "a commit has at most %d bytes in the log",
                  (int)SEGI_DISK_RECORD_MAX);
        segi_error_hint(err, "hand in smaller batches");
        return SEG_E_LIMIT;
    }
    return segi_disk_log(store->keep->disk, record->data, record->size, NULL, err);
}

/* Called at the end of each change. The pause after a failure is as much log as a checkpoint
 * waits for anyway. */
void segi_keep_end(segi_store *store)
{
    segi_keep *keep = store->keep;
    segi_disk_statistics figures;
    bool more = true;
    if (!segi_keep_logs(store))
        return;
    segi_disk_stats(keep->disk, &figures);
    if (figures.log_used < keep->checkpoint_due)
        return;
    keep->checkpoint_due = keep->log_bytes_max;
    if (segi_checkpoint_step(store, 0, &more, NULL) == SEG_OK)
        return;
    /* Where the medium is full, do not try at each commit again. */
    keep->checkpoint_due = figures.log_used + keep->log_bytes_max;
}

bool segi_keep_unwritten(const segi_store *store)
{
    for (size_t i = 0; i < store->run_count; i++)
        if (segi_run_id(store->runs[i]) == 0)
            return true;
    return store->firsts && segi_run_id(store->firsts) == 0;
}

seg_status segi_keep_close(segi_store *store, seg_error *err)
{
    segi_keep *keep = store->keep;
    if (!keep)
        return SEG_OK;
    seg_status status = segi_disk_close(keep->disk, err);
    segi_free(&store->mem, keep);
    store->keep = NULL;
    return status;
}
