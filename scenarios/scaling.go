package scenarios

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/plumbline-dev/plumbline"
)

// What a fit of the Universal Scalability Law needs to be told.
const (
	scalingLevels = 6    // rates
	scalingError  = 0.15 // relative root mean square
	scalingDraws  = 400
	scalingReach  = 2.0 // times the most requests inside that were seen
)

// A load is one steady state: requests inside, and how long each was there.
type load struct{ inside, response float64 }

// scalingOf fits the Universal Scalability Law (Gunther 1993) to the steps. By
// Little's law N/X is the response time R, so the law is R = a + b·(N−1) +
// c·N(N−1) with a = 1/γ, b = α/γ, c = β/γ, which is linear. Steps at which a
// queue grew are no steady states, and are left out.
func scalingOf(rungs []rung, seed uint64) *plumbline.Scaling {
	loads := steadyLoads(rungs)
	s := &plumbline.Scaling{Levels: len(loads)}
	if len(loads) < scalingLevels {
		s.Refused = fmt.Sprintf("%s in a steady state; %d are needed", plural(len(loads), "rate"), scalingLevels)
		return s
	}
	k, ok := fitted(loads)
	if !ok {
		s.Refused = "the response times do not follow the law"
		return s
	}
	if s.Error = misfit(loads, k); s.Error > scalingError {
		s.Refused = fmt.Sprintf("the fit is off by %s on average, more than %s", percent(s.Error), percent(scalingError))
		return s
	}
	most := 0.0
	for _, l := range loads {
		most = max(most, l.inside)
	}
	s.Gamma, s.Alpha, s.Beta = 1/k[0], k[1]/k[0], k[2]/k[0]
	if s.Alpha > 0 {
		s.Saturation = round(s.Gamma / s.Alpha)
	}
	s.Within, s.Most = crest(k)
	if s.Within > scalingReach*most {
		s.Within, s.Most = 0, 0
	}
	intervals(s, loads, k, seed)
	return s
}

// steadyLoads are the rates of a search with their requests inside, each once.
func steadyLoads(rungs []rung) []load {
	var out []load
	for _, l := range levelsOf(rungs) {
		r := l.rungs[0]
		if r.goodput <= 0 || r.verdict == plumbline.StepUndecided || r.verdict == plumbline.StepBroken && r.goodput < 0.98*r.offered {
			continue
		}
		out = append(out, load{r.inside, r.inside / r.goodput})
	}
	return out
}

// fitted finds the coefficients with the least relative error, none of them
// below zero; ok is false when the first is not above zero.
func fitted(loads []load) (k [3]float64, ok bool) {
	best := math.Inf(1)
	for _, used := range [][3]bool{{true, true, true}, {true, true, false}, {true, false, true}, {true, false, false}} {
		c, solved := least(loads, used)
		if !solved || c[0] <= 0 || c[1] < 0 || c[2] < 0 {
			continue
		}
		if e := misfit(loads, c); e < best {
			best, k, ok = e, c, true
		}
	}
	return k, ok
}

func terms(n float64) [3]float64 { return [3]float64{1, n - 1, n * (n - 1)} }

// least solves the normal equations of the terms that are used, every load
// weighted by its response time.
func least(loads []load, used [3]bool) (k [3]float64, ok bool) {
	var m [3][4]float64
	for _, l := range loads {
		t := terms(l.inside)
		w := 1 / (l.response * l.response)
		for i := range 3 {
			for j := range 3 {
				m[i][j] += w * t[i] * t[j]
			}
			m[i][3] += w * t[i] * l.response
		}
	}
	for i := range 3 {
		if !used[i] {
			m[i] = [4]float64{}
			for j := range 3 {
				m[j][i] = 0
			}
			m[i][i] = 1
		}
	}
	return solved(m)
}

// solved is Gauss' elimination with pivots.
func solved(m [3][4]float64) (x [3]float64, ok bool) {
	for i := range 3 {
		p := i
		for j := i + 1; j < 3; j++ {
			if math.Abs(m[j][i]) > math.Abs(m[p][i]) {
				p = j
			}
		}
		m[i], m[p] = m[p], m[i]
		if math.Abs(m[i][i]) < 1e-12 {
			return x, false
		}
		for j := range 3 {
			if j == i {
				continue
			}
			f := m[j][i] / m[i][i]
			for c := i; c < 4; c++ {
				m[j][c] -= f * m[i][c]
			}
		}
	}
	for i := range 3 {
		x[i] = m[i][3] / m[i][i]
	}
	return x, true
}

// misfit is the relative root mean square error of a fit.
func misfit(loads []load, k [3]float64) float64 {
	sum := 0.0
	for _, l := range loads {
		e := predicted(k, l.inside)/l.response - 1
		sum += e * e
	}
	return math.Sqrt(sum / float64(len(loads)))
}

func predicted(k [3]float64, n float64) float64 {
	t := terms(n)
	return k[0]*t[0] + k[1]*t[1] + k[2]*t[2]
}

// crest is where the throughput of a fit is highest; zero when it never falls.
func crest(k [3]float64) (inside, most float64) {
	alpha, beta := k[1]/k[0], k[2]/k[0]
	if beta <= 0 || alpha >= 1 {
		return 0, 0
	}
	n := math.Sqrt((1 - alpha) / beta)
	return round(n), round(n / predicted(k, n))
}

// intervals finds the 95 % intervals of a fit by drawing its residuals anew.
func intervals(s *plumbline.Scaling, loads []load, k [3]float64, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 0x05)) //nolint:gosec // reproducible on purpose
	var alphas, betas, mosts []float64
	for range scalingDraws {
		drawn := make([]load, len(loads))
		for i, l := range loads {
			from := loads[random.IntN(len(loads))]
			drawn[i] = load{l.inside, predicted(k, l.inside) * from.response / predicted(k, from.inside)}
		}
		c, ok := fitted(drawn)
		if !ok {
			continue
		}
		alphas, betas = append(alphas, c[1]/c[0]), append(betas, c[2]/c[0])
		if _, most := crest(c); most > 0 {
			mosts = append(mosts, most)
		}
	}
	s.AlphaLow, s.AlphaHigh = inner95(alphas)
	s.BetaLow, s.BetaHigh = inner95(betas)
	if s.Most > 0 {
		s.MostLow, s.MostHigh = inner95(mosts)
	}
}

// inner95 is the interval that holds all but 2.5 % at each end.
func inner95(values []float64) (low, high float64) {
	if len(values) == 0 {
		return 0, 0
	}
	sorted := slices.Sorted(slices.Values(values))
	n := float64(len(sorted) - 1)
	return sorted[int(0.025*n)], sorted[int(math.Ceil(0.975*n))]
}
