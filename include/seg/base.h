/* seg/base.h - version, status codes, errors, memory, tasks.
 *
 * Conventions that hold for every function of this library:
 *  - Text is UTF-8 given as pointer and size in bytes; a NUL at the end is not needed.
 *  - Times are int64_t microseconds since 1970-01-01T00:00:00Z ("instant").
 *  - A function that can fail returns a seg_status and, where `err` is given, explains itself
 *    there. On failure every output is NULL or zero and the objects passed in are as before.
 *  - Every destroy and release function accepts NULL.
 *  - Ownership words: "owned by the caller" names the call that ends it; "borrowed until X" must
 *    not be used after X; "retained" means that the library keeps its own reference.
 *  - Thread words: "any thread" may be called at once from many threads on one object; "one
 *    thread per handle" must not.
 *  - Handles do not cross fork(): a child opens its own. */
#ifndef SEG_BASE_H
#define SEG_BASE_H

#include <stddef.h>
#include <stdint.h>

#define SEG_VERSION_MAJOR 0
#define SEG_VERSION_MINOR 1
#define SEG_VERSION_PATCH 0
#define SEG_ABI_MAJOR 0 /* the number in libseg.so.N */

#ifdef __cplusplus
#define SEG_BEGIN_DECLS extern "C" {
#define SEG_END_DECLS }
#else
#define SEG_BEGIN_DECLS
#define SEG_END_DECLS
#endif

#if defined(__GNUC__)
#define SEG_API __attribute__((visibility("default")))
#define SEG_MUST_USE __attribute__((warn_unused_result))
#else
#define SEG_API
#define SEG_MUST_USE
#endif

SEG_BEGIN_DECLS

/* ---- status ---------------------------------------------------------------------------- */

/* 0 is success, failures are negative. Numbers are never reused or changed; later versions may
 * add new ones, so treat an unknown negative number as a failure of its block of twenty. */
typedef int32_t seg_status;

#define SEG_OK 0

/* The caller's arguments (-1 .. -20). */
#define SEG_E_ARG (-1)     /* an argument is NULL, out of range or contradicts another one */
#define SEG_E_VERSION (-2) /* an options struct carries fields that this library does not know */
#define SEG_E_MISUSE (-3)  /* a call at the wrong moment, for example a value without a row */
#define SEG_E_BOUND (-4)   /* a parameter is missing, unknown or of the wrong type */
#define SEG_E_FORK (-5)    /* a handle was used in a child of the process that made it */

/* The predicate (-21 .. -40); seg_error.offset and .length point into its text. */
#define SEG_E_SYNTAX (-21)       /* the text does not follow the grammar */
#define SEG_E_UNKNOWN_NAME (-22) /* no such event, property, attribute, segment or zone */
#define SEG_E_TYPE (-23)         /* operands whose types do not fit together */
#define SEG_E_CYCLE (-24)        /* segments that refer to each other in a circle */
#define SEG_E_OVERFLOW (-25)     /* a sum or product that does not fit 64 bits */
#define SEG_E_IN_USE (-26)       /* other segments refer to the one to be dropped */
#define SEG_E_DIALECT (-27)      /* a dialect of SQL cannot say a condition */

/* Incoming data (-41 .. -60); seg_error.line is the row, 1-based. */
#define SEG_E_DATA (-41)      /* a row, id, time or value is not acceptable */
#define SEG_E_SCHEMA (-42)    /* a column's type differs from what the store has */
#define SEG_E_ROARING (-43)   /* bytes that are not a valid roaring bitmap */
#define SEG_E_NOT_FOUND (-44) /* no such user, segment or other named thing */
#define SEG_E_CONFLICT (-45)  /* an event id seen before with another content */

/* Resources (-61 .. -80); nothing has happened, the object is usable. */
#define SEG_E_NOMEM (-61)       /* the allocator said no */
#define SEG_E_LIMIT (-62)       /* a documented limit or a budget would be exceeded */
#define SEG_E_INTERRUPTED (-63) /* seg_task_interrupt() was called */
#define SEG_E_FULL (-64)        /* no space on the medium, or a quota or file size reached */

/* Files (-81 .. -100). */
#define SEG_E_IO (-81)         /* the operating system reported an error */
#define SEG_E_CORRUPT (-82)    /* bytes of a store that fail their checks */
#define SEG_E_BUSY (-83)       /* the store is open elsewhere, in this process or another */
#define SEG_E_POISONED (-84)   /* a write failed midway: reading goes on, writing needs a reopen */
#define SEG_E_READ_ONLY (-85)  /* a store opened for reading, or a medium that takes no writes */
#define SEG_E_FORMAT_NEW (-86) /* a file that a later version, or a fuller build, has written */
#define SEG_E_EXISTS (-87)     /* a file that was to be made is there already */
#define SEG_E_EXPIRED (-88)    /* a snapshot older than the store's limit, whose room is gone */

