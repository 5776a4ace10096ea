/* error.c - filling seg_error, and the versioned structs of the public interface.
 *
 * The caller's seg_error may be of another version of this library and thus of another size, so
 * it is always read and written through a local copy of our own size. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define OPTIONS_SIZE_MAX 4096u

/* Bytes of *err that both sides know, 0 where there is nothing to fill. */
static size_t error_size(const seg_error *err)
{
    if (err == NULL || err->struct_size < offsetof(seg_error, message))
        return 0;
    return err->struct_size < sizeof *err ? err->struct_size : sizeof *err;
}

/* False where there is nothing to fill. */
static bool error_load(const seg_error *err, seg_error *local)
{
    size_t size = error_size(err);
    memset(local, 0, sizeof *local);
    if (size == 0)
        return false;
    memcpy(local, err, size);
    return true;
}

/* Only called where error_load() said that there is room. */
static void error_store(seg_error *err, const seg_error *local)
{
    size_t size = error_size(err);
    memcpy(err, local, size);
    /* A struct that ends inside a text still gets its NUL. */
    if (size > offsetof(seg_error, message) && size < sizeof *err)
        ((char *)err)[size - 1] = '\0';
}

/* Names in a message may come from hostile input: what is no clean text becomes a '?', so that
 * hosts can print and decode messages without care. */
static void error_sanitise(char *text, size_t size)
{
    bool valid = segi_utf8_valid(text, size);
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c == 0x7f || (c >= 0x80 && !valid))
            text[i] = '?';
    }
}

/* Prints into one of the two texts of a seg_error, cutting at a character's edge. */
__attribute__((format(printf, 3, 0))) static void error_print(char *target, size_t capacity,
                                                              const char *format, va_list arguments)
{
    int length = vsnprintf(target, capacity, format, arguments);
    if (length < 0) {
        target[0] = '\0';
        return;
    }
    size_t size = (size_t)length;
    bool cut = size >= capacity;
    if (cut) {
        size = capacity - sizeof "...";
        while (size > 0 && ((unsigned char)target[size] & 0xc0) == 0x80)
            size--;
    }
    error_sanitise(target, size);
    if (cut)
        memcpy(target + size, "...", sizeof "...");
}

const char *seg_status_name(seg_status status)
{
#define NAME(code)                                                                                 \
    case code: return #code
    switch (status) {
        NAME(SEG_OK);
        NAME(SEG_E_ARG);
        NAME(SEG_E_VERSION);
        NAME(SEG_E_MISUSE);
        NAME(SEG_E_BOUND);
        NAME(SEG_E_FORK);
        NAME(SEG_E_SYNTAX);
        NAME(SEG_E_UNKNOWN_NAME);
        NAME(SEG_E_TYPE);
        NAME(SEG_E_CYCLE);
        NAME(SEG_E_OVERFLOW);
        NAME(SEG_E_IN_USE);
        NAME(SEG_E_DIALECT);
        NAME(SEG_E_DATA);
        NAME(SEG_E_SCHEMA);
        NAME(SEG_E_ROARING);
        NAME(SEG_E_NOT_FOUND);
        NAME(SEG_E_CONFLICT);
        NAME(SEG_E_NOMEM);
        NAME(SEG_E_LIMIT);
        NAME(SEG_E_INTERRUPTED);
        NAME(SEG_E_FULL);
        NAME(SEG_E_IO);
        NAME(SEG_E_CORRUPT);
        NAME(SEG_E_BUSY);
        NAME(SEG_E_POISONED);
        NAME(SEG_E_READ_ONLY);
        NAME(SEG_E_FORMAT_NEW);
        NAME(SEG_E_EXISTS);
        NAME(SEG_E_EXPIRED);
        NAME(SEG_E_INTERNAL);
    default: return "SEG_E_UNKNOWN";
    }
#undef NAME
}

void seg_error_init(seg_error *error, size_t error_size_given)
{
    if (error == NULL || error_size_given < offsetof(seg_error, message) ||
        error_size_given > OPTIONS_SIZE_MAX)
        return;
    memset(error, 0, error_size_given);
    error->struct_size = (uint32_t)error_size_given;
    error->offset = -1;
}

seg_status segi_fail(seg_error *err, seg_status code, const char *format, ...)
{
    seg_error local;
    if (!error_load(err, &local))
        return code;
    /* The arguments may point into *err, which stays untouched until the text is made. */
    seg_error fresh;
    memset(&fresh, 0, sizeof fresh);
    fresh.struct_size = local.struct_size;
    fresh.code = code;
    fresh.offset = -1;
    va_list arguments;
    va_start(arguments, format);
    error_print(fresh.message, sizeof fresh.message, format, arguments);
    va_end(arguments);
    error_store(err, &fresh);
    return code;
}

