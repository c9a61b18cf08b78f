// Package history keeps the reports of earlier runs in a folder and says what
// became of the claims since. There is no server: a folder is enough, and a
// branch that is checked out is a folder. The reports are the truth; the index
// beside them only saves reading them again.
package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// Files of a history beside the reports.
const (
	indexFile = "index.json"
	notesFile = "notes.json"
)

// A History is the runs of one folder, the oldest first.
type History struct {
	dir   string
	Runs  []Run
	notes map[string]Note
}

// A Note is what a person has said of a run.
type Note struct {
	Ignored  bool   `json:"ignored,omitempty"`  // it is compared with nothing
	Promoted bool   `json:"promoted,omitempty"` // it counts as good, whatever its outcome
	Text     string `json:"text,omitempty"`
}

// A Run is what is known of an earlier run without reading its report.
type Run struct {
	File     string             `json:"file"`
	Size     int64              `json:"size"` // of the file: a report that is another has another
	ID       string             `json:"run"`
	Began    time.Time          `json:"began"`
	Service  string             `json:"service"`
	Outcome  plumbline.Overall  `json:"outcome"`
	Sentence string             `json:"sentence"`
	Kept     int                `json:"kept"` // of the claims that gate
	Broken   int                `json:"broken"`
	Unproven int                `json:"unproven"`
	Facts    map[string]string  `json:"facts"`         // what may differ beside the claims: "document", "plumbline"
	P99      map[string]float64 `json:"p99,omitempty"` // ms under load, by operation
	P50      map[string]float64 `json:"p50,omitempty"`
	Capacity float64            `json:"capacity,omitempty"` // highest rate that kept every objective; zero when it was not searched for
	Claims   string             `json:"claims"`             // outcomes, parallel to the names of the index
	outcomes map[string]plumbline.Outcome
	Note
}

// Of is the outcome of a claim in the run; empty when it was not claimed.
func (r Run) Of(claim string) plumbline.Outcome { return r.outcomes[claim] }

// Past is the run as a report shows it.
func (r Run) Past() plumbline.Past {
	return plumbline.Past{Run: r.ID, Began: r.Began, Outcome: r.Outcome, Note: r.Text, Revision: r.Facts["revision"]}
}

// Good says whether other runs may be held against this one.
func (r Run) Good() bool { return !r.Ignored && (r.Promoted || r.Outcome == plumbline.Fit) }

// Open reads a folder of reports: files, or run directories with a
// report.json. A folder that is not there is an empty history. Reports that
// the index does not know are read and added to it.
func Open(dir string) (*History, error) {
	return read(dir, readIndex(filepath.Join(dir, indexFile)))
}

// Again opens a folder that was opened before and reads what has changed in it
// since. Before may be nil; it is left alone.
func Again(dir string, before *History) (*History, error) {
	if before == nil || before.dir != dir {
		return Open(dir)
	}
	known := make(map[string]Run, len(before.Runs))
	for _, r := range before.Runs {
		known[r.File] = r
	}
	return read(dir, known)
}

// read reads a folder of which some runs are known by their files.
func read(dir string, known map[string]Run) (*History, error) {
	h := &History{dir: dir, notes: map[string]Note{}}
	if err := readJSON(filepath.Join(dir, notesFile), &h.notes); err != nil {
		return nil, err
	}
	files, err := reportFiles(dir)
	if err != nil {
		return nil, err
	}
	fresh := slices.DeleteFunc(slices.Clone(files), func(f reportFile) bool {
		r, ok := known[f.name]
		return ok && r.Size == f.size
	})
	read, err := summaries(dir, fresh)
	if err != nil {
		return nil, err
	}
	anew := false
	for _, f := range files {
		r, ok := read[f.name]
		if anew = anew || ok; !ok {
			r, ok = known[f.name]
			ok = ok && r.Size == f.size
		}
		if ok {
			r.Note = h.notes[r.ID]
			h.Runs = append(h.Runs, r)
		}
	}
	slices.SortStableFunc(h.Runs, func(a, b Run) int { return a.Began.Compare(b.Began) })
	if anew {
		h.writeIndex() // a folder that cannot be written to is read again the next time
	}
	return h, nil
}

type reportFile struct {
	name string // below the folder
	size int64
}

// reportFiles lists what may be a report: JSON files of the folder, and
// report.json of the folders in it.
func reportFiles(dir string) ([]reportFile, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	var out []reportFile
	for _, e := range entries {
		name := e.Name()
		switch {
		case e.IsDir() && !strings.HasPrefix(name, "."):
			name = filepath.Join(name, "report.json")
		case !strings.HasSuffix(name, ".json") || name == indexFile || name == notesFile:
			continue
		}
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() {
			out = append(out, reportFile{name, info.Size()})
		}
	}
	return out, nil
}

