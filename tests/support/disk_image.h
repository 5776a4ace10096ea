/* support/disk_image.h - a small store that is the same each time, and a forger who makes all its
 * checksums fit again after bytes were changed. */
#ifndef SEG_TEST_DISK_IMAGE_H
#define SEG_TEST_DISK_IMAGE_H

#include "disk/disk.h"
#include "support/sim_vfs.h"

#define DISK_IMAGE_FILE "store"
#define DISK_IMAGE_LOG "store-wal"
#define DISK_IMAGE_ROOT "the root of the image"
#define DISK_IMAGE_BLOCKS 6u
#define DISK_IMAGE_RECORDS 4u
#define DISK_IMAGE_LOG_KEPT 2048u /* size of the log when its header was written */

/* Blocks 1 to DISK_IMAGE_BLOCKS but the dropped number 2, some compressed where the build can;
 * dropped extents; records 2 to DISK_IMAGE_RECORDS + 1 in the log. */
void disk_image_make(sim_vfs *sim);
/* The bytes of a block, as they are handed to and out of the disk; the size. */
size_t disk_image_block(uint64_t id, unsigned char bytes[4096]);
size_t disk_image_record(uint64_t lsn, unsigned char bytes[1024]);

/* Where things are in the files of an image: of the newest superblock, and of what it points to. */
typedef struct disk_image_places {
    size_t slot, catalogue, table, table_size;
    size_t copy, copy_size; /* of the catalogue; 0, 0: none within the file */
} disk_image_places;
/* False where the superblock points outside the file. */
bool disk_image_find(const unsigned char *file, size_t size, disk_image_places *out);

/* Compute all checksums that can be reached from the superblocks and from the front of the log. */
void disk_image_forge(unsigned char *file, size_t size, unsigned char *log, size_t log_size);

/* Do everything to the store that a host may do, whatever the files hold: open for reading, for
 * salvage and for writing, read all, check, change, close. Stops the process where the disk
 * breaks its word: fails without a status, or cannot be opened after it was closed in order. */
void disk_image_exercise(sim_vfs *sim, const segi_mem *mem);

#endif /* SEG_TEST_DISK_IMAGE_H */
