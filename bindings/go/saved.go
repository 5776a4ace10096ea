package seg

// #include <seg/seg.h>
import "C"

import (
	"time"
	"unsafe"
)

// A Saved is a segment or a class that the store keeps under a name.
type Saved struct {
	Name    string
	Text    string // as it was given
	Version uint64 // how often the name was defined since it was new or last dropped
}

// Define saves a predicate under a name, so that others can say: in segment "name". A name that
// exists is replaced. The version counts up from 1.
func (s *Store) Define(name, text string) (version uint64, err error) {
	var number C.uint64_t
	err = s.do(text, func(p *C.seg_store, e *C.seg_error) C.seg_status {
		return C.seg_store_define_segment(p, chars(name), size(name), chars(text), size(text),
			&number, e)
	})
	return uint64(number), err
}

// Drop forgets a saved segment. It fails with [ErrInUse] while another definition refers to it.
func (s *Store) Drop(name string) error {
	return s.do("", func(p *C.seg_store, e *C.seg_error) C.seg_status {
		return C.seg_store_drop_segment(p, chars(name), size(name), e)
	})
}

// Segments lists the saved segments by rising name.
func (s *Store) Segments() ([]Saved, error) {
	return s.saved(func(p *C.seg_store, list **C.seg_segment_list, e *C.seg_error) C.seg_status {
		return C.seg_store_list_segments(p, list, e)
	})
}

// DefineClass saves a class under a name, for class.NAME = "label" in predicates:
//
//	"label": predicate; ... otherwise "label"
func (s *Store) DefineClass(name, text string) (version uint64, err error) {
	var number C.uint64_t
	err = s.do(text, func(p *C.seg_store, e *C.seg_error) C.seg_status {
		return C.seg_store_define_class(p, chars(name), size(name), chars(text), size(text),
			&number, e)
	})
	return uint64(number), err
}

// DropClass forgets a saved class. It fails with [ErrInUse] while another definition refers to it.
func (s *Store) DropClass(name string) error {
	return s.do("", func(p *C.seg_store, e *C.seg_error) C.seg_status {
		return C.seg_store_drop_class(p, chars(name), size(name), e)
	})
}

// Classes lists the saved classes by rising name.
func (s *Store) Classes() ([]Saved, error) {
	return s.saved(func(p *C.seg_store, list **C.seg_segment_list, e *C.seg_error) C.seg_status {
		return C.seg_store_list_classes(p, list, e)
	})
}

func (s *Store) saved(run func(*C.seg_store, **C.seg_segment_list,
	*C.seg_error) C.seg_status) ([]Saved, error) {
	var list *C.seg_segment_list
	if err := s.do("", func(p *C.seg_store, e *C.seg_error) C.seg_status {
		return run(p, &list, e)
	}); err != nil {
		return nil, err
	}
	return takeSaved(list), nil
}

// takeSaved copies a list of the library, and ends it.
func takeSaved(list *C.seg_segment_list) []Saved {
	defer C.seg_segment_list_destroy(list)
	var out []Saved
	for i := range C.seg_segment_list_count(list) {
		info := C.seg_segment_info{struct_size: C.uint32_t(unsafe.Sizeof(C.seg_segment_info{}))}
		if C.seg_segment_list_at(list, i, &info, nil) == C.SEG_OK {
			out = append(out, Saved{
				Name:    string(view[byte](unsafe.Pointer(info.name), int(info.name_size))),
				Text:    string(view[byte](unsafe.Pointer(info.text), int(info.text_size))),
				Version: uint64(info.version),
			})
		}
	}
	return out
}

// ---- occasions ----------------------------------------------------------------------------------

// A DateRange is the first and the last day of a range, both included: the dates that the times
// show in their own zones.
type DateRange struct {
	First, Last time.Time
}

// OneDay is the range of a single day.
func OneDay(day time.Time) DateRange { return DateRange{day, day} }

// An Occasion is days that have a name.
type Occasion struct {
	Name   string
	Ranges []DateRange // rising, with a day or more between two; midnights in UTC
}

// DefineOccasion gives days a name, for: during occasion "name". The ranges may come in any order
// and overlap. A name that exists is replaced.
func (s *Store) DefineOccasion(name string, ranges ...DateRange) error {
	days := make([]int32, 2*len(ranges)+1)
	for i, r := range ranges {
		days[2*i], days[2*i+1] = Days(r.First), Days(r.Last)
	}
	return s.do("", func(p *C.seg_store, e *C.seg_error) C.seg_status {
		return C.seg_store_define_occasion(p, chars(name), size(name), (*C.int32_t)(&days[0]),
			C.uint64_t(len(ranges)), e)
	})
}

// DropOccasion forgets an occasion. It fails with [ErrInUse] while a definition refers to it.
func (s *Store) DropOccasion(name string) error {
	return s.do("", func(p *C.seg_store, e *C.seg_error) C.seg_status {
		return C.seg_store_drop_occasion(p, chars(name), size(name), e)
	})
}

// Occasions lists the occasions by rising name.
func (s *Store) Occasions() ([]Occasion, error) {
	var list *C.seg_occasion_list
	if err := s.do("", func(p *C.seg_store, e *C.seg_error) C.seg_status {
		return C.seg_store_list_occasions(p, &list, e)
	}); err != nil {
		return nil, err
	}
	defer C.seg_occasion_list_destroy(list)
	var out []Occasion
	for i := range C.seg_occasion_list_count(list) {
		info := C.seg_occasion_info{struct_size: C.uint32_t(unsafe.Sizeof(C.seg_occasion_info{}))}
		if C.seg_occasion_list_at(list, i, &info, nil) != C.SEG_OK {
			continue
		}
		occasion := Occasion{Name: string(view[byte](unsafe.Pointer(info.name), int(info.name_size)))}
		days := view[int32](unsafe.Pointer(info.days), 2*int(info.range_count))
		for k := 0; k < len(days); k += 2 {
			occasion.Ranges = append(occasion.Ranges, DateRange{date(days[k]), date(days[k+1])})
		}
		out = append(out, occasion)
	}
	return out, nil
}

// date is midnight UTC of a day as the library counts it.
func date(days int32) time.Time { return time.Unix(int64(days)*86400, 0).UTC() }
