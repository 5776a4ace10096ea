package seg

// #include <seg/seg.h>
import "C"

import (
	"context"
	"math/bits"
	"time"
	"unsafe"
)

// A Class gives every customer exactly one of its labels: the first whose predicate holds, or the
// last one if none does. It never changes.
type Class struct {
	h      *handle
	store  *Store
	labels []string
}

// CompileClass checks labels with predicates: "label": predicate; ... otherwise "label".
func (s *Store) CompileClass(text string, options ...CompileOption) (*Class, error) {
	flags := compileFlags(options)
	return s.class(text, func(p *C.seg_store, out **C.seg_class, e *C.seg_error) C.seg_status {
		return C.seg_class_compile(p, chars(text), size(text), flags, out, e)
	})
}

// LoadClass compiles the saved class of that name.
func (s *Store) LoadClass(name string) (*Class, error) {
	return s.class("", func(p *C.seg_store, out **C.seg_class, e *C.seg_error) C.seg_status {
		return C.seg_class_load(p, chars(name), size(name), out, e)
	})
}

func (s *Store) class(text string,
	make func(*C.seg_store, **C.seg_class, *C.seg_error) C.seg_status) (*Class, error) {
	var class *C.seg_class
	if err := s.do(text, func(p *C.seg_store, e *C.seg_error) C.seg_status {
		return make(p, &class, e)
	}); err != nil {
		return nil, err
	}
	out := &Class{store: s}
	for i := range C.seg_class_label_count(class) {
		var label *C.char
		var length C.uint64_t
		C.seg_class_label(class, i, &label, &length, nil)
		out.labels = append(out.labels, string(view[byte](unsafe.Pointer(label), int(length))))
	}
	out.h = own(out, unsafe.Pointer(class), func(p unsafe.Pointer) {
		C.seg_class_release((*C.seg_class)(p))
	})
	return out, nil
}

// Close ends the class.
func (c *Class) Close() error {
	c.h.close()
	return nil
}

// Labels lists the labels in the order of the text.
func (c *Class) Labels() []string { return append([]string{}, c.labels...) }

// Text is the one canonical text of the class.
func (c *Class) Text() (string, error) {
	var buffer *C.seg_buffer
	if err := c.h.call("class", "", func(p unsafe.Pointer, e *C.seg_error) C.seg_status {
		return C.seg_class_text((*C.seg_class)(p), &buffer, e)
	}); err != nil {
		return "", err
	}
	return string(take(buffer)), nil
}

// Eval answers who has which label at the instant now, in one pass over the data: a set per label, in
// the order of Labels. The sets are disjoint, and together they are everyone.
func (c *Class) Eval(ctx context.Context, now time.Time, options ...EvalOption) ([]*Set, error) {
	p := c.h.acquire()
	if p == nil {
		return nil, closed("class")
	}
	defer c.h.release()
	sets := make([]*C.seg_set, len(c.labels))
	if err := c.store.run(ctx, options, func(snapshot *C.seg_snapshot,
		o *C.seg_eval_options, e *C.seg_error) C.seg_status {
		return C.seg_class_evaluate((*C.seg_class)(p), snapshot, micros(now), o, &sets[0], e)
	}); err != nil {
		return nil, err
	}
	return newSets(c.store, sets), nil
}

// Classify gives the label of each of these customers, "" for an id that is not known: a column
// beside the ids.
func (c *Class) Classify(ctx context.Context, now time.Time, ids []string,
	options ...EvalOption) ([]string, error) {
	return c.classify(ctx, now, len(ids), options, func(m *Membership) []uint64 {
		return m.Rows(ids)
	})
}

// ClassifyU64 is Classify for stores of [WithUint64IDs].
func (c *Class) ClassifyU64(ctx context.Context, now time.Time, ids []uint64,
	options ...EvalOption) ([]string, error) {
	return c.classify(ctx, now, len(ids), options, func(m *Membership) []uint64 {
		return m.RowsU64(ids)
	})
}

func (c *Class) classify(ctx context.Context, now time.Time, count int, options []EvalOption,
	rowsOf func(*Membership) []uint64) ([]string, error) {
	sets, err := c.Eval(ctx, now, options...)
	if err != nil {
		return nil, err
	}
	defer func() {
		for _, set := range sets {
			set.Close()
		}
	}()
	membership, err := NewMembership(sets)
	if err != nil {
		return nil, err
	}
	defer membership.Close()
	rows, words := rowsOf(membership), membership.Words()
	out := make([]string, count)
	for i := range out {
		for k, word := range rows[i*words : (i+1)*words] {
			if word != 0 {
				out[i] = c.labels[64*k+bits.TrailingZeros64(word)]
			}
		}
	}
	return out, nil
}
