package seg

// #include <seg/seg.h>
import "C"

import (
	"iter"
	"math"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// A Set of customers: the answer to an evaluation, or made from such answers. It never changes
// and belongs to one store.
type Set struct {
	h     *handle
	store *Store
	err   atomic.Pointer[error]
}

func newSet(store *Store, set *C.seg_set) *Set {
	out := &Set{store: store}
	out.h = own(out, unsafe.Pointer(set), func(p unsafe.Pointer) {
		C.seg_set_release((*C.seg_set)(p))
	})
	return out
}

func newSets(store *Store, sets []*C.seg_set) []*Set {
	out := make([]*Set, len(sets))
	for i, set := range sets {
		out[i] = newSet(store, set)
	}
	return out
}

// Close ends the set.
func (s *Set) Close() error {
	s.h.close()
	return nil
}

func (s *Set) acquire() (*C.seg_set, error) {
	p := s.h.acquire()
	if p == nil {
		return nil, closed("set")
	}
	return (*C.seg_set)(p), nil
}

// ---- making sets --------------------------------------------------------------------------------

// set wraps what a call of the library makes, which may count ids that it does not know.
func (s *Snapshot) set(run func(p *C.seg_snapshot, out **C.seg_set, unknown *C.uint64_t,
	e *C.seg_error) C.seg_status) (*Set, int, error) {
	var set *C.seg_set
	var unknown C.uint64_t
	if err := s.do(func(p *C.seg_snapshot, e *C.seg_error) C.seg_status {
		return run(p, &set, &unknown, e)
	}); err != nil {
		return nil, 0, err
	}
	return newSet(s.store, set), int(unknown), nil
}

// Everyone is the set of all customers of the snapshot.
func (s *Snapshot) Everyone() (*Set, error) {
	set, _, err := s.set(func(p *C.seg_snapshot, out **C.seg_set, _ *C.uint64_t,
		e *C.seg_error) C.seg_status {
		return C.seg_set_everyone(p, out, e)
	})
	return set, err
}

// SetOf is the set of the customers with these ids. Unknown ids are left out and counted.
func (s *Snapshot) SetOf(ids []string) (set *Set, unknown int, err error) {
	texts := Pack(ids)
	bytes, offsets := texts.pointers()
	return s.set(func(p *C.seg_snapshot, out **C.seg_set, unknown *C.uint64_t,
		e *C.seg_error) C.seg_status {
		return C.seg_set_from_ids(p, bytes, offsets, C.uint64_t(len(ids)), out, unknown, e)
	})
}

// SetOfU64 is SetOf for stores of [WithUint64IDs].
func (s *Snapshot) SetOfU64(ids []uint64) (set *Set, unknown int, err error) {
	return s.set(func(p *C.seg_snapshot, out **C.seg_set, unknown *C.uint64_t,
		e *C.seg_error) C.seg_status {
		return C.seg_set_from_ids_u64(p, firstOf(ids), C.uint64_t(len(ids)), out, unknown, e)
	})
}

// noText stands where there are no bytes at all.
var noText [1]byte

// pointers is for texts that have offsets, as packed ones do.
func (t *Texts) pointers() (*C.char, *C.uint64_t) {
	bytes := &noText[0]
	if cap(t.Bytes) > 0 {
		bytes = unsafe.SliceData(t.Bytes)
	}
	return (*C.char)(unsafe.Pointer(bytes)), (*C.uint64_t)(&t.Offsets[0])
}

// noID stands where there are no ids at all.
var noID uint64

func firstOf(ids []uint64) *C.uint64_t {
	if len(ids) == 0 {
		return (*C.uint64_t)(&noID)
	}
	return (*C.uint64_t)(&ids[0])
}

// ---- asking -------------------------------------------------------------------------------------

// Count is how many customers are in the set.
func (s *Set) Count() int {
	p := s.h.must("set")
	n := C.seg_set_count((*C.seg_set)(p))
	s.h.release()
	return int(n)
}

// Now is the instant that the set was evaluated for; 1970 for sets made otherwise.
func (s *Set) Now() time.Time {
	p := s.h.must("set")
	defer s.h.release()
	return instant(int64(C.seg_set_now((*C.seg_set)(p))))
}

// Contains reports whether the customer is in the set. For many customers ContainsMany is far
// cheaper.
func (s *Set) Contains(user string) bool {
	p := s.h.must("set")
	n := C.seg_set_contains((*C.seg_set)(p), chars(user), size(user))
	s.h.release()
	return n != 0
}

// ContainsU64 is Contains for stores of [WithUint64IDs].
func (s *Set) ContainsU64(user uint64) bool {
	p := s.h.must("set")
	n := C.seg_set_contains_u64((*C.seg_set)(p), C.uint64_t(user))
	s.h.release()
	return n != 0
}

// packs are used again, so that a batch of ids allocates nothing but its answer.
var packs = sync.Pool{New: func() any { return new(Texts) }}

// packBytesMax bounds what a pack that waits for its next use may hold.
const packBytesMax = 1 << 20

// ContainsMany reports for each id whether the customer is in the set, with one call of C.
func (s *Set) ContainsMany(ids []string) []bool {
	texts := packs.Get().(*Texts)
	texts.pack(ids)
	members := make([]bool, len(ids))
	s.ContainsTexts(*texts, members)
	if cap(texts.Bytes)+8*cap(texts.Offsets) <= packBytesMax {
		packs.Put(texts)
	}
	return members
}

// ContainsTexts is ContainsMany for ids that lie in one piece of memory already; members must be
// as long as there are ids. It returns how many are in the set, and allocates nothing.
func (s *Set) ContainsTexts(ids Texts, members []bool) int {
	if len(members) != ids.Len() {
		panic("seg: ContainsTexts needs as many members as ids")
	}
	if !ids.valid() {
		panic("seg: the offsets of the ids do not fit their bytes")
	}
	p := s.h.must("set")
	defer s.h.release()
	if len(members) == 0 {
		return 0
	}
	bytes, offsets := ids.pointers()
	return int(C.seg_set_contains_many((*C.seg_set)(p), bytes, offsets, C.uint64_t(len(members)),
		(*C.uint8_t)(unsafe.Pointer(&members[0]))))
}

// ContainsManyU64 is ContainsMany for stores of [WithUint64IDs].
func (s *Set) ContainsManyU64(ids []uint64) []bool {
	p := s.h.must("set")
	defer s.h.release()
	members := make([]bool, len(ids))
	if len(ids) > 0 {
		C.seg_set_contains_many_u64((*C.seg_set)(p), (*C.uint64_t)(&ids[0]), C.uint64_t(len(ids)),
			(*C.uint8_t)(unsafe.Pointer(&members[0])))
	}
	return members
}

// ---- algebra ------------------------------------------------------------------------------------

// An Operation joins two sets.
type Operation uint32

// The operations.
const (
	And    Operation = C.SEG_SET_AND
	Or     Operation = C.SEG_SET_OR
	Xor    Operation = C.SEG_SET_XOR
	AndNot Operation = C.SEG_SET_ANDNOT
)

// Combine makes a new set of two of one store; of two snapshots the later one counts.
func (s *Set) Combine(operation Operation, other *Set) (*Set, error) {
	var set *C.seg_set
	if err := s.with(other, func(left, right *C.seg_set, e *C.seg_error) C.seg_status {
		return C.seg_set_combine(C.uint32_t(operation), left, right, &set, e)
	}); err != nil {
		return nil, err
	}
	return newSet(s.store, set), nil
}

// CombineCount is how many customers Combine would give, without making the set.
func (s *Set) CombineCount(operation Operation, other *Set) (int, error) {
	var count C.uint64_t
	err := s.with(other, func(left, right *C.seg_set, e *C.seg_error) C.seg_status {
		return C.seg_set_combine_count(C.uint32_t(operation), left, right, &count, e)
	})
	return int(count), err
}

// do runs one call of the library.
func (s *Set) do(run func(p *C.seg_set, e *C.seg_error) C.seg_status) error {
	return s.h.call("set", "", func(p unsafe.Pointer, e *C.seg_error) C.seg_status {
		return run((*C.seg_set)(p), e)
	})
}

// with runs one call of the library on two sets.
func (s *Set) with(other *Set,
	run func(left, right *C.seg_set, e *C.seg_error) C.seg_status) error {
	right, err := other.acquire()
	if err != nil {
		return err
	}
	defer other.h.release()
	return s.do(func(left *C.seg_set, e *C.seg_error) C.seg_status { return run(left, right, e) })
}

// And is who is in both sets.
func (s *Set) And(other *Set) (*Set, error) { return s.Combine(And, other) }

// Or is who is in at least one of the sets.
func (s *Set) Or(other *Set) (*Set, error) { return s.Combine(Or, other) }

// Xor is who is in exactly one of the sets.
func (s *Set) Xor(other *Set) (*Set, error) { return s.Combine(Xor, other) }

// AndNot is who is in this set and not in the other.
func (s *Set) AndNot(other *Set) (*Set, error) { return s.Combine(AndNot, other) }

// Complement is everyone of the set's snapshot who is not in it.
func (s *Set) Complement() (*Set, error) {
	var set *C.seg_set
	if err := s.do(func(p *C.seg_set, e *C.seg_error) C.seg_status {
		return C.seg_set_complement(p, &set, e)
	}); err != nil {
		return nil, err
	}
	return newSet(s.store, set), nil
}

// Equal reports whether both sets hold the same customers of the same store.
func (s *Set) Equal(other *Set) bool {
	left := s.h.must("set")
	defer s.h.release()
	right := other.h.must("set")
	defer other.h.release()
	return C.seg_set_equals((*C.seg_set)(left), (*C.seg_set)(right)) != 0
}

// ---- reading out --------------------------------------------------------------------------------

// chunkSize is what All and AllU64 read at a time.
const chunkSize = 4096

// Err is the first failure of an iteration over the set, or nil. An iteration that fails ends
// early; it can only where memory ends, and where the ids of the store are of the other kind.
func (s *Set) Err() error {
	if err := s.err.Load(); err != nil {
		return *err
	}
	return nil
}

func (s *Set) fail(err error) { s.err.CompareAndSwap(nil, &err) }

// walk opens a cursor and calls next until it says that the end is reached.
func (s *Set) walk(next func(cursor *C.seg_set_cursor, e *C.seg_error) (bool, C.seg_status)) {
	p, err := s.acquire()
	if err != nil {
		s.fail(err)
		return
	}
	// The cursor keeps what it needs, so that the loop's body may close the set.
	e := newError()
	var cursor *C.seg_set_cursor
	status := C.seg_set_cursor_create(p, &cursor, &e)
	s.h.release()
	if status != C.SEG_OK {
		s.fail(failed(status, &e, ""))
		return
	}
	defer C.seg_set_cursor_destroy(cursor)
	for {
		more, status := next(cursor, &e)
		if status != C.SEG_OK {
			s.fail(failed(status, &e, ""))
			return
		}
		if !more {
			return
		}
	}
}

// Chunks reads the ids out, at most n at a time, in the order in which the store first saw them.
// Every chunk is a new slice; its ids share one piece of memory. A customer who was erased since
// the set was made keeps his place, so that ids stay beside the rows of a [ValueColumn], but his id
// is empty. See [Set.Err].
func (s *Set) Chunks(n int) iter.Seq[[]string] {
	n = max(n, 1)
	return func(yield func([]string) bool) {
		offsets := make([]C.uint64_t, n+1)
		s.walk(func(cursor *C.seg_set_cursor, e *C.seg_error) (bool, C.seg_status) {
			var bytes *C.char
			var count C.uint64_t
			if status := C.seg_set_cursor_next(cursor, C.uint64_t(n), &offsets[0], &bytes, &count,
				e); status != C.SEG_OK || count == 0 {
				return false, status
			}
			// Offsets may begin anywhere, and C.GoStringN stops at 2 GiB.
			from, to := offsets[0], offsets[count]
			all := string(view[byte](unsafe.Add(unsafe.Pointer(bytes), from), int(to-from)))
			chunk := make([]string, int(count))
			for i := range chunk {
				chunk[i] = all[offsets[i]-from : offsets[i+1]-from]
			}
			return yield(chunk), C.SEG_OK
		})
	}
}

// All reads the ids out one by one, without those that were erased; underneath they come in chunks.
func (s *Set) All() iter.Seq[string] {
	return func(yield func(string) bool) {
		for chunk := range s.Chunks(chunkSize) {
			for _, id := range chunk {
				if id != "" && !yield(id) {
					return
				}
			}
		}
	}
}

// ChunksU64 is Chunks for stores of [WithUint64IDs]; the place of an erased customer holds
// math.MaxUint64, which is nobody's id.
func (s *Set) ChunksU64(n int) iter.Seq[[]uint64] {
	n = max(n, 1)
	return func(yield func([]uint64) bool) {
		s.walk(func(cursor *C.seg_set_cursor, e *C.seg_error) (bool, C.seg_status) {
			ids := make([]uint64, n)
			var count C.uint64_t
			if status := C.seg_set_cursor_next_u64(cursor, C.uint64_t(n), (*C.uint64_t)(&ids[0]),
				&count, e); status != C.SEG_OK || count == 0 {
				return false, status
			}
			return yield(ids[:int(count)]), C.SEG_OK
		})
	}
}

// AllU64 is All for stores of [WithUint64IDs].
func (s *Set) AllU64() iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for chunk := range s.ChunksU64(chunkSize) {
			for _, id := range chunk {
				if id != math.MaxUint64 && !yield(id) {
					return
				}
			}
		}
	}
}

