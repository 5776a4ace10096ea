package seg_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"libseg.example/seg"
)

var ctx = context.Background()

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func must[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		ok(t, err)
		return value
	}
}

func fails(t *testing.T, err error, code seg.Code) {
	t.Helper()
	if !errors.Is(err, code) {
		t.Fatalf("%v instead of %v", err, code)
	}
}

func eval(t testing.TB, store *seg.Store, text string) *seg.Set {
	t.Helper()
	segment := must(store.Compile(text))(t)
	defer segment.Close()
	return must(segment.Eval(ctx, june))(t)
}

func ids(set *seg.Set) string { return strings.Join(slices.Collect(set.All()), " ") }

// crowd is a store of many customers u0, u1, ... with ten purchases each.
func crowd(t testing.TB, users int) *seg.Store {
	t.Helper()
	store := must(seg.Open(seg.Memory))(t)
	rows := 10 * users
	names := make([]string, rows)
	times := make([]int64, rows)
	amounts := make([]int64, rows)
	for i := range rows {
		names[i] = fmt.Sprintf("u%d", i%users)
		times[i] = seg.Micros(june) - int64(i)*1000000
		amounts[i] = int64(i % 977)
	}
	report := must(store.Commit([]seg.Batch{{Users: names, Times: times, Event: "purchase",
		Columns: []seg.Values{seg.DecimalValues("amount", amounts, 2)}}}))(t)
	if report.Applied != uint64(rows) || report.UsersAdded != uint64(users) {
		t.Fatalf("%+v", report)
	}
	return store
}

func TestVersionIsThatOfTheLibrary(t *testing.T) {
	if !strings.HasPrefix(seg.Version(), "0.") {
		t.Fatal(seg.Version())
	}
}

func TestOpenRefusesAnUnknownZone(t *testing.T) {
	_, err := seg.Open(seg.Memory, seg.WithTimezone("Europe/Berlni"))
	fails(t, err, seg.ErrUnknownName)
}

func TestOpenOptionsReachTheStore(t *testing.T) {
	store := must(seg.Open(seg.Memory, seg.WithTimezone("America/New_York"), seg.WithSundayWeeks(),
		seg.WithThreads(1), seg.WithDedupWindow(-1)))(t)
	defer store.Close()
	in := must(store.Appender())(t)
	defer in.Close()
	// Saturday evening in New York is Sunday in UTC.
	ok(t, in.Event("ann", "login", time.Date(2026, 5, 31, 2, 0, 0, 0, time.UTC)))
	must(in.Commit())(t)
	if set := eval(t, store, `did login where (@weekday = "sat")`); set.Count() != 1 {
		t.Fatal("the zone of the store does not count")
	}
	segment := must(store.Compile(`did login this week`))(t)
	// Sunday noon in New York begins a new week.
	noon := time.Date(2026, 5, 31, 16, 0, 0, 0, time.UTC)
	if n := must(segment.Count(ctx, noon))(t); n != 0 {
		t.Fatal("weeks do not start on Sunday")
	}
}

func TestAttributesMayHaveAHistory(t *testing.T) {
	const day = 24 * time.Hour
	store := must(seg.Open(seg.Memory))(t)
	defer store.Close()
	ok(t, store.DefineHistory("plan", seg.String, 0))
	columns := must(store.Columns())(t)
	if len(columns) != 1 || !columns[0].History {
		t.Fatalf("%+v", columns)
	}
	in := must(store.Appender())(t)
	defer in.Close()
	ok(t, in.UserSince("ann", june.Add(-5*day)))
	ok(t, in.SetString("plan", "pro"))
	ok(t, in.UserSince("ann", june.Add(-90*day)))
	ok(t, in.SetString("plan", "free"))
	must(in.Commit())(t)
	must(store.Commit([]seg.Batch{{Attributes: true, Users: []string{"ben"},
		Times:   []int64{seg.Micros(june.Add(-90 * day))},
		Columns: []seg.Values{seg.StringValues("plan", []string{"free"})}}}))(t)
	for text, want := range map[string]string{
		`plan = "free"`:                         "ben",
		`plan changed to "pro" in last 30 days`: "ann",
		`plan has been "free" for 30 days`:      "ben",
	} {
		if got := ids(eval(t, store, text)); got != want {
			t.Fatal(text, got)
		}
	}
	fails(t, store.DefineHistory("tags", seg.StringSet, 0), seg.ErrSchema)
	fails(t, in.UserSinceU64(7, june), seg.ErrArg)
}

