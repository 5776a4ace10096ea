/* models/poison.pml - records are made safe in groups, and a sync may fail.
 *
 * A sync that fails leaves its pages marked as written although they are not; the next sync finds
 * nothing to do and succeeds. The writer of src/disk/disk_log.c poisons itself then; only a new
 * opening, which writes the records once more, makes them safe. Claim: a record that was
 * acknowledged is on the medium, whenever power fails.
 *
 * GUARD=0: the writer goes on after a failed sync. */
#ifndef GUARD
#define GUARD 1
#endif
#define RECORDS 4

byte written;  /* records in the page cache */
byte dirty;    /* of them, the first that a sync would write; all before are clean or lost */
byte medium;   /* records on the medium, without a hole */
bool hole;     /* a record before the newest is missing there */
byte acked;
bool poisoned;

active proctype Writer() {
    do
    :: written < RECORDS && !(GUARD && poisoned) -> written++
    :: acked < written && !(GUARD && poisoned) ->
        /* The sync succeeds, which says nothing about pages that count as written. */
        atomic {
            medium = (hole -> medium : written);
            dirty = written;
            acked = written
        }
    :: acked < written && !(GUARD && poisoned) ->
        /* The sync fails: what was dirty counts as written, and is not on the medium. */
        atomic {
            hole = hole || dirty < written;
            dirty = written;
            poisoned = true
        }
    :: poisoned && GUARD ->
        /* A new opening reads what is in the cache, writes it again, and syncs. */
        atomic {
            hole = false;
            dirty = written;
            medium = written;
            acked = written;
            poisoned = false
        }
    :: acked == RECORDS -> break
    od
}

/* Power may fail at any time. */
active proctype Power() {
    assert(acked <= medium)
}
