/* params.h - values for $name, from --param NAME=VALUE. */
#ifndef CLI_PARAMS_H
#define CLI_PARAMS_H

#include <seg/segment.h>

#include "text.h"

/* Binds each parameter of the segment to the value that was given for it, in the type that the
 * predicate wants. A list takes every value given under its name. */
seg_status params_bind(const seg_segment *segment, char *const *pairs, size_t pair_count,
                       seg_segment **out, seg_error *err);

#endif /* CLI_PARAMS_H */
