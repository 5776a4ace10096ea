/* fuzz/fuzz_disk_table.c - any bytes as the catalogue of a store, and as its blocks.
 *
 * The first byte says whether all checksums are made to fit and which of the two is replaced. The
 * store must be refused, or give each block with an error or the bytes that are there. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "support/disk_image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PART_MAX 60000u
#define STORED_AT 136u /* in a superblock: stored size and size of the catalogue */

static sim_vfs *golden; /* reachable to the end, so that it is no leak */

static void put32(unsigned char *to, size_t value)
{
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(value >> (8 * i));
}

/* The file with room for `part` at the place of its catalogue, which is moved to the end. */
static unsigned char *with_catalogue(const unsigned char *file, size_t file_size,
                                     const uint8_t *part, size_t part_size, size_t *out_size)
{
    disk_image_places places;
    if (!disk_image_find(file, file_size, &places))
        abort();
    size_t begin = file_size, extent = (64 + part_size + 511) / 512 * 512;
    unsigned char *bytes = calloc(1, begin + extent);
    if (bytes == NULL)
        abort();
    memcpy(bytes, file, file_size);
    memcpy(bytes + begin, file + places.catalogue, 64);
    memcpy(bytes + begin + 64, part, part_size);
    put32(bytes + begin + 24, begin); /* own offset */
    put32(bytes + begin + 48, part_size);
    put32(bytes + begin + 52, part_size);
    put32(bytes + places.slot + 96, begin + extent); /* end of the file */
    put32(bytes + places.slot + 104, begin);
    put32(bytes + places.slot + STORED_AT, part_size);
    put32(bytes + places.slot + STORED_AT + 4, part_size);
    *out_size = begin + extent;
    return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (golden == NULL) {
        golden = sim_vfs_create(11);
        disk_image_make(golden);
    }
    if (size < 2 || size - 1 > PART_MAX)
        return 0;
    sim_vfs *sim = sim_vfs_copy(golden);
    size_t file_size, log_size;
    unsigned char *file = sim_vfs_edit(sim, DISK_IMAGE_FILE, &file_size);
    unsigned char *log = sim_vfs_edit(sim, DISK_IMAGE_LOG, &log_size);
    if (data[0] % 4 < 2) {
        size_t new_size;
        unsigned char *bytes = with_catalogue(file, file_size, data + 1, size - 1, &new_size);
        sim_vfs_put(sim, DISK_IMAGE_FILE, bytes, new_size);
        free(bytes);
        file = sim_vfs_edit(sim, DISK_IMAGE_FILE, &file_size);
    } else {
        size_t at = 65536 + (size_t)data[0] / 4 * 512;
        at = at < file_size ? at : file_size;
        size_t left = file_size - at;
        memcpy(file + at, data + 1, size - 1 < left ? size - 1 : left);
    }
    if (data[0] % 2 == 0)
        disk_image_forge(file, file_size, log, log_size);
    disk_image_exercise(sim, segi_mem_default());
    sim_vfs_destroy(sim);
    return 0;
}
