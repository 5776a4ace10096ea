/* support/sim_vfs.c - files in memory that fail on demand and that lose power. */
#include "support/sim_vfs.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR 512u

typedef struct sim_bytes {
    unsigned char *data; /* owned */
    size_t size, capacity;
} sim_bytes;

typedef enum sim_kind {
    SIM_WRITE,
    SIM_SIZE
} sim_kind;

typedef struct sim_op {
    sim_kind kind;
    uint64_t offset;     /* SIM_SIZE: the new size */
    unsigned char *data; /* owned; SIM_WRITE */
    size_t size;
    bool lost; /* a failed sync left it marked as written: no later sync will write it */
} sim_op;

typedef struct sim_file {
    sim_bytes seen, durable;
    sim_op *ops; /* owned; pending, oldest first */
    size_t op_count, op_capacity;
    unsigned char *read_map; /* borrowed; NULL: nobody watches */
    size_t read_map_size;
} sim_file;

typedef struct sim_name {
    char *path; /* owned */
    size_t file;
} sim_name;

typedef struct sim_names {
    sim_name *list; /* owned */
    size_t count, capacity;
} sim_names;

/* A change of a name: to is NULL for an unlink, from is NULL for a creation. */
typedef struct sim_move {
    char *from, *to; /* owned */
    size_t file;
} sim_move;

typedef struct sim_handle {
    size_t file;
    bool open, writes, sync_failed;
    uint32_t lock;
} sim_handle;

struct sim_vfs {
    segi_vfs table;
    pthread_mutex_t mutex;
    sim_file *files; /* owned; never shrinks */
    size_t file_count, file_capacity;
    sim_names seen, durable;
    sim_move *moves; /* owned; pending, oldest first */
    size_t move_count, move_capacity;
    sim_handle *handles; /* owned */
    size_t handle_count, handle_capacity;
    uint64_t random;
    uint64_t calls, fail_at, capacity;
    int fail_errno;
    sim_bytes grave; /* what the medium keeps of files that were cut */
    bool fail_for_ever, failed, disturbed, lying, sync_repeated, interrupted;
    int64_t now;
    uint64_t process;
};

/* ---- small things ---- */

static void *sim_memory(void *pointer)
{
    if (pointer == NULL) {
        fprintf(stderr, "sim_vfs: out of memory\n");
        abort();
    }
    return pointer;
}

/* Room for one element more. */
static void sim_room(void **list, size_t count, size_t *capacity, size_t element)
{
    if (count < *capacity)
        return;
    *capacity = *capacity == 0 ? 8 : 2 * *capacity;
    *list = sim_memory(realloc(*list, *capacity * element));
}
#define SIM_ROOM(list, count, capacity)                                                            \
    do {                                                                                           \
        void *sim_list = (list);                                                                   \
        sim_room(&sim_list, (count), &(capacity), sizeof *(list));                                 \
        (list) = sim_list;                                                                         \
    } while (0)

static char *sim_text(const char *text)
{
    return text == NULL ? NULL : sim_memory(strdup(text));
}

/* xorshift64*: the same images from the same seed. */
static uint64_t sim_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1du;
}

static bool sim_chance(uint64_t *state, uint64_t one_in)
{
    return (sim_random(state) >> 20) % one_in == 0;
}

/* ---- bytes ---- */

static void bytes_resize(sim_bytes *bytes, size_t size)
{
    if (size > bytes->capacity) {
        bytes->capacity = size + size / 2;
        bytes->data = sim_memory(realloc(bytes->data, bytes->capacity));
    }
    if (size > bytes->size)
        memset(bytes->data + bytes->size, 0, size - bytes->size);
    bytes->size = size;
}

static void bytes_write(sim_bytes *bytes, uint64_t offset, const unsigned char *data, size_t size)
{
    if (size == 0)
        return;
    if (offset + size > bytes->size)
        bytes_resize(bytes, (size_t)offset + size);
    memcpy(bytes->data + offset, data, size);
}

