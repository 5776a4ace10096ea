package seg_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"libseg.example/seg"
)

// The conformance cases that every face of the library has to pass; tests/api/cases/README.md
// describes their form.
const casesPattern = "../../tests/api/cases/*.json"

type caseFile struct {
	Title      string                       `json:"title"`
	Timezone   string                       `json:"timezone"`
	WeekStart  string                       `json:"week_start"`
	IDKind     string                       `json:"id_kind"`
	Now        time.Time                    `json:"now"`
	Attributes map[string]string            `json:"attributes"`
	EventTypes map[string]map[string]string `json:"event_types"`
	Users      []map[string]any             `json:"users"`
	Events     []caseEvent                  `json:"events"`
	Occasions  map[string][][2]string       `json:"occasions"`
	Segments   map[string]string            `json:"segments"`
	Classes    map[string]string            `json:"classes"`
	Checks     []caseCheck                  `json:"checks"`
}

type caseEvent struct {
	Event      string         `json:"event"`
	User       any            `json:"user"`
	Time       time.Time      `json:"time"`
	Properties map[string]any `json:"properties"`
}

type caseCheck struct {
	Where  string         `json:"where"`
	Value  string         `json:"value"`
	Define string         `json:"define"`
	Drop   string         `json:"drop"`
	Of     string         `json:"of"`
	Type   string         `json:"type"`
	Text   string         `json:"text"`
	Error  string         `json:"error"`
	Offset *int           `json:"offset"`
	Length *int           `json:"length"`
	Now    *time.Time     `json:"now"`
	Params map[string]any `json:"params"`
	IDs    []any          `json:"ids"`
	Values []any          `json:"values"`

	JSON     json.RawMessage  `json:"json"`
	Class    string           `json:"class"`
	Labels   map[string][]any `json:"labels"`
	Lint     string           `json:"lint"`
	Findings []caseFinding    `json:"findings"`
}

type caseFinding struct {
	Level  string `json:"level"`
	ID     string `json:"id"`
	Offset int    `json:"offset"`
	Length int    `json:"length"`
}

// kind splits "decimal(2)".
func kind(t *testing.T, name string) (seg.Type, int) {
	t.Helper()
	if rest, found := strings.CutPrefix(name, "decimal("); found {
		return seg.Decimal, must(strconv.Atoi(strings.TrimSuffix(rest, ")")))(t)
	}
	kinds := map[string]seg.Type{"bool": seg.Bool, "int64": seg.Int64, "float64": seg.Float64,
		"string": seg.String, "timestamp": seg.Timestamp, "date": seg.Date, "geo": seg.Geo,
		"set": seg.StringSet}
	if kinds[name] == 0 {
		t.Fatalf("no type %q", name)
	}
	return kinds[name], 0
}

func texts(list any) []string {
	out := []string{}
	for _, element := range list.([]any) {
		out = append(out, fmt.Sprint(element))
	}
	return out
}

func setValue(t *testing.T, in *seg.Appender, name, typeName string, value any) {
	t.Helper()
	if value == nil {
		ok(t, in.SetNull(name))
		return
	}
	switch what, scale := kind(t, typeName); what {
	case seg.Bool:
		ok(t, in.SetBool(name, value.(bool)))
	case seg.Int64:
		ok(t, in.SetInt(name, must(value.(json.Number).Int64())(t)))
	case seg.Float64:
		ok(t, in.SetFloat(name, must(value.(json.Number).Float64())(t)))
	case seg.Decimal:
		mantissa := strings.Replace(value.(string), ".", "", 1)
		ok(t, in.SetDecimal(name, must(strconv.ParseInt(mantissa, 10, 64))(t), scale))
	case seg.String:
		ok(t, in.SetString(name, value.(string)))
	case seg.Timestamp:
		ok(t, in.SetTime(name, must(time.Parse(time.RFC3339, value.(string)))(t)))
	case seg.Date:
		ok(t, in.SetDate(name, must(time.Parse(time.DateOnly, value.(string)))(t)))
	case seg.Geo:
		place := value.([]any)
		ok(t, in.SetPoint(name, seg.Point{
			Latitude:  must(place[0].(json.Number).Float64())(t),
			Longitude: must(place[1].(json.Number).Float64())(t)}))
	case seg.StringSet:
		ok(t, in.SetStrings(name, texts(value)))
	}
}

func number(t *testing.T, id any) uint64 {
	t.Helper()
	return must(strconv.ParseUint(fmt.Sprint(id), 10, 64))(t)
}