func TestAppenderTakesEveryType(t *testing.T) {
	store := must(seg.Open(seg.Memory))(t)
	defer store.Close()
	in := must(store.Appender())(t)
	defer in.Close()
	born := time.Date(1990, 3, 4, 23, 0, 0, 0, time.UTC)
	ok(t, in.User("ann"))
	ok(t, in.SetBool("vip", true))
	ok(t, in.SetInt("seats", -3))
	ok(t, in.SetFloat("score", 0.25))
	ok(t, in.SetDecimal("balance", -5, 2))
	ok(t, in.SetString("plan", ""))
	ok(t, in.SetTime("seen", june.Add(time.Microsecond)))
	ok(t, in.SetDate("birthday", born))
	ok(t, in.SetPoint("home", seg.Point{Latitude: 52.5, Longitude: -13.25}))
	ok(t, in.SetStrings("tags", []string{"b", "a", ""}))
	ok(t, in.User("ben"))
	ok(t, in.SetNull("vip"))
	ok(t, in.SetStrings("tags", nil))
	if in.Rows() != 2 {
		t.Fatal(in.Rows())
	}
	must(in.Commit())(t)
	everyone := eval(t, store, "everyone")
	columns := must(everyone.Values(ctx, june, "vip", "seats", "score", "balance", "plan", "seen",
		"birthday", "home", "tags"))(t)
	var got []string
	for _, c := range columns {
		got = append(got, fmt.Sprintf("%v %q %v", c.Type, c.Text(0), c.Has(1)))
	}
	want := []string{`bool "true" false`, `int64 "-3" false`, `float64 "0.25" false`,
		`decimal "-0.05" false`, `string "" false`,
		`timestamp "2026-06-01T00:00:00.000001Z" false`, `date "1990-03-04" false`,
		`geo "52.5 -13.25" false`, `string set "b|a|" true`}
	if !slices.Equal(got, want) {
		t.Fatalf("%q\ninstead of %q", got, want)
	}
	if columns[0].States[1] != seg.Null || columns[1].States[1] != seg.Absent {
		t.Fatal("null and absent are mixed up")
	}
	if f := columns[3].Float(0); f != -0.05 || !math.IsNaN(columns[3].Float(1)) {
		t.Fatal(f)
	}
	if !columns[5].Time(0).Equal(june.Add(time.Microsecond)) {
		t.Fatal(columns[5].Time(0))
	}
	schema := must(store.Columns())(t)
	if len(schema) != 9 || schema[3] != (seg.Column{Name: "balance", Type: seg.Decimal, Scale: 2}) {
		t.Fatalf("%+v", schema)
	}
}

func TestAppenderDropsTheRowOfARefusedValue(t *testing.T) {
	store := must(seg.Open(seg.Memory))(t)
	defer store.Close()
	in := must(store.Appender())(t)
	ok(t, in.User("ann"))
	ok(t, in.User("ben"))
	fails(t, in.SetFloat("score", math.NaN()), seg.ErrData)
	if in.Rows() != 1 {
		t.Fatal(in.Rows())
	}
	in.Clear()
	if in.Rows() != 0 {
		t.Fatal(in.Rows())
	}
	ok(t, in.Close())
	fails(t, in.User("cat"), seg.ErrMisuse)
}

