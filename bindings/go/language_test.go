package seg_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"libseg.example/seg"
)

const labels = `"german": home = "of ann"; "other": home is set; otherwise "none"`

// pair is a store of ann and ben, who logged in three days ago, and eve, of whom nothing is known.
func pair(t testing.TB) *seg.Store {
	t.Helper()
	store := open(t, seg.Memory)
	logins(t, store, june.Add(-72*time.Hour), "ann", "ben")
	must(store.Commit([]seg.Batch{{Users: []string{"eve"}}}))(t)
	return store
}

func TestJSONGoesThereAndBack(t *testing.T) {
	store := pair(t)
	defer store.Close()
	segment := must(store.Compile(`home = "of ann" and did login`))(t)
	form := must(segment.JSON(false))(t)
	again := must(store.CompileJSON(form))(t)
	if again.Fingerprint() != segment.Fingerprint() {
		t.Fatal(string(form))
	}
	turned := must(store.Compile(`did login and home = "of ann"`))(t)
	if turned.Fingerprint() != segment.Fingerprint() ||
		string(must(turned.JSON(true))(t)) != string(must(segment.JSON(true))(t)) ||
		string(must(turned.JSON(false))(t)) == string(form) {
		t.Fatal("the order of operands counts")
	}
	if whole := must(json.Marshal(map[string]any{"segment": segment}))(t); !strings.Contains(
		string(whole), `"login"`) {
		t.Fatal(string(whole))
	}
	_, err := store.CompileJSON([]byte(strings.Replace(string(form), "home", "hone", 1)))
	fails(t, err, seg.ErrUnknownName)
	if e := err.(*seg.Error); e.Offset <= 0 || e.Caret() == "" || !strings.HasPrefix(e.Message, "/") {
		t.Fatalf("%+v", e)
	}
	must(store.CompileJSON([]byte(strings.Replace(string(form), "home", "hone", 1)),
		seg.AllowUnknown()))(t)
	_, err = store.CompileJSON(nil)
	fails(t, err, seg.ErrSyntax)
}

func TestLintFindsAllErrors(t *testing.T) {
	store := pair(t)
	defer store.Close()
	findings := must(store.Lint("hone is set and\n  did login in last 3 dasy"))(t)
	var got []string
	for _, f := range findings {
		got = append(got, fmt.Sprintf("%s %v %v %d:%d", f.ID, f.Warning, f.What.Code, f.What.Line,
			f.What.Column))
	}
	want := []string{"unknown-name false SEG_E_UNKNOWN_NAME 1:1",
		"syntax false SEG_E_SYNTAX 2:23"}
	if !slices.Equal(got, want) {
		t.Fatalf("%q", got)
	}
	if caret := findings[1].What.Caret(); !strings.Contains(caret, `^^^^ did you mean "days"?`) {
		t.Fatal(caret)
	}
	for _, c := range []struct {
		text, id string
		options  []seg.LintOption
	}{
		{"hone is set", "unknown-name", []seg.LintOption{seg.LintUnknown()}},
		{`home = "a" and home = "b"`, "always-false", nil},
		{string(must(must(store.Compile(`home = "a" and home = "b"`))(t).JSON(false))(t)),
			"always-false", []seg.LintOption{seg.LintJSON()}},
	} {
		findings := must(store.Lint(c.text, c.options...))(t)
		if len(findings) != 1 || !findings[0].Warning || findings[0].ID != c.id {
			t.Fatalf("%s: %+v", c.text, findings)
		}
	}
	year := must(store.Lint("did login in last 365 days",
		seg.LintRetention(30*24*time.Hour)))(t)
	if len(year) != 1 || len(must(store.Lint("did login in last 365 days"))(t)) != 0 {
		t.Fatalf("%+v", year)
	}
}

