/* shrink.h - make a failing comparison small and print it. */
#ifndef SEG_TEST_SHRINK_H
#define SEG_TEST_SHRINK_H

#include "world.h"

/* Reduces feed, predicate and spelling while world_check() still fails, for at most `seconds`,
 * then prints what is left to stdout. The feed is changed (rows are dropped). */
void shrink_report(feed_data *feed, const model_catalog *catalog, const world_probe *probe,
                   uint32_t threads, int64_t seconds);

#endif /* SEG_TEST_SHRINK_H */
