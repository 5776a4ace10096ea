package seg

// #include <seg/seg.h>
import "C"

import (
	"runtime"
	"unsafe"
)

// pins keeps slices where they are while C reads them through structs. The zero value is ready.
type pins struct {
	runtime.Pinner
}

func (p *pins) text(s string) *C.char {
	if len(s) == 0 {
		return nil
	}
	data := unsafe.StringData(s)
	p.Pin(data)
	return (*C.char)(unsafe.Pointer(data))
}

// pinned is the slice's memory; an empty slice gives a valid pointer all the same, because the
// library takes nil for "not there".
func pinned[T any](p *pins, slice []T) unsafe.Pointer {
	if cap(slice) == 0 {
		slice = make([]T, 1)
	}
	data := unsafe.SliceData(slice)
	p.Pin(data)
	return unsafe.Pointer(data)
}

// Texts are many texts in one piece of memory: text i is Bytes[Offsets[i]:Offsets[i+1]].
type Texts struct {
	Bytes   []byte
	Offsets []uint64 // one more than there are texts; none at all means no texts
}

// Pack puts texts into one piece of memory.
func Pack(texts []string) Texts {
	var t Texts
	t.pack(texts)
	return t
}

func (t *Texts) pack(texts []string) {
	total := 0
	for _, text := range texts {
		total += len(text)
	}
	if cap(t.Bytes) < total {
		t.Bytes = make([]byte, 0, total)
	}
	if cap(t.Offsets) < len(texts)+1 {
		t.Offsets = make([]uint64, len(texts)+1)
	}
	t.Bytes, t.Offsets = t.Bytes[:0], t.Offsets[:len(texts)+1]
	t.Offsets[0] = 0
	for i, text := range texts {
		t.Bytes = append(t.Bytes, text...)
		t.Offsets[i+1] = uint64(len(t.Bytes))
	}
}

// Len is how many texts there are.
func (t Texts) Len() int { return max(len(t.Offsets)-1, 0) }

// valid reports whether the offsets rise and stay inside of the bytes.
func (t Texts) valid() bool {
	for i := 1; i < len(t.Offsets); i++ {
		if t.Offsets[i] < t.Offsets[i-1] {
			return false
		}
	}
	return len(t.Offsets) == 0 || t.Offsets[len(t.Offsets)-1] <= uint64(len(t.Bytes))
}

// A State of one value.
type State uint8

// The states. An absent attribute keeps what it was, a null empties it.
const (
	Present State = C.SEG_VALUE_SET
	Null    State = C.SEG_VALUE_NULL
	Absent  State = C.SEG_VALUE_ABSENT
)

// Values are a column of a [Batch], made by BoolValues and its siblings. Its slices are not
// copied: leave them alone until the commit has returned.
type Values struct {
	Name   string
	States []State // one per row; nil: all are there

	kind     Type
	scale    int
	rows     int
	bools    []bool
	numbers  []int64
	floats   []float64
	days     []int32
	points   []Point
	texts    Texts
	codes    []uint32
	lists    []uint64
	elements int
}

// BoolValues is a column of truth values.
func BoolValues(name string, values []bool) Values {
	return Values{Name: name, kind: Bool, rows: len(values), bools: values}
}

// IntValues is a column of whole numbers.
func IntValues(name string, values []int64) Values {
	return Values{Name: name, kind: Int64, rows: len(values), numbers: values}
}

// FloatValues is a column of finite floats.
func FloatValues(name string, values []float64) Values {
	return Values{Name: name, kind: Float64, rows: len(values), floats: values}
}

// DecimalValues is a column of decimals, each divided by 10 to the power of scale.
func DecimalValues(name string, mantissas []int64, scale int) Values {
	return Values{Name: name, kind: Decimal, rows: len(mantissas), numbers: mantissas, scale: scale}
}

// TimeValues is a column of instants, in microseconds since 1970 as [Micros] gives them.
func TimeValues(name string, micros []int64) Values {
	return Values{Name: name, kind: Timestamp, rows: len(micros), numbers: micros}
}

