/* files.h - verbs that take a store's file by its name, beside `seg check` of care.h. */
#ifndef CLI_FILES_H
#define CLI_FILES_H

/* `seg salvage [--json] FROM TO`; argv[1] is "salvage". Returns the exit code: 0 all is there, 1
 * something is lost, 2 wrong usage, 3 no store was written. */
int files_salvage(int argc, char **argv);

/* `seg stats [--json] FILE`; argv[1] is "stats". 0, 2 wrong usage, or 3 where the file cannot be
 * read or is open elsewhere. */
int files_stats(int argc, char **argv);

#endif /* CLI_FILES_H */
