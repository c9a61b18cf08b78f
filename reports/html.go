package reports

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

func init() { register("html", "report.html", HTML) }

//go:embed report.html.tmpl
var layout string

//go:embed report.css
var style string

// HTML writes one self-contained page: no script, no network, readable in
// light and dark. Its content security policy allows the page's own style
// sheet and nothing else.
func HTML(w io.Writer, r plumbline.Report) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"glyph": glyph, "told": told, "calls": calls, "amount": amount, "place": place, "grouped": grouped, "timeline": timelineSVG,
		"refused": refused, "seconds": seconds, "join": func(s []string) string { return strings.Join(s, ", ") },
		"percent": func(a, b int) string { return fmt.Sprintf("%d of %d", a, b) },
	}).Parse(layout)
	if err != nil {
		return fmt.Errorf("html: %w", err)
	}
	sum := sha256.Sum256([]byte(style))
	return t.Execute(w, htmlPage{
		Report: r, Style: template.CSS(style), //nolint:gosec // our own style sheet
		StyleHash: "sha256-" + base64.StdEncoding.EncodeToString(sum[:]),
		Counts:    htmlCounts(r), Open: unkept(r), Kept: keptByFunction(r), Harness: harnessFindings(r),
		Map: mapSVG(r), Matrix: matrixTable(r), Skipped: skipped(r),
	})
}

// htmlPage is what the template sees beside the report.
type htmlPage struct {
	plumbline.Report
	Style     template.CSS
	StyleHash string
	Counts    []htmlCount
	Open      []plumbline.Finding
	Kept      []htmlKept
	Harness   []plumbline.Finding
	Map       template.HTML
	Matrix    []htmlMatrix
	Skipped   []plumbline.FunctionCoverage
}

type htmlCount struct {
	Outcome plumbline.Outcome
	Word    string
	N       int
}

type htmlKept struct {
	Function, Title string
	Findings        []plumbline.Finding
}

type htmlMatrix struct {
	Dependency string
	Operations []string
	Rows       []htmlRow
}

type htmlRow struct {
	Fault string
	Cells []plumbline.Cell // parallel to Operations; zero where nothing was tried
}

func htmlCounts(r plumbline.Report) []htmlCount {
	n := count(r)
	n[plumbline.Inconclusive] += n[plumbline.Error]
	var out []htmlCount
	for _, o := range []plumbline.Outcome{plumbline.Pass, plumbline.Fail, plumbline.Inconclusive, plumbline.Skipped} {
		out = append(out, htmlCount{o, word(o), n[o]})
	}
	return out
}

func unkept(r plumbline.Report) []plumbline.Finding {
	return slices.DeleteFunc(withOutcome(r, plumbline.Fail, plumbline.Error, plumbline.Inconclusive, plumbline.Waived), symptom)
}

func keptByFunction(r plumbline.Report) []htmlKept {
	var out []htmlKept
	for _, f := range withOutcome(r, plumbline.Pass) {
		if harness(f) {
			continue
		}
		i := slices.IndexFunc(out, func(k htmlKept) bool { return k.Function == f.Function })
		if i < 0 {
			i = len(out)
			out = append(out, htmlKept{Function: f.Function, Title: f.Title})
		}
		out[i].Findings = append(out[i].Findings, f)
	}
	return out
}

func harnessFindings(r plumbline.Report) []plumbline.Finding {
	return slices.DeleteFunc(slices.Clone(r.Findings), func(f plumbline.Finding) bool { return !harness(f) })
}

func skipped(r plumbline.Report) []plumbline.FunctionCoverage {
	return slices.DeleteFunc(slices.Clone(r.Coverage.Functions), func(c plumbline.FunctionCoverage) bool { return c.Outcome != plumbline.Skipped })
}

func matrixTable(r plumbline.Report) []htmlMatrix {
	var out []htmlMatrix
	for _, c := range r.Matrix {
		i := slices.IndexFunc(out, func(m htmlMatrix) bool { return m.Dependency == c.Dependency })
		if i < 0 {
			i = len(out)
			out = append(out, htmlMatrix{Dependency: c.Dependency})
		}
		m := &out[i]
		if !slices.Contains(m.Operations, c.Operation) {
			m.Operations = append(m.Operations, c.Operation)
		}
		if !slices.ContainsFunc(m.Rows, func(x htmlRow) bool { return x.Fault == c.Fault }) {
			m.Rows = append(m.Rows, htmlRow{Fault: c.Fault})
		}
	}
	for i := range out {
		out[i].fill(r.Matrix)
	}
	return out
}

func (m *htmlMatrix) fill(cells []plumbline.Cell) {
	for i := range m.Rows {
		m.Rows[i].Cells = make([]plumbline.Cell, len(m.Operations))
		for _, c := range cells {
			if c.Dependency == m.Dependency && c.Fault == m.Rows[i].Fault {
				m.Rows[i].Cells[slices.Index(m.Operations, c.Operation)] = c
			}
		}
	}
}
