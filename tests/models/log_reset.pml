/* models/log_reset.pml - a checkpoint empties the log, and power fails at any point.
 *
 * The medium holds a superblock (epoch of the log that continues it, records covered) and a log
 * (epoch, records). What is written but not synced may be on the medium or not. The writer of
 * src/disk/disk_publish.c syncs the superblock first, then resets the log to its epoch; recovery
 * (disk_scan.c) uses the log only if the epochs are equal. Claim: recovery finds exactly the
 * records that were acknowledged, however often it is interrupted itself.
 *
 * GUARD=0: recovery does not compare epochs. */
#ifndef GUARD
#define GUARD 1
#endif
#define RECORDS 4
#define CRASHES 3

byte acked;                      /* records acknowledged */
byte super_epoch, super_covered; /* on the medium */
byte log_epoch, log_records;
byte next_epoch, next_covered;   /* written to the superblock, not synced */
bool super_pending, reset_pending;
byte crashes;

/* What is pending reaches the medium, or not: the superblock is one sector, and so is the header
 * of the log; its old records mean nothing beside a new header. */
inline settle() {
    if
    :: super_pending -> super_epoch = next_epoch; super_covered = next_covered
    :: true
    fi;
    super_pending = false;
    if
    :: reset_pending -> log_epoch = super_epoch; log_records = 0
    :: true
    fi;
    reset_pending = false
}

inline maybe_crash() {
    if
    :: crashes < CRASHES -> crashes++; settle(); goto recover
    :: true
    fi
}

active proctype Writer() {
    byte found;
recover:
    atomic {
        assert(log_epoch <= super_epoch);
        if
        :: GUARD && log_epoch < super_epoch -> found = super_covered
        :: else -> found = super_covered + log_records
        fi;
        assert(found == acked)
    };
    /* An obsolete log is reset before anything is appended to it. */
    if
    :: log_epoch < super_epoch ->
        reset_pending = true;
        maybe_crash();
        atomic { reset_pending = false; log_epoch = super_epoch; log_records = 0 }
    :: else
    fi;
work:
    do
    :: acked < RECORDS ->
        /* A record and its sync; before the sync it is not acknowledged and may be lost. */
        atomic { log_records++; acked++ };
        maybe_crash()
    :: super_epoch < 4 ->
        atomic { next_epoch = super_epoch + 1; next_covered = acked; super_pending = true };
        maybe_crash();
        atomic { super_pending = false; super_epoch = next_epoch; super_covered = next_covered };
        maybe_crash();
        reset_pending = true;
        maybe_crash();
        atomic { reset_pending = false; log_epoch = super_epoch; log_records = 0 };
        maybe_crash()
    :: acked == RECORDS -> break
    od
}
