package seg_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"libseg.example/seg"
)

// shop opens a store with three customers.
func shop() *seg.Store {
	store, err := seg.Open(seg.Memory)
	if err != nil {
		log.Fatal(err)
	}
	in, err := store.Appender()
	if err != nil {
		log.Fatal(err)
	}
	defer in.Close()
	may := func(day int) time.Time { return time.Date(2026, 5, day, 12, 0, 0, 0, time.UTC) }
	for _, err := range []error{
		in.User("ann"), in.SetString("country", "DE"), in.SetStrings("tags", []string{"vip"}),
		in.User("ben"), in.SetString("country", "FR"),
		in.User("cat"), in.SetString("country", "DE"),
		in.Event("ann", "purchase", may(3)), in.SetDecimal("amount", 1995, 2),
		in.Event("ann", "purchase", may(20)), in.SetDecimal("amount", 500, 2),
		in.Event("ben", "purchase", may(21)), in.SetDecimal("amount", 12050, 2),
		in.Event("cat", "login", may(22)),
	} {
		if err != nil {
			log.Fatal(err)
		}
	}
	if _, err := in.Commit(); err != nil {
		log.Fatal(err)
	}
	return store
}

var june = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

func Example() {
	store := shop()
	defer store.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()

	segment, err := store.Compile(`country = "DE" and did "purchase" in last 30 days`)
	if err != nil {
		log.Fatal(err)
	}
	defer segment.Close()
	set, err := segment.Eval(ctx, june)
	if err != nil {
		log.Fatal(err)
	}
	defer set.Close()

	fmt.Println(set.Count(), set.ContainsMany([]string{"ann", "ben"}))
	for id := range set.All() {
		fmt.Println(id)
	}
	// Output:
	// 1 [true false]
	// ann
}

func ExampleStore_Prepare() {
	store := shop()
	defer store.Close()

	query, err := store.Prepare(`sum(amount) of "purchase" in last $days days >= $least`)
	if err != nil {
		log.Fatal(err)
	}
	defer query.Close()
	for _, least := range []float64{20, 100} {
		count, err := query.Count(context.Background(), june,
			seg.Args{"days": 30, "least": least})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(least, count)
	}
	// Output:
	// 20 2
	// 100 1
}

func ExampleError() {
	store := shop()
	defer store.Close()

	_, err := store.Compile(`did "purchase" in last 30 dasy`)
	var wrong *seg.Error
	if errors.As(err, &wrong) && errors.Is(err, seg.ErrSyntax) {
		fmt.Println(wrong.Message)
		fmt.Println(wrong.Caret())
	}
	// Output:
	// unknown unit "dasy"
	// did "purchase" in last 30 dasy
	//                           ^^^^ did you mean "days"?
}

