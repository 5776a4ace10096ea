package seg

// #include <seg/seg.h>
import "C"

import (
	"time"
	"unsafe"
)

// A Finding is one remark about a predicate.
type Finding struct {
	ID      string // what kind it is, for programs: "always-false", "syntax"
	Warning bool   // it compiles, and says something that may not be meant
	What    *Error // message, hint and place; the code of a warning is 0
}

// A LintOption changes what is looked at.
type LintOption func(*C.seg_lint_options)

// LintUnknown makes names that the store does not know yet warnings, as [AllowUnknown] does.
func LintUnknown() LintOption {
	return func(o *C.seg_lint_options) { o.flags |= C.SEG_LINT_OPEN }
}

// LintJSON reads the text as a predicate in the JSON form.
func LintJSON() LintOption {
	return func(o *C.seg_lint_options) { o.flags |= C.SEG_LINT_JSON }
}

// LintRetention tells how long events are kept, so that windows beyond that are remarked upon.
func LintRetention(keep time.Duration) LintOption {
	return func(o *C.seg_lint_options) { o.retention_us = C.int64_t(keep.Microseconds()) }
}

// Lint finds all errors of a predicate that can be found in one reading, and then warnings about
// what is allowed and perhaps not meant. An error of the predicate is no failure of this call.
func (s *Store) Lint(text string, options ...LintOption) ([]Finding, error) {
	o := C.seg_lint_options{struct_size: C.uint32_t(unsafe.Sizeof(C.seg_lint_options{}))}
	for _, option := range options {
		option(&o)
	}
	var lint *C.seg_lint
	if err := s.do(text, func(p *C.seg_store, e *C.seg_error) C.seg_status {
		return C.seg_segment_lint(p, chars(text), size(text), &o, &lint, e)
	}); err != nil {
		return nil, err
	}
	defer C.seg_lint_destroy(lint)
	var out []Finding
	for i := range C.seg_lint_count(lint) {
		f := C.seg_finding{struct_size: C.uint32_t(unsafe.Sizeof(C.seg_finding{}))}
		if C.seg_lint_at(lint, i, &f, nil) != C.SEG_OK {
			continue
		}
		out = append(out, Finding{
			ID:      C.GoString(f.id),
			Warning: f.level == C.SEG_LINT_WARNING,
			What: &Error{
				Code:    Code(f.code),
				Offset:  int(f.offset),
				Length:  int(f.length),
				Line:    int(f.line),
				Column:  int(f.column),
				Message: C.GoString(f.message),
				Hint:    C.GoString(f.hint),
				Text:    text,
			},
		})
	}
	return out, nil
}
