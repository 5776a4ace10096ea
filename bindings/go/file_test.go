package seg_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"libseg.example/seg"
)

func open(t testing.TB, path string, options ...seg.Option) *seg.Store {
	t.Helper()
	return must(seg.Open(path, options...))(t)
}

// logins commits a row of attributes and a login for each user.
func logins(t testing.TB, store *seg.Store, at time.Time, users ...string) {
	t.Helper()
	in := must(store.Appender())(t)
	defer in.Close()
	for _, user := range users {
		ok(t, in.User(user))
		ok(t, in.SetString("home", "of "+user))
		ok(t, in.Event(user, "login", at))
	}
	must(in.Commit())(t)
}

func TestAStoreStaysInItsFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.seg")
	store := open(t, path, seg.WithTimezone("Europe/Berlin"), seg.WithSundayWeeks(),
		seg.WithDurability(seg.DurabilityNormal), seg.WithLogBytes(1<<20),
		seg.WithMemoryLimit(1<<30))
	logins(t, store, june, "ann", "ben")
	must(store.Define("active", "did login"))(t)
	ok(t, store.Close())
	ok(t, store.Close())

	store = open(t, path)
	active := eval(t, store, `in segment "active"`)
	if got := ids(active); got != "ann ben" {
		t.Fatal(got)
	}
	ok(t, active.Close())
	stats := must(store.Stats())(t)
	if stats.Timezone != "Europe/Berlin" || stats.WeekStart != time.Sunday || stats.Uint64IDs ||
		stats.Poisoned || stats.FileBytes == 0 {
		t.Fatalf("%+v", stats)
	}
	saved := must(store.Segments())(t)
	if len(saved) != 1 || saved[0] != (seg.Saved{Name: "active", Text: "did login", Version: 1}) {
		t.Fatalf("%+v", saved)
	}
	ok(t, store.Close())
	_, err := seg.Open(path, seg.WithTimezone("UTC"))
	fails(t, err, seg.ErrArg)
	_, err = seg.Open(path, seg.WithUint64IDs())
	fails(t, err, seg.ErrArg)
}

func TestWaysOfOpening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.seg")
	for _, option := range []seg.Option{seg.WithExisting(), seg.WithReadOnly()} {
		_, err := seg.Open(path, option)
		fails(t, err, seg.ErrNotFound)
	}
	store := open(t, path, seg.WithExclusive())
	logins(t, store, june, "ann")
	_, err := seg.Open(path)
	fails(t, err, seg.ErrBusy)
	ok(t, store.Close())
	_, err = seg.Open(path, seg.WithExclusive())
	fails(t, err, seg.ErrExists)

	one, two := open(t, path, seg.WithReadOnly()), open(t, path, seg.WithReadOnly())
	defer two.Close()
	defer one.Close()
	_, err = one.Define("x", "everyone")
	fails(t, err, seg.ErrReadOnly)
	fails(t, one.Checkpoint(), seg.ErrReadOnly)
	if n := eval(t, two, "everyone").Count(); n != 1 {
		t.Fatal(n)
	}
}

func TestSetsHoldTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.seg")
	store := open(t, path)
	logins(t, store, june, "ann")
	set := eval(t, store, "everyone")
	ok(t, store.Close())
	_, err := seg.Open(path)
	fails(t, err, seg.ErrBusy)
	if got := ids(set); got != "ann" {
		t.Fatal(got)
	}
	ok(t, set.Close())
	ok(t, open(t, path).Close())
}

func TestATokenIsAppliedOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.seg")
	batch := []seg.Batch{{Users: []string{"ann", "ben"}, Event: "login",
		Times: []int64{seg.Micros(june), seg.Micros(june)}}}
	for round := range 2 {
		store := open(t, path)
		for again := range 2 {
			report := must(store.Commit(batch, seg.Token("day 1"), seg.Quarantine()))(t)
			if report.Repeated != (round+again > 0) || report.Applied != 2 || report.Commit != 1 {
				t.Fatalf("%+v", report)
			}
		}
		for _, wrong := range []string{"", strings.Repeat("x", 65)} {
			_, err := store.Commit(batch, seg.Token(wrong))
			fails(t, err, seg.ErrArg)
		}
		ok(t, store.Close())
	}
}

func TestMaintenanceComesToAnEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.seg")
	store := open(t, path)
	defer store.Close()
	for i := range 20 {
		logins(t, store, june.Add(time.Duration(i)*time.Hour), fmt.Sprint("u", i))
	}
	if stats := must(store.Stats())(t); stats.LogRecords == 0 {
		t.Fatalf("%+v", stats)
	}
	for rounds := 0; must(store.Maintain(seg.Budget{Rows: 1000, Bytes: 1 << 20}))(t); rounds++ {
		if rounds == 1000 {
			t.Fatal("there is always more to do")
		}
	}
	ok(t, store.Checkpoint())
	if stats := must(store.Stats())(t); stats.LogRecords != 0 || stats.Generation == 0 {
		t.Fatalf("%+v", stats)
	}
}

func TestDamageIsFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.seg")
	store := open(t, path)
	rows := 100000
	batch := seg.Batch{Users: make([]string, rows)}
	numbers := make([]int64, rows)
	for i := range rows {
		batch.Users[i] = fmt.Sprint("user ", i)
		numbers[i] = int64(i)
	}
	batch.Columns = []seg.Values{seg.IntValues("n", numbers)}
	must(store.Commit([]seg.Batch{batch}))(t)
	ok(t, store.Checkpoint())
	if faults := must(store.Check(seg.CheckDeep))(t); len(faults) != 0 {
		t.Fatalf("%+v", faults)
	}
	ok(t, store.Close())
	data := must(os.ReadFile(path))(t)
	found := false
	for at := len(data) / 4; at < len(data) && !found; at += len(data) / 40 {
		broken := bytes.Clone(data)
		broken[at] ^= 0xff
		ok(t, os.WriteFile(path, broken, 0o600))
		store, err := seg.Open(path, seg.WithReadOnly())
		if errors.Is(err, seg.ErrCorrupt) {
			continue
		}
		ok(t, err)
		faults := must(store.Check(seg.CheckFull))(t)
		found = len(faults) > 0
		if found && (faults[0].File != path || faults[0].What == "") {
			t.Fatalf("%+v", faults)
		}
		ok(t, store.Close())
	}
	if !found {
		t.Fatal("no damage was noticed")
	}
}

func TestWhatIsLeftIsSalvaged(t *testing.T) {
	folder := t.TempDir()
	path, whole := filepath.Join(folder, "shop.seg"), filepath.Join(folder, "whole.seg")
	store := open(t, path)
	logins(t, store, june, "ann", "ben")
	must(store.Define("active", "did login"))(t)
	ok(t, store.Close())
	report := must(seg.Salvage(path, whole, 0))(t)
	if !report.Complete || len(report.Faults) != 0 || report.Users != 2 || report.Events != 2 {
		t.Fatalf("%+v", report)
	}
	store = open(t, whole, seg.WithExisting())
	defer store.Close()
	if n := eval(t, store, `in segment "active"`).Count(); n != 2 {
		t.Fatal(n)
	}
	_, err := seg.Salvage(path, whole, 0)
	fails(t, err, seg.ErrExists)
	data := must(os.ReadFile(path))(t)
	for at := len(data) / 2; at < len(data); at += 100 {
		broken, rest := bytes.Clone(data), filepath.Join(folder, fmt.Sprint(at, ".seg"))
		broken[at] ^= 0xff
		ok(t, os.WriteFile(path, broken, 0o600))
		report, err := seg.Salvage(path, rest, 1<<20)
		if errors.Is(err, seg.ErrCorrupt) {
			continue
		}
		ok(t, err)
		if len(report.Faults) > 0 {
			if report.Faults[0].File != path || report.Faults[0].What == "" {
				t.Fatalf("%+v", report)
			}
			ok(t, open(t, rest, seg.WithExisting()).Close())
			return
		}
	}
	t.Fatal("no damage was noticed")
}

func TestABackupIsAStore(t *testing.T) {
	folder := t.TempDir()
	store := open(t, filepath.Join(folder, "a.seg"))
	defer store.Close()
	logins(t, store, june, "ann")
	copied := filepath.Join(folder, "b.seg")
	ok(t, store.Backup(copied))
	fails(t, store.Backup(copied), seg.ErrExists)
	logins(t, store, june, "ben")
	other := open(t, copied, seg.WithExisting())
	defer other.Close()
	if got := ids(eval(t, other, "everyone")); got != "ann" {
		t.Fatal(got)
	}
	memory := open(t, seg.Memory)
	defer memory.Close()
	fails(t, memory.Backup(filepath.Join(folder, "c.seg")), seg.ErrArg)
}