func TestWhyIsATree(t *testing.T) {
	store := pair(t)
	defer store.Close()
	segment := must(store.Compile(`home = "of ann" and did login in last 7 days`))(t)
	snapshot := must(store.Snapshot())(t)
	why := must(segment.Why(snapshot, "ann", june))(t)
	if !why.Member() || len(why.Root.Children) != 2 || !why.Horizon.After(june) {
		t.Fatalf("%+v", why)
	}
	recent := why.Root.Children[1]
	until := june.Add(4 * 24 * time.Hour)
	if recent.NextKind != seg.NextAt || !recent.Next.Equal(until) || recent.EventCount != 1 ||
		len(recent.Events) != 1 || recent.Events[0].Type != "login" ||
		!recent.Events[0].Time.Equal(june.Add(-72*time.Hour)) {
		t.Fatalf("%+v", recent)
	}
	depths := []int{}
	for depth := range why.All() {
		depths = append(depths, depth)
	}
	if !slices.Equal(depths, []int{0, 1, 1}) {
		t.Fatal(depths)
	}
	for range why.All() {
		break
	}
	if text := why.String(); !strings.Contains(text, "until 2026-06-05T00:00:00Z") ||
		!strings.Contains(text, `  yes home = "of ann"`) {
		t.Fatal(text)
	}
	_, wrong := segment.Why(nil, "ann", june)
	fails(t, wrong, seg.ErrArg)
	if must(segment.Why(snapshot, "ben", june))(t).Member() {
		t.Fatal("ben is no member")
	}
	short := must(segment.Why(snapshot, "ann", june, seg.WhyVerdictsOnly(), seg.WhyEvents(1),
		seg.WhyHorizon(time.Hour)))(t)
	if short.Root.NextKind != seg.NextOpen || !short.Horizon.Equal(june.Add(time.Hour)) {
		t.Fatalf("%+v", short)
	}
	_, err := segment.Why(snapshot, "nobody", june)
	fails(t, err, seg.ErrNotFound)
	_, err = segment.WhyU64(snapshot, 7, june)
	fails(t, err, seg.ErrArg)
	_, err = segment.Why(snapshot, "ann", june, seg.WhyEvents(1001))
	fails(t, err, seg.ErrArg)
	ok(t, snapshot.Close())
	_, err = segment.Why(snapshot, "ann", june)
	fails(t, err, seg.ErrMisuse)
}

func TestSQLIsWritten(t *testing.T) {
	store := pair(t)
	defer store.Close()
	segment := must(store.Compile(`home = $home and did login`))(t)
	_, err := segment.SQL(seg.DuckDB, june)
	fails(t, err, seg.ErrBound)
	bound := must(segment.Bind(seg.Args{"home": "of ann"}))(t)
	for _, dialect := range []seg.Dialect{seg.DuckDB, seg.ClickHouse} {
		sql := must(bound.SQL(dialect, june, seg.Tables("crm.people", "crm.facts")))(t)
		for _, part := range []string{"seg_user", "people", "facts", "'of ann'"} {
			if !strings.Contains(sql, part) {
				t.Fatalf("no %s in %s", part, sql)
			}
		}
	}
	_, err = bound.SQL(99, june)
	fails(t, err, seg.ErrArg)
}

func TestClassesLabelEveryone(t *testing.T) {
	store := pair(t)
	defer store.Close()
	class := must(store.CompileClass(labels))(t)
	defer class.Close()
	if got := class.Labels(); !slices.Equal(got, []string{"german", "other", "none"}) {
		t.Fatal(got)
	}
	if text := must(class.Text())(t); !strings.Contains(text, "otherwise") {
		t.Fatal(text)
	}
	sets := must(class.Eval(ctx, june))(t)
	for i, want := range []string{"ann", "ben", "eve"} {
		if got := ids(sets[i]); got != want {
			t.Fatal(got)
		}
	}
	got := must(class.Classify(ctx, june, []string{"eve", "nobody", "ann"}, seg.Threads(2)))(t)
	if !slices.Equal(got, []string{"none", "", "german"}) {
		t.Fatal(got)
	}
	if got := must(class.Classify(ctx, june, nil))(t); len(got) != 0 {
		t.Fatal(got)
	}
	_, err := store.CompileClass(`"a": everyone`)
	fails(t, err, seg.ErrSyntax)
	_, err = store.LoadClass("nothing")
	fails(t, err, seg.ErrNotFound)
	ok(t, class.Close())
	_, err = class.Eval(ctx, june)
	fails(t, err, seg.ErrMisuse)
}

