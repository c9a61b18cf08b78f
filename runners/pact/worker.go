package pact

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// A Task is what a worker is asked to verify: one shard of a pact file against
// the front at 127.0.0.1:Port.
type Task struct {
	File     string `json:"file"`
	Provider string `json:"provider"`
	Port     uint16 `json:"port"`
	StateURL string `json:"state_url"`
	// MessagePath is where the front makes messages; empty when nobody does.
	MessagePath string        `json:"message_path,omitempty"`
	Timeout     time.Duration `json:"timeout"` // of one request
}

// A result is what the core says of a job.
type result struct {
	Code     int    `json:"code"` // 0 all match, 1 some do not, 2 did not run
	Document string `json:"document"`
	Error    string `json:"error,omitempty"`
}

// WorkerMain is the main function of a worker process: one job a line from in,
// one result a line to out. The library is loaded after its hash was found
// right, by absolute path.
func WorkerMain(in io.Reader, out io.Writer, path, sum string) error {
	got, err := hashFile(path)
	if err == nil && got != sum {
		err = fmt.Errorf("%s has SHA-256 %s, not %s", path, got, sum)
	}
	var l *library
	if err == nil {
		l, err = open(path)
	}
	return Serve(in, out, func(t Task) (int, string, error) {
		if err != nil {
			return 2, "", err
		}
		code, document := l.verify(t)
		return code, document, nil
	})
}

// Serve is the loop of a worker of any engine: one Task a line from in, one
// result a line to out. Check returns 0 when all interactions match, 1 when
// some do not, 2 when it did not run; and a document of the form
// {"interactionResults": [{"interactionKey", "result": "OK" | "Error", "mismatch"}]}.
func Serve(in io.Reader, out io.Writer, check func(Task) (code int, document string, err error)) error {
	enc := json.NewEncoder(out)
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var t Task
		if err := json.Unmarshal(lines.Bytes(), &t); err != nil {
			return err
		}
		code, document, err := check(t)
		r := result{Code: code, Document: document}
		if err != nil {
			r.Error = err.Error()
		}
		if err := enc.Encode(r); err != nil {
			return err
		}
	}
	return lines.Err()
}
