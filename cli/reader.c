/* reader.c - a window over a file. See reader.h. */
#include "reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_SIZE ((size_t)1 << 20)

int reader_open(cli_reader *reader, const char *path)
{
    *reader = (cli_reader){.fd = STDIN_FILENO};
    if (strcmp(path, "-") != 0) {
        reader->fd = open(path, O_RDONLY | O_CLOEXEC);
        if (reader->fd < 0) {
            return errno;
        }
    }
    return 0;
}

void reader_close(cli_reader *reader)
{
    if (reader->fd > STDERR_FILENO) {
        close(reader->fd);
    }
    free(reader->data);
    *reader = (cli_reader){.fd = -1, .at_end = true};
}

text_view reader_window(const cli_reader *reader)
{
    return (text_view){reader->data ? reader->data + reader->begin : "",
                       reader->end - reader->begin};
}

bool reader_more(cli_reader *reader)
{
    if (reader->at_end) {
        return false;
    }
    if (reader->begin > 0) {
        memmove(reader->data, reader->data + reader->begin, reader->end - reader->begin);
        reader->end -= reader->begin;
        reader->begin = 0;
    }
    reader->data = xgrow(reader->data, &reader->capacity, reader->end + READ_SIZE, 1);
    ssize_t got;
    do {
        got = read(reader->fd, reader->data + reader->end, READ_SIZE);
    } while (got < 0 && errno == EINTR);
    if (got <= 0) {
        reader->at_end = true;
        reader->failure = got < 0 ? errno : 0;
        return false;
    }
    reader->end += (size_t)got;
    return true;
}

void reader_skip(cli_reader *reader, size_t size)
{
    reader->begin += size;
    reader->consumed += size;
}
