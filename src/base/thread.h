/* Locks and a pool of worker threads. */
#ifndef SEGI_THREAD_H
#define SEGI_THREAD_H

#include "base/alloc.h"
#include <seg/base.h>

typedef struct segi_mutex segi_mutex;
seg_status segi_mutex_create(const segi_mem *mem, segi_mutex **out, seg_error *err);
void segi_mutex_destroy(const segi_mem *mem, segi_mutex *mutex);
void segi_mutex_lock(segi_mutex *mutex);
void segi_mutex_unlock(segi_mutex *mutex);

/* Processors this process may use, at least 1. */
uint32_t segi_processor_count(void);

/* Threads are started at the first run that wants them and wait (briefly spinning, then asleep)
 * between runs. Any thread may call run; concurrent runs share the workers. */
typedef struct segi_pool segi_pool;
seg_status segi_pool_create(const segi_mem *mem, uint32_t threads_max, segi_pool **out,
                            seg_error *err);
/* Ends the threads. No run may be under way. */
void segi_pool_destroy(segi_pool *pool);
typedef void segi_pool_function(void *context, uint32_t worker);
/* Call function(context, worker) once for each worker 0 .. count - 1, worker 0 on the calling
 * thread, and return when all are done. Where threads cannot be had, the calling thread does
 * their share: the work is always complete on return. count is at most threads_max. */
void segi_pool_run(segi_pool *pool, uint32_t count, segi_pool_function *function, void *context);

#endif
