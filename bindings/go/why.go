package seg

// #include <seg/seg.h>
import "C"

import (
	"fmt"
	"iter"
	"strings"
	"time"
	"unsafe"
)

// A NextKind tells what is known about the next change of a verdict.
type NextKind uint32

// The kinds.
const (
	NextAt         NextKind = C.SEG_WHY_NEXT_AT         // it changes then, and not before
	NextNone       NextKind = C.SEG_WHY_NEXT_NONE       // it does not change up to the horizon
	NextPopulation NextKind = C.SEG_WHY_NEXT_POPULATION // not by this customer alone: ranks
	NextOpen       NextKind = C.SEG_WHY_NEXT_OPEN       // not worked out
)

// A WhyEvent is an event that decides.
type WhyEvent struct {
	Time time.Time
	Type string
}

// A Condition is a part of a predicate, with its verdict for one customer.
type Condition struct {
	Text       string // in the language
	Member     bool   // it holds for the customer
	Value      string // the customer's, "no value" without one; "" where there is no such
	Threshold  string // what the value is compared with, or ""
	NextKind   NextKind
	Next       time.Time  // when the verdict changes if nothing else happens; with NextAt
	EventCount int        // events that the condition looks at and that pass its where
	Events     []WhyEvent // the latest of them, the latest first
	Children   []*Condition
}

// A Why tells why a customer is in a segment or not, and until when: a tree like that of the
// predicate.
type Why struct {
	Root    *Condition // the whole predicate
	Horizon time.Time  // up to and with this instant changes were looked for
}

// A WhyOption changes how much is worked out.
type WhyOption func(*C.seg_why_options)

// WhyHorizon looks for changes so far ahead; without it, 400 days.
func WhyHorizon(ahead time.Duration) WhyOption {
	return func(o *C.seg_why_options) { o.horizon_us = C.int64_t(ahead.Microseconds()) }
}

// WhyEvents shows at most so many events per condition; without it, 5.
func WhyEvents(most int) WhyOption {
	return func(o *C.seg_why_options) { o.events_max = C.uint32_t(max(most, 0)) }
}

// WhyVerdictsOnly leaves out when verdicts change, which is faster.
func WhyVerdictsOnly() WhyOption {
	return func(o *C.seg_why_options) { o.flags |= C.SEG_WHY_VERDICTS_ONLY }
}

// Why tells why a customer is in the segment at the instant now, or why not. A customer that the
// snapshot does not know is [ErrNotFound].
func (s *Segment) Why(snapshot *Snapshot, user string, now time.Time,
	options ...WhyOption) (*Why, error) {
	return s.why(snapshot, options, func(p *C.seg_segment, sp *C.seg_snapshot,
		o *C.seg_why_options, out **C.seg_why, e *C.seg_error) C.seg_status {
		return C.seg_segment_why(p, sp, chars(user), size(user), micros(now), o, out, e)
	})
}

// WhyU64 is Why for stores of [WithUint64IDs].
func (s *Segment) WhyU64(snapshot *Snapshot, user uint64, now time.Time,
	options ...WhyOption) (*Why, error) {
	return s.why(snapshot, options, func(p *C.seg_segment, sp *C.seg_snapshot,
		o *C.seg_why_options, out **C.seg_why, e *C.seg_error) C.seg_status {
		return C.seg_segment_why_u64(p, sp, C.uint64_t(user), micros(now), o, out, e)
	})
}

func (s *Segment) why(snapshot *Snapshot, options []WhyOption, run func(*C.seg_segment,
	*C.seg_snapshot, *C.seg_why_options, **C.seg_why, *C.seg_error) C.seg_status) (*Why, error) {
	o := C.seg_why_options{struct_size: C.uint32_t(unsafe.Sizeof(C.seg_why_options{}))}
	for _, option := range options {
		option(&o)
	}
	sp, err := snapshot.acquire()
	if err != nil {
		return nil, err
	}
	defer snapshot.h.release()
	var why *C.seg_why
	if err := s.do(func(p *C.seg_segment, e *C.seg_error) C.seg_status {
		return run(p, sp, &o, &why, e)
	}); err != nil {
		return nil, err
	}
	defer C.seg_why_destroy(why)
	return copyWhy(why), nil
}

// copyWhy makes a tree of a list that has parents before children.
func copyWhy(why *C.seg_why) *Why {
	conditions := make([]*Condition, int(C.seg_why_node_count(why)))
	for i := range conditions {
		n := C.seg_why_node{struct_size: C.uint32_t(unsafe.Sizeof(C.seg_why_node{}))}
		C.seg_why_node_at(why, C.uint64_t(i), &n, nil)
		c := &Condition{
			Text:       C.GoString(n.text),
			Member:     n.member != 0,
			Value:      C.GoString(n.value),
			Threshold:  C.GoString(n.threshold),
			NextKind:   NextKind(n.next_kind),
			EventCount: int(n.event_count),
			Events:     make([]WhyEvent, int(n.shown_count)),
		}
		if c.NextKind == NextAt {
			c.Next = instant(int64(n.next))
		}
		for k := range c.Events {
			event := C.seg_why_event{struct_size: C.uint32_t(unsafe.Sizeof(C.seg_why_event{}))}
			C.seg_why_event_at(why, C.uint64_t(i), C.uint64_t(k), &event, nil)
			c.Events[k] = WhyEvent{instant(int64(event.time)),
				string(view[byte](unsafe.Pointer(event._type), int(event.type_size)))}
		}
		conditions[i] = c
		if i > 0 {
			parent := conditions[int(n.parent)]
			parent.Children = append(parent.Children, c)
		}
	}
	return &Why{Root: conditions[0], Horizon: instant(int64(C.seg_why_horizon(why)))}
}

// Member reports whether the customer is in the segment.
func (w *Why) Member() bool { return w.Root.Member }

// All walks over all conditions with their depths, parents before children.
func (w *Why) All() iter.Seq2[int, *Condition] {
	return func(yield func(int, *Condition) bool) { w.Root.walk(0, yield) }
}

func (c *Condition) walk(depth int, yield func(int, *Condition) bool) bool {
	if !yield(depth, c) {
		return false
	}
	for _, child := range c.Children {
		if !child.walk(depth+1, yield) {
			return false
		}
	}
	return true
}

// String is the tree as text, a line per condition.
func (w *Why) String() string {
	var b strings.Builder
	for depth, c := range w.All() {
		verdict := "no "
		if c.Member {
			verdict = "yes"
		}
		fmt.Fprintf(&b, "%s%s %s%s, %s\n", strings.Repeat("  ", depth), verdict, c.Text, c.said(),
			c.until())
	}
	return b.String()
}

func (c *Condition) said() string {
	var parts []string
	switch {
	case c.Value != "" && c.Threshold != "":
		parts = append(parts, c.Value+" vs "+c.Threshold)
	case c.Value+c.Threshold != "":
		parts = append(parts, c.Value+c.Threshold)
	}
	if c.EventCount == 1 {
		parts = append(parts, "1 event")
	} else if c.EventCount > 1 {
		parts = append(parts, fmt.Sprintf("%d events", c.EventCount))
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

func (c *Condition) until() string {
	switch c.NextKind {
	case NextAt:
		return "until " + c.Next.Format(time.RFC3339Nano)
	case NextNone:
		return "does not change"
	case NextPopulation:
		return "depends on other customers"
	}
	return "not worked out"
}
