package history

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline/reports/readers"
)

// nights are reports of the sample system, one in ten of them unfit.
func nights(tb testing.TB, n int) string {
	tb.Helper()
	return readers.Nights(tb, time.Date(2026, 1, 1, 2, 0, 0, 0, time.UTC), n, 10, nil)
}

// BenchmarkTwoHundredNights is what `plumbline history` does, with an index
// and without one.
func BenchmarkTwoHundredNights(b *testing.B) {
	dir := nights(b, 200)
	for _, index := range []bool{true, false} {
		b.Run(fmt.Sprintf("index=%t", index), func(b *testing.B) {
			for b.Loop() {
				if !index {
					_ = os.Remove(filepath.Join(dir, indexFile))
				}
				h, err := Open(dir)
				if err != nil || len(h.Runs) != 200 {
					b.Fatal(err)
				}
				var out strings.Builder
				if err := h.Write(&out, View{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestHistoryIsShown(t *testing.T) {
	t.Parallel()
	h, err := Open(nights(t, 30))
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Say("00000000001d", func(n *Note) { n.Text = "the cable was cut" }); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := h.Write(&out, View{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"shop: 30 runs, the last good one on Thu 29 Jan", "✗ unfit", "the cable was cut", "resilience/breaker-opens/payment", "p99 under load", "createOrder", "█",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the history lacks %q:\n%s", want, out.String())
		}
	}
	l := h.List(View{Last: 5})
	if len(l.Runs) != 30 || len(l.Nights) != 5 || l.Runs[29].Broken != 5 {
		t.Errorf("%d runs, %d nights, %+v", len(l.Runs), len(l.Nights), l.Runs[29])
	}
}