static void bytes_copy(sim_bytes *to, const sim_bytes *from)
{
    bytes_resize(to, 0);
    bytes_write(to, 0, from->data, from->size);
}

static bool bytes_contain(const sim_bytes *bytes, const void *needle, size_t size)
{
    if (size == 0 || bytes->size < size)
        return size == 0;
    const unsigned char *at = bytes->data, *end = bytes->data + bytes->size - size + 1;
    while (at < end) {
        at = memchr(at, *(const unsigned char *)needle, (size_t)(end - at));
        if (at == NULL)
            return false;
        if (memcmp(at, needle, size) == 0)
            return true;
        at++;
    }
    return false;
}

/* ---- files and names ---- */

static void ops_clear(sim_file *file)
{
    for (size_t i = 0; i < file->op_count; i++)
        free(file->ops[i].data);
    file->op_count = 0;
}

static void ops_add(sim_file *file, sim_kind kind, uint64_t offset, const void *data, size_t size)
{
    SIM_ROOM(file->ops, file->op_count, file->op_capacity);
    sim_op *op = &file->ops[file->op_count++];
    *op = (sim_op){.kind = kind, .offset = offset, .size = size};
    if (size > 0) {
        op->data = sim_memory(malloc(size));
        memcpy(op->data, data, size);
    }
}

static size_t file_add(sim_vfs *sim)
{
    SIM_ROOM(sim->files, sim->file_count, sim->file_capacity);
    memset(&sim->files[sim->file_count], 0, sizeof *sim->files);
    return sim->file_count++;
}

static sim_name *names_find(const sim_names *names, const char *path)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->list[i].path, path) == 0)
            return &names->list[i];
    return NULL;
}

static void names_remove(sim_names *names, const char *path)
{
    sim_name *name = names_find(names, path);
    if (name == NULL)
        return;
    free(name->path);
    *name = names->list[--names->count];
}

static void names_set(sim_names *names, const char *path, size_t file)
{
    names_remove(names, path);
    SIM_ROOM(names->list, names->count, names->capacity);
    names->list[names->count++] = (sim_name){sim_text(path), file};
}

static void names_apply(sim_names *names, const sim_move *move)
{
    if (move->from != NULL)
        names_remove(names, move->from);
    if (move->to != NULL)
        names_set(names, move->to, move->file);
}

static void moves_clear(sim_vfs *sim)
{
    for (size_t i = 0; i < sim->move_count; i++) {
        free(sim->moves[i].from);
        free(sim->moves[i].to);
    }
    sim->move_count = 0;
}

static void moves_add(sim_vfs *sim, const char *from, const char *to, size_t file)
{
    SIM_ROOM(sim->moves, sim->move_count, sim->move_capacity);
    sim_move *move = &sim->moves[sim->move_count++];
    *move = (sim_move){sim_text(from), sim_text(to), file};
    names_apply(&sim->seen, move);
}

/* ---- the table ---- */

/* Counts a call that can fail; its errno, or 0. A sync is never interrupted: a repeated one would
 * be a mistake, and Linux does not do it. */
static int sim_begin(sim_vfs *sim, bool interruptible)
{
    pthread_mutex_lock(&sim->mutex);
    sim->calls++;
    if (sim->fail_at != 0 &&
        (sim->calls == sim->fail_at || (sim->fail_for_ever && sim->calls > sim->fail_at))) {
        sim->failed = true;
        return sim->fail_errno;
    }
    if (sim->disturbed && interruptible) {
        sim->interrupted = !sim->interrupted;
        return sim->interrupted ? EINTR : 0;
    }
    return 0;
}

static int sim_end(sim_vfs *sim, int result)
{
    pthread_mutex_unlock(&sim->mutex);
    return result;
}

