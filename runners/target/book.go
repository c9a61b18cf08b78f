package target

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// LedgerFile is the name of the ledger in a run directory.
const LedgerFile = "ledger.jsonl"

// The states of an entry, as its lines say them one after the other.
const (
	entryIntent   = "intent"   // about to be sent
	entryCreated  = "created"  // answered 2xx
	entryRefused  = "refused"  // answered 4xx: nothing was created
	entryUnclear  = "unclear"  // no answer, or a server error: it may have been created
	entryDeleted  = "deleted"  // or found to be gone
	entrySurvives = "survives" // could not be deleted
)

// An entry is one line of the ledger on disk. Lines of one number tell the
// story of one request that may create something.
type entry struct {
	N         int               `json:"n"`
	State     string            `json:"state"`
	At        time.Time         `json:"at"`
	Operation string            `json:"operation,omitempty"`
	Method    string            `json:"method,omitempty"`
	Path      string            `json:"path,omitempty"`    // of the request
	Nonces    []string          `json:"nonces,omitempty"`  // that the request carries
	Values    map[string]string `json:"values,omitempty"`  // of the answer, by pointer
	Thing     string            `json:"thing,omitempty"`   // path that deletes it
	Above     []int             `json:"above,omitempty"`   // numbers of what it lies below
	Monitor   string            `json:"monitor,omitempty"` // path of the status monitor of a 202
	Detail    string            `json:"detail,omitempty"`
}

// A book is the ledger on disk. It is written as it grows, each line with one
// call, so that what a killed run created is known.
type book struct {
	file *os.File
	n    int
}

// Open begins to write the ledger to a file, and to watch every request of the
// client: what creates is written down before it is sent and after it is
// answered, whoever sent it. Entries that the file has already are kept.
func (p *Pool) Open(name string) error {
	entries, err := readLedger(name)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.start()
	p.book = &book{file: f}
	if torn(name) {
		_, _ = f.WriteString("\n") // of a line that a kill has cut
	}
	for _, e := range entries {
		p.book.n = max(p.book.n, e.N)
	}
	p.Client.keeper = p
	return nil
}

// torn tells whether the last line of a file has no end.
func torn(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	end, err := f.Seek(-1, io.SeekEnd)
	var last [1]byte
	if err == nil {
		_, err = f.ReadAt(last[:], end)
	}
	return err == nil && last[0] != '\n'
}

// Close ends the ledger on disk.
func (p *Pool) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.book == nil {
		return nil
	}
	err := p.book.file.Close()
	p.book = nil
	return err
}

// append writes one line. What cannot be written is no reason to stop a run:
// the ledger in memory is still there.
func (b *book) append(e entry) {
	e.At = time.Now().UTC()
	if data, err := json.Marshal(e); err == nil {
		_, _ = b.file.Write(append(data, '\n'))
	}
}

// sending writes down that a request which may create is about to be sent.
func (p *Pool) sending(operation string, r plumbline.Request) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	op, ok := p.op(operation)
	if !ok || !op.Creates() || r.Method != op.Method || p.book == nil {
		return 0
	}
	p.book.n++
	e := entry{N: p.book.n, State: entryIntent, Operation: op.ID, Method: r.Method, Path: r.Path, Nonces: p.nonces(r)}
	if op.Method == http.MethodPut {
		e.Values = map[string]string{}
		for name, text := range placeholders(op.Path, r.Path) {
			e.Values["path:"+name] = text
		}
	}
	p.book.append(e)
	return e.N
}

// nonces are the values of this run in a request.
func (p *Pool) nonces(r plumbline.Request) []string {
	run := p.Client.Run()
	if run == "" {
		return nil
	}
	re, err := regexp.Compile("plumbline-" + regexp.QuoteMeta(run) + "-[0-9a-z]+|p" + regexp.QuoteMeta(run[:min(4, len(run))]) + "-[0-9a-z]+")
	if err != nil {
		return nil
	}
	out := re.FindAllString(r.Path+" "+string(r.Body), 8)
	slices.Sort(out)
	return slices.Compact(out)
}

// answered books what an answer created, or notes that it did not, or that
// something is gone or back.
func (p *Pool) answered(operation string, a Answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	op, ok := p.op(operation)
	if !ok {
		return
	}
	success := a.Status/100 == 2
	if op.Creates() && a.Request.Method == op.Method {
		switch {
		case success:
			p.booked(op, a)
		case a.entry == 0 || p.book == nil:
		case a.Status >= 300 && a.Status < 500:
			p.book.append(entry{N: a.entry, State: entryRefused, Detail: answer(a)})
		default:
			p.book.append(entry{N: a.entry, State: entryUnclear, Detail: answer(a)})
		}
	}
	p.moved(a, success)
}

// moved notes that a thing of the run is gone, or has come back.
func (p *Pool) moved(a Answer, success bool) {
	switch {
	case a.Request.Method == http.MethodGet || a.Request.Method == http.MethodHead || !success:
		return
	case a.Request.Method == http.MethodDelete:
		if t := p.byPath[a.Request.Path]; t != nil && !t.deleted {
			t.deleted = true
			p.write(t, entryDeleted)
		}
		return
	}
	for path := a.Request.Path; path != ""; path = path[:max(strings.LastIndex(path, "/"), 0)] {
		if t := p.byPath[path]; t != nil && t.deleted {
			t.deleted = false
			p.write(t, entryCreated)
		}
	}
}

// write writes the state of a thing, when the ledger is kept on disk.
func (p *Pool) write(t *thing, state string) {
	if p.book == nil || t.entry == 0 {
		return
	}
	e := entry{N: t.entry, State: state, Operation: t.operation, Values: t.values, Thing: t.path, Monitor: t.monitor}
	for _, a := range t.above {
		if a.entry != 0 {
			e.Above = append(e.Above, a.entry)
		}
	}
	p.book.append(e)
}

// readLedger reads the lines of a ledger. A last line that is cut short is
// what a kill leaves, and is passed over.
func readLedger(name string) ([]entry, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return decodeLedger(f)
}

func decodeLedger(r io.Reader) ([]entry, error) {
	var out []entry
	s := bufio.NewScanner(r)
	s.Buffer(nil, 4<<20)
	for line := 1; s.Scan(); line++ {
		var e entry
		if err := json.Unmarshal(s.Bytes(), &e); err != nil || e.N <= 0 {
			continue
		}
		out = append(out, e)
	}
	if err := s.Err(); err != nil {
		return out, fmt.Errorf("the ledger cannot be read: %w", err)
	}
	return out, nil
}
