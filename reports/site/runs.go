package site

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline/runners/progress"
)

// quiet is how long a run may say nothing before it counts as broken off: it
// tells of itself every second.
const quiet = 15 * time.Second

// A liveRun is a run directory that can be followed.
type liveRun struct {
	Name    string // of the directory
	Service string
	Began   time.Time
	Heard   time.Time // of it, last
	Over    bool      // there is a verdict, or why there is none
}

// Going says whether the run is under way, as far as it can be seen.
func (r liveRun) Going() bool { return !r.Over && time.Since(r.Heard) < quiet }

// going are the runs that are under way, the latest first.
func (s *Site) going() []liveRun {
	var out []liveRun
	for _, r := range s.followed(time.Now().Add(-quiet)) {
		if r.Going() {
			out = append(out, r)
		}
	}
	return out
}

// followed are the run directories that were written to since, those heard of
// last first.
func (s *Site) followed(since time.Time) []liveRun {
	if s.Runs == "" {
		return nil
	}
	entries, err := os.ReadDir(s.Runs)
	if err != nil {
		return nil // it may come
	}
	var out []liveRun
	for _, e := range entries {
		path := filepath.Join(s.Runs, e.Name(), progress.File)
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() || info.ModTime().Before(since) {
			continue
		}
		r := liveRun{Name: e.Name(), Heard: info.ModTime()}
		if ends(path, &r) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b liveRun) int { return b.Heard.Compare(a.Heard) })
	return out
}

// longestEvent bounds what is read of the end of a file to find its last event.
const longestEvent = 1 << 20

// ends reads the first and the last event of a run. It is false for a file
// that tells of no run yet.
func ends(path string, r *liveRun) bool {
	f, err := os.Open(path) //nolint:gosec // in the folder of runs
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	line, err := bufio.NewReader(f).ReadBytes('\n')
	var first, last progress.Event
	if err != nil || json.Unmarshal(line, &first) != nil || first.Run == nil {
		return false
	}
	r.Service, r.Began = first.Run.Service, first.Run.Began
	info, err := f.Stat()
	if err != nil {
		return false
	}
	if _, err := f.Seek(max(0, info.Size()-longestEvent), io.SeekStart); err != nil {
		return false
	}
	rest, err := io.ReadAll(f)
	if err != nil {
		return false
	}
	lines := strings.Split(strings.TrimRight(string(rest), "\n"), "\n")
	r.Over = json.Unmarshal([]byte(lines[len(lines)-1]), &last) == nil && last.Verdict != nil
	return true
}

// directory is the run directory that a request names; false where there is
// none, or nothing to follow in it.
func (s *Site) directory(r *http.Request) (string, bool) {
	name := r.PathValue("name")
	if s.Runs == "" || name == "" || strings.HasPrefix(name, ".") || strings.ContainsAny(name, `/\`) || !filepath.IsLocal(name) {
		return "", false
	}
	dir := filepath.Join(s.Runs, name)
	info, err := os.Stat(filepath.Join(dir, progress.File))
	return dir, err == nil && info.Mode().IsRegular()
}

// newest leads to the run that is under way, or to the one that was last.
func (s *Site) newest(w http.ResponseWriter, r *http.Request) {
	all := s.going()
	if len(all) == 0 {
		all = s.followed(time.Time{})
	}
	if len(all) == 0 {
		s.page(w, http.StatusOK, "idle", s.Runs)
		return
	}
	http.Redirect(w, r, "/live/"+all[0].Name, http.StatusFound)
}

func (s *Site) reportOfRun(w http.ResponseWriter, r *http.Request) {
	dir, ok := s.directory(r)
	if !ok {
		s.say(w, http.StatusNotFound, "There is no such run.")
		return
	}
	h, err := s.open()
	if err != nil {
		h = nil // the report can do without
	}
	s.rendered(w, filepath.Join(dir, "report.json"), h)
}
