package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// probeLimit is how many operations init asks for, and probeWait how long it
// waits for each.
const (
	probeLimit = 25
	probeWait  = 5 * time.Second
)

// A probed target is what it said when it was asked by safe methods, without
// credentials.
type probed struct {
	tried    int
	answers  map[string]bool // operations that answered with a success
	refused  []string        // operations that want credentials, as the document says
	asking   []string        // operations that want credentials, though the document does not say so
	open     []string        // operations that the document secures, and that answered
	missing  []string        // operations that answered 404 on a path without parameters
	failing  []string        // operations that answered with a server error
	rootless int             // operations that are found without the base path
	err      error           // why nobody answered
}

// sounded asks the target for the operations that need nothing else.
func (s *session) sounded(ctx context.Context) probed {
	p := probed{answers: map[string]bool{}}
	client := &http.Client{
		Timeout:       probeWait,
		Transport:     &http.Transport{}, // no proxy
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	base := s.doc.Base()
	for _, op := range s.design.Operations {
		if !op.Safe() || len(op.Cases) == 0 || len(op.Cases[0].Binds) > 0 || p.tried >= probeLimit {
			continue
		}
		req := op.Cases[0].Request
		status, err := asked(ctx, client, s.design.Target, req)
		if err != nil {
			p.err = err
			return p
		}
		p.tried++
		p.note(op, status)
		if rest, ok := strings.CutPrefix(req.Path, base); status == http.StatusNotFound && ok && base != "" {
			req.Path = rest
			if status, err = asked(ctx, client, s.design.Target, req); err == nil && status != http.StatusNotFound {
				p.rootless++
			}
		}
	}
	return p
}

// asked sends one request and gives the status.
func asked(ctx context.Context, client *http.Client, target string, r plumbline.Request) (int, error) {
	at := strings.TrimRight(target, "/") + r.Path
	if r.Query != "" {
		at += "?" + r.Query
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, at, http.NoBody)
	if err != nil {
		return 0, err
	}
	for name, values := range r.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	_, err = io.CopyN(io.Discard, resp.Body, 1<<20)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return resp.StatusCode, errors.Join(err, resp.Body.Close())
}

// note books what one operation answered.
func (p *probed) note(op plumbline.Operation, status int) {
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		if op.Secured {
			p.refused = append(p.refused, op.ID)
		} else {
			p.asking = append(p.asking, op.ID)
		}
	case status == http.StatusNotFound && !strings.Contains(op.Path, "{"):
		p.missing = append(p.missing, op.ID)
	case status >= http.StatusInternalServerError:
		p.failing = append(p.failing, op.ID)
	case status < http.StatusBadRequest:
		p.answers[op.ID] = true
		if op.Secured {
			p.open = append(p.open, op.ID)
		}
	}
}

// lines tells it, one fact a line.
func (p *probed) lines(target, base string) []string {
	if p.err != nil {
		return []string{fmt.Sprintf("%s does not answer: %s", target, oneLine(p.err.Error()))}
	}
	if p.tried == 0 {
		return []string{"nothing was asked of " + target + ": no operation is safe and complete without what others create"}
	}
	out := []string{fmt.Sprintf("%s was asked, without credentials: %d of %d operations succeeded", target, len(p.answers), p.tried)}
	add := func(list []string, format string) {
		if len(list) > 0 {
			out = append(out, fmt.Sprintf(format, listed(list)))
		}
	}
	add(p.refused, "want credentials, as the document says: %s")
	add(p.asking, "want credentials, though the document does not say so: %s")
	add(p.open, "answer without credentials, though the document asks for some: %s")
	add(p.missing, "are not there (404): %s")
	add(p.failing, "fail (5xx): %s")
	if p.rootless > 0 {
		out = append(out, fmt.Sprintf("the base path %s of the document does not hold: paths are served without it, and are asked for there", base))
	}
	return out
}

// listed is a list in one line, cut after a few.
func listed(list []string) string {
	const most = 6
	if len(list) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
	}
	return strings.Join(list, ", ")
}

// oneLine is a text that fits into a comment.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