/* A text without arguments, so that it needs no memory itself. */
seg_status segi_fail_nomem(seg_error *err)
{
    return segi_fail(err, SEG_E_NOMEM, "out of memory");
}

/* The following change one thing of an error that is filled already, and do nothing without one. */
void segi_error_span(seg_error *err, size_t offset, size_t length)
{
    seg_error local;
    if (!error_load(err, &local))
        return;
    local.offset = offset > INT64_MAX ? INT64_MAX : (int64_t)offset;
    local.length = length > INT64_MAX ? INT64_MAX : (int64_t)length;
    error_store(err, &local);
}

void segi_error_row(seg_error *err, uint64_t row_1based)
{
    seg_error local;
    if (!error_load(err, &local))
        return;
    local.line = row_1based;
    error_store(err, &local);
}

void segi_error_errno(seg_error *err, int os_errno)
{
    seg_error local;
    if (!error_load(err, &local))
        return;
    local.os_errno = os_errno;
    error_store(err, &local);
}

void segi_error_hint(seg_error *err, const char *format, ...)
{
    seg_error local;
    if (!error_load(err, &local))
        return;
    va_list arguments;
    va_start(arguments, format);
    error_print(local.hint, sizeof local.hint, format, arguments);
    va_end(arguments);
    error_store(err, &local);
}

/* Linear in the offset; errors of texts are rare and texts are bounded. */
void segi_error_locate(seg_error *err, const char *text, size_t text_size)
{
    seg_error local;
    if (!error_load(err, &local) || local.offset < 0)
        return;
    size_t end = (uint64_t)local.offset < text_size ? (size_t)local.offset : text_size;
    uint64_t line = 1;
    size_t line_start = 0;
    for (size_t i = 0; i < end; i++) {
        if (text[i] == '\n') {
            line++;
            line_start = i + 1;
        }
    }
    size_t column = segi_utf8_length(text + line_start, end - line_start) + 1;
    local.line = line;
    local.column = column > UINT32_MAX ? UINT32_MAX : (uint32_t)column;
    error_store(err, &local);
}

void segi_error_clear(seg_error *err)
{
    seg_error local;
    if (!error_load(err, &local))
        return;
    seg_error fresh;
    memset(&fresh, 0, sizeof fresh);
    fresh.struct_size = local.struct_size;
    fresh.offset = -1;
    error_store(err, &fresh);
}

void segi_error_copy(seg_error *err, const seg_error *from)
{
    seg_error local;
    if (!error_load(err, &local))
        return;
    uint32_t size = local.struct_size;
    local = *from;
    local.struct_size = size;
    error_store(err, &local);
}

/* Absurd sizes are most often a struct that nobody initialised. */
static seg_status struct_size_check(uint32_t size, size_t minimum, const char *what, seg_error *err)
{
    if (size < minimum || size > OPTIONS_SIZE_MAX)
        return segi_fail(err, SEG_E_ARG, "struct_size of %s is %u, which no version of it has",
                         what, (unsigned)size);
    return SEG_OK;
}

/* Reads `size` bytes at the most, whatever the caller's header was. */
seg_status segi_options_read(void *target, size_t own_size, const void *source, size_t minimum,
                             const char *what, seg_error *err)
{
    uint32_t own_size_32 = (uint32_t)own_size;
    memset(target, 0, own_size);
    memcpy(target, &own_size_32, sizeof own_size_32);
    if (source == NULL)
        return SEG_OK;
    uint32_t size;
    memcpy(&size, source, sizeof size);
    if (minimum < sizeof size)
        minimum = sizeof size;
    SEGI_TRY(struct_size_check(size, minimum, what, err));
    /* A newer caller may pass its larger struct as long as it uses nothing of what is new. */
    const unsigned char *bytes = source;
    for (size_t i = own_size; i < size; i++) {
        if (bytes[i] != 0)
            return segi_fail(err, SEG_E_VERSION,
                             "%s uses a field that this version of libseg does not know", what);
    }
    size_t common = size < own_size ? size : own_size;
    memcpy(target, source, common);
    memcpy(target, &own_size_32, sizeof own_size_32);
    return SEG_OK;
}

/* The other direction: a result in the caller's size. */
seg_status segi_options_write(void *target, const void *source, size_t own_size, const char *what,
                              seg_error *err)
{
    if (target == NULL)
        return segi_fail(err, SEG_E_ARG, "%s is NULL", what);
    uint32_t size;
    memcpy(&size, target, sizeof size);
    SEGI_TRY(struct_size_check(size, sizeof size, what, err));
    size_t common = size < own_size ? size : own_size;
    /* Fields of a newer header read as zero, which is how they say "not known". */
    memset((char *)target + sizeof size, 0, size - sizeof size);
    if (common > sizeof size)
        memcpy((char *)target + sizeof size, (const char *)source + sizeof size,
               common - sizeof size);
    return SEG_OK;
}