func TestClassesAreSaved(t *testing.T) {
	store := pair(t)
	defer store.Close()
	must(store.DefineClass("home", labels))(t)
	if version := must(store.DefineClass("home", labels))(t); version != 2 {
		t.Fatal(version)
	}
	saved := must(store.Classes())(t)
	if len(saved) != 1 || saved[0] != (seg.Saved{Name: "home", Text: labels, Version: 2}) {
		t.Fatalf("%+v", saved)
	}
	must(store.Define("german", `class.home = "german"`))(t)
	if got := ids(eval(t, store, `in segment "german"`)); got != "ann" {
		t.Fatal(got)
	}
	must(store.LoadClass("home"))(t).Close()
	fails(t, store.DropClass("home"), seg.ErrInUse)
	ok(t, store.Drop("german"))
	ok(t, store.DropClass("home"))
	fails(t, store.DropClass("home"), seg.ErrNotFound)
}

func TestRFMHasScores(t *testing.T) {
	store := open(t, seg.Memory)
	defer store.Close()
	times := make([]int64, 4)
	for i := range times {
		times[i] = seg.Micros(june.Add(time.Duration(-24*(i+1)) * time.Hour))
	}
	must(store.Commit([]seg.Batch{
		{Users: []string{"ann", "ben", "cat", "ann"}, Times: times, Event: "purchase",
			Columns: []seg.Values{seg.DecimalValues("amount", []int64{100, 1000, 3000, 50}, 2)}},
		{Users: []string{"dan"}},
	}))(t)
	rfm := must(store.CompileClass(`rfm(amount, floating, scale 3,
		groups ("best": m = 3, otherwise "rest")) of purchase in last 30 days`))(t)
	defer rfm.Close()
	if rfm.Scale() != 3 || !slices.Equal(rfm.Labels(), []string{"none", "best", "rest"}) {
		t.Fatal(rfm.Scale(), rfm.Labels())
	}
	scores := must(rfm.Scores(ctx, seg.Money, june))(t)
	if fmt.Sprint(scores) != "{[1 1 1 1] [10 30]}" {
		t.Fatal(scores)
	}
	frozen := must(rfm.Freeze(ctx, june))(t)
	defer frozen.Close()
	text := must(frozen.Text())(t)
	if strings.Contains(text, "floating") || !strings.Contains(text, "cuts") {
		t.Fatal(text)
	}
	must(store.DefineClass("value", text))(t)
	if got := ids(eval(t, store, `class.value = "best"`)); got != "cat" {
		t.Fatal(got)
	}
	_, err := rfm.Freeze(ctx, june.AddDate(-1, 0, 0))
	fails(t, err, seg.ErrNotFound)
	plain := must(store.CompileClass(`"a": everyone; otherwise "b"`))(t)
	if plain.Scale() != 0 {
		t.Fatal(plain.Scale())
	}
	_, err = plain.Scores(ctx, seg.Money, june)
	fails(t, err, seg.ErrArg)
}

func TestNumbersAreClassified(t *testing.T) {
	store := open(t, seg.Memory, seg.WithUint64IDs())
	defer store.Close()
	must(store.Commit([]seg.Batch{{UserIDs: []uint64{1, 2},
		Columns: []seg.Values{seg.IntValues("n", []int64{1, 2})}}}))(t)
	class := must(store.CompileClass(`"one": n = 1; otherwise "more"`))(t)
	defer class.Close()
	got := must(class.ClassifyU64(ctx, june, []uint64{2, 3, 1}))(t)
	if !slices.Equal(got, []string{"more", "", "one"}) {
		t.Fatal(got)
	}
	segment := must(store.Compile("n = 1"))(t)
	if !must(segment.WhyU64(must(store.Snapshot())(t), 1, june))(t).Member() {
		t.Fatal("1 is a member")
	}
}