// ---- roaring ------------------------------------------------------------------------------------

// A RoaringFormat is what the numbers of a roaring bitmap stand for.
type RoaringFormat uint32

// The formats, both of them the portable ones of the roaring specification.
const (
	RoaringOrdinals RoaringFormat = C.SEG_ROARING_ORDINALS // 32 bits; for this store only
	RoaringIDs      RoaringFormat = C.SEG_ROARING_IDS      // 64 bits; stores of WithUint64IDs
)

// ToRoaring writes the set as a roaring bitmap.
func (s *Set) ToRoaring(format RoaringFormat) ([]byte, error) {
	var buffer *C.seg_buffer
	if err := s.do(func(p *C.seg_set, e *C.seg_error) C.seg_status {
		return C.seg_set_to_roaring(p, C.uint32_t(format), &buffer, e)
	}); err != nil {
		return nil, err
	}
	return take(buffer), nil
}

// FromRoaring reads such bytes back, and checks them fully. Ids that the snapshot does not know
// are left out and counted.
func (s *Snapshot) FromRoaring(format RoaringFormat, data []byte) (set *Set, unknown int,
	err error) {
	first := unsafe.Pointer(&noText[0])
	if len(data) > 0 {
		first = unsafe.Pointer(&data[0])
	}
	return s.set(func(p *C.seg_snapshot, out **C.seg_set, unknown *C.uint64_t,
		e *C.seg_error) C.seg_status {
		return C.seg_set_from_roaring(p, C.uint32_t(format), first, C.size_t(len(data)), out, unknown,
			e)
	})
}
