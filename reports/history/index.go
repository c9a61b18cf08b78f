package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/plumbline-dev/plumbline"
)

// indexSchema names the version of the index; an index of another is made
// anew.
const indexSchema = "plumbline/history/2"

// An index is the summaries of a folder. Claims have a letter a run, so that a
// year of nights is read in a moment.
type index struct {
	Schema string   `json:"schema"`
	Names  []string `json:"names"`
	Runs   []Run    `json:"runs"`
}

// letters are the outcomes, in one letter each; the first is for a claim that
// was not there.
func letters() []plumbline.Outcome {
	return []plumbline.Outcome{"", plumbline.Pass, plumbline.Fail, plumbline.Inconclusive, plumbline.Skipped, plumbline.Error, plumbline.Waived}
}

const alphabet = ".pfisew"

// readIndex returns the runs that an index knows, by their files. Without one,
// or with one of another version, there are none.
func readIndex(name string) map[string]Run {
	var x index
	if err := readJSON(name, &x); err != nil || x.Schema != indexSchema {
		return map[string]Run{}
	}
	of := [256]plumbline.Outcome{}
	for i, o := range letters() {
		of[alphabet[i]] = o
	}
	out := make(map[string]Run, len(x.Runs))
	for _, r := range x.Runs {
		r.outcomes = make(map[string]plumbline.Outcome, len(r.Claims))
		for i, letter := range []byte(r.Claims) {
			if o := of[letter]; o != "" && i < len(x.Names) {
				r.outcomes[x.Names[i]] = o
			}
		}
		out[r.File] = r
	}
	return out
}

// writeIndex writes the index anew. That it cannot be written is no failure.
func (h *History) writeIndex() {
	x := index{Schema: indexSchema, Names: h.Claims()}
	letter := map[plumbline.Outcome]byte{}
	for i, o := range letters() {
		letter[o] = alphabet[i]
	}
	for _, r := range h.Runs {
		text := make([]byte, len(x.Names))
		for i, name := range x.Names {
			text[i] = letter[r.outcomes[name]]
		}
		r.Claims, r.Note = string(text), Note{}
		x.Runs = append(x.Runs, r)
	}
	if data, err := json.Marshal(x); err == nil {
		_ = replace(filepath.Join(h.dir, indexFile), data)
	}
}

// Claims are the names of all claims of all runs, sorted.
func (h *History) Claims() []string {
	seen := map[string]bool{}
	for _, r := range h.Runs {
		for name := range r.outcomes {
			seen[name] = true
		}
	}
	out := make([]string, 0, len(seen))
	for name := range seen {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// readJSON reads a file that need not be there.
func readJSON(name string, into any) error {
	data, err := os.ReadFile(name) //nolint:gosec // a file of the history
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("history: %s: %w", name, err)
	}
	return nil
}

// replace writes a file so that a reader sees the old one or the new one.
func replace(name string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".new-*")
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("history: %w", err)
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	return nil
}

// extracted is what a summary needs of a report; the evidence, most of its
// bytes, is passed over. It is false for what is no report.
func extracted(data []byte) (plumbline.Report, bool) {
	var r plumbline.Report
	wanted := map[string]any{
		"schema": &r.Schema, "service": &r.Service, "outcome": &r.Outcome, "sentence": &r.Sentence, "target": &r.Target,
		"document": &r.Document, "run": &r.Run, "seed": &r.Seed, "quantiles": &r.Quantiles, "capacity": &r.Capacity,
	}
	err := members(data, func(name, value []byte) error {
		into := wanted[string(name)]
		switch {
		case string(name) == "findings" && value[0] == '[':
			return elements(value, func(v []byte) error {
				f, err := extractedFinding(v)
				r.Findings = append(r.Findings, f)
				return err
			})
		case into != nil:
			return json.Unmarshal(value, into)
		}
		return nil
	})
	return r, err == nil && r.Schema == plumbline.ReportSchema
}

func extractedFinding(data []byte) (f plumbline.Finding, err error) {
	err = members(data, func(name, value []byte) error {
		switch string(name) {
		case "claim":
			return json.Unmarshal(value, &f.Claim)
		case "outcome":
			return json.Unmarshal(value, &f.Outcome)
		case "gates":
			return json.Unmarshal(value, &f.Gates)
		}
		return nil
	})
	return f, err
}