func TestCommitOfColumns(t *testing.T) {
	store := must(seg.Open(seg.Memory))(t)
	defer store.Close()
	users := seg.Pack([]string{"ann", "ben", ""})
	attributes := seg.Batch{UserTexts: &users, Columns: []seg.Values{
		seg.BoolValues("vip", []bool{true, false, true}),
		seg.IntValues("seats", []int64{1, 2, 3}).WithStates(
			[]seg.State{seg.Present, seg.Null, seg.Present}),
		seg.FloatValues("score", []float64{0.5, 1, 2}),
		seg.StringValues("plan", []string{"free", "pro", "pro"}),
		seg.TimeValues("seen", []int64{1, 2, 3}),
		seg.DateValues("birthday", []int32{1, 2, 3}),
		seg.PointValues("home", []seg.Point{{1, 2}, {3, 4}, {5, 6}}),
		seg.SetValues("tags", [][]string{{"a", "b"}, nil, {"a"}}),
	}}
	_, err := store.Commit([]seg.Batch{attributes})
	fails(t, err, seg.ErrData)
	var wrong *seg.Error
	if !errors.As(err, &wrong) || wrong.Line != 3 {
		t.Fatalf("%+v", wrong)
	}
	report := must(store.Commit([]seg.Batch{attributes}, seg.Quarantine()))(t)
	if report.Applied != 2 || report.Rejected != 1 || report.RejectedRow != 2 ||
		!slices.Equal(report.Rows, []seg.RowResult{seg.RowOK, seg.RowOK, seg.RowBadID}) {
		t.Fatalf("%+v", report)
	}
	events := seg.CodeValues("", []string{"open", "close"}, []uint32{0, 1, 0})
	eventIDs := seg.StringValues("", []string{"1", "2", "1"})
	report = must(store.Commit([]seg.Batch{{
		Users: []string{"ann", "ben", "ann"}, Times: []int64{10, 20, 10}, Events: &events,
		EventIDs: &eventIDs,
	}}))(t)
	if report.Applied != 2 || report.Duplicates != 1 || report.RejectedRow != -1 {
		t.Fatalf("%+v", report)
	}
	for text, want := range map[string]string{
		`vip`: "ann", `seats is null`: "ben", `plan = "pro"`: "ben", `did open`: "ann",
		`did close`: "ben", `tags has all ("a", "b")`: "ann", `score >= 0.5`: "ann ben",
		`home within 1 km of point(1, 2)`: "ann", `birthday = 1970-01-02`: "ann",
	} {
		if got := ids(eval(t, store, text)); got != want {
			t.Errorf("%s: %q instead of %q", text, got, want)
		}
	}
}

func TestCommitRefusesColumnsThatDoNotFit(t *testing.T) {
	store := must(seg.Open(seg.Memory))(t)
	defer store.Close()
	for i, batch := range []seg.Batch{
		{Users: []string{"a", "b"}, Columns: []seg.Values{seg.IntValues("n", []int64{1})}},
		{Users: []string{"a"}, Columns: []seg.Values{
			seg.IntValues("n", []int64{1}).WithStates([]seg.State{0, 0})}},
		{Users: []string{"a"}, Times: []int64{1, 2}, Event: "e"},
		{UserTexts: &seg.Texts{Bytes: []byte("ab"), Offsets: []uint64{0, 3}}},
		{UserTexts: &seg.Texts{Bytes: []byte("ab"), Offsets: []uint64{0, 2, 1}}},
		{Users: []string{"a"}, Columns: []seg.Values{
			seg.CodeValues("n", []string{"x"}, []uint32{1})}},
		{UserIDs: []uint64{1}},
	} {
		if _, err := store.Commit([]seg.Batch{batch}); !errors.Is(err, seg.ErrArg) {
			t.Errorf("batch %d: %v", i, err)
		}
	}
	must(store.Commit([]seg.Batch{{Users: []string{"a"},
		Columns: []seg.Values{seg.IntValues("n", []int64{1})}}}))(t)
	_, err := store.Commit([]seg.Batch{{Users: []string{"a"},
		Columns: []seg.Values{seg.FloatValues("n", []float64{1})}}})
	fails(t, err, seg.ErrSchema)
}

func TestCommitOfNothing(t *testing.T) {
	store := must(seg.Open(seg.Memory))(t)
	defer store.Close()
	must(store.Commit(nil))(t)
	must(store.Commit([]seg.Batch{{}, {Times: []int64{}, Event: "e"}}, seg.Quarantine()))(t)
}