static sim_file *sim_file_of(sim_vfs *sim, int64_t number)
{
    if (number < 0 || (uint64_t)number >= sim->handle_count || !sim->handles[number].open) {
        fprintf(stderr, "sim_vfs: a file that is not open\n");
        abort();
    }
    return &sim->files[sim->handles[number].file];
}

static uint64_t sim_used(const sim_vfs *sim)
{
    uint64_t used = 0;
    for (size_t i = 0; i < sim->seen.count; i++)
        used += sim->files[sim->seen.list[i].file].seen.size;
    return used;
}

static bool sim_is_full(const sim_vfs *sim, const sim_file *file, uint64_t size)
{
    return sim->capacity != 0 && size > file->seen.size &&
           sim_used(sim) + (size - file->seen.size) > sim->capacity;
}

static int sim_open(void *user, const char *path, uint32_t flags, int64_t *out_file)
{
    sim_vfs *sim = user;
    int result = sim_begin(sim, true);
    if (result != 0)
        return sim_end(sim, result);
    sim_name *name = names_find(&sim->seen, path);
    if (name == NULL && (flags & SEGI_VFS_CREATE) == 0)
        return sim_end(sim, ENOENT);
    size_t file = name == NULL ? file_add(sim) : name->file;
    if (name == NULL)
        moves_add(sim, NULL, path, file);
    size_t number = 0;
    while (number < sim->handle_count && sim->handles[number].open)
        number++;
    if (number == sim->handle_count) {
        SIM_ROOM(sim->handles, sim->handle_count, sim->handle_capacity);
        sim->handle_count++;
    }
    sim->handles[number] =
        (sim_handle){.file = file, .open = true, .writes = (flags & SEGI_VFS_WRITE) != 0};
    *out_file = (int64_t)number;
    return sim_end(sim, 0);
}

static void sim_close(void *user, int64_t file)
{
    sim_vfs *sim = user;
    pthread_mutex_lock(&sim->mutex);
    sim_file_of(sim, file);
    sim->handles[file].open = false;
    sim_end(sim, 0);
}

static size_t sim_cut(sim_vfs *sim, size_t size)
{
    return sim->disturbed && size > 1 ? 1 + (size_t)(sim_random(&sim->random) % size) : size;
}

static int sim_read(void *user, int64_t file, uint64_t offset, void *out, size_t size,
                    size_t *out_done)
{
    sim_vfs *sim = user;
    int result = sim_begin(sim, true);
    *out_done = 0;
    if (result == 0) {
        const sim_file *from = sim_file_of(sim, file);
        const sim_bytes *bytes = &from->seen;
        size_t left = offset < bytes->size ? bytes->size - (size_t)offset : 0;
        *out_done = sim_cut(sim, size < left ? size : left);
        if (*out_done > 0)
            memcpy(out, bytes->data + offset, *out_done);
        for (uint64_t i = offset; i < offset + *out_done && i < from->read_map_size; i++)
            from->read_map[i] = 1;
    }
    return sim_end(sim, result);
}

static int sim_write(void *user, int64_t number, uint64_t offset, const void *bytes, size_t size,
                     size_t *out_done)
{
    sim_vfs *sim = user;
    int result = sim_begin(sim, true);
    *out_done = 0;
    sim_file *file = sim_file_of(sim, number);
    if (!sim->handles[number].writes)
        result = EBADF;
    else if (result == 0 && sim_is_full(sim, file, offset + size))
        result = ENOSPC;
    if (result == 0) {
        *out_done = sim_cut(sim, size);
        bytes_write(&file->seen, offset, bytes, *out_done);
        ops_add(file, SIM_WRITE, offset, bytes, *out_done);
    }
    return sim_end(sim, result);
}

static void op_apply(sim_bytes *bytes, const sim_op *op)
{
    if (op->kind == SIM_SIZE)
        bytes_resize(bytes, (size_t)op->offset);
    else
        bytes_write(bytes, op->offset, op->data, op->size);
}

