/* disk_codec.c - compression of blocks with zstd, where the build has it.
 *
 * zstd takes the memory for its contexts from malloc: its calls that take an allocator are not
 * part of its stable interface. What is compressed and decompressed lies in ours. */
#include "disk_int.h"

#ifdef SEGI_HAVE_ZSTD

#include <zstd.h>

bool segi_disk_has_codec(uint32_t codec)
{
    return codec == DISK_CODEC_RAW || codec == DISK_CODEC_ZSTD;
}

bool segi_disk_compress(uint32_t level, const void *bytes, size_t size, segi_buf *out)
{
    /* Less than an eighth gained is not worth the time that each reading costs. */
    size_t worth = size - size / 8;
    if (level == 0 || size / 8 == 0)
        return true;
    if (!segi_buf_reserve(out, worth))
        return false;
    size_t stored = ZSTD_compress(out->data, worth, bytes, size, (int)level);
    if (!ZSTD_isError(stored))
        out->size = stored;
    return true;
}

bool segi_disk_decompress(const void *stored, size_t stored_size, void *out, size_t size)
{
    size_t got = ZSTD_decompress(out, size, stored, stored_size);
    return !ZSTD_isError(got) && got == size;
}

#else

bool segi_disk_has_codec(uint32_t codec)
{
    return codec == DISK_CODEC_RAW;
}

bool segi_disk_compress(uint32_t level, const void *bytes, size_t size, segi_buf *out)
{
    (void)level;
    (void)bytes;
    (void)size;
    (void)out;
    return true;
}

bool segi_disk_decompress(const void *stored, size_t stored_size, void *out, size_t size)
{
    (void)stored;
    (void)stored_size;
    (void)out;
    (void)size;
    return false;
}

#endif