func TestErasedCustomersAreGone(t *testing.T) {
	store := open(t, seg.Memory)
	defer store.Close()
	logins(t, store, june, "ann", "ben", "cat")
	before := eval(t, store, "everyone")
	receipt := must(store.Erase([]string{"ann", "nobody"}, seg.Refuse()))(t)
	if receipt.UsersErased != 1 || receipt.IDsUnknown != 1 || receipt.IDsRefused != 2 ||
		receipt.EventsRemoved != 1 || receipt.ValuesRemoved != 1 || receipt.ViewsOpen != 1 {
		t.Fatalf("%+v", receipt)
	}
	if before.Count() != 3 || ids(before) != "ben cat" || store.ViewsOpen() != 1 {
		t.Fatal(before.Count(), ids(before), store.ViewsOpen())
	}
	for chunk := range before.Chunks(10) {
		if len(chunk) != 3 || chunk[0] != "" {
			t.Fatalf("%q", chunk)
		}
	}
	ok(t, before.Close())
	if store.ViewsOpen() != 0 {
		t.Fatal("a view is open")
	}
	report := must(store.Commit([]seg.Batch{{Users: []string{"ann", "eve"}}}, seg.Quarantine()))(t)
	if report.Refused != 1 || report.Applied != 1 || report.Rows[0] != seg.RowRefused {
		t.Fatalf("%+v", report)
	}
	if receipt := must(store.Erase(nil))(t); receipt.UsersErased != 0 {
		t.Fatalf("%+v", receipt)
	}
}

func TestForgettingReachesTheFile(t *testing.T) {
	const day = 24 * time.Hour
	path := filepath.Join(t.TempDir(), "shop.seg")
	store := open(t, path)
	logins(t, store, june.Add(-30*day), "ann", "ben", "eve")
	logins(t, store, june, "ben")
	ok(t, store.SetRetention("login", 20*day))
	if receipt := must(store.Erase([]string{"ann"}, seg.Refuse()))(t); receipt.UsersErased != 1 {
		t.Fatalf("%+v", receipt)
	}
	if report := must(store.Expire(june))(t); report.EventsRemoved != 2 {
		t.Fatalf("%+v", report)
	}
	ok(t, store.Close())
	if data := must(os.ReadFile(path))(t); bytes.Contains(data, []byte("of ann")) ||
		!bytes.Contains(data, []byte("of ben")) {
		t.Fatal("the texts in the file are not those that are left")
	}
	store = open(t, path)
	defer store.Close()
	if keep := must(store.Retention("login"))(t); keep != 20*day {
		t.Fatal(keep)
	}
	if got := ids(eval(t, store, "everyone")) + "," + ids(eval(t, store, "did login")); got !=
		"ben eve,ben" {
		t.Fatal(got)
	}
	if report := must(store.Commit([]seg.Batch{{Users: []string{"ann"}}}))(t); report.Refused != 1 {
		t.Fatalf("%+v", report)
	}
}

func TestNumbersAreErased(t *testing.T) {
	store := open(t, seg.Memory, seg.WithUint64IDs())
	defer store.Close()
	must(store.Commit([]seg.Batch{{UserIDs: []uint64{1, 2, 3}}}))(t)
	before := eval(t, store, "everyone")
	defer before.Close()
	must(store.EraseU64([]uint64{2}))(t)
	var got []uint64
	for id := range before.AllU64() {
		got = append(got, id)
	}
	for chunk := range before.ChunksU64(10) {
		if len(chunk) != 3 || chunk[1] != math.MaxUint64 {
			t.Fatal(chunk)
		}
	}
	if fmt.Sprint(got) != "[1 3]" {
		t.Fatal(got)
	}
	_, err := store.Erase([]string{"1"})
	fails(t, err, seg.ErrArg)
}

func TestEventsExpire(t *testing.T) {
	const day = 24 * time.Hour
	store := open(t, seg.Memory)
	defer store.Close()
	logins(t, store, june.Add(-30*day), "ann")
	logins(t, store, june.Add(-3*day), "ben")
	if keep := must(store.Retention("login"))(t); keep != seg.KeepForever {
		t.Fatal(keep)
	}
	ok(t, store.SetRetention(seg.AllEvents, 20*day))
	ok(t, store.SetRetention("login", 25*day))
	if keep := must(store.Retention("login"))(t); keep != 25*day {
		t.Fatal(keep)
	}
	ok(t, store.SetRetention("login", seg.KeepUsual))
	ok(t, store.SetRetention("visit", seg.KeepForever))
	if keep := must(store.Retention("visit"))(t); keep != seg.KeepForever {
		t.Fatal(keep)
	}
	if keep := must(store.Retention("login"))(t); keep != 20*day {
		t.Fatal(keep)
	}
	fails(t, store.SetRetention("login", -day), seg.ErrArg)
	_, err := store.Retention("nothing")
	fails(t, err, seg.ErrNotFound)
	if report := must(store.Expire(june))(t); report.EventsRemoved != 1 || report.ViewsOpen != 0 {
		t.Fatalf("%+v", report)
	}
	if got := ids(eval(t, store, "did login")); got != "ben" {
		t.Fatal(got)
	}
}