static int sim_sync(void *user, int64_t number)
{
    sim_vfs *sim = user;
    int result = sim_begin(sim, false);
    sim_file *file = sim_file_of(sim, number);
    sim_handle *handle = &sim->handles[number];
    sim->sync_repeated = sim->sync_repeated || handle->sync_failed;
    handle->sync_failed = handle->sync_failed || result != 0;
    for (size_t i = 0; i < file->op_count; i++) {
        if (result != 0)
            file->ops[i].lost = file->ops[i].kind == SIM_WRITE;
        else if (!sim->lying && !file->ops[i].lost)
            op_apply(&file->durable, &file->ops[i]);
    }
    if (result == 0 && !sim->lying)
        ops_clear(file);
    return sim_end(sim, result);
}

static int sim_resize(sim_vfs *sim, int64_t number, uint64_t size, bool may_shrink)
{
    int result = sim_begin(sim, true);
    sim_file *file = sim_file_of(sim, number);
    if (!sim->handles[number].writes)
        result = EBADF;
    else if (result == 0 && sim_is_full(sim, file, size))
        result = ENOSPC;
    if (result == 0 && may_shrink && size < file->durable.size)
        bytes_write(&sim->grave, sim->grave.size, file->durable.data + size,
                    file->durable.size - (size_t)size);
    if (result == 0 && (may_shrink || size > file->seen.size)) {
        bytes_resize(&file->seen, (size_t)size);
        ops_add(file, SIM_SIZE, size, NULL, 0);
    }
    return sim_end(sim, result);
}

static int sim_truncate(void *user, int64_t file, uint64_t size)
{
    return sim_resize(user, file, size, true);
}

static int sim_allocate(void *user, int64_t file, uint64_t offset, uint64_t size)
{
    return sim_resize(user, file, offset + size, false);
}

static int sim_size(void *user, int64_t file, uint64_t *out_size)
{
    sim_vfs *sim = user;
    int result = sim_begin(sim, true);
    *out_size = result == 0 ? sim_file_of(sim, file)->seen.size : 0;
    return sim_end(sim, result);
}

static int sim_lock(void *user, int64_t file, uint32_t lock)
{
    sim_vfs *sim = user;
    int result = sim_begin(sim, true);
    sim_file_of(sim, file);
    for (size_t i = 0; result == 0 && i < sim->handle_count; i++) {
        const sim_handle *other = &sim->handles[i];
        if ((int64_t)i != file && other->open && other->file == sim->handles[file].file &&
            other->lock != 0 &&
            (lock == SEGI_VFS_LOCK_EXCLUSIVE || other->lock == SEGI_VFS_LOCK_EXCLUSIVE))
            result = EAGAIN;
    }
    if (result == 0)
        sim->handles[file].lock = lock;
    return sim_end(sim, result);
}

static int sim_rename(void *user, const char *from, const char *to)
{
    sim_vfs *sim = user;
    int result = sim_begin(sim, true);
    if (result == 0) {
        sim_name *name = names_find(&sim->seen, from);
        if (name == NULL)
            result = ENOENT;
        else
            moves_add(sim, from, to, name->file);
    }
    return sim_end(sim, result);
}

static int sim_unlink(void *user, const char *path)
{
    sim_vfs *sim = user;
    int result = sim_begin(sim, true);
    if (result == 0) {
        sim_name *name = names_find(&sim->seen, path);
        if (name == NULL)
            result = ENOENT;
        else
            moves_add(sim, path, NULL, name->file);
    }
    return sim_end(sim, result);
}

static int sim_sync_directory(void *user, const char *path)
{
    sim_vfs *sim = user;
    (void)path;
    int result = sim_begin(sim, false);
    if (result == 0 && !sim->lying) {
        for (size_t i = 0; i < sim->move_count; i++)
            names_apply(&sim->durable, &sim->moves[i]);
        moves_clear(sim);
    }
    return sim_end(sim, result);
}

