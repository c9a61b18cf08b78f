package pact

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// A job is one shard of a pact file.
type job struct {
	File     string        `json:"file"`
	Provider string        `json:"provider"`
	Port     uint16        `json:"port"`
	StateURL string        `json:"state_url"`
	Timeout  time.Duration `json:"timeout"` // of one request
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
	enc := json.NewEncoder(out)
	got, err := hashFile(path)
	if err == nil && got != sum {
		err = fmt.Errorf("%s has SHA-256 %s, not %s", path, got, sum)
	}
	var l *library
	if err == nil {
		l, err = open(path)
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if err != nil {
			return enc.Encode(result{Code: 2, Error: err.Error()})
		}
		var j job
		if err := json.Unmarshal(lines.Bytes(), &j); err != nil {
			return err
		}
		code, document := l.verify(j)
		if err := enc.Encode(result{Code: code, Document: document}); err != nil {
			return err
		}
	}
	return lines.Err()
}