func TestSetAlgebra(t *testing.T) {
	store := shop()
	defer store.Close()
	german, buyers := eval(t, store, `country = "DE"`), eval(t, store, `did purchase`)
	for want, set := range map[string]*seg.Set{
		"ann":         must(german.And(buyers))(t),
		"ann ben cat": must(german.Or(buyers))(t),
		"ben cat":     must(german.Xor(buyers))(t),
		"cat":         must(german.AndNot(buyers))(t),
		"ben":         must(german.Complement())(t),
	} {
		if got := ids(set); got != want {
			t.Errorf("%q instead of %q", got, want)
		}
	}
	if n := must(german.CombineCount(seg.Xor, buyers))(t); n != 2 {
		t.Error(n)
	}
	snapshot := must(store.Snapshot())(t)
	same, unknown, err := snapshot.SetOf([]string{"cat", "nobody", "ann"})
	ok(t, err)
	if unknown != 1 || !same.Equal(german) || same.Equal(buyers) {
		t.Error("sets do not compare")
	}
	none, _, err := snapshot.SetOf(nil)
	ok(t, err)
	if none.Count() != 0 || ids(none) != "" {
		t.Error("the empty set is not empty")
	}
	if !german.Now().Equal(june) {
		t.Error(german.Now())
	}
	other := shop()
	_, err = german.And(eval(t, other, "everyone"))
	fails(t, err, seg.ErrArg)
}

func TestRoaringThereAndBack(t *testing.T) {
	store := must(seg.Open(seg.Memory, seg.WithUint64IDs()))(t)
	defer store.Close()
	must(store.Commit([]seg.Batch{{UserIDs: []uint64{7, 1 << 40, 9},
		Columns: []seg.Values{seg.IntValues("n", []int64{1, 2, 3})}}}))(t)
	set := eval(t, store, `n <= 2`)
	snapshot := must(store.Snapshot())(t)
	for _, format := range []seg.RoaringFormat{seg.RoaringIDs, seg.RoaringOrdinals} {
		data := must(set.ToRoaring(format))(t)
		back, unknown, err := snapshot.FromRoaring(format, data)
		ok(t, err)
		if unknown != 0 || !back.Equal(set) {
			t.Errorf("format %d loses something", format)
		}
		_, _, err = snapshot.FromRoaring(format, data[:len(data)-1])
		fails(t, err, seg.ErrRoaring)
	}
	_, _, err := snapshot.FromRoaring(seg.RoaringIDs, nil)
	fails(t, err, seg.ErrRoaring)
	if got := slices.Collect(set.AllU64()); !slices.Equal(got, []uint64{7, 1 << 40}) {
		t.Error(got)
	}
	if !set.ContainsU64(7) || set.ContainsU64(9) ||
		!slices.Equal(set.ContainsManyU64([]uint64{9, 7, 8}), []bool{false, true, false}) {
		t.Error("membership is wrong")
	}
	of, unknown, err := snapshot.SetOfU64([]uint64{7, 8})
	ok(t, err)
	if of.Count() != 1 || unknown != 1 {
		t.Error(of.Count(), unknown)
	}
	segment := must(store.Compile("n = 3"))(t)
	if !must(segment.TestU64(snapshot, 9, june))(t) || must(segment.TestU64(snapshot, 5, june))(t) {
		t.Error("the test is wrong")
	}
	for range set.All() {
		t.Error("ids of numbers came as texts")
	}
	fails(t, set.Err(), seg.ErrArg)
}

func TestChunksOfEverySize(t *testing.T) {
	store := crowd(t, 1000)
	defer store.Close()
	set := eval(t, store, "everyone")
	want := slices.Collect(set.All())
	if len(want) != 1000 || want[0] != "u0" || want[999] != "u999" {
		t.Fatal(len(want))
	}
	for _, n := range []int{-1, 1, 7, 999, 1000, 1001} {
		var got []string
		for chunk := range set.Chunks(n) {
			if len(chunk) == 0 || len(chunk) > max(n, 1) {
				t.Fatal(len(chunk))
			}
			got = append(got, chunk...)
		}
		if !slices.Equal(got, want) {
			t.Errorf("chunks of %d differ", n)
		}
	}
	for id := range set.All() {
		if id == "u5" {
			set.Close() // What the loop walks stays alive.
		}
		if id == "u9" {
			break
		}
	}
	ok(t, set.Err())
}

