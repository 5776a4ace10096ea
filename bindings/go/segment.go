package seg

// #include <seg/seg.h>
import "C"

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unsafe"
)

// A Segment is a compiled predicate. It never changes.
type Segment struct {
	h     *handle
	store *Store
	text  string // what it was compiled from, for errors
}

// A CompileOption changes how a predicate is compiled.
type CompileOption func(*C.uint32_t)

// AllowUnknown makes names that the store does not know yet warnings: nobody did such an event,
// nobody has such an attribute. Without it they are [ErrUnknownName].
func AllowUnknown() CompileOption {
	return func(flags *C.uint32_t) { *flags |= C.SEG_COMPILE_OPEN }
}

// Compile checks a predicate against what the store knows now. The error of a wrong one tells the
// place and often a hint; see [Error.Caret].
func (s *Store) Compile(text string, options ...CompileOption) (*Segment, error) {
	flags := compileFlags(options)
	return s.segment(text, func(p *C.seg_store, out **C.seg_segment,
		e *C.seg_error) C.seg_status {
		return C.seg_segment_compile(p, chars(text), size(text), flags, out, e)
	})
}

// Load compiles the saved segment of that name.
func (s *Store) Load(name string) (*Segment, error) {
	return s.segment("", func(p *C.seg_store, out **C.seg_segment, e *C.seg_error) C.seg_status {
		return C.seg_segment_load(p, chars(name), size(name), out, e)
	})
}

func compileFlags(options []CompileOption) C.uint32_t {
	var flags C.uint32_t
	for _, option := range options {
		option(&flags)
	}
	return flags
}

// segment wraps what a call of the library makes of a text.
func (s *Store) segment(text string,
	make func(*C.seg_store, **C.seg_segment, *C.seg_error) C.seg_status) (*Segment, error) {
	var segment *C.seg_segment
	if err := s.do(text, func(p *C.seg_store, e *C.seg_error) C.seg_status {
		return make(p, &segment, e)
	}); err != nil {
		return nil, err
	}
	return newSegment(s, segment, text), nil
}

func newSegment(store *Store, segment *C.seg_segment, text string) *Segment {
	out := &Segment{store: store, text: text}
	out.h = own(out, unsafe.Pointer(segment), func(p unsafe.Pointer) {
		C.seg_segment_release((*C.seg_segment)(p))
	})
	return out
}

// Close ends the segment.
func (s *Segment) Close() error {
	s.h.close()
	return nil
}

// do runs one call of the library.
func (s *Segment) do(run func(p *C.seg_segment, e *C.seg_error) C.seg_status) error {
	return s.h.call("segment", s.text, func(p unsafe.Pointer, e *C.seg_error) C.seg_status {
		return run((*C.seg_segment)(p), e)
	})
}

func (s *Segment) acquire() (*C.seg_segment, error) {
	p := s.h.acquire()
	if p == nil {
		return nil, closed("segment")
	}
	return (*C.seg_segment)(p), nil
}

// Fingerprint is a 128-bit hash, low half first: equal segments have equal ones, however they
// were written.
func (s *Segment) Fingerprint() [2]uint64 {
	p := s.h.must("segment")
	defer s.h.release()
	var hash [2]C.uint64_t
	C.seg_segment_fingerprint((*C.seg_segment)(p), &hash[0])
	return [2]uint64{uint64(hash[0]), uint64(hash[1])}
}

// Warnings are remarks of the compiler that are not errors.
func (s *Segment) Warnings() []*Error {
	p := (*C.seg_segment)(s.h.must("segment"))
	defer s.h.release()
	var out []*Error
	for i := range uint64(C.seg_segment_warning_count(p)) {
		e := newError()
		if C.seg_segment_warning(p, C.uint64_t(i), &e) == C.SEG_OK {
			out = append(out, describe(&e, s.text))
		}
	}
	return out
}

// ---- parameters ---------------------------------------------------------------------------------

