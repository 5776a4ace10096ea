/* Records of the log: every change of a store as the call that made it.
 *
 * A record begins with its kind. Replaying a record makes the same call again, so a store that
 * is recovered takes the same way as the one that was lost. A commit is recorded with the rows
 * that it accepts, after everything that could refuse it; docs/format.md has the bytes. Whoever
 * reads a record trusts nothing in it: sizes are bounded by the bytes that are there, and the
 * call it leads to checks its arguments as if a stranger had made it. */
#ifndef SEGI_RECORD_H
#define SEGI_RECORD_H

#include "base/wire.h"
#include "store/commit.h"

#define SEGI_RECORD_COMMIT 1u
#define SEGI_RECORD_ATTRIBUTE 2u
#define SEGI_RECORD_EVENT 3u
#define SEGI_RECORD_PROPERTY 4u
#define SEGI_RECORD_SAVE_TEXT 5u
#define SEGI_RECORD_DROP_TEXT 6u
#define SEGI_RECORD_RETENTION 7u
#define SEGI_RECORD_HISTORY 8u /* an attribute with a history */

/* A commit as it was recorded. */
typedef struct segi_record_commit {
    const char *token; /* NULL: none */
    size_t token_size;
    seg_commit_report report;
    const seg_batch *batches;
    size_t batch_count;
} segi_record_commit;

/* The commit under way, whose rows are chosen. A failure shows in buf->failed. */
void segi_record_commit_write(segi_commit *c, const seg_commit_report *report, segi_buf *buf);
/* After the kind. Texts are borrowed from the record, the rest lies in the arena. */
seg_status segi_record_commit_read(segi_wire *from, segi_arena *arena, segi_record_commit *out,
                                   seg_error *err);

/* Make the commit again, under the store's mutex. */
seg_status segi_commit_replay(segi_store *store, const segi_record_commit *record, seg_error *err);

/* Columns: event is empty for attributes, name for event types. */
typedef struct segi_record_define {
    const char *event, *name;
    size_t event_size, name_size;
    seg_type type;
    int32_t scale;
} segi_record_define;

void segi_record_define_write(uint8_t kind, const segi_record_define *define, segi_buf *buf);
void segi_record_define_read(segi_wire *from, segi_record_define *out);

/* Reports and the other fields that the checkpoint keeps in the same form. */
void segi_record_report_write(const seg_commit_report *report, segi_buf *buf);
void segi_record_report_read(segi_wire *from, seg_commit_report *out);

/* The log or the root holds what no store writes. */
seg_status segi_record_fail(seg_error *err, const char *what);

#endif