func TestContainsMany(t *testing.T) {
	store := crowd(t, 100)
	defer store.Close()
	set := eval(t, store, "everyone")
	got := set.ContainsMany([]string{"u1", "", "u100", "u99"})
	if !slices.Equal(got, []bool{true, false, false, true}) {
		t.Fatal(got)
	}
	if len(set.ContainsMany(nil)) != 0 || !set.Contains("u1") || set.Contains("") {
		t.Fatal("membership is wrong")
	}
	members := make([]bool, 2)
	if set.ContainsTexts(seg.Pack([]string{"u7", "x"}), members) != 1 || !members[0] {
		t.Fatal(members)
	}
	texts := seg.Pack([]string{"u1", "u2"})
	if n := testing.AllocsPerRun(100, func() { set.ContainsTexts(texts, members) }); n != 0 {
		t.Error(n, "allocations")
	}
	if n := testing.AllocsPerRun(100, func() { set.Contains("u3") }); n != 0 {
		t.Error(n, "allocations")
	}
}

func TestEvaluationInASnapshotAndAmong(t *testing.T) {
	store := shop()
	defer store.Close()
	snapshot := must(store.Snapshot())(t)
	in := must(store.Appender())(t)
	ok(t, in.User("dan"))
	ok(t, in.SetString("country", "DE"))
	must(in.Commit())(t)
	segment := must(store.Compile(`country = "DE"`))(t)
	if n := must(segment.Count(ctx, june))(t); n != 3 {
		t.Error(n)
	}
	if n := must(segment.Count(ctx, june, seg.In(snapshot), seg.Threads(2)))(t); n != 2 {
		t.Error(n)
	}
	buyers := eval(t, store, "did purchase")
	if got := ids(must(segment.Eval(ctx, june, seg.Among(buyers)))(t)); got != "ann" {
		t.Error(got)
	}
	info := must(snapshot.Info())(t)
	if info.Users != 3 || info.Events != 4 || !info.HasOldestNewest || info.Newest.Day() != 22 {
		t.Errorf("%+v", info)
	}
	if !must(segment.Test(snapshot, "ann", june))(t) || must(segment.Test(snapshot, "dan", june))(t) {
		t.Error("the test does not look into the snapshot")
	}
}

func TestEvalMany(t *testing.T) {
	store := shop()
	defer store.Close()
	segments := []*seg.Segment{must(store.Compile("did purchase"))(t),
		must(store.Compile("did purchase at least 2 times"))(t)}
	sets := must(seg.EvalMany(ctx, segments, june))(t)
	if ids(sets[0]) != "ann ben" || ids(sets[1]) != "ann" {
		t.Fatal(ids(sets[0]), ids(sets[1]))
	}
	if sets := must(seg.EvalMany(ctx, nil, june))(t); len(sets) != 0 {
		t.Fatal(sets)
	}
	segments[1].Close()
	_, err := seg.EvalMany(ctx, segments, june)
	fails(t, err, seg.ErrMisuse)
}

func TestSegmentTextAndFingerprint(t *testing.T) {
	store := shop()
	defer store.Close()
	a := must(store.Compile(`country = "DE" and did purchase more than 2 times`))(t)
	b := must(store.Compile(`did "purchase" at least 3 times AND country = "DE"`))(t)
	if a.Fingerprint() != b.Fingerprint() {
		t.Error("fingerprints differ")
	}
	text := must(a.Text())(t)
	if text != `country = "DE" and did "purchase" at least 3 times` {
		t.Error(text)
	}
	tree := must(a.Explain(ctx, june, seg.ExplainAnalyze))(t)
	json := must(a.Explain(ctx, june, seg.ExplainJSON))(t)
	if !strings.Contains(tree, "purchase") || !strings.HasPrefix(json, "{") {
		t.Error(tree, json)
	}
	open := must(store.Compile(`did "nothing"`, seg.AllowUnknown()))(t)
	warnings := open.Warnings()
	if len(warnings) != 1 || warnings[0].Caret() != "did \"nothing\"\n    ^^^^^^^^^" {
		t.Errorf("%+v %s", warnings, warnings[0].Caret())
	}
	_, err := store.Compile(`did "nothing"`)
	fails(t, err, seg.ErrUnknownName)
}