func (f *caseFile) open(t *testing.T) *seg.Store {
	options := []seg.Option{seg.WithTimezone(f.Timezone)}
	if f.WeekStart == "sunday" {
		options = append(options, seg.WithSundayWeeks())
	}
	if f.IDKind == "u64" {
		options = append(options, seg.WithUint64IDs())
	}
	store := must(seg.Open(seg.Memory, options...))(t)
	for name, typeName := range f.Attributes {
		what, scale := kind(t, typeName)
		ok(t, store.DefineAttribute(name, what, scale))
	}
	for event, properties := range f.EventTypes {
		ok(t, store.DefineEvent(event))
		for name, typeName := range properties {
			what, scale := kind(t, typeName)
			ok(t, store.DefineProperty(event, name, what, scale))
		}
	}
	in := must(store.Appender())(t)
	defer in.Close()
	for _, user := range f.Users {
		if f.IDKind == "u64" {
			ok(t, in.UserU64(number(t, user["id"])))
		} else {
			ok(t, in.User(user["id"].(string)))
		}
		for name, value := range user {
			if name != "id" {
				setValue(t, in, name, f.Attributes[name], value)
			}
		}
	}
	for i, event := range f.Events {
		// A property may have different types in different event types, but not in one appender.
		if i > 0 && event.Event != f.Events[i-1].Event {
			must(in.Commit())(t)
			in = must(store.Appender())(t)
			defer in.Close()
		}
		if f.IDKind == "u64" {
			ok(t, in.EventU64(number(t, event.User), event.Event, event.Time))
		} else {
			ok(t, in.Event(event.User.(string), event.Event, event.Time))
		}
		for name, value := range event.Properties {
			setValue(t, in, name, f.EventTypes[event.Event][name], value)
		}
	}
	must(in.Commit())(t)
	f.define(t, store)
	return store
}

// define saves what has a name. Maps have no order, and a segment or class may refer to another
// one: as many rounds as there are names are enough.
func (f *caseFile) define(t *testing.T, store *seg.Store) {
	day := func(text string) time.Time { return must(time.Parse(time.DateOnly, text))(t) }
	for name, pairs := range f.Occasions {
		ranges := make([]seg.DateRange, len(pairs))
		for i, pair := range pairs {
			ranges[i] = seg.DateRange{First: day(pair[0]), Last: day(pair[1])}
		}
		ok(t, store.DefineOccasion(name, ranges...))
	}
	for range len(f.Segments) + len(f.Classes) {
		for name, text := range f.Segments {
			store.Define(name, text)
		}
		for name, text := range f.Classes {
			store.DefineClass(name, text)
		}
	}
	for name := range f.Segments {
		must(store.Load(name))(t).Close()
	}
	for name := range f.Classes {
		must(store.LoadClass(name))(t).Close()
	}
}

// runClass compares the members of all labels.
func (f *caseFile) runClass(t *testing.T, store *seg.Store, c *caseCheck, now time.Time) error {
	class, err := store.LoadClass(c.Class)
	if err != nil {
		return err
	}
	defer class.Close()
	sets := must(class.Eval(ctx, now))(t)
	if len(sets) != len(c.Labels) {
		t.Errorf("%d labels", len(sets))
	}
	for i, label := range class.Labels() {
		if want, found := c.Labels[label]; !found || !reflect.DeepEqual(f.ids(sets[i]), want) {
			t.Errorf("%q has %v", label, f.ids(sets[i]))
		}
	}
	return nil
}

func (c *caseCheck) runLint(t *testing.T, store *seg.Store) {
	got := []caseFinding{}
	for _, finding := range must(store.Lint(c.Lint))(t) {
		level := "error"
		if finding.Warning {
			level = "warning"
		}
		got = append(got, caseFinding{level, finding.ID, finding.What.Offset, finding.What.Length})
	}
	if !slices.Equal(got, c.Findings) {
		t.Errorf("findings are %v", got)
	}
}

func arguments(params map[string]any) seg.Args {
	args := seg.Args{}
	for name, value := range params {
		switch v := value.(type) {
		case json.Number:
			if whole, err := v.Int64(); err == nil {
				args[name] = whole
			} else {
				args[name], _ = v.Float64()
			}
		default:
			args[name] = v
		}
	}
	return args
}

// ids of a set, as the cases write them.
func (f *caseFile) ids(set *seg.Set) []any {
	out := []any{}
	if f.IDKind == "u64" {
		for id := range set.AllU64() {
			out = append(out, json.Number(strconv.FormatUint(id, 10)))
		}
		return out
	}
	for id := range set.All() {
		out = append(out, id)
	}
	return out
}

// sameValue compares row i with what the case says.
func sameValue(t *testing.T, column *seg.ValueColumn, i int, want any) bool {
	t.Helper()
	if want == nil || !column.Has(i) {
		return want == nil && !column.Has(i)
	}
	switch column.Type {
	case seg.StringSet:
		a, b := slices.Sorted(slices.Values(column.Sets[i])), slices.Sorted(slices.Values(texts(want)))
		return slices.Equal(a, b)
	case seg.Geo:
		place := want.([]any)
		return math.Abs(column.Points[i].Latitude-must(place[0].(json.Number).Float64())(t)) < 1e-7 &&
			math.Abs(column.Points[i].Longitude-must(place[1].(json.Number).Float64())(t)) < 1e-7
	case seg.Float64:
		f := must(want.(json.Number).Float64())(t)
		return math.Abs(column.Floats[i]-f) <= 1e-12*math.Abs(f)
	}
	return column.Text(i) == fmt.Sprint(want)
}

