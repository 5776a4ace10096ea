// Package seg finds customers by what they are and by what they did. It is the Go face of
// libseg, an embeddable library written in C.
//
// A [Store] holds the customers of one base: their attributes and their events. They come in
// through an [Appender], row by row, or as a [Batch] of columns. A predicate is compiled once,
// to a [Segment], and evaluated as often as one likes; the answer is a [Set].
//
// # Time
//
// The library never reads a clock to decide who is in a segment: the instant now is an argument of
// every evaluation, so that the same data and the same instant give the same set. Instants are
// kept in microseconds; what is finer is cut off.
//
// # Lifetimes
//
// A Store, Snapshot, Segment, Query, Value, Set or Appender holds memory outside of Go. Close ends
// it at once; what is never closed ends some time after the collector finds that nobody refers to
// it any more. Objects hold what they need, so the order of the calls of Close does not matter.
// Close may be called twice, and also while another goroutine uses the object: the memory then
// goes with the last call under way. Using an object after Close gives [ErrMisuse], or panics
// where the method has no error to return.
//
// # Goroutines
//
// Any number of goroutines may use one Store, Snapshot, Segment, Query, Value or Set at once. An
// Appender is for one goroutine at a time.
package seg

// #include <seg/seg.h>
//
// // None of these calls back into Go, nor keeps a pointer that it was given.
// #cgo noescape seg_set_contains
// #cgo nocallback seg_set_contains
// #cgo noescape seg_set_contains_u64
// #cgo nocallback seg_set_contains_u64
// #cgo noescape seg_set_contains_many
// #cgo nocallback seg_set_contains_many
// #cgo noescape seg_set_contains_many_u64
// #cgo nocallback seg_set_contains_many_u64
// #cgo nocallback seg_set_count
// #cgo noescape seg_segment_test
// #cgo nocallback seg_segment_test
// #cgo noescape seg_segment_test_u64
// #cgo nocallback seg_segment_test_u64
import "C"

import (
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"
)

// Version is that of the library at run time, for example "0.1.0".
func Version() string { return C.GoString(C.seg_version()) }

// The bits of handle.state above the number of calls under way.
const (
	stateClosed = int64(1) << 61
	stateFreed  = int64(1) << 62
)

// A handle owns one object of the C library and counts the calls that use it. Close marks it, and
// the last call under way frees it. That also holds for an object that the collector found
// unreachable in the middle of a call, so that no call needs a runtime.KeepAlive of its own.
type handle struct {
	state   atomic.Int64
	ptr     unsafe.Pointer
	free    func(unsafe.Pointer)
	cleanup runtime.Cleanup
}

// own makes the handle of ptr for its Go object, which must keep it in a field.
func own[T any](object *T, ptr unsafe.Pointer, free func(unsafe.Pointer)) *handle {
	h := &handle{ptr: ptr, free: free}
	h.cleanup = runtime.AddCleanup(object, func(h *handle) { h.close() }, h)
	return h
}

// acquire returns nil if the handle is closed. Otherwise release must follow.
func (h *handle) acquire() unsafe.Pointer {
	if h.state.Add(1) >= stateClosed {
		h.release()
		return nil
	}
	return h.ptr
}

// must is acquire for methods that cannot return an error.
func (h *handle) must(what string) unsafe.Pointer {
	ptr := h.acquire()
	if ptr == nil {
		panic("seg: use of a closed " + what)
	}
	return ptr
}

func (h *handle) release() {
	if h.state.Add(-1) == stateClosed {
		h.end()
	}
}

// end frees the object unless somebody has just acquired it: that one will come here again.
func (h *handle) end() {
	if h.state.CompareAndSwap(stateClosed, stateClosed|stateFreed) {
		h.free(h.ptr)
	}
}

func (h *handle) close() {
	for {
		old := h.state.Load()
		if old >= stateClosed {
			return
		}
		if h.state.CompareAndSwap(old, old|stateClosed) {
			h.cleanup.Stop()
			if old == 0 {
				h.end()
			}
			return
		}
	}
}

// call runs one call of the library on the object, unless it is closed; text is what the place of
// an error is in.
func (h *handle) call(what, text string,
	run func(p unsafe.Pointer, e *C.seg_error) C.seg_status) error {
	p := h.acquire()
	if p == nil {
		return closed(what)
	}
	defer h.release()
	e := newError()
	if status := run(p, &e); status != C.SEG_OK {
		return failed(status, &e, text)
	}
	return nil
}

// chars and size hand a string over as it lies; C does not keep it.
func chars(s string) *C.char { return (*C.char)(unsafe.Pointer(unsafe.StringData(s))) }

func size(s string) C.size_t { return C.size_t(len(s)) }

// Micros is an instant as the library counts it: microseconds since 1970-01-01T00:00:00Z.
func Micros(t time.Time) int64 { return t.UnixMicro() }

func micros(t time.Time) C.int64_t { return C.int64_t(t.UnixMicro()) }

// instant is the other way round, in UTC.
func instant(us int64) time.Time { return time.UnixMicro(us).UTC() }

// take copies the bytes of a buffer of the library, and ends it.
func take(buffer *C.seg_buffer) []byte {
	defer C.seg_buffer_destroy(buffer)
	n := C.seg_buffer_size(buffer)
	out := make([]byte, int(n))
	copy(out, unsafe.Slice((*byte)(unsafe.Pointer(C.seg_buffer_data(buffer))), int(n)))
	return out
}

// view is memory of the library as a slice; a nil pointer is an empty one.
func view[T any](ptr unsafe.Pointer, count int) []T {
	if ptr == nil || count == 0 {
		return nil
	}
	return unsafe.Slice((*T)(ptr), count)
}
