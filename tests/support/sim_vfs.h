/* support/sim_vfs.h - files in memory, below the room disk or a whole store, that fail on demand
 * and that lose power.
 *
 * Each file has two contents: what a reader sees, and what the medium holds. A sync moves the one
 * to the other; until then every write, truncation and growth is a pending operation. Names are
 * durable only after the folder was synced. sim_vfs_power_loss() makes from that what may be
 * found after the current comes back: any pending operation may be there, be missing, be there in
 * some of its sectors, or have happened before an earlier one.
 *
 * To walk through every point at which power may fail:
 *
 *     for (uint64_t point = 1;; point++) {
 *         sim_vfs *sim = sim_vfs_create(1);
 *         sim_vfs_fail(sim, point, EIO, true);    nothing reaches the files from here on
 *         ... run the workload on sim_vfs_table(sim), close everything ...
 *         bool reached = sim_vfs_failed(sim);
 *         for (uint64_t seed = 0; reached && seed < 200; seed++) {
 *             sim_vfs *image = sim_vfs_power_loss(sim, seed);
 *             ... open, look, perhaps fail again ...
 *             sim_vfs_destroy(image);
 *         }
 *         sim_vfs_destroy(sim);
 *         if (!reached)
 *             break;
 *     }
 *
 * All paths lie in one folder. Out of memory ends the process. Any thread. */
#ifndef SEG_TEST_SIM_VFS_H
#define SEG_TEST_SIM_VFS_H

#include "base/vfs.h"

typedef struct sim_vfs sim_vfs;

sim_vfs *sim_vfs_create(uint64_t seed);
void sim_vfs_destroy(sim_vfs *sim);
const segi_vfs *sim_vfs_table(sim_vfs *sim);

/* ---- faults: one kind of failure at a time ---- */

/* The nth call from now on (1 is the next) of those that can fail fails with os_errno, and for
 * ever means all after it too; a call that fails changes nothing. nth 0: none fails. */
void sim_vfs_fail(sim_vfs *sim, uint64_t nth, int os_errno, bool for_ever);
bool sim_vfs_failed(sim_vfs *sim);    /* whether a call has failed so since */
uint64_t sim_vfs_calls(sim_vfs *sim); /* calls since the last sim_vfs_fail() */
/* Every transfer is cut at random, every other call ends with EINTR. */
void sim_vfs_disturb(sim_vfs *sim, bool on);
/* All files together may have so many bytes; 0: no limit. Beyond it writes fail with ENOSPC. */
void sim_vfs_capacity(sim_vfs *sim, uint64_t bytes);
/* Syncs report success and do nothing, as bad disks do. */
void sim_vfs_lie(sim_vfs *sim, bool on);
/* A sync that failed leaves its pages marked as clean: later syncs do not write them, and readers
 * see the new bytes until the pages are evicted, and the old ones afterwards. This evicts them. */
void sim_vfs_evict(sim_vfs *sim);
/* Whether an open file was synced again after its sync had failed, which nobody may do. */
bool sim_vfs_sync_repeated(sim_vfs *sim);
/* What now() and process() say. Time stands still in between. */
void sim_vfs_set_now(sim_vfs *sim, int64_t instant);
void sim_vfs_set_process(sim_vfs *sim, uint64_t process);

/* ---- what is left ---- */

/* A new set of files as power loss may leave them. Seed 0 loses all that is pending, seed 1
 * nothing, others choose at random. `sim` is only read. */
sim_vfs *sim_vfs_power_loss(const sim_vfs *sim, uint64_t seed);
/* What readers see now, all of it durable: a process that ended without a power loss. */
sim_vfs *sim_vfs_copy(const sim_vfs *sim);
/* Files that are open now; after everything was closed it must be 0. */
uint32_t sim_vfs_open_files(const sim_vfs *sim);

bool sim_vfs_exists(const sim_vfs *sim, const char *path);
/* What readers see; borrowed until the next call that changes the file. NULL if there is none. */
const unsigned char *sim_vfs_bytes(const sim_vfs *sim, const char *path, size_t *out_size);
/* Replace or make a file, durably. */
void sim_vfs_put(sim_vfs *sim, const char *path, const void *bytes, size_t size);
/* The same bytes to change in place, for as long as only readers open the file. */
unsigned char *sim_vfs_edit(sim_vfs *sim, const char *path, size_t *out_size);
/* Make the file shorter, or as long again as it was: what it held there is still there. Only for as
 * long as readers alone open it. */
void sim_vfs_cut(sim_vfs *sim, const char *path, size_t size);
/* From now on read_map[i] becomes 1 when byte i of the file is read, for i < size; the map is
 * borrowed until another one takes its place; size 0: nobody watches. */
void sim_vfs_watch(sim_vfs *sim, const char *path, unsigned char *read_map, size_t size);
void sim_vfs_remove(sim_vfs *sim, const char *path);
/* Whether the bytes stand anywhere in a file, as readers see it or as the medium holds it. Files
 * without a name count, and so does what the medium held behind the new end of a file when it was
 * cut. */
bool sim_vfs_contains(const sim_vfs *sim, const void *bytes, size_t size);
/* All that it looks through. */
typedef void sim_vfs_visit(void *user, const unsigned char *bytes, size_t size);
void sim_vfs_each(const sim_vfs *sim, sim_vfs_visit *visit, void *user);

#endif /* SEG_TEST_SIM_VFS_H */
