package runners

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A Journal is the append-only file of a run's evidence. Records are written
// through to the operating system at the end of every phase, so that a killed
// run leaves all but the phase that it was in. It is safe for concurrent use.
type Journal struct {
	mu    sync.Mutex
	file  *os.File
	out   *bufio.Writer
	enc   *json.Encoder
	began time.Time
	err   error
	seen  plumbline.Evidence
}

// OpenJournal creates the file. All offsets of its records count from began.
func OpenJournal(path string, began time.Time) (*Journal, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	out := bufio.NewWriterSize(f, 64<<10)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	return &Journal{file: f, out: out, enc: enc, began: began}, nil
}

// Record appends one record and stamps it when it has no time of its own.
func (j *Journal) Record(r plumbline.Record) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if r.At == 0 {
		r.At = time.Since(j.began)
	}
	j.seen.Add(r)
	if err := j.enc.Encode(r); err != nil && j.err == nil {
		j.err = err
	}
}

// Flush hands everything to the operating system.
func (j *Journal) Flush() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.out.Flush(); err != nil && j.err == nil {
		j.err = err
	}
}

// Evidence returns all that was recorded so far. It must not be changed, and
// not be read while the run goes on.
func (j *Journal) Evidence() *plumbline.Evidence { return &j.seen }

// Close ends the journal and reports the first error that writing it met.
func (j *Journal) Close() error {
	j.Flush()
	return errors.Join(j.err, j.file.Close())
}

// ReadEvidence reads a journal. A last line that a crash cut short is passed
// over; any other broken line is an error that names it.
func ReadEvidence(path string) (*plumbline.Evidence, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read evidence: %w", err)
	}
	defer func() { _ = f.Close() }()
	return readEvidence(path, f)
}

func readEvidence(name string, r io.Reader) (*plumbline.Evidence, error) {
	e := &plumbline.Evidence{}
	in := bufio.NewReaderSize(r, 256<<10)
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		last := errors.Is(err, io.EOF)
		if err != nil && !last {
			return nil, fmt.Errorf("read evidence: %w", err)
		}
		if len(bytes.TrimSpace(line)) > 0 {
			var rec plumbline.Record
			if uerr := json.Unmarshal(line, &rec); uerr == nil {
				e.Add(rec)
			} else if !last {
				return nil, fmt.Errorf("%s:%d: not a record of the journal: %w", name, n, uerr)
			}
		}
		if last {
			return e, nil
		}
	}
}
