package history

import (
	"math"
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// before is the load of an earlier run, at the seconds of a report. That the
// earlier report cannot be read, or had no load, is no mistake: then there is
// nothing behind the charts.
func (h *History) before(r Run, report plumbline.Report) []plumbline.Backdrop {
	if len(report.Timeline) == 0 || r.File == "" {
		return nil
	}
	var was struct {
		Timeline []plumbline.Timeline `json:"timeline"`
	}
	if err := h.read(r, &was); err != nil {
		return nil
	}
	var out []plumbline.Backdrop
	for _, now := range report.Timeline {
		i := slices.IndexFunc(was.Timeline, func(t plumbline.Timeline) bool { return t.Experiment == now.Experiment })
		if i < 0 {
			continue
		}
		if points := behind(now, was.Timeline[i]); len(points) > 0 {
			out = append(out, plumbline.Backdrop{Experiment: now.Experiment, Points: points})
		}
	}
	return out
}

// behind moves the points of an earlier timeline to where its phases are now. A
// phase that is shorter now is cut; one that was not there has nothing behind.
func behind(now, was plumbline.Timeline) []plumbline.Point {
	taken := map[int]plumbline.Point{}
	for _, at := range now.Phases {
		i := slices.IndexFunc(was.Phases, func(m plumbline.PhaseMark) bool { return m.Phase == at.Phase })
		if i < 0 {
			continue
		}
		from, shift := was.Phases[i], int(math.Round((at.Began - was.Phases[i].Began).Seconds()))
		for _, p := range was.Points {
			middle := time.Duration(p.Second)*time.Second + time.Second/2
			if middle < from.Began || middle > from.Ended {
				continue
			}
			p.Second += shift
			if moved := time.Duration(p.Second)*time.Second + time.Second/2; moved <= at.Ended {
				taken[p.Second] = p
			}
		}
	}
	out := make([]plumbline.Point, 0, len(taken))
	for _, p := range taken {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b plumbline.Point) int { return a.Second - b.Second })
	return out
}