func TestArguments(t *testing.T) {
	store := shop()
	defer store.Close()
	query := must(store.Prepare(`country in $countries and did purchase since $start
		and sum(amount) of purchase >= $least and $n <= count of purchase
		and now - first(@time) of purchase < $span`))(t)
	defer query.Close()
	params := query.Params()
	if len(params) != 5 || params[0] != (seg.Param{Name: "countries", Type: seg.String, List: true}) {
		t.Errorf("%+v", params)
	}
	args := seg.Args{"countries": []string{"DE", "FR"}, "start": june.AddDate(0, -1, 0),
		"span": 31 * 24 * time.Hour, "least": seg.DecimalArg{Mantissa: 2495, Scale: 2}, "n": 2}
	set := must(query.Eval(ctx, june, args))(t)
	if ids(set) != "ann" {
		t.Fatal(ids(set))
	}
	args["start"], args["n"] = seg.DateArg{Year: 2026, Month: 5, Day: 21}, uint8(1)
	args["least"] = 24.5
	if got := ids(must(query.Eval(ctx, june, args))(t)); got != "ben" {
		t.Fatal(got)
	}
	args["countries"] = []any{}
	if n := must(query.Count(ctx, june, args))(t); n != 0 {
		t.Fatal(n)
	}
	for _, value := range []any{"text", struct{}{}, nil, uint64(math.MaxUint64),
		[]any{[]string{"x"}}, time.Millisecond} {
		args["n"] = value
		_, err := query.Bind(args)
		fails(t, err, seg.ErrBound)
	}
	delete(args, "n")
	_, err := query.Bind(args)
	fails(t, err, seg.ErrBound)
}

func TestErrorsTellThePlace(t *testing.T) {
	store := shop()
	defer store.Close()
	_, err := store.Compile("did purchase\n\tand cuntry = \"Ä\"")
	var wrong *seg.Error
	if !errors.As(err, &wrong) {
		t.Fatal(err)
	}
	if wrong.Code != seg.ErrUnknownName || wrong.Offset != 18 || wrong.Length != 6 ||
		wrong.Line != 2 || wrong.Column != 6 || wrong.Hint != `did you mean "country"?` {
		t.Errorf("%+v", wrong)
	}
	caret := "\tand cuntry = \"Ä\"\n\t    ^^^^^^ did you mean \"country\"?"
	if wrong.Caret() != caret {
		t.Error(wrong.Caret())
	}
	if got := wrong.Error(); got != `seg: unknown attribute "cuntry" (line 2, column 6): `+
		`did you mean "country"?` {
		t.Error(got)
	}
	if errors.Is(err, seg.ErrSyntax) || seg.ErrSyntax.Error() != "SEG_E_SYNTAX" {
		t.Error("codes are mixed up")
	}
	if _, err := store.Define("a", `in segment "a"`); !errors.Is(err, seg.ErrUnknownName) &&
		!errors.Is(err, seg.ErrCycle) {
		t.Error(err)
	}
	if _, err := store.CompileValue("count of"); !errors.Is(err, seg.ErrSyntax) {
		t.Error(err)
	}
}

func TestUseAfterClose(t *testing.T) {
	store := shop()
	set := eval(t, store, "everyone")
	ok(t, store.Close())
	ok(t, store.Close())
	_, err := store.Compile("everyone")
	fails(t, err, seg.ErrMisuse)
	if set.Count() != 3 {
		t.Error("the set died with its store")
	}
	ok(t, set.Close())
	_, err = set.Complement()
	fails(t, err, seg.ErrMisuse)
	defer func() {
		if recover() == nil {
			t.Error("a closed set was counted")
		}
	}()
	set.Count()
}

