package progress

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// File is the name of the file in the run directory in which a run keeps its
// events, one a line, so that others can watch it whom it does not know.
const File = "progress.jsonl"

// Keep writes the events of a feed to a file, each as it comes, until the feed
// ends. A disk that cannot keep up loses events and holds nobody up; the verdict
// is written all the same. The channel is closed when the last event is written.
func Keep(f *Feed, path string) (<-chan struct{}, error) {
	file, err := os.Create(path) //nolint:gosec // in the run directory
	if err != nil {
		return nil, fmt.Errorf("progress: %w", err)
	}
	w := f.Watch(1024)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = file.Close() }()
		over := false
		for e := range w.Events {
			over = over || e.Verdict != nil
			if writeEvent(file, e) != nil { // nobody can watch any more; the run does not care
				w.Close()
				return
			}
		}
		if end := f.State(); !over && end.Verdict != nil {
			_ = writeEvent(file, Event{At: end.At, Verdict: end.Verdict, Lost: w.lost - 1})
		}
	}()
	return done, nil
}

func writeEvent(w io.Writer, e Event) error {
	line, err := json.Marshal(e)
	if err == nil {
		_, err = w.Write(append(line, '\n'))
	}
	return err
}

// A Tail reads the events of a file that is still written to.
type Tail struct {
	path string
	read int64 // bytes that are added up
	info fs.FileInfo
	rest bytes.Buffer // of a line that has no end yet
}

// NewTail returns a Tail that has read nothing yet.
func NewTail(path string) *Tail { return &Tail{path: path} }

// mostAtOnce bounds what one call of Next takes in, so that a file of hours is
// taken in by and by.
const mostAtOnce = 8 << 20

// Next adds to the state what was written since the last call, and tells
// whether there was anything. A file that was written anew begins a new state.
// Lines that are no events are passed over.
func (t *Tail) Next(s *State) (more bool, err error) {
	f, err := os.Open(t.path)
	if err != nil {
		return false, fmt.Errorf("progress: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return false, fmt.Errorf("progress: %w", err)
	}
	if t.info != nil && !os.SameFile(t.info, info) || info.Size() < t.read {
		*t, *s = Tail{path: t.path}, State{}
	}
	t.info = info
	if info.Size() == t.read {
		return false, nil
	}
	if _, err := f.Seek(t.read, io.SeekStart); err != nil {
		return false, fmt.Errorf("progress: %w", err)
	}
	n, err := io.Copy(&t.rest, io.LimitReader(f, mostAtOnce))
	t.read += n
	if err != nil {
		return n > 0, fmt.Errorf("progress: %w", err)
	}
	t.lines(s)
	return n > 0, nil
}

// lines adds up the lines that are whole.
func (t *Tail) lines(s *State) {
	for {
		line, err := t.rest.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			t.rest.Reset()
			t.rest.Write(line)
			return
		}
		var e Event
		if json.Unmarshal(line, &e) == nil {
			s.Add(e)
		}
	}
}
