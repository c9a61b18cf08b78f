package reports

import (
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

func TestAnHourIsFolded(t *testing.T) {
	t.Parallel()
	var line plumbline.Timeline
	for s := range 3600 {
		p := plumbline.Point{Second: s, Count: 100, P50: 4, P99: 10}
		if s == 1801 {
			p.Bad, p.P99 = 1, 900
		}
		line.Points = append(line.Points, p)
	}
	got, n := coarser(line)
	if n != 12 || len(got.Points) != 300 || len(line.Points) != 3600 {
		t.Fatalf("%d points, each of %d seconds", len(got.Points), n)
	}
	if p := got.Points[150]; p != (plumbline.Point{Second: 1800, Count: 100, Bad: 1, P50: 4, P99: 900}) {
		t.Errorf("the bad second is folded to %+v", p)
	}
	if same, n := coarser(got); n != 1 || len(same.Points) != 300 {
		t.Error("what is short is folded")
	}
	r := runs(t)["fit"]
	for range 8 {
		r.Timeline = append(r.Timeline, line)
	}
	page := string(pageOf(t, r))
	if len(page) > 1<<20 || !strings.Contains(page, "each point stands for 12 s") {
		t.Errorf("eight hours of load make a page of %d bytes", len(page))
	}
}

func TestUnitsInTheSingular(t *testing.T) {
	t.Parallel()
	for many, single := range map[string]string{"breaches": "breach", "properties": "property", "rules": "rule", "addresses": "address", "requests": "request"} {
		if got := one(many); got != single {
			t.Errorf("one of %s is %q", many, got)
		}
	}
}
