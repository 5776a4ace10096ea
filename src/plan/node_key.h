/* Private to plan: a byte string that is equal for sub-predicates of equal meaning and form. */
#ifndef SEGI_NODE_KEY_H
#define SEGI_NODE_KEY_H

#include "base/buf.h"
#include "lang/lang.h"

/* Append the key of a node. Unknown names of an open compile, positions in the text and the
 * names of saved segments do not count; zones count by name, columns by index.
 * Linear in the size of the node. Want of memory is left in key->failed. */
void segi_plan_node_key(const segi_node *node, segi_buf *key);

#endif