// DateValues is a column of dates, in days since 1970-01-01 as [Days] gives them.
func DateValues(name string, days []int32) Values {
	return Values{Name: name, kind: Date, rows: len(days), days: days}
}

// PointValues is a column of places.
func PointValues(name string, points []Point) Values {
	return Values{Name: name, kind: Geo, rows: len(points), points: points}
}

// StringValues is a column of texts, which are copied into one piece of memory.
func StringValues(name string, values []string) Values {
	return TextValues(name, Pack(values))
}

// TextValues is a column of texts that lie in one piece of memory already.
func TextValues(name string, texts Texts) Values {
	return Values{Name: name, kind: String, rows: texts.Len(), texts: texts}
}

// CodeValues is a column of texts by number: row i has the text dictionary[codes[i]].
func CodeValues(name string, dictionary []string, codes []uint32) Values {
	if codes == nil {
		codes = []uint32{}
	}
	return Values{Name: name, kind: String, rows: len(codes), texts: Pack(dictionary), codes: codes}
}

// SetValues is a column of sets of texts, for attributes.
func SetValues(name string, sets [][]string) Values {
	lists := make([]uint64, len(sets)+1)
	var elements []string
	for i, set := range sets {
		elements = append(elements, set...)
		lists[i+1] = uint64(len(elements))
	}
	return Values{Name: name, kind: StringSet, rows: len(sets), texts: Pack(elements), lists: lists,
		elements: len(elements)}
}

// WithStates is the column with a state for each row.
func (v Values) WithStates(states []State) Values {
	v.States = states
	return v
}

// check refuses what would let C read beyond a slice.
func (v *Values) check(rows int) error {
	if v.rows != rows {
		return fault(ErrArg, "column %q has %d rows, the batch %d", v.Name, v.rows, rows)
	}
	if v.States != nil && len(v.States) != rows {
		return fault(ErrArg, "column %q has %d states for %d rows", v.Name, len(v.States), rows)
	}
	if !v.texts.valid() {
		return fault(ErrArg, "the offsets of column %q do not fit its bytes", v.Name)
	}
	for i, code := range v.codes {
		if uint64(code) >= uint64(v.texts.Len()) && (v.States == nil || v.States[i] == Present) {
			return fault(ErrArg, "column %q has no text of number %d", v.Name, code)
		}
	}
	return nil
}

func (v *Values) column(pin *pins) C.seg_column {
	c := C.seg_column{
		struct_size: C.uint32_t(unsafe.Sizeof(C.seg_column{})),
		_type:       C.seg_type(v.kind),
		scale:       C.int32_t(v.scale),
		name:        pin.text(v.Name),
		name_size:   C.uint64_t(len(v.Name)),
	}
	switch v.kind {
	case Bool:
		c.values = pinned(pin, v.bools)
	case Float64:
		c.values = pinned(pin, v.floats)
	case Date:
		c.values = pinned(pin, v.days)
	case Geo:
		c.values = pinned(pin, v.points)
	case String, StringSet:
		c.values = pinned(pin, v.texts.Bytes)
		offsets := v.texts.Offsets
		if len(offsets) == 0 {
			offsets = []uint64{0}
		}
		c.offsets = (*C.uint64_t)(pinned(pin, offsets))
		if v.codes != nil {
			c.codes = (*C.uint32_t)(pinned(pin, v.codes))
			c.dictionary_count = C.uint64_t(v.texts.Len())
		}
		if v.lists != nil {
			c.lists = (*C.uint64_t)(pinned(pin, v.lists))
		}
	default:
		c.values = pinned(pin, v.numbers)
	}
	if v.States != nil {
		c.states = (*C.uint8_t)(pinned(pin, v.States))
	}
	return c
}