// Args are values for the parameters of a predicate, by name without the dollar sign. They stand
// for literals only, so that a value from a form cannot change what a predicate means. Values are
//
//	bool, the integer types, float32, float64, string, time.Time (an instant),
//	time.Duration (of whole seconds), [DecimalArg], [DateArg], and slices of those for lists.
//
// Where a decimal is wanted a float counts as the shortest one that reads as it does: 19.99 is
// exactly 19.99.
type Args map[string]any

// A DecimalArg is mantissa divided by 10 to the power of scale.
type DecimalArg struct {
	Mantissa int64
	Scale    int
}

// A DateArg is a civil date.
type DateArg struct {
	Year  int
	Month time.Month
	Day   int
}

// A Param is a parameter that a predicate declares.
type Param struct {
	Name string // without the dollar sign
	Type Type
	List bool
}

// Params lists the parameters in the order of their first use.
func (s *Segment) Params() []Param {
	p := (*C.seg_segment)(s.h.must("segment"))
	defer s.h.release()
	var out []Param
	for i := range uint64(C.seg_segment_param_count(p)) {
		info := C.seg_param_info{struct_size: C.uint32_t(unsafe.Sizeof(C.seg_param_info{}))}
		if C.seg_segment_param_at(p, C.uint64_t(i), &info, nil) == C.SEG_OK {
			out = append(out, Param{
				Name: C.GoStringN(info.name, C.int(info.name_size)),
				Type: Type(info._type),
				List: info.is_list != 0,
			})
		}
	}
	return out
}

// Bind gives the segment with every parameter replaced by its value. It compiles again: saved
// segments and columns count as they are now. Fails with [ErrBound].
func (s *Segment) Bind(args Args) (*Segment, error) {
	p, err := s.acquire()
	if err != nil {
		return nil, err
	}
	defer s.h.release()
	e := newError()
	var params *C.seg_params
	if status := C.seg_params_create(nil, &params, &e); status != C.SEG_OK {
		return nil, failed(status, &e, "")
	}
	defer C.seg_params_destroy(params)
	decimals := map[string]bool{}
	for _, param := range s.Params() {
		decimals[param.Name] = param.Type == Decimal
	}
	for name, value := range args {
		if decimals[name] {
			value = asDecimal(value)
		}
		if err := addArg(params, name, value, true); err != nil {
			return nil, err
		}
	}
	var segment *C.seg_segment
	if status := C.seg_segment_bind(p, params, &segment, &e); status != C.SEG_OK {
		return nil, failed(status, &e, s.text)
	}
	return newSegment(s.store, segment, s.text), nil
}