func TestOccasionsAreDefined(t *testing.T) {
	store := pair(t)
	defer store.Close()
	day := func(n int) time.Time { return time.Date(2026, 5, n, 0, 0, 0, 0, time.UTC) }
	ok(t, store.DefineOccasion("sale", seg.OneDay(day(29)), seg.DateRange{First: day(1), Last: day(3)},
		seg.OneDay(day(4))))
	ok(t, store.DefineOccasion("fair", seg.OneDay(day(30))))
	occasions := must(store.Occasions())(t)
	if len(occasions) != 2 || occasions[0].Name != "fair" || occasions[1].Name != "sale" {
		t.Fatalf("%+v", occasions)
	}
	want := []seg.DateRange{{First: day(1), Last: day(4)}, {First: day(29), Last: day(29)}}
	if !slices.Equal(occasions[1].Ranges, want) {
		t.Fatalf("%+v", occasions[1].Ranges)
	}
	must(store.Define("late", `did login during occasion "sale"`))(t)
	if n := eval(t, store, `in segment "late"`).Count(); n != 2 {
		t.Fatal(n)
	}
	if n := eval(t, store, `did login during occasion "fair"`).Count(); n != 0 {
		t.Fatal(n)
	}
	fails(t, store.DropOccasion("sale"), seg.ErrInUse)
	ok(t, store.DropOccasion("fair"))
	fails(t, store.DropOccasion("fair"), seg.ErrNotFound)
	fails(t, store.DefineOccasion("none"), seg.ErrArg)
	fails(t, store.DefineOccasion("back", seg.DateRange{First: day(2), Last: day(1)}), seg.ErrArg)
}

func TestMembershipTurnsSetsRound(t *testing.T) {
	store := pair(t)
	defer store.Close()
	sets := []*seg.Set{eval(t, store, "did login"), eval(t, store, `home = "of ann"`)}
	membership := must(seg.NewMembership(sets))(t)
	for _, set := range sets {
		ok(t, set.Close())
	}
	if membership.Words() != 1 {
		t.Fatal(membership.Words())
	}
	for user, want := range map[string]string{"ann": "[0 1]", "ben": "[0]", "eve": "[]",
		"nobody": "[]"} {
		row := []uint64{7}
		if known := membership.Row(user, row); known != (user != "nobody") {
			t.Fatal(user, known)
		}
		if got := fmt.Sprint(membership.Of(user)); got != want {
			t.Fatal(user, got)
		}
	}
	if got := fmt.Sprint(membership.Rows([]string{"ben", "nobody", "ann"})); got != "[1 0 3]" {
		t.Fatal(got)
	}
	if len(membership.Rows(nil)) != 0 {
		t.Fatal("rows of nobody")
	}
	_, err := seg.NewMembership(nil)
	fails(t, err, seg.ErrArg)
	_, err = seg.NewMembership(sets)
	fails(t, err, seg.ErrMisuse)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("a row that is too short is taken")
			}
		}()
		membership.Row("ann", nil)
	}()
	ok(t, membership.Close())
}

func TestMembershipOfMoreSetsThanAWordHasBits(t *testing.T) {
	store := open(t, seg.Memory, seg.WithUint64IDs())
	defer store.Close()
	users := make([]uint64, 70)
	for i := range users {
		users[i] = uint64(i)
	}
	must(store.Commit([]seg.Batch{{UserIDs: users}}))(t)
	snapshot := must(store.Snapshot())(t)
	sets := make([]*seg.Set, len(users))
	for i := range users {
		set, _, err := snapshot.SetOfU64(users[i : i+1])
		ok(t, err)
		sets[i] = set
	}
	membership := must(seg.NewMembership(sets))(t)
	if got := fmt.Sprint(membership.Words(), membership.OfU64(69), membership.OfU64(70)); got !=
		"2 [69] []" {
		t.Fatal(got)
	}
	if got := membership.RowsU64([]uint64{63, 64}); !slices.Equal(got,
		[]uint64{1 << 63, 0, 0, 1}) {
		t.Fatal(got)
	}
}

// The hot calls allocate nothing.
func TestRowsOfMembershipsAllocateNothing(t *testing.T) {
	store := pair(t)
	defer store.Close()
	membership := must(seg.NewMembership([]*seg.Set{eval(t, store, "everyone")}))(t)
	row := make([]uint64, 1)
	if n := testing.AllocsPerRun(100, func() { membership.Row("ann", row) }); n != 0 {
		t.Fatal(n)
	}
}
