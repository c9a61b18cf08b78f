package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/diff"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/runners"
	"github.com/plumbline-dev/plumbline/runners/target"
	"github.com/plumbline-dev/plumbline/scenarios"
)

// A servedCheck looks for the document that the target publishes of itself and
// compares it with the one at hand.
type servedCheck struct {
	ask      func(ctx context.Context, path string) target.Answer
	doc      *openapi.Doc
	declared string
}

// served is the check "spec-is-served" of a session. Overlays change the
// document at hand, not the one that is published: they are left out.
func (s *session) served(client *target.Client) runners.Check {
	c := servedCheck{doc: s.doc, declared: s.design.Served, ask: func(ctx context.Context, path string) target.Answer {
		header := map[string][]string{"Accept": {"application/json, application/yaml, */*;q=0.5"}}
		return client.Do(ctx, target.Shot{Request: plumbline.Request{Method: http.MethodGet, Path: path, Header: header}})
	}}
	if overlays, _ := s.readOverlays(); len(overlays) > 0 {
		if plain, err := loadDocument(s.doc.File, openapi.Options{AllowRemoteRefs: s.remote}); err == nil {
			c.doc = plain
		}
	}
	return c.run
}

// catalog is where an API tells about itself (RFC 9727).
const catalog = "/.well-known/api-catalog"

// run asks the places in order until one of them serves a document.
func (c servedCheck) run(ctx context.Context) []plumbline.Check {
	places := []string{c.declared}
	if c.declared == "" {
		places = []string{"/openapi.json", "/openapi.yaml", "/swagger.json", "/v3/api-docs", catalog}
		if base := c.doc.Base(); base != "" {
			places = append(places, base+"/openapi.json", base+"/openapi.yaml")
		}
	}
	var out []plumbline.Check
	for _, at := range places {
		check, found := c.place(ctx, at)
		if found {
			return []plumbline.Check{check}
		}
		out = append(out, check)
	}
	return out
}

// place asks one place. A catalogue leads to another one.
func (c servedCheck) place(ctx context.Context, at string) (plumbline.Check, bool) {
	check := plumbline.Check{Name: scenarios.CheckServed, Subject: at}
	a := c.ask(ctx, at)
	switch {
	case a.Error != "":
		check.Detail, check.Unit = string(a.Error), scenarios.UnitUnanswered
		return check, false
	case a.Status != http.StatusOK:
		check.Detail = fmt.Sprint(a.Status)
		return check, false
	}
	if at == catalog {
		next := described(a.Response.Body)
		if next == "" || next == catalog {
			check.Detail = "a catalogue that names no description"
			return check, false
		}
		return c.place(ctx, next)
	}
	served, err := openapi.Parse(path.Base(at), a.Response.Body, openapi.Options{})
	if err != nil || len(served.Operations) == 0 {
		check.Detail = "no OpenAPI document"
		return check, false
	}
	differences, err := differences(c.doc, served)
	if err != nil {
		check.Detail, check.Unit = err.Error(), scenarios.UnitUnanswered
		return check, true
	}
	check.OK, check.Value, check.Unit = len(differences) == 0, float64(len(differences)), scenarios.UnitDifferences
	check.Detail = strings.Join(differences[:min(len(differences), 5)], "; ")
	return check, true
}

// described finds the description of the API in a catalogue: the first
// service-desc of a linkset (RFC 9264).
func described(body []byte) string {
	var set struct {
		Linkset []struct {
			Description []struct {
				Href string `json:"href"`
			} `json:"service-desc"`
		} `json:"linkset"`
	}
	if json.Unmarshal(body, &set) != nil {
		return ""
	}
	for _, l := range set.Linkset {
		for _, d := range l.Description {
			if u, err := url.Parse(d.Href); err == nil && strings.HasPrefix(u.Path, "/") {
				return u.EscapedPath()
			}
		}
	}
	return ""
}

// differences tells what one document says and the other does not, in a form
// in which servers, order, references and prose do not count.
func differences(have, served *openapi.Doc) ([]string, error) {
	var out []string
	seen := map[string]bool{}
	alike(have, served)
	for i, pair := range [][2]*openapi.Doc{{have, served}, {served, have}} {
		changes, err := diff.Compare(pair[0], pair[1])
		if err != nil {
			return nil, err
		}
		for _, c := range changes {
			way := "served"
			if i == 1 {
				way = "here"
			}
			key := c.Operation + c.Field
			if seen[key] {
				continue // the same difference, seen from the other side
			}
			if c.Field != "" {
				seen[key] = true
			}
			out = append(out, strings.TrimPrefix(c.Operation+": ", ": ")+c.Text+" ("+way+")")
		}
	}
	if a, b := have.T.Info, served.T.Info; a != nil && b != nil && a.Version != b.Version {
		out = append(out, fmt.Sprintf("version %s is served, not %s", b.Version, a.Version))
	}
	return out, nil
}

// alike calls the operations of the served document as the one at hand does.
func alike(have, served *openapi.Doc) {
	parameter := regexp.MustCompile(`\{[^{}]*\}`)
	shape := func(o openapi.Op) string { return parameter.ReplaceAllString(o.Source.Pointer, "{}") }
	names := map[string]string{}
	for _, o := range have.Operations {
		names[shape(o)] = o.ID
	}
	for i, o := range served.Operations {
		if name, ok := names[shape(o)]; ok {
			served.Operations[i].ID = name
		}
	}
}