static int sim_now(void *user, int64_t *out_instant)
{
    sim_vfs *sim = user;
    *out_instant = sim->now;
    return 0;
}

static int sim_fill_random(void *user, void *out, size_t size)
{
    sim_vfs *sim = user;
    int result = sim_begin(sim, true);
    for (size_t i = 0; result == 0 && i < size; i++)
        ((unsigned char *)out)[i] = (unsigned char)(sim_random(&sim->random) >> 32);
    return sim_end(sim, result);
}

static uint64_t sim_process(void *user)
{
    const sim_vfs *sim = user;
    return sim->process;
}

sim_vfs *sim_vfs_create(uint64_t seed)
{
    sim_vfs *sim = sim_memory(calloc(1, sizeof *sim));
    pthread_mutex_init(&sim->mutex, NULL);
    sim->random = seed * 0x9e3779b97f4a7c15u + 0x2545f4914f6cdd1du;
    sim->now = INT64_C(1750000000000000);
    sim->process = 1;
    sim->table = (segi_vfs){
        .user = sim,
        .open = sim_open,
        .close = sim_close,
        .read = sim_read,
        .write = sim_write,
        .sync = sim_sync,
        .truncate = sim_truncate,
        .allocate = sim_allocate,
        .size = sim_size,
        .lock = sim_lock,
        .rename = sim_rename,
        .unlink = sim_unlink,
        .sync_directory = sim_sync_directory,
        .now = sim_now,
        .random = sim_fill_random,
        .process = sim_process,
    };
    return sim;
}

static void names_free(sim_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->list[i].path);
    free(names->list);
}

void sim_vfs_destroy(sim_vfs *sim)
{
    if (sim == NULL)
        return;
    for (size_t i = 0; i < sim->file_count; i++) {
        ops_clear(&sim->files[i]);
        free(sim->files[i].ops);
        free(sim->files[i].seen.data);
        free(sim->files[i].durable.data);
    }
    names_free(&sim->seen);
    names_free(&sim->durable);
    moves_clear(sim);
    free(sim->grave.data);
    free(sim->moves);
    free(sim->files);
    free(sim->handles);
    pthread_mutex_destroy(&sim->mutex);
    free(sim);
}

const segi_vfs *sim_vfs_table(sim_vfs *sim)
{
    return &sim->table;
}

/* ---- faults ---- */

void sim_vfs_fail(sim_vfs *sim, uint64_t nth, int os_errno, bool for_ever)
{
    sim->calls = 0;
    sim->fail_at = nth;
    sim->fail_errno = os_errno;
    sim->fail_for_ever = for_ever;
    sim->failed = false;
}

bool sim_vfs_failed(sim_vfs *sim)
{
    return sim->failed;
}

uint64_t sim_vfs_calls(sim_vfs *sim)
{
    return sim->calls;
}

void sim_vfs_disturb(sim_vfs *sim, bool on)
{
    sim->disturbed = on;
}

void sim_vfs_capacity(sim_vfs *sim, uint64_t bytes)
{
    sim->capacity = bytes;
}

void sim_vfs_lie(sim_vfs *sim, bool on)
{
    sim->lying = on;
}

void sim_vfs_evict(sim_vfs *sim)
{
    for (size_t i = 0; i < sim->file_count; i++) {
        sim_file *file = &sim->files[i];
        size_t kept = 0;
        bytes_copy(&file->seen, &file->durable);
        for (size_t k = 0; k < file->op_count; k++) {
            if (file->ops[k].lost) {
                free(file->ops[k].data);
                continue;
            }
            op_apply(&file->seen, &file->ops[k]);
            file->ops[kept++] = file->ops[k];
        }
        file->op_count = kept;
    }
}

bool sim_vfs_sync_repeated(sim_vfs *sim)
{
    return sim->sync_repeated;
}

