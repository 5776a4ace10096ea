package seg

// #include <seg/seg.h>
import "C"

import (
	"context"
	"time"
	"unsafe"
)

// An EvalOption changes how something is evaluated, not the answer for a given set of users.
type EvalOption func(*evalOptions)

type evalOptions struct {
	snapshot *Snapshot
	among    *Set
	threads  int
}

// In evaluates in this snapshot; without it, in the store as it is at the call.
func In(snapshot *Snapshot) EvalOption { return func(o *evalOptions) { o.snapshot = snapshot } }

// Among looks only at the members of this set.
func Among(set *Set) EvalOption { return func(o *evalOptions) { o.among = set } }

// Threads lets so many threads work on one evaluation; without it, one does.
func Threads(count int) EvalOption { return func(o *evalOptions) { o.threads = count } }

// watch interrupts a task when the context ends. Nothing is called from C: the goroutine of the
// context sets a flag that the running call reads. The function that it returns must be called
// before the task may end.
func watch(ctx context.Context, task *C.seg_task) (stop func()) {
	done := make(chan struct{})
	cancel := context.AfterFunc(ctx, func() {
		C.seg_task_interrupt(task)
		close(done)
	})
	return func() {
		if !cancel() {
			<-done
		}
	}
}

// withTask runs a call of the library that can be interrupted.
func withTask(ctx context.Context,
	call func(task *C.seg_task, e *C.seg_error) C.seg_status) error {
	if ctx.Err() != nil {
		return interrupted(ctx)
	}
	e := newError()
	var task *C.seg_task
	if ctx.Done() != nil {
		if status := C.seg_task_create(nil, &task, &e); status != C.SEG_OK {
			return failed(status, &e, "")
		}
		defer C.seg_task_destroy(task)
		defer watch(ctx, task)()
	}
	status := call(task, &e)
	switch {
	case status == C.SEG_OK:
		return nil
	case status == C.SEG_E_INTERRUPTED:
		return interrupted(ctx)
	}
	return failed(status, &e, "")
}

// run is withTask with the snapshot and the options of an evaluation.
func (s *Store) run(ctx context.Context, options []EvalOption,
	call func(*C.seg_snapshot, *C.seg_eval_options, *C.seg_error) C.seg_status) error {
	var o evalOptions
	for _, option := range options {
		option(&o)
	}
	snapshot := o.snapshot
	if snapshot == nil {
		var err error
		if snapshot, err = s.Snapshot(); err != nil {
			return err
		}
		defer snapshot.Close()
	}
	p, err := snapshot.acquire()
	if err != nil {
		return err
	}
	defer snapshot.h.release()
	co := C.seg_eval_options{
		struct_size: C.uint32_t(unsafe.Sizeof(C.seg_eval_options{})),
		threads:     C.uint32_t(max(o.threads, 0)),
	}
	if o.among != nil {
		among, err := o.among.acquire()
		if err != nil {
			return err
		}
		defer o.among.h.release()
		co.among = among
	}
	return withTask(ctx, func(task *C.seg_task, e *C.seg_error) C.seg_status {
		co.task = task
		return call(p, &co, e)
	})
}

// Eval answers who is in the segment at the instant now; later events do not count. The call ends
// with [ErrInterrupted] soon after the context does.
func (s *Segment) Eval(ctx context.Context, now time.Time, options ...EvalOption) (*Set, error) {
	p, err := s.acquire()
	if err != nil {
		return nil, err
	}
	defer s.h.release()
	var set *C.seg_set
	err = s.store.run(ctx, options, func(snapshot *C.seg_snapshot,
		o *C.seg_eval_options, e *C.seg_error) C.seg_status {
		return C.seg_segment_evaluate(p, snapshot, micros(now), o, &set, e)
	})
	if err != nil {
		return nil, err
	}
	return newSet(s.store, set), nil
}

// Count answers how many are in the segment; it is cheaper than the set.
func (s *Segment) Count(ctx context.Context, now time.Time, options ...EvalOption) (int, error) {
	p, err := s.acquire()
	if err != nil {
		return 0, err
	}
	defer s.h.release()
	var count C.uint64_t
	err = s.store.run(ctx, options, func(snapshot *C.seg_snapshot,
		o *C.seg_eval_options, e *C.seg_error) C.seg_status {
		return C.seg_segment_count(p, snapshot, micros(now), o, &count, e)
	})
	return int(count), err
}

// EvalMany evaluates many segments of one store in one pass; what they have in common runs once.
func EvalMany(ctx context.Context, segments []*Segment, now time.Time,
	options ...EvalOption) ([]*Set, error) {
	if len(segments) == 0 {
		return nil, nil
	}
	pointers := make([]*C.seg_segment, len(segments))
	for i, segment := range segments {
		p, err := segment.acquire()
		if err != nil {
			return nil, err
		}
		defer segment.h.release()
		pointers[i] = p
	}
	sets := make([]*C.seg_set, len(segments))
	store := segments[0].store
	err := store.run(ctx, options, func(snapshot *C.seg_snapshot,
		o *C.seg_eval_options, e *C.seg_error) C.seg_status {
		return C.seg_segments_evaluate(&pointers[0], C.size_t(len(pointers)), snapshot, micros(now),
			o, &sets[0], e)
	})
	if err != nil {
		return nil, err
	}
	return newSets(store, sets), nil
}

// Test answers whether one customer is in the segment and looks at nobody else. An unknown id is
// in no segment.
func (s *Segment) Test(snapshot *Snapshot, user string, now time.Time) (bool, error) {
	p, err := s.acquire()
	if err != nil {
		return false, err
	}
	defer s.h.release()
	sp, err := snapshot.acquire()
	if err != nil {
		return false, err
	}
	defer snapshot.h.release()
	e := newError()
	var member C.int32_t
	if status := C.seg_segment_test(p, sp, chars(user), size(user), micros(now), &member,
		&e); status != C.SEG_OK {
		return false, failed(status, &e, "")
	}
	return member != 0, nil
}

// TestU64 is Test for stores of [WithUint64IDs].
func (s *Segment) TestU64(snapshot *Snapshot, user uint64, now time.Time) (bool, error) {
	p, err := s.acquire()
	if err != nil {
		return false, err
	}
	defer s.h.release()
	sp, err := snapshot.acquire()
	if err != nil {
		return false, err
	}
	defer snapshot.h.release()
	e := newError()
	var member C.int32_t
	if status := C.seg_segment_test_u64(p, sp, C.uint64_t(user), micros(now), &member,
		&e); status != C.SEG_OK {
		return false, failed(status, &e, "")
	}
	return member != 0, nil
}

// An ExplainFlag changes what Explain tells.
type ExplainFlag uint32

// The flags of Explain.
const (
	ExplainAnalyze ExplainFlag = C.SEG_EXPLAIN_ANALYZE // run it, with actual users, rows and times
	ExplainJSON    ExplainFlag = C.SEG_EXPLAIN_JSON    // JSON instead of a tree of text
)

// Explain shows how the segment runs.
func (s *Segment) Explain(ctx context.Context, now time.Time, flags ExplainFlag,
	options ...EvalOption) (string, error) {
	p, err := s.acquire()
	if err != nil {
		return "", err
	}
	defer s.h.release()
	var buffer *C.seg_buffer
	err = s.store.run(ctx, options, func(snapshot *C.seg_snapshot,
		o *C.seg_eval_options, e *C.seg_error) C.seg_status {
		return C.seg_segment_explain(p, snapshot, micros(now), C.uint32_t(flags), o, &buffer, e)
	})
	if err != nil {
		return "", err
	}
	return string(take(buffer)), nil
}