// asDecimal is for floats, and lists of them; what does not fit stays what it is.
func asDecimal(value any) any {
	switch v := value.(type) {
	case float32:
		return shortest(float64(v), 32)
	case float64:
		return shortest(v, 64)
	case []float64:
		out := make([]any, len(v))
		for i, f := range v {
			out[i] = shortest(f, 64)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, element := range v {
			out[i] = asDecimal(element)
		}
		return out
	}
	return value
}

func shortest(f float64, bits int) any {
	whole, digits, _ := strings.Cut(strconv.FormatFloat(f, 'f', -1, bits), ".")
	mantissa, err := strconv.ParseInt(whole+digits, 10, 64)
	if err != nil || len(digits) > 18 {
		return f
	}
	return DecimalArg{Mantissa: mantissa, Scale: len(digits)}
}

func addList[T any](params *C.seg_params, name string, list []T) error {
	if len(list) == 0 {
		e := newError()
		if status := C.seg_params_add_empty(params, chars(name), size(name),
			&e); status != C.SEG_OK {
			return failed(status, &e, "")
		}
	}
	for _, element := range list {
		if err := addArg(params, name, element, false); err != nil {
			return err
		}
	}
	return nil
}

// addInteger takes care of the one range that does not fit.
func addInteger(params *C.seg_params, name string, value any) (int64, error) {
	switch v := value.(type) {
	case int:
		return int64(v), nil
	case int8:
		return int64(v), nil
	case int16:
		return int64(v), nil
	case int32:
		return int64(v), nil
	case int64:
		return v, nil
	case uint8:
		return int64(v), nil
	case uint16:
		return int64(v), nil
	case uint32:
		return int64(v), nil
	case uint:
		return addInteger(params, name, uint64(v))
	case uint64:
		if v > 1<<63-1 {
			return 0, fault(ErrBound, "the value of $%s does not fit a whole number", name)
		}
		return int64(v), nil
	}
	return 0, fault(ErrBound, "the value of $%s is a %T, which no parameter can be", name, value)
}

func addArg(params *C.seg_params, name string, value any, lists bool) error {
	e := newError()
	status := C.seg_status(C.SEG_OK)
	n, z := chars(name), size(name)
	addText := func(text string) C.seg_status {
		return C.seg_params_add_string(params, n, z, chars(text), size(text), &e)
	}
	switch v := value.(type) {
	case bool:
		var number C.int32_t
		if v {
			number = 1
		}
		status = C.seg_params_add_bool(params, n, z, number, &e)
	case float32:
		status = C.seg_params_add_float64(params, n, z, C.double(v), &e)
	case float64:
		status = C.seg_params_add_float64(params, n, z, C.double(v), &e)
	case string:
		status = addText(v)
	case time.Time:
		status = C.seg_params_add_timestamp(params, n, z, micros(v), &e)
	case time.Duration:
		if v%time.Second != 0 {
			return fault(ErrBound, "the duration $%s is not one of whole seconds", name)
		}
		status = addText(fmt.Sprintf("%d seconds", v/time.Second))
	case DecimalArg:
		status = C.seg_params_add_decimal(params, n, z, C.int64_t(v.Mantissa), C.int32_t(v.Scale),
			&e)
	case DateArg:
		status = addText(fmt.Sprintf("%04d-%02d-%02d", v.Year, v.Month, v.Day))
	default:
		if lists {
			if done, err := addSlice(params, name, value); done {
				return err
			}
		}
		number, err := addInteger(params, name, value)
		if err != nil {
			return err
		}
		status = C.seg_params_add_int64(params, n, z, C.int64_t(number), &e)
	}
	if status != C.SEG_OK {
		return failed(status, &e, "")
	}
	return nil
}

// addSlice reports whether the value was a slice at all.
func addSlice(params *C.seg_params, name string, value any) (done bool, err error) {
	switch v := value.(type) {
	case []string:
		return true, addList(params, name, v)
	case []int:
		return true, addList(params, name, v)
	case []int32:
		return true, addList(params, name, v)
	case []int64:
		return true, addList(params, name, v)
	case []uint64:
		return true, addList(params, name, v)
	case []float64:
		return true, addList(params, name, v)
	case []bool:
		return true, addList(params, name, v)
	case []time.Time:
		return true, addList(params, name, v)
	case []DecimalArg:
		return true, addList(params, name, v)
	case []DateArg:
		return true, addList(params, name, v)
	case []any:
		return true, addList(params, name, v)
	}
	return false, nil
}

// A Query is a predicate with parameters, ready for their values.
type Query struct {
	segment *Segment
}

// Prepare compiles a predicate with parameters.
func (s *Store) Prepare(text string, options ...CompileOption) (*Query, error) {
	segment, err := s.Compile(text, options...)
	if err != nil {
		return nil, err
	}
	return &Query{segment}, nil
}

// Close ends the query.
func (q *Query) Close() error { return q.segment.Close() }

// Params lists the parameters in the order of their first use.
func (q *Query) Params() []Param { return q.segment.Params() }

// Bind gives the segment of these values.
func (q *Query) Bind(args Args) (*Segment, error) { return q.segment.Bind(args) }

// Eval is Bind and [Segment.Eval].
func (q *Query) Eval(ctx context.Context, now time.Time, args Args,
	options ...EvalOption) (*Set, error) {
	segment, err := q.segment.Bind(args)
	if err != nil {
		return nil, err
	}
	defer segment.Close()
	return segment.Eval(ctx, now, options...)
}

// Count is Bind and [Segment.Count].
func (q *Query) Count(ctx context.Context, now time.Time, args Args,
	options ...EvalOption) (int, error) {
	segment, err := q.segment.Bind(args)
	if err != nil {
		return 0, err
	}
	defer segment.Close()
	return segment.Count(ctx, now, options...)
}
