/* fuzz/replay.c - run a fuzz target without libFuzzer, as an ordinary test.
 *
 * Feeds the target the empty input, every file of the folder given as argument (it may be
 * absent), and for each of them a fixed number of mutations from a fixed seed. A finding shows as
 * a crash or a sanitizer report; the input under way is then in the file named by
 * SEG_FUZZ_LAST, where that variable is set. */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_SIZE_MAX (1u << 20)
#define MUTATIONS_PER_INPUT 200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t random_state = 0x9e3779b97f4a7c15u;

/* xorshift64*: the same inputs on every machine. */
static uint64_t random_next(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * 0x2545f4914f6cdd1du;
}

static void run_one(const uint8_t *bytes, size_t size)
{
    const char *last = getenv("SEG_FUZZ_LAST");
    if (last != NULL) {
        FILE *file = fopen(last, "wb");
        if (file != NULL) {
            fwrite(bytes, 1, size, file);
            fclose(file);
        }
    }
    /* An exact copy on the heap, so that reading past its end is seen. */
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (copy == NULL) {
        fprintf(stderr, "out of memory\n");
        exit(1);
    }
    if (size > 0) {
        memcpy(copy, bytes, size);
    }
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

/* Flip, replace, drop, double or cut; the result stays within the buffer. */
static size_t mutate(uint8_t *bytes, size_t size)
{
    uint64_t steps = 1 + random_next() % 4;
    for (uint64_t step = 0; step < steps && size > 0; step++) {
        size_t at = (size_t)(random_next() % size);
        switch (random_next() % 5) {
        case 0: bytes[at] ^= (uint8_t)(1u << (random_next() % 8)); break;
        case 1: bytes[at] = (uint8_t)random_next(); break;
        case 2:
            memmove(bytes + at, bytes + at + 1, size - at - 1);
            size -= 1;
            break;
        case 3:
            if (size < INPUT_SIZE_MAX) {
                memmove(bytes + at + 1, bytes + at, size - at);
                size += 1;
            }
            break;
        default: size = at; break;
        }
    }
    return size;
}

/* What a fuzzer has found (found-*) it has mutated already. */
static uint64_t run_file(const char *path, bool found)
{
    static uint8_t original[INPUT_SIZE_MAX];
    static uint8_t mutated[INPUT_SIZE_MAX];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    size_t size = fread(original, 1, sizeof original, file);
    fclose(file);
    run_one(original, size);
    if (found)
        return 1;
    for (int round = 0; round < MUTATIONS_PER_INPUT; round++) {
        memcpy(mutated, original, size);
        run_one(mutated, mutate(mutated, size));
    }
    return 1 + MUTATIONS_PER_INPUT;
}

int main(int argc, char **argv)
{
    uint64_t runs = 1;
    run_one((const uint8_t *)"", 0);
    DIR *folder = argc > 1 ? opendir(argv[1]) : NULL;
    if (folder != NULL) {
        for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
            char path[4096];
            if (entry->d_name[0] == '.') {
                continue;
            }
            int length = snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
            if (length < 0 || (size_t)length >= sizeof path) {
                fprintf(stderr, "path too long: %s\n", entry->d_name);
                return 1;
            }
            runs += run_file(path, strncmp(entry->d_name, "found-", 6) == 0);
        }
        closedir(folder);
    }
    printf("%llu inputs\n", (unsigned long long)runs);
    return 0;
}
