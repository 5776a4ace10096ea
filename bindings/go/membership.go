package seg

// #include <seg/seg.h>
//
// #cgo noescape seg_membership_get
// #cgo nocallback seg_membership_get
// #cgo noescape seg_membership_get_u64
// #cgo nocallback seg_membership_get_u64
// #cgo noescape seg_membership_get_many
// #cgo nocallback seg_membership_get_many
// #cgo noescape seg_membership_get_many_u64
// #cgo nocallback seg_membership_get_many_u64
import "C"

import (
	"math/bits"
	"unsafe"
)

// A Membership tells which of many sets a customer is in, from one row of bits per customer. Set i
// is bit i % 64 of word i / 64. It never changes: make a new one when the sets are evaluated anew.
type Membership struct {
	h     *handle
	words int
}

// NewMembership turns sets of one store round. The sets may be closed afterwards.
func NewMembership(sets []*Set) (*Membership, error) {
	pointers := make([]*C.seg_set, len(sets)+1)
	for i, set := range sets {
		p, err := set.acquire()
		if err != nil {
			return nil, err
		}
		defer set.h.release()
		pointers[i] = p
	}
	e := newError()
	var membership *C.seg_membership
	if status := C.seg_membership_create(&pointers[0], C.size_t(len(sets)), &membership,
		&e); status != C.SEG_OK {
		return nil, failed(status, &e, "")
	}
	out := &Membership{words: int(C.seg_membership_word_count(membership))}
	out.h = own(out, unsafe.Pointer(membership), func(p unsafe.Pointer) {
		C.seg_membership_destroy((*C.seg_membership)(p))
	})
	return out, nil
}

// Close ends the membership.
func (m *Membership) Close() error {
	m.h.close()
	return nil
}

// Words is how many words a row has.
func (m *Membership) Words() int { return m.words }

func (m *Membership) check(row []uint64) {
	if len(row) < m.words {
		panic("seg: a row of a membership has more words")
	}
}

// Row writes the row of one customer to row and reports whether the id is known; the row of one
// that is not is all 0. It allocates nothing.
func (m *Membership) Row(user string, row []uint64) bool {
	m.check(row)
	p := m.h.must("membership")
	known := C.seg_membership_get((*C.seg_membership)(p), chars(user), size(user),
		(*C.uint64_t)(&row[0]))
	m.h.release()
	return known != 0
}

// RowU64 is Row for stores of [WithUint64IDs].
func (m *Membership) RowU64(user uint64, row []uint64) bool {
	m.check(row)
	p := m.h.must("membership")
	known := C.seg_membership_get_u64((*C.seg_membership)(p), C.uint64_t(user),
		(*C.uint64_t)(&row[0]))
	m.h.release()
	return known != 0
}

// Of lists the numbers of the sets that the customer is in.
func (m *Membership) Of(user string) []int {
	row := make([]uint64, m.words)
	m.Row(user, row)
	return members(row)
}

// OfU64 is Of for stores of [WithUint64IDs].
func (m *Membership) OfU64(user uint64) []int {
	row := make([]uint64, m.words)
	m.RowU64(user, row)
	return members(row)
}

func members(row []uint64) []int {
	var out []int
	for k, word := range row {
		for ; word != 0; word &= word - 1 {
			out = append(out, 64*k+bits.TrailingZeros64(word))
		}
	}
	return out
}

// Rows gives the rows of many customers, one after the other, with one call of C.
func (m *Membership) Rows(ids []string) []uint64 {
	p := m.h.must("membership")
	defer m.h.release()
	rows := make([]uint64, len(ids)*m.words)
	if len(ids) == 0 {
		return rows
	}
	texts := Pack(ids)
	bytes, offsets := texts.pointers()
	C.seg_membership_get_many((*C.seg_membership)(p), bytes, offsets, C.uint64_t(len(ids)),
		(*C.uint64_t)(&rows[0]))
	return rows
}

// RowsU64 is Rows for stores of [WithUint64IDs].
func (m *Membership) RowsU64(ids []uint64) []uint64 {
	p := m.h.must("membership")
	defer m.h.release()
	rows := make([]uint64, len(ids)*m.words)
	if len(ids) > 0 {
		C.seg_membership_get_many_u64((*C.seg_membership)(p), firstOf(ids), C.uint64_t(len(ids)),
			(*C.uint64_t)(&rows[0]))
	}
	return rows
}
