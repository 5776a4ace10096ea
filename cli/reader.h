/* reader.h - the bytes of a file or of stdin, in a window that moves forward. */
#ifndef CLI_READER_H
#define CLI_READER_H

#include "text.h"

typedef struct cli_reader {
    int fd;
    char *data;        /* owned */
    size_t begin, end; /* what was read and not yet consumed */
    size_t capacity;
    bool at_end;       /* no more bytes will come */
    int failure;       /* errno of a failed read, else 0 */
    uint64_t consumed; /* bytes given away with reader_skip() */
} cli_reader;

/* "-" is stdin. Returns 0 or errno. */
int reader_open(cli_reader *reader, const char *path);
void reader_close(cli_reader *reader);
/* Bytes at hand. They move at the next reader_more(). */
text_view reader_window(const cli_reader *reader);
/* Read on, so that the window grows at its end; false at the end of the file or on a failure. */
bool reader_more(cli_reader *reader);
void reader_skip(cli_reader *reader, size_t size);

#endif /* CLI_READER_H */
