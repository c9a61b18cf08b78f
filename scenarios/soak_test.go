package scenarios

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

func init() {
	flat := func(float64) float64 { return 100 << 20 }
	leak := func(s float64) float64 { return (100 + s/6) * (1 << 20) }
	specimens[loadSoak] = specimen{
		kept:     spoil(loadSoak+"/memory", memory(flat), soaking),
		broken:   spoil(loadSoak+"/memory", memory(leak), soaking),
		unproven: spoil(loadSoak+"/memory", nil, soaking),
	}
}

func soaking(d *plumbline.Design) {
	metered(d)
	d.Load.Profile = profileSoak
}

// memory lets the target tell, once a second, how much memory it has so many
// seconds after the judged phase began; descriptors are a millionth of it.
func memory(of func(second float64) float64) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		m, _ := e.Phase(loadTarget, "steady")
		for at := m.Began; at <= m.Ended; at += time.Second {
			y := of((at - m.Began).Seconds())
			e.Scrapes = append(e.Scrapes, plumbline.Scrape{At: at, Instances: 1, Memory: y, Descriptors: y / 1e6})
		}
	}
}

func TestSoak(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	noisy := func(of func(float64) float64) func(float64) float64 {
		return func(s float64) float64 { return of(s) * (1 + 0.02*random.NormFloat64()) }
	}
	const base = 100 << 20
	level := func(float64) float64 { return base }
	fills := func(s float64) float64 { return base * (2 - 1/(1+s/120)) }
	by := func(hourly float64) func(float64) float64 {
		return func(s float64) float64 { return base * (1 + hourly*s/3600) }
	}
	for name, c := range map[string]struct {
		of     func(float64) float64
		lasts  time.Duration
		want   plumbline.Outcome
		reason plumbline.Reason
	}{
		"level":                   {level, 0, plumbline.Pass, ""},
		"level, noisy":            {noisy(level), 0, plumbline.Pass, ""},
		"falls":                   {noisy(by(-0.3)), 0, plumbline.Pass, ""},
		"a cache that fills":      {fills, 0, plumbline.Inconclusive, plumbline.ReasonUndecided},
		"leaks":                   {noisy(by(2)), 0, plumbline.Fail, ""},
		"leaks slowly":            {by(0.12), 0, plumbline.Inconclusive, plumbline.ReasonUndecided},
		"leaks quickly":           {by(60), 90 * time.Second, plumbline.Fail, ""},
		"level, for a short time": {level, 90 * time.Second, plumbline.Inconclusive, plumbline.ReasonTooFewSamples},
		"hardly looked at":        {level, 20 * time.Second, plumbline.Inconclusive, plumbline.ReasonTooFewSamples},
	} {
		t.Run(name, func(t *testing.T) {
			d, claim, e := spoil(loadSoak+"/memory", memory(c.of), soaking, func(d *plumbline.Design) { d.Load.Soak = c.lasts })(t)
			if v := judgeSoak(d, claim, e); v.Outcome != c.want || v.Reason != c.reason {
				t.Errorf("%s %s, want %s %s: %s", v.Outcome, v.Reason, c.want, c.reason, v.Statement)
			}
		})
	}
}

func TestSoakOfWhatWasStartedAnew(t *testing.T) {
	d, claim, e := spoil(loadSoak+"/memory", memory(func(float64) float64 { return 1 << 20 }), soaking)(t)
	for i := range e.Scrapes {
		if i > len(e.Scrapes)/2 {
			e.Scrapes[i].Began = 7
		}
	}
	if v := judgeSoak(d, claim, e); v.Reason != plumbline.ReasonBaselineDrift {
		t.Errorf("%s %s: %s", v.Outcome, v.Reason, v.Statement)
	}
}

func TestSoakOfLatency(t *testing.T) {
	slower := func(hourly float64) func(*plumbline.Evidence) {
		return steadyOf("", func(x *plumbline.Series) {
			for i := range x.Slices {
				x.Slices[i].P50 = time.Duration(float64(20*time.Millisecond) * (1 + hourly*float64(i)/3600))
			}
		})
	}
	for hourly, want := range map[float64]plumbline.Outcome{0: plumbline.Pass, 0.04: plumbline.Pass, 2: plumbline.Fail} {
		d, claim, e := spoil(loadSoak+"/latency", slower(hourly), soaking)(t)
		if v := judgeSoak(d, claim, e); v.Outcome != want {
			t.Errorf("%g: %s, want %s: %s", hourly, v.Outcome, want, v.Statement)
		}
	}
}

// Without a place where the target tells about itself latency alone is soaked.
func TestSoakWithoutMetrics(t *testing.T) {
	d := shop()
	d.Load.Profile = profileSoak
	p := drawn(t, d, loadSoak)
	if len(p.Claims) != 1 || p.Claims[0].ID != loadSoak+"/latency" || len(p.Skips) != 2 {
		t.Errorf("claims %v, skips %v", p.Claims, p.Skips)
	}
	d.Environment.Watched = true
	if p := drawn(t, d, loadSoak); len(p.Claims) != 3 {
		t.Errorf("claims %v", p.Claims)
	}
}

// A figure that wanders about its level, each value like the one before, is not
// taken for one that grows: at the border of what is allowed in fewer than one
// in twenty, and without any drift never, in 400 soaks each.
func TestSoakIsNotTakenInByWandering(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	s := soakedFigures()[0]
	wrong := func(hourly float64) (fails, passes int) {
		for range 400 {
			var values []moment
			x := 0.0
			for i := range 1200 {
				x = 0.9*x + 0.005*random.NormFloat64()
				values = append(values, moment{time.Duration(i) * time.Second, 200 << 20 * (1 + x + hourly*float64(i)/3600)})
			}
			switch s.verdict(driftOf(values), 20*time.Minute).Outcome {
			case plumbline.Fail:
				fails++
			case plumbline.Pass:
				passes++
			default:
			}
		}
		return fails, passes
	}
	if fails, passes := wrong(s.hourly); fails > 4 || passes > 24 {
		t.Errorf("at the border: %d fail and %d pass of 400", fails, passes)
	}
	if fails, _ := wrong(0); fails > 0 {
		t.Errorf("without a drift: %d fail of 400", fails)
	}
	if fails, passes := wrong(0.6); fails < 380 || passes > 0 {
		t.Errorf("of 60 %% an hour: %d fail and %d pass of 400", fails, passes)
	}
}
