package seg

// #include <seg/seg.h>
import "C"

import (
	"time"
	"unsafe"
)

// An Appender gathers rows of events and attributes, and commits them together. Begin a row with
// Event or User, set its values, begin the next; at the end Commit. A call that fails drops the
// row under way and leaves those before it. One goroutine at a time.
type Appender struct {
	h *handle
	// The library writes here instead of to a new struct per call.
	e C.seg_error
}

// Appender makes an empty appender.
func (s *Store) Appender() (*Appender, error) {
	p, err := s.acquire()
	if err != nil {
		return nil, err
	}
	defer s.h.release()
	a := &Appender{e: newError()}
	var appender *C.seg_appender
	if status := C.seg_appender_create(p, &appender, &a.e); status != C.SEG_OK {
		return nil, failed(status, &a.e, "")
	}
	a.h = own(a, unsafe.Pointer(appender), func(p unsafe.Pointer) {
		C.seg_appender_destroy((*C.seg_appender)(p))
	})
	return a, nil
}

// Close ends the appender and drops rows that were not committed.
func (a *Appender) Close() error {
	a.h.close()
	return nil
}

// do runs one call of the library.
func (a *Appender) do(call func(p *C.seg_appender) C.seg_status) error {
	p := a.h.acquire()
	if p == nil {
		return closed("appender")
	}
	defer a.h.release()
	if status := call((*C.seg_appender)(p)); status != C.SEG_OK {
		return failed(status, &a.e, "")
	}
	return nil
}

// Event begins a row: the user did this at that time.
func (a *Appender) Event(user, event string, at time.Time) error {
	return a.do(func(p *C.seg_appender) C.seg_status {
		return C.seg_appender_event(p, chars(user), size(user), chars(event), size(event),
			micros(at), &a.e)
	})
}

// EventU64 is Event for stores of [WithUint64IDs].
func (a *Appender) EventU64(user uint64, event string, at time.Time) error {
	return a.do(func(p *C.seg_appender) C.seg_status {
		return C.seg_appender_event_u64(p, C.uint64_t(user), chars(event), size(event),
			micros(at), &a.e)
	})
}

// User begins a row of attributes.
func (a *Appender) User(user string) error {
	return a.do(func(p *C.seg_appender) C.seg_status {
		return C.seg_appender_user(p, chars(user), size(user), &a.e)
	})
}

// UserU64 is User for stores of [WithUint64IDs].
func (a *Appender) UserU64(user uint64) error {
	return a.do(func(p *C.seg_appender) C.seg_status {
		return C.seg_appender_user_u64(p, C.uint64_t(user), &a.e)
	})
}

// UserSince begins a row of attributes whose values hold from an instant on, for attributes with a
// history.
func (a *Appender) UserSince(user string, since time.Time) error {
	return a.do(func(p *C.seg_appender) C.seg_status {
		return C.seg_appender_user_since(p, chars(user), size(user), micros(since), &a.e)
	})
}

// UserSinceU64 is UserSince for stores of [WithUint64IDs].
func (a *Appender) UserSinceU64(user uint64, since time.Time) error {
	return a.do(func(p *C.seg_appender) C.seg_status {
		return C.seg_appender_user_since_u64(p, C.uint64_t(user), micros(since), &a.e)
	})
}

// SetEventID gives the event under way its id. An id seen before with the same content makes it a
// duplicate, which is left out.
func (a *Appender) SetEventID(id string) error {
	return a.do(func(p *C.seg_appender) C.seg_status {
		return C.seg_appender_set_event_id(p, chars(id), size(id), &a.e)
	})
}

// SetBool gives the row under way a property or an attribute, as all methods of such names do.
func (a *Appender) SetBool(name string, value bool) error {
	var number C.int32_t
	if value {
		number = 1
	}
	return a.do(func(p *C.seg_appender) C.seg_status {
		return C.seg_appender_set_bool(p, chars(name), size(name), number, &a.e)
	})
}

