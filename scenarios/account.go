package scenarios

import (
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// countedLate is how long after a phase what was sent in it may still be
// counted by the target.
const countedLate = time.Second

// accountOf lays what the target said of itself beside what its client saw; nil
// when it was not asked, or never answered.
func accountOf(e *plumbline.Evidence) *plumbline.Account {
	all := scrapesOf(e)
	if len(all) < 2 {
		return nil
	}
	out := &plumbline.Account{Points: []plumbline.AccountPoint{}, Phases: []plumbline.AccountPhase{}}
	for i, b := range all[1:] {
		if a := all[i]; b.At-a.At >= time.Second/2 && continues(a, b) {
			out.Points = append(out.Points, pointBetween(a, b))
		}
	}
	out.Phases = append(out.Phases, accountPhases(e)...)
	return out
}

// scrapesOf are the times that the target answered for all of its instances, in
// the order of time.
func scrapesOf(e *plumbline.Evidence) []plumbline.Scrape {
	out := slices.DeleteFunc(slices.Clone(e.Scrapes), func(s plumbline.Scrape) bool { return s.Error != "" })
	slices.SortStableFunc(out, func(a, b plumbline.Scrape) int { return int(a.At - b.At) })
	return out
}

// continues says whether the counts of two scrapes are of the same instances,
// none of which was started anew in between.
func continues(a, b plumbline.Scrape) bool {
	return a.Began == b.Began && a.Instances == b.Instances && b.CPU >= a.CPU && b.Requests >= a.Requests && b.Timed >= a.Timed
}

func pointBetween(a, b plumbline.Scrape) plumbline.AccountPoint {
	t := (b.At - a.At).Seconds()
	return plumbline.AccountPoint{
		Second: b.At.Seconds(), Rate: (b.Requests - a.Requests) / t, Failed: (b.Failed - a.Failed) / t, Mean: meanBetween(a, b),
		CPU: (b.CPU - a.CPU) / t, Memory: b.Memory, Descriptors: b.Descriptors,
	}
}

// meanBetween is how long requests took on average, in milliseconds.
func meanBetween(a, b plumbline.Scrape) float64 {
	if b.Timed <= a.Timed {
		return 0
	}
	return 1000 * (b.Seconds - a.Seconds) / (b.Timed - a.Timed)
}

// accountPhases are the phases with streams around which the target was asked.
func accountPhases(e *plumbline.Evidence) []plumbline.AccountPhase {
	all := scrapesOf(e)
	var out []plumbline.AccountPhase
	for _, m := range e.Phases {
		a, b, ok := around(all, m)
		client := clientIn(e, m)
		if !ok || client.Requests == 0 {
			continue
		}
		t := (b.At - a.At).Seconds()
		out = append(out, plumbline.AccountPhase{
			Experiment: m.Experiment, Phase: m.Phase, Client: client,
			Target: plumbline.AccountCount{Requests: b.Requests - a.Requests, Failed: b.Failed - a.Failed, Mean: meanBetween(a, b)},
			CPU:    (b.CPU - a.CPU) / t, Before: a.Memory, After: b.Memory, Opened: b.Descriptors - a.Descriptors,
			Requested: b.Requests > 0, Seconds: t,
		})
	}
	return out
}

// around are the last scrape before a phase and the first well after it.
func around(all []plumbline.Scrape, m plumbline.PhaseMark) (a, b plumbline.Scrape, ok bool) {
	i := slices.IndexFunc(all, func(s plumbline.Scrape) bool { return s.At > m.Began })
	j := slices.IndexFunc(all, func(s plumbline.Scrape) bool { return s.At >= m.Ended+countedLate })
	if i < 1 || j < i {
		return a, b, false
	}
	for k := i; k <= j; k++ {
		if !continues(all[k-1], all[k]) {
			return a, b, false
		}
	}
	return all[i-1], all[j], true
}

// clientIn counts what was sent by the streams of a phase.
func clientIn(e *plumbline.Evidence, m plumbline.PhaseMark) plumbline.AccountCount {
	var out plumbline.AccountCount
	total := 0.0
	for _, x := range e.Series {
		if x.Experiment != m.Experiment || x.Phase != m.Phase || !answeredClass(x.Class) {
			continue
		}
		out.Requests += float64(x.Count)
		if x.Class == "5xx" {
			out.Failed += float64(x.Count)
		}
		for _, b := range x.Service {
			total += milliseconds(b.UpTo) * float64(b.Count)
		}
	}
	if out.Requests > 0 {
		out.Mean = total / out.Requests
	}
	return out
}

// answeredClass says whether requests of a class of a series were answered, so
// that the target knows of them.
func answeredClass(class string) bool {
	return len(class) == 3 && strings.HasSuffix(class, "xx")
}