// A Batch is many rows in columns: the fast way in, one call for all of them. Slices are read
// where they lie. With Times it brings events, without them attributes.
type Batch struct {
	// Who, one of the three: ids as texts, texts in one piece, or numbers (for stores of
	// [WithUint64IDs]).
	Users     []string
	UserTexts *Texts
	UserIDs   []uint64
	// When, for events, in microseconds as [Micros] gives them.
	Times []int64
	// Attributes makes rows with Times ones of attributes: the instants from which on their values
	// hold, for attributes with a history.
	Attributes bool
	// What, for events: one type for all rows, or one per row, made by [CodeValues].
	Event  string
	Events *Values
	// EventIDs de-duplicate events; optional, made by [StringValues] or [TextValues].
	EventIDs *Values
	// Columns are properties of the events, or attributes of the users.
	Columns []Values
}

func (b *Batch) users() (Texts, int, error) {
	switch {
	case b.UserIDs != nil:
		return Texts{}, len(b.UserIDs), nil
	case b.UserTexts != nil:
		if !b.UserTexts.valid() {
			return Texts{}, 0, fault(ErrArg, "the offsets of the users do not fit their bytes")
		}
		return *b.UserTexts, b.UserTexts.Len(), nil
	}
	return Pack(b.Users), len(b.Users), nil
}

// batch fills in the form of C; everything it points to is pinned.
func (b *Batch) batch(pin *pins, c *C.seg_batch) (rows int, err error) {
	users, rows, err := b.users()
	if err != nil {
		return 0, err
	}
	c.struct_size = C.uint32_t(unsafe.Sizeof(*c))
	c.row_count = C.uint64_t(rows)
	if b.UserIDs != nil {
		c.user_ids = (*C.uint64_t)(pinned(pin, b.UserIDs))
	} else {
		if len(users.Offsets) == 0 {
			users.Offsets = []uint64{0}
		}
		c.user_bytes = (*C.char)(pinned(pin, users.Bytes))
		c.user_offsets = (*C.uint64_t)(pinned(pin, users.Offsets))
	}
	if b.Times != nil {
		if len(b.Times) != rows {
			return 0, fault(ErrArg, "the batch has %d times for %d rows", len(b.Times), rows)
		}
		c.times = (*C.int64_t)(pinned(pin, b.Times))
	}
	if b.Attributes {
		c.flags = C.SEG_BATCH_ATTRIBUTES
	}
	if b.Event != "" {
		c.event = pin.text(b.Event)
		c.event_size = C.uint64_t(len(b.Event))
	}
	if err := b.single(pin, b.Events, rows, &c.event_types); err != nil {
		return 0, err
	}
	if err := b.single(pin, b.EventIDs, rows, &c.event_ids); err != nil {
		return 0, err
	}
	columns := make([]C.seg_column, 0, len(b.Columns))
	for i := range b.Columns {
		if err := b.Columns[i].check(rows); err != nil {
			return 0, err
		}
		columns = append(columns, b.Columns[i].column(pin))
	}
	if len(columns) > 0 {
		c.columns = (*C.seg_column)(pinned(pin, columns))
		c.column_count = C.uint64_t(len(columns))
	}
	return rows, nil
}

func (b *Batch) single(pin *pins, values *Values, rows int, out **C.seg_column) error {
	if values == nil {
		return nil
	}
	if err := values.check(rows); err != nil {
		return err
	}
	*out = (*C.seg_column)(pinned(pin, []C.seg_column{values.column(pin)}))
	return nil
}

// Commit applies batches as one commit: all of it or nothing. Columns that the store does not
// know are defined; a column of another type than the store's is [ErrSchema].
func (s *Store) Commit(batches []Batch, options ...CommitOption) (Report, error) {
	p, err := s.acquire()
	if err != nil {
		return Report{}, err
	}
	defer s.h.release()
	var pin pins
	defer pin.Unpin()
	forms := make([]C.seg_batch, len(batches)+1)
	rows := 0
	for i := range batches {
		count, err := batches[i].batch(&pin, &forms[i])
		if err != nil {
			return Report{}, err
		}
		rows += count
	}
	e := newError()
	report, status := commit(rows, options,
		func(o *C.seg_commit_options, r *C.seg_commit_report) C.seg_status {
			return C.seg_store_commit(p, &forms[0], C.size_t(len(batches)), o, r, &e)
		})
	if status != C.SEG_OK {
		return report, failed(status, &e, "")
	}
	return report, nil
}

