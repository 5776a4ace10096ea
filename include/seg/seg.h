/* seg/seg.h - the whole public interface of libseg. */
#ifndef SEG_SEG_H
#define SEG_SEG_H

#include <seg/arrow.h>
#include <seg/base.h>
#include <seg/class.h>
#include <seg/ingest.h>
#include <seg/lint.h>
#include <seg/membership.h>
#include <seg/privacy.h>
#include <seg/schema.h>
#include <seg/segment.h>
#include <seg/set.h>
#include <seg/sql.h>
#include <seg/store.h>
#include <seg/value.h>
#include <seg/why.h>

#endif /* SEG_SEG_H */
