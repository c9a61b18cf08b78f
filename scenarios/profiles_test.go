package scenarios

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/scenarios/profile"
)

// shape is what the phases of a load ask for: name, requests a second at its
// highest, seconds.
func shape(x plumbline.Experiment) (names []string, rates []float64, lasts time.Duration) {
	for _, p := range x.Phases {
		sum := 0.0
		for _, s := range p.Streams {
			sum += s.Stages[0].To
		}
		names, rates, lasts = append(names, p.Name), append(rates, rate(sum)), lasts+p.Duration
	}
	return names, rates, lasts
}

func TestProfiles(t *testing.T) {
	for _, c := range []struct {
		profile, names string
		rates          []float64
		claims         []string
		load           func(*plumbline.Load)
	}{
		{"smoke", "warmup steady", []float64{12, 12}, []string{"all-available"}, nil},
		{"baseline", "warmup steady", []float64{120, 120}, []string{"all-available"}, nil},
		{"stress", "", nil, nil, nil}, // nothing above the declared rate is promised or allowed
		{
			"stress", "warmup level-1 level-2 level-3 level-4 level-5",
			[]float64{120, 120, 135, 150, 165, 180},
			[]string{"all-available/at-level-1", "all-available/at-level-2", "all-available/at-level-3", "all-available/at-level-4", "all-available/at-level-5"},
			func(l *plumbline.Load) { l.Peak = 180 },
		},
		{
			"stress", "warmup level-1 level-2 level-3 level-4 level-5", // what is above the promise breaks none
			[]float64{120, 120, 157.5, 195, 232.5, 270},
			[]string{"all-available/at-level-1", "all-available/at-level-2"},
			func(l *plumbline.Load) { l.Peak, l.Overload = 180, 400 },
		},
		{
			"spike", "warmup before spike after",
			[]float64{120, 120, 200, 120},
			[]string{"all-available/at-after", "all-available/at-before", "all-available/at-spike"},
			func(l *plumbline.Load) { l.Peak = 200 },
		},
		{
			"spike", "warmup before spike after",
			[]float64{120, 120, 300, 120},
			[]string{"all-available/at-after", "all-available/at-before"},
			func(l *plumbline.Load) { l.Overload = 300 },
		},
		{"soak", "warmup steady", []float64{120, 120}, []string{"all-available"}, nil},
	} {
		d := shop()
		if d.Load.Profile = c.profile; c.load != nil {
			c.load(&d.Load)
		}
		p := drawn(t, d, sloAtTarget)
		x, ok := p.Experiment(loadTarget)
		names, rates, lasts := shape(x)
		if strings.Join(names, " ") != c.names || !slices.Equal(rates, c.rates) || ok != (c.names != "") {
			t.Errorf("%s: got %v at %v, want %s at %v", c.profile, names, rates, c.names, c.rates)
		}
		if c.profile == "soak" && lasts < 30*time.Minute {
			t.Errorf("soaks for %s", lasts)
		}
		var got []string
		for _, cl := range p.Claims {
			if key := strings.TrimPrefix(cl.ID, sloAtTarget+"/"); strings.HasPrefix(key, "all-available") {
				got = append(got, key)
			}
		}
		if !slices.Equal(got, c.claims) {
			t.Errorf("%s: claims %v, want %v", c.profile, got, c.claims)
		}
		if ok {
			if err := profile.Render(&bytes.Buffer{}, x); err != nil {
				t.Errorf("%s is no file: %v", c.profile, err)
			}
		}
	}
}

// A phase is judged by what was sent in it: a bad spike leaves what came before
// it good.
func TestEachPhaseOfAProfileIsJudgedByItself(t *testing.T) {
	d := shop()
	d.Load.Profile, d.Load.Peak = profileSpike, 200
	e := &plumbline.Evidence{}
	for phase, bad := range map[string]int64{"before": 0, "spike": 300, "after": 0} {
		e.Series = append(e.Series,
			plumbline.Series{Experiment: loadTarget, Phase: phase, Operation: "getOrder", Class: "2xx", Count: 1000 - bad},
			plumbline.Series{Experiment: loadTarget, Phase: phase, Operation: "getOrder", Class: "5xx", Count: bad})
	}
	for _, c := range drawn(t, d, sloAtTarget).Claims {
		o, phase, _ := objectiveOf(d, c)
		if o.Name != "all-available" {
			continue
		}
		want := plumbline.Pass
		if phase == "spike" {
			want = plumbline.Fail
		}
		if v := judgeObjective(d, c, e); v.Outcome != want {
			t.Errorf("%s: %s: %s", c.ID, v.Outcome, v.Statement)
		}
	}
}