// summaries reads reports, with all processors, and leaves out what is none:
// something else may lie in the folder.
func summaries(dir string, files []reportFile) (map[string]Run, error) {
	type read struct {
		run Run
		ok  bool
		err error
	}
	all := make([]read, len(files))
	var wg sync.WaitGroup
	var next atomic.Int64
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(files); i = int(next.Add(1)) - 1 {
				data, err := os.ReadFile(filepath.Join(dir, files[i].name))
				if err != nil {
					all[i].err = fmt.Errorf("history: %w", err)
					continue
				}
				report, ok := extracted(data)
				all[i].run, all[i].ok = Summary(report), ok
			}
		})
	}
	wg.Wait()
	out := make(map[string]Run, len(files))
	for i, x := range all {
		if x.err != nil {
			return nil, x.err
		}
		if x.ok {
			x.run.File, x.run.Size = files[i].name, files[i].size
			out[files[i].name] = x.run
		}
	}
	return out, nil
}

// Summary is what a history keeps in its index of a report.
func Summary(report plumbline.Report) Run {
	r := Run{
		ID: report.Run.ID, Began: report.Run.Began, Service: report.Service, Outcome: report.Outcome, Sentence: report.Sentence,
		Facts: facts(report), P99: map[string]float64{}, P50: map[string]float64{}, outcomes: map[string]plumbline.Outcome{},
	}
	for _, f := range report.Findings {
		r.outcomes[f.Claim] = f.Outcome
		switch {
		case !f.Gates:
		case f.Outcome == plumbline.Pass:
			r.Kept++
		case f.Outcome == plumbline.Fail:
			r.Broken++
		default:
			r.Unproven++
		}
	}
	for _, q := range report.Quantiles {
		switch q.Q {
		case 0.99:
			r.P99[q.Operation] = q.Value
		case 0.5:
			r.P50[q.Operation] = q.Value
		}
	}
	if report.Capacity != nil {
		r.Capacity = report.Capacity.Kept
	}
	return r
}

// facts are what may explain that claims have other outcomes than before.
func facts(r plumbline.Report) map[string]string {
	short := func(s string) string { return s[:min(len(s), 8)] }
	out := map[string]string{
		"document": strings.TrimSpace(r.Document.Version + " " + short(r.Document.SHA256)), "configuration": short(r.Run.Design), "plumbline": r.Run.Tool,
		"runner": r.Run.Host, "target": r.Target, "seed": fmt.Sprint(r.Seed), "revision": r.Run.Revision,
	}
	for name, digest := range r.Run.Images {
		_, hash, _ := strings.Cut(digest, ":")
		out[imageFact+name] = short(hash)
	}
	return out
}

// imageFact begins the names of facts about images.
const imageFact = "image "

// Add stores the report of a run. What it says of earlier runs is left out: a
// history tells that anew.
func (h *History) Add(report plumbline.Report) error {
	report.Since = nil
	name := report.Run.Began.UTC().Format("20060102T150405Z") + "-" + report.Run.ID + ".json"
	data, err := json.Marshal(report)
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	if err := os.MkdirAll(h.dir, 0o755); err != nil { //nolint:gosec // reports are there to be read
		return fmt.Errorf("history: %w", err)
	}
	if err := replace(filepath.Join(h.dir, name), data); err != nil {
		return err
	}
	r := Summary(report)
	r.File, r.Size, r.Note = name, int64(len(data)), h.notes[r.ID]
	h.Runs = slices.DeleteFunc(h.Runs, func(x Run) bool { return x.ID == r.ID })
	h.Runs = append(h.Runs, r)
	slices.SortStableFunc(h.Runs, func(a, b Run) int { return a.Began.Compare(b.Began) })
	h.writeIndex()
	return nil
}

// Find returns the run whose ID begins so; "last" is the last one.
func (h *History) Find(id string) (Run, error) {
	if id == "last" && len(h.Runs) > 0 {
		return h.Runs[len(h.Runs)-1], nil
	}
	var found []Run
	for _, r := range h.Runs {
		if id != "" && strings.HasPrefix(r.ID, id) {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return Run{}, fmt.Errorf("history: no run %q among %d", id, len(h.Runs))
	}
	return Run{}, fmt.Errorf("history: %d runs begin with %q", len(found), id)
}

// Say changes what is said of a run.
func (h *History) Say(id string, change func(*Note)) error {
	n := h.notes[id]
	change(&n)
	h.notes[id] = n
	if n == (Note{}) {
		delete(h.notes, id)
	}
	for i := range h.Runs {
		if h.Runs[i].ID == id {
			h.Runs[i].Note = n
		}
	}
	data, err := json.MarshalIndent(h.notes, "", "  ")
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	return replace(filepath.Join(h.dir, notesFile), append(data, '\n'))
}
