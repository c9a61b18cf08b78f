package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// A notebook keeps what was measured of each document, a line for each, so that
// a measurement can be made in pieces. What other programs have measured, or
// the same ones with other arguments, is thrown away.
type notebook struct {
	name     string
	mu       sync.Mutex
	got      map[string]json.RawMessage
	sessions []time.Duration
}

// A note is one line. The first tells who measured; those of no document tell
// how long a session took.
type note struct {
	Of   string          `json:"of,omitempty"`
	By   string          `json:"by,omitempty"`
	Took time.Duration   `json:"took,omitempty"`
	Got  json.RawMessage `json:"got,omitempty"`
}

// openNotebook reads what was measured by the programs that by names, and leaves
// only that in the file. A line that a killed process wrote half ends it.
func openNotebook(name, by string) (*notebook, error) {
	n := &notebook{name: name, got: map[string]json.RawMessage{}}
	data, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var kept bytes.Buffer
	first, _ := json.Marshal(note{By: by})
	kept.Write(append(first, '\n'))
	if lines := bytes.SplitAfter(data, []byte("\n")); bytes.Equal(bytes.TrimSpace(lines[0]), first) {
		for _, line := range lines[1:] {
			var x note
			if !bytes.HasSuffix(line, []byte("\n")) || json.Unmarshal(line, &x) != nil {
				break
			}
			kept.Write(line)
			n.take(x)
		}
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
		return nil, err
	}
	return n, os.WriteFile(name, kept.Bytes(), 0o600)
}

func (n *notebook) take(x note) {
	if x.Of == "" {
		n.sessions = append(n.sessions, x.Took)
		return
	}
	n.got[x.Of] = x.Got
}

func (n *notebook) has(of string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.got[of] != nil
}

// add writes down what was measured of a document.
func (n *notebook) add(of string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write down %s: %w", of, err)
	}
	return n.write(note{Of: of, Got: data})
}

// end writes down how long a session took.
func (n *notebook) end(took time.Duration) error { return n.write(note{Took: took}) }

func (n *notebook) write(x note) error {
	line, err := json.Marshal(x)
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	f, err := os.OpenFile(n.name, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	n.take(x)
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}

func (n *notebook) took() time.Duration {
	var sum time.Duration
	for _, d := range n.sessions {
		sum += d
	}
	return sum
}

// A left is an error that says how much is not measured yet.
type left struct{ documents, of int }

// Error says what to do.
func (l left) Error() string {
	return fmt.Sprintf("%d of %d documents are left; the same command goes on with them", l.documents, l.of)
}

// noted are the notes of some documents, in their order. The error says that
// some have none.
func noted[T any](n *notebook, names []string) ([]T, error) {
	var all []T
	for _, name := range names {
		var v T
		if data := n.got[name]; data == nil {
			continue
		} else if err := json.Unmarshal(data, &v); err != nil {
			return nil, fmt.Errorf("read %s: %w", n.name, err)
		}
		all = append(all, v)
	}
	if len(all) < len(names) {
		return nil, left{len(names) - len(all), len(names)}
	}
	return all, nil
}

// programs are the sums of this program and of others that it measures with;
// one that is not there has none.
func programs(others ...string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, name := range append([]string{self}, others...) {
		f, err := os.Open(name) //nolint:gosec // the programs under measurement
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		_, err = io.Copy(sum, f)
		if err := errors.Join(err, f.Close()); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:8]), nil
}
