/* Which columns of the parts on disk are in memory.
 *
 * A page (segi_page) is one column of one part: what is loaded, held and put out by itself. In a
 * store with a file every part has pages, also before it is written; a part of a store in memory
 * has none, and everything of it is always there. Pages that are not on disk for good are never
 * put out. Of the others, those that nobody holds are put out in order of their last use, once all
 * of them take more memory than the limit. The limit is soft: what evaluations hold stays.
 *
 * A pointer of a part that a page fills is read by those who hold the page and by nobody else; that
 * is what makes loading and putting out safe without a look at the readers. */
#ifndef SEGI_CACHE_H
#define SEGI_CACHE_H

#include "store/part.h"

typedef struct segi_cache segi_cache;

typedef struct segi_cache_figures {
    uint64_t bytes, limit; /* of all loaded pages, held and kept ones included */
    uint64_t loads, puts;  /* pages loaded and put out so far */
} segi_cache_figures;

/* limit in bytes; 0: no limit. */
seg_status segi_cache_create(const segi_mem *mem, uint64_t limit, segi_cache **out, seg_error *err);
/* All runs are gone. */
void segi_cache_destroy(segi_cache *cache);
segi_cache_figures segi_cache_look(segi_cache *cache);

/* Take care of the pages of a run just made (all loaded, and kept until they are settled), or of
 * one just opened (none loaded, all settled), and of the memory they take. */
void segi_cache_adopt(segi_cache *cache, segi_run *run, bool loaded);
/* The pages are on disk for good. */
void segi_cache_settle(segi_run *run);
/* Before the run is destroyed: nobody holds its pages. */
void segi_cache_forget(segi_run *run);

#endif
