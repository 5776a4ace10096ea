package seg

// #include <seg/seg.h>
// #include <stdlib.h>
// #include <string.h>
//
// // Faults are gathered in C, because nothing calls back into Go.
// typedef struct fault_list {
//     seg_fault *items;
//     size_t count, capacity;
//     int failed;
// } fault_list;
//
// static void fault_add(void *user, const seg_fault *fault)
// {
//     fault_list *list = user;
//     if (list->count == list->capacity) {
//         size_t capacity = list->capacity > 0 ? 2 * list->capacity : 16;
//         seg_fault *items = realloc(list->items, capacity * sizeof *items);
//         list->failed |= items == NULL;
//         if (items == NULL)
//             return;
//         list->items = items;
//         list->capacity = capacity;
//     }
//     seg_fault copy = *fault;
//     copy.file = strdup(fault->file);
//     copy.what = strdup(fault->what);
//     list->items[list->count++] = copy;
//     list->failed |= copy.file == NULL || copy.what == NULL;
// }
//
// static seg_status check_store(seg_store *store, uint32_t level, fault_list *list, seg_error *err)
// {
//     seg_status status = seg_store_check(store, level, fault_add, list, NULL, err);
//     return status == SEG_OK && list->failed ? SEG_E_NOMEM : status;
// }
//
// static seg_status salvage(const char *from, size_t from_size, const char *to, size_t to_size,
//                           uint64_t memory_limit, fault_list *list, seg_salvage_report *report,
//                           seg_error *err)
// {
//     seg_salvage_options options = SEG_SALVAGE_OPTIONS_INIT;
//     options.memory_limit = memory_limit;
//     options.report = fault_add;
//     options.report_user = list;
//     seg_status status = seg_store_salvage(from, from_size, to, to_size, &options, report, err);
//     return status == SEG_OK && list->failed ? SEG_E_NOMEM : status;
// }
//
// static void fault_list_end(fault_list *list)
// {
//     for (size_t i = 0; i < list->count; i++) {
//         free((char *)list->items[i].file);
//         free((char *)list->items[i].what);
//     }
//     free(list->items);
// }
import "C"

import (
	"time"
	"unsafe"
)

// Checkpoint writes what the log holds into the file and empties the log. Commits do this by
// themselves when the log has grown, and Close does.
func (s *Store) Checkpoint() error {
	return s.do("", func(p *C.seg_store, e *C.seg_error) C.seg_status {
		return C.seg_store_checkpoint(p, e)
	})
}

// A Budget bounds what one call of Maintain does, about. Zeros ask for the defaults.
type Budget struct {
	Rows  uint64 // to sort together; 0: four million
	Bytes uint64 // to write; 0: 64 MiB
}

// Maintain puts the store in order piece by piece, in pauses of the program: it sorts what came
// last, joins small parts, writes what is new and frees what is not needed any more. It reports
// whether there is more to do.
func (s *Store) Maintain(budget Budget) (more bool, err error) {
	o := C.seg_maintain_options{
		struct_size:  C.uint32_t(unsafe.Sizeof(C.seg_maintain_options{})),
		budget_rows:  C.uint64_t(budget.Rows),
		budget_bytes: C.uint64_t(budget.Bytes),
	}
	var left C.int32_t
	err = s.do("", func(p *C.seg_store, e *C.seg_error) C.seg_status {
		return C.seg_store_maintain(p, &o, &left, e)
	})
	return left != 0, err
}

// A CheckLevel tells how closely [Store.Check] looks.
type CheckLevel uint32

// The levels.
const (
	CheckQuick CheckLevel = C.SEG_CHECK_QUICK // structure: what points to what, and the log
	CheckFull  CheckLevel = C.SEG_CHECK_FULL  // and every byte, and every value by its type
	CheckDeep  CheckLevel = C.SEG_CHECK_DEEP  // and what is derived is computed again
)

// A Fault is one thing found wrong.
type Fault struct {
	File   string
	Offset uint64 // of the damaged thing in it; 0 where it is no one place
	Block  uint64 // its number; 0 if it is no block
	What   string
}

// Check looks for damage and writes nothing. Damage is no failure of the call. A store in memory
// has none.
func (s *Store) Check(level CheckLevel) ([]Fault, error) {
	var list C.fault_list
	defer C.fault_list_end(&list)
	if err := s.do("", func(p *C.seg_store, e *C.seg_error) C.seg_status {
		return C.check_store(p, C.uint32_t(level), &list, e)
	}); err != nil {
		return nil, err
	}
	return copyFaults(&list), nil
}

func copyFaults(list *C.fault_list) []Fault {
	var out []Fault
	for _, fault := range view[C.seg_fault](unsafe.Pointer(list.items), int(list.count)) {
		out = append(out, Fault{C.GoString(fault.file), uint64(fault.offset), uint64(fault.block),
			C.GoString(fault.what)})
	}
	return out
}

