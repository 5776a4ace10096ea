package seg

// #include <seg/seg.h>
import "C"

import "unsafe"

// A Saved is a segment that the store keeps under a name.
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
	var list *C.seg_segment_list
	if err := s.do("", func(p *C.seg_store, e *C.seg_error) C.seg_status {
		return C.seg_store_list_segments(p, &list, e)
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