// run gives the error of the library; wrong answers are errors of the test.
func (f *caseFile) run(t *testing.T, store *seg.Store, c *caseCheck) error {
	now := f.Now
	if c.Now != nil {
		now = *c.Now
	}
	switch {
	case c.Class != "":
		return f.runClass(t, store, c, now)
	case c.Lint != "":
		c.runLint(t, store)
		return nil
	case c.Drop != "":
		return store.Drop(c.Drop)
	case c.Define != "":
		_, err := store.Define(c.Define, c.Where)
		return err
	case c.Value != "":
		value, err := store.CompileValue(c.Value)
		if err != nil {
			return err
		}
		defer value.Close()
		of := c.Of
		if of == "" {
			of = "everyone"
		}
		set := must(must(store.Compile(of))(t).Eval(ctx, now))(t)
		column, err := value.Of(ctx, set, now)
		if err != nil {
			return err
		}
		what, scale := kind(t, c.Type)
		if column.Type != what || column.Scale != scale || column.Len() != len(c.Values) {
			t.Fatalf("%d rows of %v(%d)", column.Len(), column.Type, column.Scale)
		}
		for i, want := range c.Values {
			if !sameValue(t, column, i, want) {
				t.Errorf("row %d is %q instead of %v", i, column.Text(i), want)
			}
		}
		return nil
	}
	segment, err := store.Compile(c.Where)
	if err != nil {
		return err
	}
	defer segment.Close()
	if c.Text != "" {
		if text := must(segment.Text())(t); text != c.Text {
			t.Errorf("the text is %q", text)
		}
	}
	if c.JSON != nil {
		var form bytes.Buffer
		ok(t, json.Compact(&form, c.JSON))
		if got := must(segment.JSON(false))(t); string(got) != form.String() {
			t.Errorf("the JSON form is %s", got)
		}
		segment = must(store.CompileJSON(c.JSON))(t)
		defer segment.Close()
	}
	if len(c.Params) > 0 {
		if segment, err = segment.Bind(arguments(c.Params)); err != nil {
			return err
		}
		defer segment.Close()
	}
	set, err := segment.Eval(ctx, now)
	if err != nil || c.IDs == nil {
		return err
	}
	defer set.Close()
	if got := f.ids(set); !reflect.DeepEqual(got, c.IDs) {
		t.Errorf("%v instead of %v", got, c.IDs)
	}
	if n := must(segment.Count(ctx, now))(t); n != len(c.IDs) {
		t.Errorf("the count is %d", n)
	}
	snapshot := must(store.Snapshot())(t)
	defer snapshot.Close()
	for _, user := range f.Users {
		var member bool
		if f.IDKind == "u64" {
			member = must(segment.TestU64(snapshot, number(t, user["id"]), now))(t)
		} else {
			member = must(segment.Test(snapshot, user["id"].(string), now))(t)
		}
		if member != slices.Contains(c.IDs, user["id"]) {
			t.Errorf("the test of %v says %v", user["id"], member)
		}
	}
	return nil
}

func (c *caseCheck) compare(t *testing.T, err error) {
	if c.Error == "" {
		ok(t, err)
		return
	}
	var wrong *seg.Error
	if !errors.As(err, &wrong) || wrong.Code.Error() != c.Error {
		t.Fatalf("%v instead of %s", err, c.Error)
	}
	if c.Offset != nil && (wrong.Offset != *c.Offset || wrong.Length != *c.Length) {
		t.Errorf("%d bytes at %d instead of %d at %d: %v", wrong.Length, wrong.Offset, *c.Length,
			*c.Offset, wrong)
	}
}

func TestCases(t *testing.T) {
	paths := must(filepath.Glob(casesPattern))(t)
	if len(paths) == 0 {
		t.Skip("the cases are not part of this copy")
	}
	for _, path := range paths {
		var f caseFile
		decoder := json.NewDecoder(bytes.NewReader(must(os.ReadFile(path))(t)))
		decoder.UseNumber()
		decoder.DisallowUnknownFields()
		ok(t, decoder.Decode(&f))
		store := f.open(t)
		for i := range f.Checks {
			c := &f.Checks[i]
			name := fmt.Sprintf("%s/%s%s%s%s", strings.TrimSuffix(filepath.Base(path), ".json"),
				c.Where, c.Value, c.Define, c.Drop)
			t.Run(name, func(t *testing.T) { c.compare(t, f.run(t, store, c)) })
		}
		store.Close()
	}
}
