package history

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/plumbline-dev/plumbline"
)

// trendNights is how far back a trend goes.
const trendNights = 60

// Trends are the figures of the last runs of a service, one after the other,
// and where they have shifted. Runs that are to be ignored are left out.
func Trends(runs []Run) []plumbline.Trend {
	runs = slices.DeleteFunc(slices.Clone(runs), func(r Run) bool { return r.Ignored })
	runs = runs[max(0, len(runs)-trendNights):]
	out := figures(runs)
	values := make([][]float64, len(out))
	for i, t := range out {
		values[i] = t.Values
	}
	for i, found := range shifts(values) {
		for _, s := range found {
			out[i].Shifts = append(out[i].Shifts, plumbline.Shift{
				At: s.at, Run: runs[s.at].Past(), After: runs[s.after].Past(), Was: s.was, Is: s.is, Chance: s.chance, Changed: differences(runs[s.after], runs[s.at]),
			})
		}
	}
	slices.SortStableFunc(out, func(a, b plumbline.Trend) int { return cmp.Compare(min(1, len(b.Shifts)), min(1, len(a.Shifts))) })
	return out
}

// figures are the trends without their shifts: the 99th percentile and the
// median of each operation under load, and the capacity.
func figures(runs []Run) []plumbline.Trend {
	byName := map[string]*plumbline.Trend{}
	put := func(name, unit string, i int, v float64) {
		if byName[name] == nil {
			byName[name] = &plumbline.Trend{Name: name, Unit: unit, Values: make([]float64, len(runs))}
		}
		byName[name].Values[i] = v
	}
	for i, r := range runs {
		for operation, ms := range r.P99 {
			put("p99 of "+operation, "ms", i, ms)
		}
		for operation, ms := range r.P50 {
			put("p50 of "+operation, "ms", i, ms)
		}
		if r.Capacity > 0 {
			put("capacity", "requests/s", i, r.Capacity)
		}
	}
	var out []plumbline.Trend
	for _, name := range slices.SortedFunc(maps.Keys(byName), func(a, b string) int {
		return cmp.Or(cmp.Compare(order(a), order(b)), cmp.Compare(a, b))
	}) {
		out = append(out, *byName[name])
	}
	return out
}

// order puts what people ask for first.
func order(name string) int {
	return slices.Index([]byte{'c', 'p'}, name[0])*2 + map[bool]int{true: 1}[name[1] == '5']
}

// grown is how much a figure has shifted, as a share; 0.25 is a quarter more.
func grown(s plumbline.Shift) float64 { return s.Is/s.Was - 1 }

// told is a shift in words.
func told(t plumbline.Trend, s plumbline.Shift) string {
	out := fmt.Sprintf("%s: %s → %s %s (%+.0f %%) since %s", t.Name, figure(s.Was), figure(s.Is), t.Unit, 100*grown(s), s.Run.Began.UTC().Format("2 Jan"))
	for i, c := range s.Changed {
		out += map[bool]string{true: ": ", false: ", "}[i == 0] + c.What + " " + c.Was + " → " + c.Is
	}
	return out
}

func figure(v float64) string {
	if v >= 100 {
		return fmt.Sprintf("%.0f", math.Round(v))
	}
	return fmt.Sprintf("%.3g", v)
}