void sim_vfs_set_now(sim_vfs *sim, int64_t instant)
{
    sim->now = instant;
}

void sim_vfs_set_process(sim_vfs *sim, uint64_t process)
{
    sim->process = process;
}

/* ---- what is left ---- */

/* Some sectors of a write. What lies behind the old end and was not written may be noise: the
 * size of a file can reach the medium before its content. */
static void image_tear(sim_bytes *image, const sim_op *op, uint64_t *random)
{
    bool noise = sim_chance(random, 4);
    size_t old_size = image->size;
    for (size_t done = 0; done < op->size;) {
        uint64_t at = op->offset + done;
        size_t step = (size_t)(SECTOR - at % SECTOR);
        if (step > op->size - done)
            step = op->size - done;
        if (sim_chance(random, 2)) {
            bytes_write(image, at, op->data + done, step);
        } else if (noise && at >= old_size) {
            unsigned char garbage[SECTOR];
            for (size_t i = 0; i < step; i++)
                garbage[i] = (unsigned char)(sim_random(random) >> 24);
            bytes_write(image, at, garbage, step);
        }
        done += step;
    }
}

static void image_apply(sim_bytes *image, const sim_op *op, uint64_t seed, uint64_t *random)
{
    uint64_t choice = seed == 1 ? 0 : sim_random(random) >> 60;
    if (op->kind == SIM_SIZE) {
        if (choice < 8)
            bytes_resize(image, (size_t)op->offset);
    } else if (choice < 8) {
        bytes_write(image, op->offset, op->data, op->size);
    } else if (choice < 12) {
        image_tear(image, op, random);
    } else if (choice == 12 && op->offset + op->size > image->size) {
        bytes_resize(image, (size_t)op->offset + op->size);
    }
}

/* Mostly in order; now and then two neighbours change places. */
static void image_file(sim_file *to, const sim_file *from, uint64_t seed, uint64_t *random)
{
    bytes_copy(&to->durable, &from->durable);
    bool swaps = seed > 1 && sim_chance(random, 2);
    for (size_t i = 0; seed > 0 && i < from->op_count; i++) {
        if (swaps && i + 1 < from->op_count && sim_chance(random, 3)) {
            image_apply(&to->durable, &from->ops[i + 1], seed, random);
            image_apply(&to->durable, &from->ops[i], seed, random);
            i++;
        } else {
            image_apply(&to->durable, &from->ops[i], seed, random);
        }
    }
    bytes_copy(&to->seen, &to->durable);
}

sim_vfs *sim_vfs_power_loss(const sim_vfs *sim, uint64_t seed)
{
    sim_vfs *image = sim_vfs_create(seed ^ (sim->random | 1));
    uint64_t random = (seed + 1) * 0x9e3779b97f4a7c15u | 1;
    image->now = sim->now;
    bytes_copy(&image->grave, &sim->grave);
    for (size_t i = 0; i < sim->file_count; i++) {
        size_t file = file_add(image);
        image_file(&image->files[file], &sim->files[i], seed, &random);
    }
    for (size_t i = 0; i < sim->durable.count; i++)
        names_set(&image->durable, sim->durable.list[i].path, sim->durable.list[i].file);
    for (size_t i = 0; seed > 0 && i < sim->move_count; i++)
        if (seed == 1 || sim_chance(&random, 2))
            names_apply(&image->durable, &sim->moves[i]);
    for (size_t i = 0; i < image->durable.count; i++)
        names_set(&image->seen, image->durable.list[i].path, image->durable.list[i].file);
    return image;
}