/* This library's own fault (-101 .. -120): please report it. */
#define SEG_E_INTERNAL (-101)

/* The constant's name, for example "SEG_E_SYNTAX", or "SEG_E_UNKNOWN". Never NULL, static.
 * Any thread. Since 0.1. */
SEG_API const char *seg_status_name(seg_status status);

/* ---- errors ----------------------------------------------------------------------------- */

/* Details of a failure, in memory of the caller. Start with SEG_ERROR_INIT (or
 * seg_error_init()), pass the same struct again and again; there is nothing to free. Messages
 * name things of the schema and of the predicate, never the value of a customer's attribute. */
typedef struct seg_error {
    uint32_t struct_size; /* sizeof(seg_error) that the caller was compiled with */
    seg_status code;      /* the returned status */
    int64_t offset;       /* first offending byte in the text or input; -1 if there is none */
    int64_t length;       /* how many bytes the fault covers, 0 if unknown */
    uint64_t line;        /* 1-based line of the text, or row of the batch; 0 if none */
    uint32_t column;      /* 1-based column in code points; 0 if none */
    int32_t os_errno;     /* errno behind SEG_E_IO, else 0 */
    char message[240];    /* one sentence, no full stop, NUL-terminated */
    char hint[240];       /* what to do about it, or "" */
} seg_error;

#define SEG_ERROR_INIT                                                                             \
    {                                                                                              \
        (uint32_t)sizeof(seg_error), 0, -1, 0, 0, 0, 0, {0},                                       \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/* The function form of SEG_ERROR_INIT; error_size is sizeof(seg_error). Since 0.1. */
SEG_API void seg_error_init(seg_error *error, size_t error_size);

/* ---- memory ----------------------------------------------------------------------------- */

/* Where the memory of a store and of everything made from it comes from. All three functions
 * are needed and must be callable from any thread. Bitmaps of CRoaring are outside: that library
 * has one allocator for the whole process, which belongs to the host. */
typedef struct seg_allocator {
    uint32_t struct_size;
    uint32_t reserved; /* 0 */
    void *user;        /* handed to each call */
    /* Aligned as malloc() does. NULL when out of memory. size is never 0. */
    void *(*alloc)(void *user, size_t size);
    /* As realloc(); old_size is the size asked for before. pointer is never NULL. Needed, but not
     * called at present: what a block held is overwritten before it is given back, and a block
     * that this function moved would leave its content behind. */
    void *(*resize)(void *user, void *pointer, size_t old_size, size_t new_size);
    /* size is the size asked for. pointer is never NULL. */
    void (*release)(void *user, void *pointer, size_t size);
} seg_allocator;

/* ---- buffers ---------------------------------------------------------------------------- */

/* Bytes that the library made: texts, explanations, serialised sets. */
typedef struct seg_buffer seg_buffer;

/* Borrowed until seg_buffer_destroy(). Followed by a NUL that the size does not count. */
SEG_API const char *seg_buffer_data(const seg_buffer *buffer);
SEG_API size_t seg_buffer_size(const seg_buffer *buffer);
SEG_API void seg_buffer_destroy(seg_buffer *buffer);

/* ---- tasks: interrupt and progress ------------------------------------------------------ */

/* Watches and stops a long call. Make one, give it in the options of the call, and use it from
 * another thread meanwhile. One task serves one call at a time and may be used again. */
typedef struct seg_task seg_task;

/* allocator may be NULL. out_task is owned by the caller: seg_task_destroy(). Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_task_create(const seg_allocator *allocator, seg_task **out_task,
                                                seg_error *err);
SEG_API void seg_task_destroy(seg_task *task);

/* Ask the running call, and every later one with this task, to end with SEG_E_INTERRUPTED until
 * seg_task_reset(). One atomic store: safe from any thread and from a signal handler. */
SEG_API void seg_task_interrupt(seg_task *task);
SEG_API void seg_task_reset(seg_task *task);

/* Steps done and steps in all of the call under way; both 0 before it starts. Any thread. */
SEG_API void seg_task_progress(const seg_task *task, uint64_t *out_done, uint64_t *out_total);

/* ---- version ---------------------------------------------------------------------------- */

/* Version of the library at run time, for example "0.1.0". Static. Since 0.1. */
SEG_API const char *seg_version(void);
/* SEG_ABI_MAJOR of the library at run time. */
SEG_API uint32_t seg_abi_version(void);

SEG_END_DECLS
#endif /* SEG_BASE_H */
