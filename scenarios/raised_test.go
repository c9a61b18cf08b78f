package scenarios

import (
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// What only warns or advises gates where somebody has declared that it does.
func TestWhatIsDeclaredToGateGates(t *testing.T) {
	t.Parallel()
	fns := []plumbline.Function{functionsByID(Functions())[noDrift], functionsByID(Functions())[responseConforms]}
	for _, c := range []struct {
		gates []string
		want  plumbline.Overall
	}{{nil, plumbline.Fit}, {[]string{noDrift}, plumbline.Unfit}, {[]string{"contract"}, plumbline.Unfit}, {[]string{"security"}, plumbline.Fit}} {
		d := shop()
		d.Gates = c.gates
		p, err := Draw(d, fns, 7)
		if err != nil {
			t.Fatal(err)
		}
		e := goodRun(d, p)
		drifts := each(contractValid, "getProduct", func(_ int, o *plumbline.Observation) {
			o.Marks = []plumbline.Mark{{Kind: plumbline.MarkExtra, Pointer: "/supplier", Message: "is not declared"}}
		})
		drifts(e)
		for try := 1; try <= repeatTries; try++ {
			for _, x := range Repetition(d, p, fns, e, try) {
				again := goodRun(d, plumbline.Plan{Experiments: []plumbline.Experiment{x}})
				for i := range again.Observations {
					again.Observations[i].Marks = []plumbline.Mark{{Kind: plumbline.MarkExtra, Pointer: "/supplier", Message: "is not declared"}}
				}
				e.Observations = append(e.Observations, again.Observations...)
			}
		}
		if r := Judge(d, p, fns, e); r.Outcome != c.want {
			t.Errorf("gates %v: %s, want %s: %s", c.gates, r.Outcome, c.want, r.Sentence)
		}
	}
}
