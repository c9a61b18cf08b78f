package history

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// Nights is how many runs a retrial goes back where nothing else is said.
const Nights = 30

// A Retrial is what objectives that nobody had declared then would have been
// found to be in earlier runs.
type Retrial struct {
	Service    string             `json:"service"`
	Objectives []RetriedObjective `json:"objectives"`
	Nights     []RetriedNight     `json:"nights"` // the oldest first
	Notices    []string           `json:"notices,omitempty"`
}

// A RetriedObjective counts the nights by what the objective was in them.
type RetriedObjective struct {
	Name       string        `json:"name"`
	Operations []string      `json:"operations,omitempty"` // of the last night that has them; none for the whole service
	Target     float64       `json:"target"`
	Within     time.Duration `json:"within,omitempty"`
	Throughput float64       `json:"throughput,omitempty"` // good answers a second that were promised; zero for a share
	Kept       int           `json:"kept"`
	Failed     int           `json:"failed"`
	Unproven   int           `json:"unproven"`
}

// A RetriedNight is one earlier run.
type RetriedNight struct {
	plumbline.Past
	Verdicts []RetriedVerdict `json:"verdicts"` // parallel to the objectives
}

// A RetriedVerdict is the judgement on one objective in one night.
type RetriedVerdict struct {
	Outcome   plumbline.Outcome `json:"outcome"`
	Reason    plumbline.Reason  `json:"reason,omitempty"`
	Statement string            `json:"statement"`
	Measured  float64           `json:"measured"`
	Allowed   float64           `json:"allowed"`
	Samples   int               `json:"samples,omitempty"`
}

// Recording is what the report of a run has kept of its load; nil when it has
// kept none.
func (h *History) Recording(r Run) (*plumbline.Recording, plumbline.Run, error) {
	var x struct {
		Run  plumbline.Run        `json:"run"`
		Load *plumbline.Recording `json:"load"`
	}
	err := h.read(r, &x)
	return x.Load, x.Run, err
}

// read decodes what is wanted of the report of a run.
func (h *History) read(r Run, into any) error {
	data, err := os.ReadFile(filepath.Join(h.dir, r.File))
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("history: %s: %w", r.File, err)
	}
	return nil
}

// Count counts the verdicts of the nights.
func (r *Retrial) Count() {
	for i := range r.Objectives {
		o := &r.Objectives[i]
		o.Kept, o.Failed, o.Unproven = 0, 0, 0
		for _, n := range r.Nights {
			switch n.Verdicts[i].Outcome {
			case plumbline.Pass:
				o.Kept++
			case plumbline.Fail:
				o.Failed++
			default:
				o.Unproven++
			}
		}
	}
}

// Write writes in which nights each objective would have failed, and why.
func (r Retrial) Write(w io.Writer, paint func(shade, s string) string) error {
	if paint == nil {
		paint = func(_, s string) string { return s }
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n  %s: the last %s against %s\n", r.Service, plural(len(r.Nights), "run"), plural(len(r.Objectives), "objective"))
	for i, o := range r.Objectives {
		fmt.Fprintf(&b, "\n  %s: %s\n  would have been kept in %d, broken in %d, unproven in %d\n\n", o.Name, o.promise(), o.Kept, o.Failed, o.Unproven)
		for _, n := range r.Nights {
			v := n.Verdicts[i]
			shade, glyph := mark(v.Outcome)
			fmt.Fprintf(&b, "  %-18s %s %-8s %s\n", n.Began.UTC().Format("Mon 02 Jan, 15:04"), paint(shade, glyph), said(v.Outcome), o.brief(v))
		}
	}
	for _, n := range r.Notices {
		fmt.Fprintf(&b, "\n  %s\n", n)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (o RetriedObjective) promise() string {
	good := "good"
	if o.Within > 0 {
		good = "good within " + o.Within.String()
	}
	where := "all operations"
	if len(o.Operations) > 0 {
		where = strings.Join(o.Operations, ", ")
	}
	if o.Throughput > 0 {
		return fmt.Sprintf("at least %.4g good answers a second of %s", o.Throughput, where)
	}
	return fmt.Sprintf("%.5g %% of the requests to %s %s", 100*o.Target, where, good)
}

// brief is a verdict in one line: the figures of what was decided, the reason
// of what was not.
func (o RetriedObjective) brief(v RetriedVerdict) string {
	decided := v.Outcome == plumbline.Pass || v.Outcome == plumbline.Fail
	if decided && o.Throughput > 0 {
		return fmt.Sprintf("%.4g good a second, at least %.4g must be, of %d requests", v.Measured, v.Allowed, v.Samples)
	}
	if decided {
		return fmt.Sprintf("%.3g %% bad of %d, %.3g %% may be", 100*v.Measured, v.Samples, 100*v.Allowed)
	}
	return v.Statement
}

func said(o plumbline.Outcome) string {
	switch o {
	case plumbline.Pass:
		return "kept"
	case plumbline.Fail:
		return "broken"
	default:
		return "unproven"
	}
}

func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
