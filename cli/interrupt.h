/* interrupt.h - Ctrl-C: stops what runs, through the task that long calls of the library watch. */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

#include <seg/base.h>

#include <stdbool.h>

/* Makes the task and catches SIGINT. Without a task (no memory) Ctrl-C ends the program. */
void interrupt_init(void);
void interrupt_deinit(void);
/* For seg_eval_options.task; NULL where there is none. */
seg_task *interrupt_task(void);
/* Since the last interrupt_reset(). */
bool interrupt_pending(void);
void interrupt_reset(void);
/* Blocks until `fd` can be read; false if Ctrl-C came first. One that arrives just before the wait
 * is not missed, as it would be by a test of interrupt_pending() and a read. */
bool interrupt_wait_readable(int fd);

#endif /* CLI_INTERRUPT_H */
