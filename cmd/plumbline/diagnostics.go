package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/mistake"
	"github.com/plumbline-dev/plumbline/reports"
)

// diagnosticsSchema names the version of what --diagnostics json prints.
const diagnosticsSchema = "plumbline/diagnostics/1"

// diagnosticForms are the forms in which mistakes can be told to programs.
func diagnosticForms() []string { return []string{"text", "json", "sarif", "github", "gitlab"} }

// diagnostics are the mistakes of a user for programs.
type diagnostics struct {
	Schema      string       `json:"schema"`
	Diagnostics []diagnostic `json:"diagnostics"`
}

// A diagnostic is one mistake, or something that was noticed and is none. Lines
// and columns count from 1; zero is not known.
type diagnostic struct {
	Severity string `json:"severity"`       // severityError, severityNote
	Code     string `json:"code,omitempty"` // `plumbline explain` knows it; none for what is not of the user's making
	Message  string `json:"message"`
	File     string `json:"file,omitempty"` // or the flag
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Pointer  string `json:"pointer,omitempty"`
	Snippet  string `json:"snippet,omitempty"`
	Help     string `json:"help,omitempty"`
	Explain  string `json:"explain,omitempty"` // what `plumbline explain CODE` says
}

const (
	severityError = "error"
	severityNote  = "note"
)

// setApart gives the forms that are one document standard output for
// themselves: what a command prints goes to standard error then.
func (a *app) setApart() error {
	switch a.diagnostics {
	case "", "text", "github":
		return nil
	}
	if form := a.diagnostics; !slices.Contains(diagnosticForms(), form) {
		a.diagnostics = "text"
		return usage(notOneOf("--diagnostics", form, diagnosticForms()))
	}
	a.alone, a.out = a.out, a.err
	return nil
}

// diagnose writes what is wrong, and what was noticed, to standard output in the
// form that was asked for, beside the text that people read on standard error.
// The forms of pipelines show only what has a line; JSON holds everything.
func (a *app) diagnose(err error) error {
	if a.diagnostics == "" || a.diagnostics == "text" {
		return nil
	}
	var all []error
	if err != nil {
		all = leaves(err)
	}
	to := a.out
	if a.alone != nil {
		to = a.alone
	}
	if a.diagnostics == "json" {
		b := *a
		b.out = to
		return b.list(a.asDiagnostics(all))
	}
	write, ok := reports.Lookup(a.diagnostics)
	if !ok || !slices.Contains(diagnosticForms(), a.diagnostics) {
		return notOneOf("--diagnostics", a.diagnostics, diagnosticForms())
	}
	if a.diagnostics == "github" && len(all)+len(a.noticed) == 0 {
		return nil
	}
	return write(to, a.asReport(all))
}

// asDiagnostics is what is wrong, and what was noticed, as JSON has it.
func (a *app) asDiagnostics(all []error) diagnostics {
	out := diagnostics{Schema: diagnosticsSchema, Diagnostics: []diagnostic{}}
	for _, e := range all {
		var p *mistake.Problem
		if !errors.As(e, &p) {
			out.Diagnostics = append(out.Diagnostics, diagnostic{Severity: severityError, Message: e.Error()})
			continue
		}
		out.Diagnostics = append(out.Diagnostics, diagnosticOf(severityError, p))
	}
	for _, p := range a.noticed {
		out.Diagnostics = append(out.Diagnostics, diagnosticOf(severityNote, p))
	}
	return out
}

func diagnosticOf(severity string, p *mistake.Problem) diagnostic {
	illustrated(p)
	return diagnostic{
		Severity: severity, Code: p.Code, Message: p.Message, File: p.Source.File, Line: p.Source.Line, Column: p.Source.Column, Pointer: p.Source.Pointer,
		Snippet: p.Snippet, Help: p.Help, Explain: codes()[p.Code],
	}
}

// asReport is what is wrong, and what was noticed, as findings, which the formats
// of reports know how to write.
func (a *app) asReport(all []error) plumbline.Report {
	r := plumbline.Report{Schema: plumbline.ReportSchema, Service: "configuration", Outcome: plumbline.NotProven, ExitCode: plumbline.ExitUsage, Run: plumbline.Run{Tool: a.version}}
	r.Sentence = fmt.Sprintf("mistakes: %d; nothing was run", len(all))
	if len(all) == 0 {
		r.Outcome, r.ExitCode, r.Sentence = plumbline.Fit, plumbline.ExitFit, fmt.Sprintf("no mistakes; noticed: %d", len(a.noticed))
	}
	for _, e := range all {
		var p *mistake.Problem
		if !errors.As(e, &p) {
			p = &mistake.Problem{Code: "error", Message: e.Error()}
		}
		r.Findings = append(r.Findings, plumbline.Finding{
			Function: p.Code, Claim: p.Code + ": " + p.Message, Title: cmp.Or(codes()[p.Code], p.Code), Source: p.Source,
			Outcome: plumbline.Fail, Gates: true, Reason: cmp.Or(p.Help, "`plumbline explain "+p.Code+"` says more"), Evidence: []plumbline.Exhibit{},
		})
	}
	for _, p := range a.noticed {
		r.Findings = append(r.Findings, plumbline.Finding{
			Function: severityNote, Claim: p.Message, Title: "Noticed about what was read", Source: p.Source,
			Outcome: plumbline.Fail, Level: plumbline.LevelAdvisory, Reason: "noticed, and no mistake", Evidence: []plumbline.Exhibit{},
		})
	}
	return r
}

// notices are what a session noticed, each with its place where it has one.
func (s *session) notices() []*mistake.Problem {
	out := make([]*mistake.Problem, 0, len(s.notes))
	for _, n := range s.notes {
		at := s.places[n]
		out = append(out, &mistake.Problem{Source: at, Message: strings.TrimPrefix(n, where(at))})
	}
	return out
}

// formOf finds the form in arguments that cannot be parsed: a mistake in a flag
// is told in it as well.
func formOf(args []string) string {
	for i, arg := range args {
		if value, ok := strings.CutPrefix(arg, "--diagnostics="); ok {
			return value
		}
		if arg == "--diagnostics" && i+1 < len(args) {
			return args[i+1]
		}
	}
	return ""
}

// illustrated puts the lines that it is about into a mistake.
func illustrated(p *mistake.Problem) {
	if p.Snippet != "" || p.Source.Line == 0 {
		return
	}
	if data, err := os.ReadFile(p.Source.File); err == nil {
		p.Snippet = mistake.Snippet(data, p.Source.Line, p.Source.Column)
	}
}
