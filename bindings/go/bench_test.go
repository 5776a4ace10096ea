package seg_test

import (
	"fmt"
	"testing"

	"libseg.example/seg"
)

func BenchmarkContains(b *testing.B) {
	store := crowd(b, 100000)
	defer store.Close()
	set := eval(b, store, "everyone")
	ids := make([]string, 1024)
	for i := range ids {
		ids[i] = fmt.Sprintf("u%d", i*97)
	}
	b.Run("single", func(b *testing.B) {
		for i := range b.N {
			set.Contains(ids[i%1024])
		}
	})
	b.Run("many-1024", func(b *testing.B) {
		for range b.N {
			set.ContainsMany(ids)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1024, "ns/id")
	})
	b.Run("texts-1024", func(b *testing.B) {
		texts, members := seg.Pack(ids), make([]bool, len(ids))
		for range b.N {
			set.ContainsTexts(texts, members)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1024, "ns/id")
	})
	b.Run("all", func(b *testing.B) {
		for range b.N {
			for range set.All() {
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100000, "ns/id")
	})
}

func BenchmarkContainsU64(b *testing.B) {
	store, err := seg.Open(seg.Memory, seg.WithUint64IDs())
	ok(b, err)
	defer store.Close()
	users := make([]uint64, 100000)
	for i := range users {
		users[i] = uint64(i) * 7919
	}
	must(store.Commit([]seg.Batch{{UserIDs: users}}))(b)
	set := eval(b, store, "everyone")
	b.Run("single", func(b *testing.B) {
		for i := range b.N {
			set.ContainsU64(users[i%1024])
		}
	})
	b.Run("many-1024", func(b *testing.B) {
		for range b.N {
			set.ContainsManyU64(users[:1024])
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1024, "ns/id")
	})
}

func BenchmarkAppenderEvent(b *testing.B) {
	store := must(seg.Open(seg.Memory))(b)
	defer store.Close()
	in := must(store.Appender())(b)
	for i := range b.N {
		ok(b, in.Event("ann", "purchase", june))
		ok(b, in.SetInt("n", int64(i)))
		if i%10000 == 9999 {
			must(in.Commit())(b)
		}
	}
}

func BenchmarkCommitColumns(b *testing.B) {
	const rows = 100000
	users, times, amounts := make([]uint64, rows), make([]int64, rows), make([]int64, rows)
	for i := range users {
		users[i], times[i], amounts[i] = uint64(i%5000), int64(i)*1000000, int64(i)
	}
	for range b.N {
		store := must(seg.Open(seg.Memory, seg.WithUint64IDs()))(b)
		must(store.Commit([]seg.Batch{{UserIDs: users, Times: times, Event: "purchase",
			Columns: []seg.Values{seg.DecimalValues("amount", amounts, 2)}}}))(b)
		store.Close()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
}

func BenchmarkMembership(b *testing.B) {
	store := crowd(b, 100000)
	defer store.Close()
	sets := make([]*seg.Set, 40)
	for i := range sets {
		sets[i] = eval(b, store, fmt.Sprintf("sum(amount) of purchase > %d", i))
	}
	membership := must(seg.NewMembership(sets))(b)
	defer membership.Close()
	ids := make([]string, 1024)
	for i := range ids {
		ids[i] = fmt.Sprintf("u%d", i*97)
	}
	b.Run("row", func(b *testing.B) {
		row := make([]uint64, membership.Words())
		for i := range b.N {
			membership.Row(ids[i%1024], row)
		}
	})
	b.Run("rows-1024", func(b *testing.B) {
		for range b.N {
			membership.Rows(ids)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1024, "ns/id")
	})
}
