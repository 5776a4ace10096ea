package seg

// #include <seg/seg.h>
import "C"

import (
	"math"
	"time"
	"unsafe"
)

// ---- erasing customers --------------------------------------------------------------------------

// An EraseOption changes what an erasure means for later.
type EraseOption func(*C.uint32_t)

// Refuse leaves rows that name one of the erased out of every later commit. Without it, an id that
// comes again is a new customer.
func Refuse() EraseOption {
	return func(flags *C.uint32_t) { *flags |= C.SEG_ERASE_REFUSE }
}

// A Receipt tells what an erasure did: counts only, so that it may be kept as a proof.
type Receipt struct {
	Commit          uint64 // number of the store's state with the erasure in it
	UsersErased     uint64
	IDsUnknown      uint64 // ids that no customer had
	IDsRefused      uint64 // ids that are refused from now on and were not before
	EventsRemoved   uint64
	ValuesRemoved   uint64 // values of attributes, explicit nulls included
	EventIDsRemoved uint64 // of those remembered against duplicates
	StringsRemoved  uint64 // texts that no value of a column uses any more
	PartsRewritten  uint64 // sorted parts that lost rows
	ViewsOpen       uint64 // as Store.ViewsOpen afterwards
}

// Erase erases customers for good: their events, attributes, ids, and texts that nobody else's
// values use. They are in no answer of a snapshot made afterwards; older sets count them and give
// an empty id in their place. Give many at once: the parts that hold them are written anew.
func (s *Store) Erase(ids []string, options ...EraseOption) (Receipt, error) {
	texts := Pack(ids)
	bytes, offsets := texts.pointers()
	return s.erase(options, func(p *C.seg_store, o *C.seg_erase_options, r *C.seg_erase_receipt,
		e *C.seg_error) C.seg_status {
		return C.seg_store_erase_users(p, bytes, offsets, C.uint64_t(len(ids)), o, r, e)
	})
}

// EraseU64 is Erase for stores of [WithUint64IDs].
func (s *Store) EraseU64(ids []uint64, options ...EraseOption) (Receipt, error) {
	first := firstOf(ids)
	return s.erase(options, func(p *C.seg_store, o *C.seg_erase_options, r *C.seg_erase_receipt,
		e *C.seg_error) C.seg_status {
		return C.seg_store_erase_users_u64(p, first, C.uint64_t(len(ids)), o, r, e)
	})
}

func (s *Store) erase(options []EraseOption, run func(*C.seg_store, *C.seg_erase_options,
	*C.seg_erase_receipt, *C.seg_error) C.seg_status) (Receipt, error) {
	o := C.seg_erase_options{struct_size: C.uint32_t(unsafe.Sizeof(C.seg_erase_options{}))}
	for _, option := range options {
		option(&o.flags)
	}
	r := C.seg_erase_receipt{struct_size: C.uint32_t(unsafe.Sizeof(C.seg_erase_receipt{}))}
	err := s.do("", func(p *C.seg_store, e *C.seg_error) C.seg_status {
		return run(p, &o, &r, e)
	})
	return Receipt{
		Commit:          uint64(r.commit_sequence),
		UsersErased:     uint64(r.users_erased),
		IDsUnknown:      uint64(r.ids_unknown),
		IDsRefused:      uint64(r.ids_refused),
		EventsRemoved:   uint64(r.events_removed),
		ValuesRemoved:   uint64(r.values_removed),
		EventIDsRemoved: uint64(r.event_ids_removed),
		StringsRemoved:  uint64(r.strings_removed),
		PartsRewritten:  uint64(r.parts_rewritten),
		ViewsOpen:       uint64(r.views_open),
	}, err
}

// ViewsOpen is how many erasures and expiries a snapshot or set of before still shows. 0: all that
// was removed has been overwritten.
func (s *Store) ViewsOpen() int {
	p := s.h.must("store")
	defer s.h.release()
	return int(C.seg_store_views_open((*C.seg_store)(p)))
}

// ---- retention ----------------------------------------------------------------------------------

const (
	// AllEvents stands for all event types without a rule of their own.
	AllEvents = ""
	// KeepForever is the rule of a new store.
	KeepForever time.Duration = math.MaxInt64
	// KeepUsual lets the rule of [AllEvents] hold for an event type again.
	KeepUsual time.Duration = 0
)

// eventName is NULL for all events.
func eventName(event string) *C.char {
	if event == AllEvents {
		return nil
	}
	return chars(event)
}

// SetRetention keeps events of this type so long, by their time. Only a rule: Expire applies it.
func (s *Store) SetRetention(event string, keep time.Duration) error {
	us := C.uint64_t(max(keep, 0).Microseconds())
	switch {
	case keep == KeepForever:
		us = C.SEG_KEEP_FOREVER
	case keep != KeepUsual && us == 0:
		return fault(ErrArg, "events cannot be kept for %v", keep)
	}
	return s.do("", func(p *C.seg_store, e *C.seg_error) C.seg_status {
		return C.seg_store_set_retention(p, eventName(event), size(event), us, e)
	})
}

// Retention is the rule that holds for the event type. Rules beyond the 292 years of a Duration
// count as [KeepForever].
func (s *Store) Retention(event string) (time.Duration, error) {
	var us C.uint64_t
	if err := s.do("", func(p *C.seg_store, e *C.seg_error) C.seg_status {
		return C.seg_store_get_retention(p, eventName(event), size(event), &us, e)
	}); err != nil {
		return 0, err
	}
	if us > C.uint64_t(KeepForever.Microseconds()) {
		return KeepForever, nil
	}
	return time.Duration(us) * time.Microsecond, nil
}

// An ExpireReport tells what [Store.Expire] removed.
type ExpireReport struct {
	Commit         uint64
	EventsRemoved  uint64
	StringsRemoved uint64 // texts that no value of a column uses any more
	PartsRewritten uint64 // sorted parts that lost rows
	ViewsOpen      uint64 // as Store.ViewsOpen afterwards
}

// Expire removes for good every event that is older at the instant now than the rule of its type
// keeps it. Customers stay, and so does what `first` says about them.
func (s *Store) Expire(now time.Time) (ExpireReport, error) {
	r := C.seg_expire_report{struct_size: C.uint32_t(unsafe.Sizeof(C.seg_expire_report{}))}
	err := s.do("", func(p *C.seg_store, e *C.seg_error) C.seg_status {
		return C.seg_store_expire(p, micros(now), &r, e)
	})
	return ExpireReport{
		Commit:         uint64(r.commit_sequence),
		EventsRemoved:  uint64(r.events_removed),
		StringsRemoved: uint64(r.strings_removed),
		PartsRewritten: uint64(r.parts_rewritten),
		ViewsOpen:      uint64(r.views_open),
	}, err
}
