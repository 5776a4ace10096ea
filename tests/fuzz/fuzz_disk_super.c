/* fuzz/fuzz_disk_super.c - any bytes as the superblock of a store.
 *
 * The first byte says whether the checksum is made to fit, the rest replaces the newest slot. A
 * slot that decodes must give the same bytes when it is encoded again, and whatever it points to,
 * the store must be refused or do its work. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "disk/disk_format.h"
#include "support/disk_image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static sim_vfs *golden; /* reachable to the end, so that it is no leak */

static void round_trip(const unsigned char bytes[DISK_SLOT_SIZE], uint32_t index)
{
    unsigned char again[DISK_SLOT_SIZE];
    disk_super super;
    const char *what = NULL;
    disk_found found = segi_disk_slot_decode(bytes, index, &super, &what);
    if (found != DISK_SOUND)
        return;
    segi_disk_slot_encode(&super, again);
    /* Minor version, writer and what later minor versions reserve may differ. */
    if (memcmp(bytes + 16, again + 16, 128) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (golden == NULL) {
        golden = sim_vfs_create(11);
        disk_image_make(golden);
    }
    if (size < 2)
        return 0;
    sim_vfs *sim = sim_vfs_copy(golden);
    size_t file_size, log_size;
    unsigned char *file = sim_vfs_edit(sim, DISK_IMAGE_FILE, &file_size);
    unsigned char *log = sim_vfs_edit(sim, DISK_IMAGE_LOG, &log_size);
    disk_image_places places;
    if (!disk_image_find(file, file_size, &places))
        abort();
    size_t part = size - 1 < DISK_SLOT_SIZE ? size - 1 : DISK_SLOT_SIZE;
    memcpy(file + places.slot, data + 1, part);
    if (data[0] % 8 != 0)
        disk_image_forge(file, file_size, log, log_size);
    round_trip(file + places.slot, (uint32_t)(places.slot != 0));
    disk_image_exercise(sim, segi_mem_default());
    sim_vfs_destroy(sim);
    return 0;
}
