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
	return newClass(s, class), nil
}

func newClass(store *Store, class *C.seg_class) *Class {
	out := &Class{store: store}
	for i := range C.seg_class_label_count(class) {
		var label *C.char
		var length C.uint64_t
		C.seg_class_label(class, i, &label, &length, nil)
		out.labels = append(out.labels, string(view[byte](unsafe.Pointer(label), int(length))))
	}
	out.h = own(out, unsafe.Pointer(class), func(p unsafe.Pointer) {
		C.seg_class_release((*C.seg_class)(p))
	})
	return out
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

// Eval answers who has which label at the instant now, in one pass over the data: a set per label,
// in the order of Labels. The sets are disjoint, and together they are everyone.
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

// ---- recency, frequency and money ---------------------------------------------------------------

// A Measure of a class that is an rfm(...).
type Measure uint32

// The measures.
const (
	Recency   Measure = C.SEG_RFM_RECENCY
	Frequency Measure = C.SEG_RFM_FREQUENCY
	Money     Measure = C.SEG_RFM_MONEY
)

// Scale is the highest score of a class that is an rfm(...); 0 for other classes.
func (c *Class) Scale() int {
	p := c.h.must("class")
	defer c.h.release()
	return int(C.seg_class_scale((*C.seg_class)(p)))
}

// Scores tell how one measure is spread.
type Scores struct {
	Users []uint64 // customers by score: first those of score 0, who did not do it
	// The least value that has score 2, 3, ...: of money in its own unit, of recency the longest
	// time ago in microseconds (below 0: nobody has it). Not-a-number where there is nobody to
	// rank.
	Cuts []float64
}

// Scores counts the customers of each score of a measure at the instant now. [Among] limits who is
// counted, never who is ranked.
func (c *Class) Scores(ctx context.Context, measure Measure, now time.Time,
	options ...EvalOption) (Scores, error) {
	p := c.h.acquire()
	if p == nil {
		return Scores{}, closed("class")
	}
	defer c.h.release()
	var users [C.SEG_RFM_SCALE_MAX + 1]C.uint64_t
	var cuts [C.SEG_RFM_SCALE_MAX]C.double
	if err := c.store.run(ctx, options, func(snapshot *C.seg_snapshot,
		o *C.seg_eval_options, e *C.seg_error) C.seg_status {
		return C.seg_class_scores((*C.seg_class)(p), snapshot, micros(now), o, C.uint32_t(measure),
			&users[0], &cuts[0], e)
	}); err != nil {
		return Scores{}, err
	}
	scale := int(C.seg_class_scale((*C.seg_class)(p)))
	return Scores{
		Users: append([]uint64{}, view[uint64](unsafe.Pointer(&users), scale+1)...),
		Cuts:  append([]float64{}, view[float64](unsafe.Pointer(&cuts), scale-1)...),
	}, nil
}

// Freeze gives the class with the cut points that its floating scores have at the instant now: from
// then on they move by a customer's own behaviour alone. Save its text with [Store.DefineClass].
func (c *Class) Freeze(ctx context.Context, now time.Time, options ...EvalOption) (*Class, error) {
	p := c.h.acquire()
	if p == nil {
		return nil, closed("class")
	}
	defer c.h.release()
	var frozen *C.seg_class
	if err := c.store.run(ctx, options, func(snapshot *C.seg_snapshot,
		o *C.seg_eval_options, e *C.seg_error) C.seg_status {
		return C.seg_class_freeze((*C.seg_class)(p), snapshot, micros(now), o, &frozen, e)
	}); err != nil {
		return nil, err
	}
	return newClass(c.store, frozen), nil
}

// ---- labels as a column -------------------------------------------------------------------------

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