// ---- commits ------------------------------------------------------------------------------------

// A CommitOption changes what a commit does with wrong rows.
type CommitOption func(*commitOptions)

type commitOptions struct {
	quarantine bool
	token      *string
}

// Quarantine leaves wrong rows out instead of refusing the commit; Report.Rows tells which.
func Quarantine() CommitOption { return func(o *commitOptions) { o.quarantine = true } }

// Token names the commit, by 1 to 64 bytes. The store remembers the tokens of its newest 1,024
// commits that had one: the same token again does nothing and gives the report of the first time,
// with Report.Repeated set. So a commit that may have succeeded or not, because the machine went
// down meanwhile, is simply sent again.
func Token(name string) CommitOption { return func(o *commitOptions) { o.token = &name } }

// A RowResult tells what became of a row.
type RowResult uint8

// The results of rows.
const (
	RowOK        RowResult = C.SEG_ROW_OK
	RowDuplicate RowResult = C.SEG_ROW_DUPLICATE // seen before with the same content: no error
	RowBadID     RowResult = C.SEG_ROW_BAD_ID    // empty or too long user or event id
	RowBadTime   RowResult = C.SEG_ROW_BAD_TIME  // outside of the years 1 to 9999
	RowBadValue  RowResult = C.SEG_ROW_BAD_VALUE // not a number, not UTF-8, too long, ...
	RowConflict  RowResult = C.SEG_ROW_CONFLICT  // event id seen before with other content
	RowRefused   RowResult = C.SEG_ROW_REFUSED   // its user was erased with Refuse: no error
)

// A Report tells what a commit did.
type Report struct {
	Commit      uint64 // its number
	Applied     uint64
	Duplicates  uint64
	Rejected    uint64
	UsersAdded  uint64
	Refused     uint64      // rows of users who were erased with Refuse
	Repeated    bool        // the token was seen before: this is what was done then
	RejectedRow int         // the first one, from 0; -1 if there is none
	Rows        []RowResult // with Quarantine: one per row
}

func commit(rows int, options []CommitOption,
	call func(*C.seg_commit_options, *C.seg_commit_report) C.seg_status) (Report, C.seg_status) {
	var o commitOptions
	for _, option := range options {
		option(&o)
	}
	var pin pins
	defer pin.Unpin()
	co := C.seg_commit_options{struct_size: C.uint32_t(unsafe.Sizeof(C.seg_commit_options{}))}
	r := C.seg_commit_report{struct_size: C.uint32_t(unsafe.Sizeof(C.seg_commit_report{}))}
	var results []RowResult
	if o.quarantine {
		results = make([]RowResult, rows)
		co.flags = C.SEG_COMMIT_QUARANTINE
		if rows > 0 {
			co.row_results = (*C.uint8_t)(pinned(&pin, results))
			co.row_results_count = C.uint64_t(rows)
		}
	}
	if o.token != nil {
		co.token = (*C.char)(pinned(&pin, []byte(*o.token)))
		co.token_size = C.uint64_t(len(*o.token))
	}
	status := call(&co, &r)
	report := Report{
		Commit:      uint64(r.commit_sequence),
		Applied:     uint64(r.rows_applied),
		Duplicates:  uint64(r.rows_duplicate),
		Rejected:    uint64(r.rows_rejected),
		UsersAdded:  uint64(r.users_added),
		Refused:     uint64(r.rows_refused),
		Repeated:    r.flags&C.SEG_COMMIT_REPEATED != 0,
		RejectedRow: -1,
		Rows:        results,
	}
	if status == C.SEG_OK && r.rejected_row != C.UINT64_MAX {
		report.RejectedRow = int(r.rejected_row)
	}
	return report, status
}
