package seg

// #include <seg/seg.h>
// #include <stdlib.h>
import "C"

import (
	"sync/atomic"
	"time"
	"unsafe"
)

// Memory is the path of a store that lives in memory only.
const Memory = ":memory:"

// A Store holds everything about one customer base, in memory or in a file.
type Store struct {
	h     *handle
	ended *atomic.Pointer[error] // what ending it said
}

// An Option of [Open]. Zone, weeks, kind of ids and memory of event ids are what a store is from
// its beginning on: for a file that is there they may be left out, and what is stated must be what
// the file has.
type Option func(*storeOptions)

type storeOptions struct {
	c        C.seg_store_options
	timezone string
}

// WithTimezone sets the store's zone, an IANA name; without it the zone is UTC.
func WithTimezone(name string) Option { return func(o *storeOptions) { o.timezone = name } }

// WithUint64IDs makes a store whose users are numbers instead of texts: the methods whose names
// end in U64 are for it.
func WithUint64IDs() Option {
	return func(o *storeOptions) { o.c.id_kind = C.SEG_ID_U64 }
}

// WithSundayWeeks lets weeks start on Sunday instead of Monday.
func WithSundayWeeks() Option { return func(o *storeOptions) { o.c.week_start = 7 } }

// WithThreads bounds the threads of one evaluation; without it that is the number of processors.
func WithThreads(count int) Option {
	return func(o *storeOptions) { o.c.threads_max = C.uint32_t(count) }
}

// WithDedupWindow sets for how long event ids are remembered, by event time; without it that is
// 35 days. A negative window means for ever.
func WithDedupWindow(window time.Duration) Option {
	return func(o *storeOptions) {
		o.c.dedup_window_us = C.uint64_t(window.Microseconds())
		if window < 0 {
			o.c.dedup_window_us = C.UINT64_MAX
		}
	}
}

// WithReadOnly opens a file for reading: nothing is written, not even after a crash of the last
// writer. Several processes may read one file.
func WithReadOnly() Option {
	return func(o *storeOptions) { o.c.flags = C.SEG_STORE_READ_ONLY }
}

// WithExisting opens a file that is there, and fails with [ErrNotFound] where there is none.
func WithExisting() Option { return func(o *storeOptions) { o.c.flags = 0 } }

// WithExclusive makes a new file, and fails with [ErrExists] where there is one.
func WithExclusive() Option {
	return func(o *storeOptions) { o.c.flags = C.SEG_STORE_CREATE | C.SEG_STORE_EXCLUSIVE }
}

// A Durability tells what a commit that has returned survives. In no case is half of one found
// later.
type Durability uint32

// The durabilities.
const (
	DurabilityFull   Durability = C.SEG_DURABILITY_FULL   // also a loss of power
	DurabilityNormal Durability = C.SEG_DURABILITY_NORMAL // a loss of power may take the last second
	DurabilityOff    Durability = C.SEG_DURABILITY_OFF    // the end of the process only
)

// WithDurability sets what a commit survives; without it that is [DurabilityFull].
func WithDurability(durability Durability) Option {
	return func(o *storeOptions) { o.c.durability = C.uint32_t(durability) }
}

// WithMemoryLimit bounds the bytes of events of a file that are kept in memory, about.
func WithMemoryLimit(bytes uint64) Option {
	return func(o *storeOptions) { o.c.memory_limit = C.uint64_t(bytes) }
}

// WithLogBytes sets how long the log beside the file may grow before a commit empties it; without
// it that is 64 MiB.
func WithLogBytes(bytes uint64) Option {
	return func(o *storeOptions) { o.c.log_bytes_max = C.uint64_t(bytes) }
}

