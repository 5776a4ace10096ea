package seg

// #include <seg/seg.h>
// #include <stdlib.h>
import "C"

import (
	"time"
	"unsafe"
)

// CompileJSON is Compile for a predicate in the JSON form. Places of errors are places in the JSON,
// and messages begin with the JSON pointer.
func (s *Store) CompileJSON(data []byte, options ...CompileOption) (*Segment, error) {
	text := string(data)
	flags := compileFlags(options)
	return s.segment(text, func(p *C.seg_store, out **C.seg_segment,
		e *C.seg_error) C.seg_status {
		return C.seg_segment_compile_json(p, chars(text), size(text), flags, out, e)
	})
}

// form is a buffer that a call of the library makes of the segment.
func (s *Segment) form(run func(*C.seg_segment, **C.seg_buffer,
	*C.seg_error) C.seg_status) ([]byte, error) {
	var buffer *C.seg_buffer
	if err := s.do(func(p *C.seg_segment, e *C.seg_error) C.seg_status {
		return run(p, &buffer, e)
	}); err != nil {
		return nil, err
	}
	return take(buffer), nil
}

// Text is the one canonical text of the predicate; compiling it gives an equal segment.
func (s *Segment) Text() (string, error) {
	text, err := s.form(func(p *C.seg_segment, out **C.seg_buffer,
		e *C.seg_error) C.seg_status {
		return C.seg_segment_text(p, out, e)
	})
	return string(text), err
}

// JSON is the JSON form of the canonical text, which [Store.CompileJSON] reads. Sorted, operands
// whose order means nothing stand in the order of their bytes.
func (s *Segment) JSON(sorted bool) ([]byte, error) {
	var flags C.uint32_t
	if sorted {
		flags = C.SEG_JSON_SORTED
	}
	return s.form(func(p *C.seg_segment, out **C.seg_buffer, e *C.seg_error) C.seg_status {
		return C.seg_segment_to_json(p, flags, out, e)
	})
}

// MarshalJSON makes a segment a value of encoding/json.
func (s *Segment) MarshalJSON() ([]byte, error) { return s.JSON(false) }

// A Dialect of SQL.
type Dialect uint32

// The dialects.
const (
	DuckDB     Dialect = C.SEG_SQL_DUCKDB
	ClickHouse Dialect = C.SEG_SQL_CLICKHOUSE
)

// An SQLOption changes a statement.
type SQLOption func(*sqlOptions)

type sqlOptions struct {
	users, events string
}

// Tables names the tables of customers and events, "users" and "events" without it. Dots part
// database and table.
func Tables(users, events string) SQLOption {
	return func(o *sqlOptions) { o.users, o.events = users, events }
}

// SQL is a SELECT that finds the same customers at the instant now in tables of a fixed layout,
// which docs/sql.md describes. What the dialect cannot say exactly is [ErrDialect].
func (s *Segment) SQL(dialect Dialect, now time.Time, options ...SQLOption) (string, error) {
	o := sqlOptions{users: "users", events: "events"}
	for _, option := range options {
		option(&o)
	}
	// The options hold pointers, so their texts must be memory of C.
	users, events := C.CString(o.users), C.CString(o.events)
	defer C.free(unsafe.Pointer(users))
	defer C.free(unsafe.Pointer(events))
	co := C.seg_sql_options{
		struct_size: C.uint32_t(unsafe.Sizeof(C.seg_sql_options{})),
		dialect:     C.uint32_t(dialect),
		now:         micros(now),
		users:       users,
		events:      events,
	}
	sql, err := s.form(func(p *C.seg_segment, out **C.seg_buffer, e *C.seg_error) C.seg_status {
		return C.seg_segment_to_sql(p, &co, out, e)
	})
	return string(sql), err
}
