/* fuzz/fuzz_store.c - any bytes as one part of a whole store: as its root, as a block of user ids,
 * dictionaries, attributes, events or event ids, as a record of its log; or as changes anywhere in
 * both files. All checksums fit, so everything that reads meaning from bytes is reached.
 *
 * The first byte says which part, the second which of several blocks. */
#include <stdlib.h>
#include <string.h>

#include "support/disk_image.h"
#include "support/store_image.h"

#define PART_MAX ((size_t)1 << 16)
#define PARTS 9u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static sim_vfs *golden[2]; /* by the kind of ids */

/* Four bytes are a change: two of an offset, scaled to the file, which file, and a value. */
static void change_files(sim_vfs *sim, const uint8_t *data, size_t size)
{
    size_t sizes[2];
    unsigned char *files[] = {sim_vfs_edit(sim, STORE_IMAGE_FILE, &sizes[0]),
                              sim_vfs_edit(sim, STORE_IMAGE_LOG, &sizes[1])};
    for (; size >= 4; data += 4, size -= 4) {
        size_t which = data[2] % 4 == 0, at = data[0] | (size_t)data[1] << 8;
        size_t begin = which == 0 ? 65536 : 0, end = which == 0 ? sizes[0] : 65536;
        if (end > sizes[which] || begin >= end)
            continue;
        files[which][begin + at % (end - begin)] = data[3];
    }
    disk_image_forge(files[0], sizes[0], files[1], sizes[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t kinds[] = {16, 17, 32, 33, 34, 35};
    if (size < 2 || size - 2 > PART_MAX)
        return 0;
    uint32_t part = data[0] % PARTS, numbers = data[0] / PARTS % 2;
    if (golden[numbers] == NULL)
        golden[numbers] = store_image_make(numbers);
    sim_vfs *sim = sim_vfs_copy(golden[numbers]);
    bool there = true;
    if (part == 0)
        there = store_image_put_root(sim, data + 2, size - 2);
    else if (part == 1)
        there = store_image_put_record(sim, data + 2, size - 2);
    else if (part == 2)
        change_files(sim, data + 2, size - 2);
    else
        there = store_image_put_block(sim, kinds[part - 3], data[1], data + 2, size - 2);
    if (there)
        store_image_use(sim);
    sim_vfs_destroy(sim);
    return 0;
}