// Open opens the store at path, which is [Memory] or a file; a file is made where there is none. Of
// WithReadOnly, WithExisting and WithExclusive the last one counts.
func Open(path string, options ...Option) (*Store, error) {
	var o storeOptions
	o.c.struct_size = C.uint32_t(unsafe.Sizeof(o.c))
	o.c.flags = C.SEG_STORE_CREATE
	for _, option := range options {
		option(&o)
	}
	var store *C.seg_store
	if o.timezone != "" {
		// The options hold a pointer, so its text must be memory of C.
		zone := C.CString(o.timezone)
		defer C.free(unsafe.Pointer(zone))
		o.c.timezone = zone
		o.c.timezone_size = C.uint64_t(len(o.timezone))
	}
	e := newError()
	if status := C.seg_store_open(chars(path), size(path), &o.c, &store, &e); status != C.SEG_OK {
		return nil, failed(status, &e, "")
	}
	ended := &atomic.Pointer[error]{}
	s := &Store{ended: ended}
	s.h = own(s, unsafe.Pointer(store), func(p unsafe.Pointer) {
		e := newError()
		if status := C.seg_store_close((*C.seg_store)(p), &e); status != C.SEG_OK {
			err := failed(status, &e, "")
			ended.Store(&err)
		}
	})
	return s, nil
}

// Close ends the store. What was made from it stays usable; a file stays locked until the last of
// that is closed. Whatever it returns, all that was committed is safe. Where other goroutines use
// the store, it ends with the last of their calls, and Close does not learn how.
func (s *Store) Close() error {
	s.h.close()
	if err := s.ended.Load(); err != nil {
		return *err
	}
	return nil
}

func (s *Store) acquire() (*C.seg_store, error) {
	p := s.h.acquire()
	if p == nil {
		return nil, closed("store")
	}
	return (*C.seg_store)(p), nil
}

// do runs one call of the library.
func (s *Store) do(text string, run func(p *C.seg_store, e *C.seg_error) C.seg_status) error {
	return s.h.call("store", text, func(p unsafe.Pointer, e *C.seg_error) C.seg_status {
		return run((*C.seg_store)(p), e)
	})
}

// ---- schema -------------------------------------------------------------------------------------

// A Type of values.
type Type int32

// The types. A column's type is fixed by its definition or by the first value that comes.
const (
	Bool      Type = C.SEG_TYPE_BOOL
	Int64     Type = C.SEG_TYPE_INT64
	Float64   Type = C.SEG_TYPE_FLOAT64
	Decimal   Type = C.SEG_TYPE_DECIMAL // an int64 and the number of its digits after the point
	String    Type = C.SEG_TYPE_STRING
	Timestamp Type = C.SEG_TYPE_TIMESTAMP // an instant
	Date      Type = C.SEG_TYPE_DATE      // days since 1970-01-01, in no time zone
	Geo       Type = C.SEG_TYPE_GEO
	StringSet Type = C.SEG_TYPE_STRING_SET // attributes only
)

var typeNames = [...]string{"", "bool", "int64", "float64", "decimal", "string", "timestamp", "date",
	"geo", "string set"}

// String is the name of the type.
func (t Type) String() string {
	if t < 0 || int(t) >= len(typeNames) {
		return "unknown type"
	}
	return typeNames[t]
}

// A Point is a place: latitude and longitude in degrees.
type Point struct {
	Latitude, Longitude float64
}

// A Column of the schema.
type Column struct {
	Event string // the event type of a property; "" for an attribute
	Name  string // "" for an event type's own entry
	Type  Type
	Scale int // of decimals

	History bool // an attribute that remembers its values
}

// DefineAttribute defines an attribute ahead of the data. Scale counts for [Decimal] only.
func (s *Store) DefineAttribute(name string, kind Type, scale int) error {
	return s.do("", func(p *C.seg_store, e *C.seg_error) C.seg_status {
		return C.seg_store_define_attribute(p, chars(name), size(name), C.seg_type(kind),
			C.int32_t(scale), e)
	})
}

// DefineHistory defines an attribute that remembers its values: each with the instant from which it
// holds ([Appender.UserSince], Batch.Attributes), so that predicates can ask what it was before.
func (s *Store) DefineHistory(name string, kind Type, scale int) error {
	return s.do("", func(p *C.seg_store, e *C.seg_error) C.seg_status {
		return C.seg_store_define_history(p, chars(name), size(name), C.seg_type(kind),
			C.int32_t(scale), e)
	})
}

// DefineEvent defines an event type ahead of the data.
func (s *Store) DefineEvent(name string) error {
	return s.do("", func(p *C.seg_store, e *C.seg_error) C.seg_status {
		return C.seg_store_define_event(p, chars(name), size(name), e)
	})
}

