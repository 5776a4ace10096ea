/* interrupt.c - SIGINT. See interrupt.h. */
#include "interrupt.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/select.h>

static seg_task *task;
static volatile sig_atomic_t pending;

/* Both are allowed here: a store to a sig_atomic_t and, as the library promises, this call. */
static void on_interrupt(int number)
{
    (void)number;
    pending = 1;
    seg_task_interrupt(task);
}

void interrupt_init(void)
{
    if (seg_task_create(NULL, &task, NULL) != SEG_OK) {
        task = NULL;
        return;
    }
    /* Without SA_RESTART: a shell that waits for a line should come back to its prompt. */
    struct sigaction action = {.sa_handler = on_interrupt};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
}

void interrupt_deinit(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigaction(SIGINT, &action, NULL);
    seg_task_destroy(task);
    task = NULL;
}

seg_task *interrupt_task(void)
{
    return task;
}

bool interrupt_pending(void)
{
    return pending != 0;
}

void interrupt_reset(void)
{
    pending = 0;
    if (task) {
        seg_task_reset(task);
    }
}

bool interrupt_wait_readable(int fd)
{
    sigset_t interrupt;
    sigset_t before;
    fd_set readable;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    /* Blocked while `pending` is looked at; pselect() lets it through and waits in one step. */
    sigprocmask(SIG_BLOCK, &interrupt, &before);
    int found = 0;
    while (!pending && found <= 0) {
        FD_ZERO(&readable);
        FD_SET(fd, &readable);
        found = pselect(fd + 1, &readable, NULL, NULL, NULL, &before);
        if (found < 0 && errno != EINTR) {
            break;
        }
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    return !pending;
}
