package reports

import (
	"bytes"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// Every format for people tells the interval and its steps, and says when the
// law is not fitted.
func TestCapacityIsTold(t *testing.T) {
	t.Parallel()
	r := samples()["unfit"]
	fitted := r.Capacity
	refused := *fitted
	refused.Scaling = &plumbline.Scaling{Refused: "3 rates in a steady state; 6 are needed"}
	for _, format := range []string{"text", "markdown", "html"} {
		write, _ := Lookup(format)
		for want, c := range map[string]*plumbline.Capacity{"peaks at 210": fitted, "not fitted: 3 rates": &refused} {
			r.Capacity = c
			var b bytes.Buffer
			if err := write(&b, r); err != nil {
				t.Fatal(err)
			}
			words := strings.Join(strings.Fields(b.String()), " ")
			for _, w := range []string{"between 195 requests a second", want, "320 of 2030 requests were bad"} {
				if !strings.Contains(words, w) {
					t.Errorf("%s does not tell %q", format, w)
				}
			}
		}
	}
}