// A SalvageReport tells what [Salvage] found.
type SalvageReport struct {
	Complete       bool    // nothing is lost that the damaged files still knew of
	Faults         []Fault // places that are damaged, those that cost nothing included
	Blocks         uint64  // that the file should have
	BlocksLost     uint64
	Users          uint64 // in the new store, as Events are
	UsersLost      uint64
	Events         uint64
	EventsLost     uint64
	AttributesLost uint64 // columns of an attribute for up to 65,536 users each
	PropertiesLost uint64 // columns of a property in one sorted part; its events are there
	StringsLost    uint64 // of dictionaries; where one was the value, there is none now
	EventIDsLost   uint64 // these events would be taken a second time
	Records        uint64 // changes taken from the log
	LogLost        bool   // the log is damaged, and changes may be lost
}

// Salvage writes what is left of a damaged store to a new file, a store of its own: everything
// whose checksums fit. The damaged file is not changed. The report is there also where the call
// fails, with [ErrCorrupt] where not even a list of the blocks is left. memoryLimit is how many
// bytes of events are kept in memory, about; 0: 256 MiB.
func Salvage(from, to string, memoryLimit uint64) (SalvageReport, error) {
	var list C.fault_list
	defer C.fault_list_end(&list)
	r := C.seg_salvage_report{struct_size: C.uint32_t(unsafe.Sizeof(C.seg_salvage_report{}))}
	e := newError()
	var err error
	if status := C.salvage(chars(from), size(from), chars(to), size(to), C.uint64_t(memoryLimit),
		&list, &r, &e); status != C.SEG_OK {
		err = failed(status, &e, "")
	}
	return SalvageReport{
		Complete:       r.complete != 0,
		Faults:         copyFaults(&list),
		Blocks:         uint64(r.blocks),
		BlocksLost:     uint64(r.blocks_lost),
		Users:          uint64(r.users),
		UsersLost:      uint64(r.users_lost),
		Events:         uint64(r.events),
		EventsLost:     uint64(r.events_lost),
		AttributesLost: uint64(r.attributes_lost),
		PropertiesLost: uint64(r.properties_lost),
		StringsLost:    uint64(r.strings_lost),
		EventIDsLost:   uint64(r.event_ids_lost),
		Records:        uint64(r.records),
		LogLost:        r.log_lost != 0,
	}, err
}

// Backup writes the store as it is now to a new file, a store of its own, while commits go on.
// Copying the files of an open store by other means is not safe.
func (s *Store) Backup(path string) error {
	return s.do("", func(p *C.seg_store, e *C.seg_error) C.seg_status {
		return C.seg_store_backup(p, chars(path), size(path), e)
	})
}

// Stats tells what a store is, and figures of its file, which are 0 for a store in memory.
type Stats struct {
	Timezone  string
	WeekStart time.Weekday
	Uint64IDs bool
	Poisoned  bool // a write failed midway: reading goes on, writing needs Close and Open

	Generation     uint64 // rises with every checkpoint
	FileBytes      uint64
	BlockBytes     uint64 // of the file in use
	BlockCount     uint64
	FreeBytes      uint64 // of the file that may be used again
	DroppedBytes   uint64 // not needed any more, not yet overwritten
	LogBytes       uint64
	LogUsed        uint64 // of the log since the last checkpoint
	LogRecords     uint64 // changes since then
	Pins           uint64 // snapshots and others that keep old blocks
	MemoryBytes    uint64 // of events, attributes, ids and dictionaries, about
	EventBytes     uint64 // blocks of events in the file
	AttributeBytes uint64 // ... of attributes
	IDBytes        uint64 // ... of user ids and dictionaries
	EventIDBytes   uint64 // ... of event ids, for de-duplication
}

// Stats tells how the store is.
func (s *Store) Stats() (Stats, error) {
	c := C.seg_store_stats{struct_size: C.uint32_t(unsafe.Sizeof(C.seg_store_stats{}))}
	var out Stats
	err := s.do("", func(p *C.seg_store, e *C.seg_error) C.seg_status {
		status := C.seg_store_get_stats(p, &c, e)
		// The name of the zone may end with the store.
		if status == C.SEG_OK {
			out = copyStats(&c)
		}
		return status
	})
	return out, err
}

func copyStats(c *C.seg_store_stats) Stats {
	return Stats{
		Timezone:       C.GoString(c.timezone),
		WeekStart:      time.Weekday(c.week_start % 7),
		Uint64IDs:      c.id_kind == C.SEG_ID_U64,
		Poisoned:       c.poisoned != 0,
		Generation:     uint64(c.generation),
		FileBytes:      uint64(c.file_bytes),
		BlockBytes:     uint64(c.block_bytes),
		BlockCount:     uint64(c.block_count),
		FreeBytes:      uint64(c.free_bytes),
		DroppedBytes:   uint64(c.dropped_bytes),
		LogBytes:       uint64(c.log_bytes),
		LogUsed:        uint64(c.log_used),
		LogRecords:     uint64(c.log_records),
		Pins:           uint64(c.pins),
		MemoryBytes:    uint64(c.memory_bytes),
		EventBytes:     uint64(c.event_bytes),
		AttributeBytes: uint64(c.attribute_bytes),
		IDBytes:        uint64(c.id_bytes),
		EventIDBytes:   uint64(c.event_id_bytes),
	}
}
