package workload

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// A Mixture is how often each operation of a document was called by the lines
// of an access log.
type Mixture struct {
	Counts  map[string]float64 // by the ID of the operation
	Lines   int                // that are not empty
	Foreign int                // of which none is a request for an operation of the document
}

// Mix reads an access log in the common or combined format. The path of a
// request belongs to the operation whose template has most of it word for word.
// A log that calls no operation is an error: it is not of the document.
func Mix(data []byte, operations []plumbline.Operation) (Mixture, error) {
	m := Mixture{Counts: map[string]float64{}}
	for line := range bytes.Lines(data) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		m.Lines++
		method, path, ok := requestOf(line)
		if id := called(operations, method, path); ok && id != "" {
			m.Counts[id]++
			continue
		}
		m.Foreign++
	}
	switch {
	case m.Lines == 0:
		return m, errors.New("no request is recorded")
	case len(m.Counts) == 0:
		return m, fmt.Errorf("none of %d lines is a request for an operation of the document", m.Lines)
	}
	return m, nil
}

// requestOf is the request of a line: what stands first in quotes.
func requestOf(line []byte) (method, path string, ok bool) {
	_, rest, found := bytes.Cut(line, []byte(`"`))
	request, _, closed := bytes.Cut(rest, []byte(`"`))
	fields := strings.Fields(string(request))
	if !found || !closed || len(fields) < 2 {
		return "", "", false
	}
	target := fields[1]
	if _, after, absolute := strings.Cut(target, "://"); absolute && !strings.HasPrefix(target, "/") {
		_, p, _ := strings.Cut(after, "/")
		target = "/" + p
	}
	path, _, _ = strings.Cut(target, "?")
	return strings.ToUpper(fields[0]), path, strings.HasPrefix(path, "/")
}

// called is the ID of the operation that a request is for; empty when it is for
// none.
func called(operations []plumbline.Operation, method, path string) string {
	have := strings.Split(strings.TrimSuffix(path, "/"), "/")
	var fits []plumbline.Operation
	for _, o := range operations {
		if o.Method == method && matches(strings.Split(strings.TrimSuffix(o.Path, "/"), "/"), have) {
			fits = append(fits, o)
		}
	}
	if len(fits) == 0 {
		return ""
	}
	return slices.MinFunc(fits, func(a, b plumbline.Operation) int {
		return cmp.Or(cmp.Compare(strings.Count(a.Path, "{"), strings.Count(b.Path, "{")), cmp.Compare(a.Path, b.Path))
	}).ID
}

// matches compares a template with a path, segment by segment. A parameter takes
// all of a segment but what stands around it.
func matches(template, path []string) bool {
	if len(template) != len(path) {
		return false
	}
	for i, t := range template {
		before, rest, parameter := strings.Cut(t, "{")
		if !parameter {
			if t != path[i] {
				return false
			}
			continue
		}
		after := rest[strings.LastIndex(rest, "}")+1:]
		p := path[i]
		if len(p) <= len(before)+len(after) || !strings.HasPrefix(p, before) || !strings.HasSuffix(p, after) {
			return false
		}
	}
	return true
}