sim_vfs *sim_vfs_copy(const sim_vfs *sim)
{
    sim_vfs *copy = sim_vfs_create(sim->random | 1);
    copy->now = sim->now;
    bytes_copy(&copy->grave, &sim->grave);
    for (size_t i = 0; i < sim->file_count; i++) {
        size_t file = file_add(copy);
        bytes_copy(&copy->files[file].seen, &sim->files[i].seen);
        bytes_copy(&copy->files[file].durable, &sim->files[i].seen);
    }
    for (size_t i = 0; i < sim->seen.count; i++) {
        names_set(&copy->seen, sim->seen.list[i].path, sim->seen.list[i].file);
        names_set(&copy->durable, sim->seen.list[i].path, sim->seen.list[i].file);
    }
    return copy;
}

uint32_t sim_vfs_open_files(const sim_vfs *sim)
{
    uint32_t open = 0;
    for (size_t i = 0; i < sim->handle_count; i++)
        open += sim->handles[i].open ? 1 : 0;
    return open;
}

bool sim_vfs_exists(const sim_vfs *sim, const char *path)
{
    return names_find(&sim->seen, path) != NULL;
}

const unsigned char *sim_vfs_bytes(const sim_vfs *sim, const char *path, size_t *out_size)
{
    static const unsigned char nothing[1];
    const sim_name *name = names_find(&sim->seen, path);
    *out_size = 0;
    if (name == NULL)
        return NULL;
    const sim_bytes *bytes = &sim->files[name->file].seen;
    *out_size = bytes->size;
    return bytes->size == 0 ? nothing : bytes->data;
}

unsigned char *sim_vfs_edit(sim_vfs *sim, const char *path, size_t *out_size)
{
    sim_name *name = names_find(&sim->seen, path);
    *out_size = 0;
    if (name == NULL)
        return NULL;
    sim_bytes *bytes = &sim->files[name->file].seen;
    *out_size = bytes->size;
    return bytes->data;
}

/* The file must be there. */
static sim_file *file_named(sim_vfs *sim, const char *path)
{
    const sim_name *name = names_find(&sim->seen, path);
    if (name == NULL) {
        fprintf(stderr, "sim_vfs: there is no file %s\n", path);
        abort();
    }
    return &sim->files[name->file];
}

void sim_vfs_cut(sim_vfs *sim, const char *path, size_t size)
{
    sim_bytes *bytes = &file_named(sim, path)->seen;
    bytes->size = size < bytes->capacity ? size : bytes->capacity;
}

void sim_vfs_watch(sim_vfs *sim, const char *path, unsigned char *read_map, size_t size)
{
    sim_file *file = file_named(sim, path);
    file->read_map = read_map;
    file->read_map_size = size;
}

void sim_vfs_put(sim_vfs *sim, const char *path, const void *bytes, size_t size)
{
    const sim_name *name = names_find(&sim->seen, path);
    size_t index = name == NULL ? file_add(sim) : name->file;
    sim_file *file = &sim->files[index];
    bytes_resize(&file->seen, 0);
    bytes_write(&file->seen, 0, bytes, size);
    bytes_copy(&file->durable, &file->seen);
    ops_clear(file);
    names_set(&sim->seen, path, index);
    names_set(&sim->durable, path, index);
}

void sim_vfs_remove(sim_vfs *sim, const char *path)
{
    names_remove(&sim->seen, path);
    names_remove(&sim->durable, path);
}

void sim_vfs_each(const sim_vfs *sim, sim_vfs_visit *visit, void *user)
{
    for (size_t i = 0; i < sim->file_count; i++) {
        visit(user, sim->files[i].seen.data, sim->files[i].seen.size);
        visit(user, sim->files[i].durable.data, sim->files[i].durable.size);
    }
    visit(user, sim->grave.data, sim->grave.size);
}

bool sim_vfs_contains(const sim_vfs *sim, const void *bytes, size_t size)
{
    for (size_t i = 0; i < sim->file_count; i++)
        if (bytes_contain(&sim->files[i].seen, bytes, size) ||
            bytes_contain(&sim->files[i].durable, bytes, size))
            return true;
    return bytes_contain(&sim->grave, bytes, size);
}
