package seg

// #include <seg/seg.h>
import "C"

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unsafe"
)

// A Value is a compiled expression with one value per customer, for example
//
//	country
//	count of "purchase" in last 90 days
//	sum(amount) of "purchase" / 12
//
// It never changes.
type Value struct {
	h     *handle
	store *Store
}

// CompileValue checks an expression against what the store knows now.
func (s *Store) CompileValue(text string, options ...CompileOption) (*Value, error) {
	flags := compileFlags(options)
	var value *C.seg_value
	if err := s.do(text, func(p *C.seg_store, e *C.seg_error) C.seg_status {
		return C.seg_value_compile(p, chars(text), size(text), flags, &value, e)
	}); err != nil {
		return nil, err
	}
	out := &Value{store: s}
	out.h = own(out, unsafe.Pointer(value), func(p unsafe.Pointer) {
		C.seg_value_release((*C.seg_value)(p))
	})
	return out, nil
}

// Close ends the value.
func (v *Value) Close() error {
	v.h.close()
	return nil
}

// A ValueColumn holds one value per member of a set, in the order of [Set.Chunks]. It is plain
// memory of Go. The slice that belongs to Type is filled:
//
//	Bool                          Bools
//	Int64, Timestamp, Decimal,    Ints (instants and lengths of time in microseconds, decimals
//	Date                          without their point, dates in days)
//	Float64                       Floats
//	String                        Strings
//	Geo                           Points
//	StringSet                     Sets
type ValueColumn struct {
	Type    Type
	Scale   int     // of decimals
	States  []State // one per row; Absent also where an aggregate is undefined
	Bools   []bool
	Ints    []int64
	Floats  []float64
	Strings []string
	Points  []Point
	Sets    [][]string
}

// Of computes the value of each member of the set at the instant now, in the set's snapshot. Of
// the options only [Threads] counts.
func (v *Value) Of(ctx context.Context, set *Set, now time.Time,
	options ...EvalOption) (*ValueColumn, error) {
	p := v.h.acquire()
	if p == nil {
		return nil, closed("value")
	}
	defer v.h.release()
	sp, err := set.acquire()
	if err != nil {
		return nil, err
	}
	defer set.h.release()
	var o evalOptions
	for _, option := range options {
		option(&o)
	}
	if o.among != nil || o.snapshot != nil {
		return nil, fault(ErrArg, "values are those of a set, in the set's snapshot")
	}
	co := C.seg_eval_options{
		struct_size: C.uint32_t(unsafe.Sizeof(C.seg_eval_options{})),
		threads:     C.uint32_t(max(o.threads, 0)),
	}
	var column *C.seg_value_column
	err = withTask(ctx, func(task *C.seg_task, e *C.seg_error) C.seg_status {
		co.task = task
		return C.seg_value_evaluate((*C.seg_value)(p), sp, micros(now), &co, &column, e)
	})
	if err != nil {
		return nil, err
	}
	defer C.seg_value_column_destroy(column)
	e := newError()
	c := C.seg_column{struct_size: C.uint32_t(unsafe.Sizeof(C.seg_column{}))}
	var rows C.uint64_t
	if status := C.seg_value_column_get(column, &c, &rows, &e); status != C.SEG_OK {
		return nil, failed(status, &e, "")
	}
	return copyColumn(&c, int(rows)), nil
}

// Values compiles expressions and computes them for each member of the set, one column each.
func (s *Set) Values(ctx context.Context, now time.Time, texts ...string) ([]*ValueColumn, error) {
	out := make([]*ValueColumn, len(texts))
	for i, text := range texts {
		value, err := s.store.CompileValue(text)
		if err != nil {
			return nil, err
		}
		out[i], err = value.Of(ctx, s, now)
		value.Close()
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// copyColumn takes over what the library computed.
func copyColumn(c *C.seg_column, rows int) *ValueColumn {
	out := &ValueColumn{Type: Type(c._type), Scale: int(c.scale)}
	out.States = append([]State{}, view[State](unsafe.Pointer(c.states), rows)...)
	values := c.values
	switch out.Type {
	case Bool:
		out.Bools = make([]bool, rows)
		for i, b := range view[uint8](values, rows) {
			out.Bools[i] = b != 0
		}
	case Float64:
		out.Floats = append([]float64{}, view[float64](values, rows)...)
	case Date:
		out.Ints = make([]int64, rows)
		for i, day := range view[int32](values, rows) {
			out.Ints[i] = int64(day)
		}
	case Geo:
		out.Points = append([]Point{}, view[Point](values, rows)...)
	case String:
		out.Strings = copyTexts(c, rows)
	case StringSet:
		lists := view[uint64](unsafe.Pointer(c.lists), rows+1)
		elements := copyTexts(c, int(lists[rows]))
		out.Sets = make([][]string, rows)
		for i := range out.Sets {
			out.Sets[i] = elements[lists[i]:lists[i+1]:lists[i+1]]
		}
	default:
		out.Ints = append([]int64{}, view[int64](values, rows)...)
	}
	return out
}

func copyTexts(c *C.seg_column, count int) []string {
	offsets := view[uint64](unsafe.Pointer(c.offsets), count+1)
	out := make([]string, count)
	if count == 0 {
		return out
	}
	all := string(view[byte](c.values, int(offsets[count])))
	for i := range out {
		out[i] = all[offsets[i]:offsets[i+1]]
	}
	return out
}

// Len is how many rows there are.
func (c *ValueColumn) Len() int { return len(c.States) }

// Has reports whether row i has a value.
func (c *ValueColumn) Has(i int) bool { return c.States[i] == Present }

// Time is the instant, or the date at midnight UTC, of row i.
func (c *ValueColumn) Time(i int) time.Time {
	if c.Type == Date {
		return time.Unix(c.Ints[i]*86400, 0).UTC()
	}
	return instant(c.Ints[i])
}

// Float is the number of row i as a float, and not-a-number where there is none.
func (c *ValueColumn) Float(i int) float64 {
	switch {
	case !c.Has(i):
		return math.NaN()
	case c.Type == Float64:
		return c.Floats[i]
	case c.Type == Int64:
		return float64(c.Ints[i])
	case c.Type == Decimal:
		f, _ := strconv.ParseFloat(c.Text(i), 64)
		return f
	}
	return math.NaN()
}

// Text is the value of row i for people, "" where there is none: decimals with their point,
// instants and dates as ISO 8601, places as two numbers, sets with bars between the elements.
func (c *ValueColumn) Text(i int) string {
	if !c.Has(i) {
		return ""
	}
	switch c.Type {
	case Bool:
		return strconv.FormatBool(c.Bools[i])
	case Float64:
		return strconv.FormatFloat(c.Floats[i], 'g', -1, 64)
	case Decimal:
		return decimalText(c.Ints[i], c.Scale)
	case Timestamp:
		return c.Time(i).Format(time.RFC3339Nano)
	case Date:
		return c.Time(i).Format(time.DateOnly)
	case String:
		return c.Strings[i]
	case Geo:
		return fmt.Sprintf("%g %g", c.Points[i].Latitude, c.Points[i].Longitude)
	case StringSet:
		return strings.Join(c.Sets[i], "|")
	}
	return strconv.FormatInt(c.Ints[i], 10)
}

// decimalText writes a decimal with all digits of its scale.
func decimalText(mantissa int64, scale int) string {
	digits := strconv.FormatInt(mantissa, 10)
	if scale <= 0 {
		return digits
	}
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	if len(digits) <= scale {
		digits = strings.Repeat("0", scale+1-len(digits)) + digits
	}
	return sign + digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
}