func TestCancellation(t *testing.T) {
	store := crowd(t, 200000)
	defer store.Close()
	segment := must(store.Compile(`percentile(amount, 90%) of purchase > median(amount) of purchase
		and stddev(amount) of purchase where (@hour > 3) > 2 and distinct(@hour) of purchase > 1`))(t)
	before, cancel := context.WithCancel(ctx)
	cancel()
	_, err := segment.Eval(before, june)
	fails(t, err, seg.ErrInterrupted)
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	// The evaluation takes far longer than the deadline; a machine that stalls in between only
	// makes it longer.
	late, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	for err = nil; err == nil; {
		_, err = segment.Eval(late, june)
	}
	fails(t, err, seg.ErrInterrupted)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	set := must(segment.Eval(ctx, june))(t)
	value := must(store.CompileValue(`percentile(amount, 90%) of purchase`))(t)
	_, err = value.Of(before, set, june)
	fails(t, err, seg.ErrInterrupted)
	alive, cancel := context.WithCancel(ctx)
	defer cancel()
	if again := must(segment.Eval(alive, june, seg.Threads(2)))(t); !again.Equal(set) {
		t.Error("the answers differ")
	}
}

func TestManyGoroutines(t *testing.T) {
	store := crowd(t, 2000)
	defer store.Close()
	segment := must(store.Compile(`sum(amount) of purchase > 40`))(t)
	set := must(segment.Eval(ctx, june))(t)
	want := set.Count()
	var group sync.WaitGroup
	for worker := range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			for i := range 50 {
				mine, err := segment.Eval(ctx, june)
				if err != nil || mine.Count() != want || !mine.Equal(set) {
					t.Error("an answer differs", err)
					return
				}
				switch worker % 4 {
				case 0:
					in, err := store.Appender()
					if err != nil || in.User(fmt.Sprint(worker, "-", i)) != nil {
						t.Error(err)
						return
					}
					if _, err := in.Commit(); err != nil {
						t.Error(err)
					}
				case 1:
					set.ContainsMany([]string{"u1", "u2"})
					mine.Close()
				case 2:
					for range mine.All() {
						break
					}
				case 3:
					if _, err := store.Compile("did purchse"); err == nil {
						t.Error("a typo compiled")
					}
				}
			}
		}()
	}
	group.Wait()
}

func TestCloseWhileInUse(t *testing.T) {
	store := crowd(t, 100)
	defer store.Close()
	for range 200 {
		set := eval(t, store, "everyone")
		var group sync.WaitGroup
		for range 4 {
			group.Add(2)
			go func() {
				defer group.Done()
				if c, err := set.Complement(); err == nil {
					c.Close()
				} else if !errors.Is(err, seg.ErrMisuse) {
					t.Error(err)
				}
			}()
			go func() {
				defer group.Done()
				set.Close()
			}()
		}
		group.Wait()
	}
}

func TestTheCollectorEndsWhatNobodyClosed(t *testing.T) {
	store := crowd(t, 100)
	for range 1000 {
		eval(t, store, "everyone")
	}
	for range 5 {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	if set := eval(t, store, "everyone"); set.Count() != 100 {
		t.Fatal("the store died")
	}
}

// What README.md shows is the body of an example, so that it compiles and does what it says.
func TestReadmeShowsAnExample(t *testing.T) {
	readme := string(must(os.ReadFile("README.md"))(t))
	source := string(must(os.ReadFile("example_test.go"))(t))
	_, snippet, found := strings.Cut(readme, "```go\n")
	if !found {
		t.Fatal("README.md shows no Go")
	}
	snippet, _, _ = strings.Cut(snippet, "```\n")
	_, body, _ := strings.Cut(source, "func Example_readme() {\n")
	body, _, _ = strings.Cut(body, "\t// Output:")
	if strings.Join(strings.Fields(snippet), " ") != strings.Join(strings.Fields(body), " ") {
		t.Fatal("README.md differs from Example_readme")
	}
}