// SetInt sets a whole number.
func (a *Appender) SetInt(name string, value int64) error {
	return a.do(func(p *C.seg_appender) C.seg_status {
		return C.seg_appender_set_int64(p, chars(name), size(name), C.int64_t(value), &a.e)
	})
}

// SetFloat sets a float, which must be finite.
func (a *Appender) SetFloat(name string, value float64) error {
	return a.do(func(p *C.seg_appender) C.seg_status {
		return C.seg_appender_set_float64(p, chars(name), size(name), C.double(value), &a.e)
	})
}

// SetDecimal sets mantissa divided by 10 to the power of scale: 1995 with scale 2 is 19.95.
func (a *Appender) SetDecimal(name string, mantissa int64, scale int) error {
	return a.do(func(p *C.seg_appender) C.seg_status {
		return C.seg_appender_set_decimal(p, chars(name), size(name), C.int64_t(mantissa),
			C.int32_t(scale), &a.e)
	})
}

// SetString sets a text.
func (a *Appender) SetString(name, value string) error {
	return a.do(func(p *C.seg_appender) C.seg_status {
		return C.seg_appender_set_string(p, chars(name), size(name), chars(value), size(value),
			&a.e)
	})
}

// SetTime sets an instant.
func (a *Appender) SetTime(name string, value time.Time) error {
	return a.do(func(p *C.seg_appender) C.seg_status {
		return C.seg_appender_set_timestamp(p, chars(name), size(name), micros(value), &a.e)
	})
}

// SetDate sets a civil date, the one that value shows in its own zone.
func (a *Appender) SetDate(name string, value time.Time) error {
	days := Days(value)
	return a.do(func(p *C.seg_appender) C.seg_status {
		return C.seg_appender_set_date(p, chars(name), size(name), C.int32_t(days), &a.e)
	})
}

// SetPoint sets a place.
func (a *Appender) SetPoint(name string, value Point) error {
	return a.do(func(p *C.seg_appender) C.seg_status {
		return C.seg_appender_set_geo(p, chars(name), size(name), C.double(value.Latitude),
			C.double(value.Longitude), &a.e)
	})
}

// SetStrings sets a set of texts.
func (a *Appender) SetStrings(name string, elements []string) error {
	var pin pins
	defer pin.Unpin()
	pointers := make([]*C.char, len(elements)+1)
	sizes := make([]C.size_t, len(elements)+1)
	for i, element := range elements {
		pointers[i] = pin.text(element)
		sizes[i] = size(element)
	}
	return a.do(func(p *C.seg_appender) C.seg_status {
		return C.seg_appender_set_strings(p, chars(name), size(name), &pointers[0], &sizes[0],
			C.size_t(len(elements)), &a.e)
	})
}

// SetNull makes a property or an attribute explicitly empty. The column must be known.
func (a *Appender) SetNull(name string) error {
	return a.do(func(p *C.seg_appender) C.seg_status {
		return C.seg_appender_set_null(p, chars(name), size(name), &a.e)
	})
}

// Rows is how many rows were gathered and not yet committed.
func (a *Appender) Rows() int {
	p := a.h.must("appender")
	defer a.h.release()
	return int(C.seg_appender_row_count((*C.seg_appender)(p)))
}

// Clear drops what was gathered.
func (a *Appender) Clear() {
	p := a.h.must("appender")
	defer a.h.release()
	C.seg_appender_clear((*C.seg_appender)(p))
}

// Commit applies all rows or none, in their order; afterwards the appender is empty. When it
// fails the appender keeps its rows.
func (a *Appender) Commit(options ...CommitOption) (Report, error) {
	var report Report
	err := a.do(func(p *C.seg_appender) (status C.seg_status) {
		rows := int(C.seg_appender_row_count(p))
		report, status = commit(rows, options,
			func(o *C.seg_commit_options, r *C.seg_commit_report) C.seg_status {
				return C.seg_appender_commit(p, o, r, &a.e)
			})
		return status
	})
	return report, err
}

// Days is the date that a time shows in its own zone, as the library counts it: days since
// 1970-01-01.
func Days(t time.Time) int32 {
	year, month, day := t.Date()
	return int32(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}