func ExampleStore_Commit() {
	store, err := seg.Open(seg.Memory, seg.WithUint64IDs())
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()

	day := func(n int) int64 { return seg.Micros(june.AddDate(0, 0, n-1)) }
	report, err := store.Commit([]seg.Batch{{
		UserIDs: []uint64{10, 11, 10},
		Times:   []int64{day(1), day(2), day(3)},
		Event:   "play",
		Columns: []seg.Values{
			seg.IntValues("seconds", []int64{30, 200, 240}),
			seg.CodeValues("genre", []string{"jazz", "rock"}, []uint32{0, 1, 0}),
		},
	}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Applied, "rows,", report.UsersAdded, "users")

	segment, err := store.Compile(`did play where (genre = "jazz") at least 2 times`)
	if err != nil {
		log.Fatal(err)
	}
	defer segment.Close()
	set, err := segment.Eval(context.Background(), june.AddDate(0, 1, 0))
	if err != nil {
		log.Fatal(err)
	}
	defer set.Close()
	for ids := range set.ChunksU64(1000) {
		fmt.Println(ids)
	}
	// Output:
	// 3 rows, 2 users
	// [10]
}

func ExampleSet_Values() {
	store := shop()
	defer store.Close()
	snapshot, err := store.Snapshot()
	if err != nil {
		log.Fatal(err)
	}
	defer snapshot.Close()
	everyone, err := snapshot.Everyone()
	if err != nil {
		log.Fatal(err)
	}
	defer everyone.Close()

	columns, err := everyone.Values(context.Background(), june,
		`country`, `count of "purchase"`, `sum(amount) of "purchase"`, `last(@time) of "purchase"`)
	if err != nil {
		log.Fatal(err)
	}
	row := 0
	for id := range everyone.All() {
		fmt.Print(id)
		for _, column := range columns {
			fmt.Printf(" %q", column.Text(row))
		}
		fmt.Println()
		row++
	}
	// Output:
	// ann "DE" "2" "24.95" "2026-05-20T12:00:00Z"
	// ben "FR" "1" "120.50" "2026-05-21T12:00:00Z"
	// cat "DE" "0" "0.00" ""
}

func ExampleStore_Define() {
	store := shop()
	defer store.Close()

	if _, err := store.Define("buyers", `did "purchase"`); err != nil {
		log.Fatal(err)
	}
	segment, err := store.Compile(`not in segment "buyers"`)
	if err != nil {
		log.Fatal(err)
	}
	defer segment.Close()
	set, err := segment.Eval(context.Background(), june)
	if err != nil {
		log.Fatal(err)
	}
	defer set.Close()
	for id := range set.All() {
		fmt.Println(id)
	}
	fmt.Println(errors.Is(store.Drop("sellers"), seg.ErrNotFound))
	// Output:
	// cat
	// true
}

// The body is what README.md shows.
func Example_readme() {
	store, err := seg.Open(seg.Memory, seg.WithTimezone("Europe/Berlin"))
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()

	// Rows come in one by one; Store.Commit takes columns instead.
	in, err := store.Appender()
	if err != nil {
		log.Fatal(err)
	}
	defer in.Close()
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	if err := errors.Join(
		in.User("ann"), in.SetString("country", "DE"),
		in.User("ben"), in.SetString("country", "FR"),
		in.Event("ann", "purchase", now.AddDate(0, 0, -3)), in.SetDecimal("amount", 1995, 2),
	); err != nil {
		log.Fatal(err)
	}
	if _, err := in.Commit(); err != nil {
		log.Fatal(err)
	}

	// A predicate is compiled once and evaluated often.
	segment, err := store.Compile(`country = "DE" and did "purchase" in last 30 days`)
	var wrong *seg.Error
	if errors.As(err, &wrong) {
		log.Fatalf("%s\n%s", wrong.Message, wrong.Caret())
	}
	defer segment.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	set, err := segment.Eval(ctx, now)
	if errors.Is(err, seg.ErrInterrupted) {
		log.Fatal("too slow")
	} else if err != nil {
		log.Fatal(err)
	}
	defer set.Close()

	fmt.Println(set.Count(), set.ContainsMany([]string{"ann", "ben"}))
	for id := range set.All() {
		fmt.Println(id)
	}
	// Output:
	// 1 [true false]
	// ann
}

func ExampleOpen_file() {
	folder, err := os.MkdirTemp("", "seg")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "shop.seg")
	logins := []seg.Batch{{Users: []string{"ann", "ben"}, Event: "login",
		Times: []int64{seg.Micros(june), seg.Micros(june)}}}

	// The same data twice, as after a crash: the token makes it count once.
	for range 2 {
		store, err := seg.Open(path, seg.WithTimezone("Europe/Berlin"))
		if err != nil {
			log.Fatal(err)
		}
		report, err := store.Commit(logins, seg.Token("logins of 1 June"))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(report.Applied, report.Repeated)
		if err := store.Close(); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// 2 false
	// 2 true
}

func ExampleStore_Erase() {
	store := shop()
	defer store.Close()

	receipt, err := store.Erase([]string{"ann"}, seg.Refuse())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(receipt.UsersErased, receipt.EventsRemoved)

	if err := store.SetRetention(seg.AllEvents, 10*24*time.Hour); err != nil {
		log.Fatal(err)
	}
	report, err := store.Expire(june)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.EventsRemoved, store.ViewsOpen())
	// Output:
	// 1 2
	// 1 0
}

func ExampleSegment_Why() {
	store := shop()
	defer store.Close()
	segment, err := store.Compile(`country = "DE" and did "purchase" in last 30 days`)
	if err != nil {
		log.Fatal(err)
	}
	defer segment.Close()
	snapshot, err := store.Snapshot()
	if err != nil {
		log.Fatal(err)
	}
	defer snapshot.Close()

	why, err := segment.Why(snapshot, "ann", june)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(why)
	// Output:
	// yes country = "DE" and did "purchase" in last 30 days, until 2026-06-19T12:00:00Z
	//   yes country = "DE" ("DE" vs "DE"), does not change
	//   yes did "purchase" in last 30 days (2 vs at least 1, 2 events), until 2026-06-19T12:00:00Z
}

func ExampleStore_Lint() {
	store := shop()
	defer store.Close()
	findings, err := store.Lint(`county = "DE" or did "purchase" in last 30 dasy`)
	if err != nil {
		log.Fatal(err)
	}
	for _, finding := range findings {
		fmt.Printf("%s\n%s\n", finding.What.Message, finding.What.Caret())
	}
	// Output:
	// unknown attribute "county"
	// county = "DE" or did "purchase" in last 30 dasy
	// ^^^^^^ did you mean "country"?
	// unknown unit "dasy"
	// county = "DE" or did "purchase" in last 30 dasy
	//                                            ^^^^ did you mean "days"?
}

func ExampleClass_Classify() {
	store := shop()
	defer store.Close()
	may := func(day int) time.Time { return time.Date(2026, 5, day, 0, 0, 0, 0, time.UTC) }
	if err := store.DefineOccasion("spring sale",
		seg.DateRange{First: may(20), Last: may(21)}); err != nil {
		log.Fatal(err)
	}
	class, err := store.CompileClass(`
		"sale": did "purchase" during occasion "spring sale";
		"customer": did "purchase";
		otherwise "prospect"`)
	if err != nil {
		log.Fatal(err)
	}
	defer class.Close()
	labels, err := class.Classify(context.Background(), june, []string{"ann", "cat"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(labels)
	// Output:
	// [sale prospect]
}