// DefineProperty defines a property of an event type, and the event type as well where it is new.
func (s *Store) DefineProperty(event, name string, kind Type, scale int) error {
	return s.do("", func(p *C.seg_store, e *C.seg_error) C.seg_status {
		return C.seg_store_define_property(p, chars(event), size(event), chars(name), size(name),
			C.seg_type(kind), C.int32_t(scale), e)
	})
}

// Columns lists the schema: attributes, then each event type followed by its properties.
func (s *Store) Columns() ([]Column, error) {
	p, err := s.acquire()
	if err != nil {
		return nil, err
	}
	defer s.h.release()
	e := newError()
	out := make([]Column, 0, int(C.seg_store_column_count(p)))
	for i := range cap(out) {
		info := C.seg_column_info{struct_size: C.uint32_t(unsafe.Sizeof(C.seg_column_info{}))}
		if status := C.seg_store_column_at(p, C.uint64_t(i), &info, &e); status != C.SEG_OK {
			return nil, failed(status, &e, "")
		}
		out = append(out, Column{
			Event: C.GoStringN(info.event, C.int(info.event_size)),
			Name:  C.GoStringN(info.name, C.int(info.name_size)),
			Type:  Type(info._type),
			Scale: int(info.scale),

			History: info.flags&C.SEG_COLUMN_HISTORY != 0,
		})
	}
	return out, nil
}

// ---- snapshots ----------------------------------------------------------------------------------

// A Snapshot is the store as it was at one moment: later commits do not change what it shows.
type Snapshot struct {
	h     *handle
	store *Store
}

// Snapshot sees the store as it is now. It does not wait for a commit under way.
func (s *Store) Snapshot() (*Snapshot, error) {
	var snapshot *C.seg_snapshot
	if err := s.do("", func(p *C.seg_store, e *C.seg_error) C.seg_status {
		return C.seg_snapshot_create(p, &snapshot, e)
	}); err != nil {
		return nil, err
	}
	out := &Snapshot{store: s}
	out.h = own(out, unsafe.Pointer(snapshot), func(p unsafe.Pointer) {
		C.seg_snapshot_release((*C.seg_snapshot)(p))
	})
	return out, nil
}

// Close ends the snapshot.
func (s *Snapshot) Close() error {
	s.h.close()
	return nil
}

// do runs one call of the library.
func (s *Snapshot) do(run func(p *C.seg_snapshot, e *C.seg_error) C.seg_status) error {
	return s.h.call("snapshot", "", func(p unsafe.Pointer, e *C.seg_error) C.seg_status {
		return run((*C.seg_snapshot)(p), e)
	})
}

func (s *Snapshot) acquire() (*C.seg_snapshot, error) {
	if s == nil {
		return nil, fault(ErrArg, "the snapshot is nil")
	}
	p := s.h.acquire()
	if p == nil {
		return nil, closed("snapshot")
	}
	return (*C.seg_snapshot)(p), nil
}

// A SnapshotInfo tells what a snapshot holds.
type SnapshotInfo struct {
	Commits         uint64 // before the snapshot
	Users           uint64
	Events          uint64
	Parts           uint64 // sorted parts that hold the events
	MemoryBytes     uint64 // of events, attributes, ids and dictionaries, about
	Oldest, Newest  time.Time
	HasOldestNewest bool // whether there are events at all
}

// Info tells what the snapshot holds.
func (s *Snapshot) Info() (SnapshotInfo, error) {
	info := C.seg_snapshot_info{struct_size: C.uint32_t(unsafe.Sizeof(C.seg_snapshot_info{}))}
	if err := s.do(func(p *C.seg_snapshot, e *C.seg_error) C.seg_status {
		return C.seg_snapshot_get_info(p, &info, e)
	}); err != nil {
		return SnapshotInfo{}, err
	}
	return SnapshotInfo{
		Commits:         uint64(info.commit_sequence),
		Users:           uint64(info.user_count),
		Events:          uint64(info.event_count),
		Parts:           uint64(info.part_count),
		MemoryBytes:     uint64(info.memory_bytes),
		Oldest:          instant(int64(info.time_min)),
		Newest:          instant(int64(info.time_max)),
		HasOldestNewest: info.event_count > 0,
	}, nil
}
