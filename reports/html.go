package reports

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

func init() { register("html", "report.html", HTML) }

// assets are the templates, the style sheet and the scripts of the page. uPlot
// is the file that its author publishes, with its licence beside it.
//
//go:embed assets
var assets embed.FS

// HTML writes one self-contained page: no network, complete with scripts
// blocked, readable in light, dark and on paper. Its content security policy
// allows the page's own style sheet and its own two scripts, by their hashes,
// and nothing else.
func HTML(w io.Writer, r plumbline.Report) error {
	t, err := template.New("page.tmpl").Funcs(pageFuncs(r)).ParseFS(assets, "assets/*.tmpl")
	if err != nil {
		return fmt.Errorf("html: %w", err)
	}
	p := htmlPage{Report: r, Failures: failures(r), Unproven: unproven(r), Matrices: matrices(r), NotJudged: notJudged(r)}
	p.Style = template.CSS(asset("uplot.min.css") + asset("report.css"))                    //nolint:gosec // our own style sheet
	p.UPlot, p.Script = template.JS(asset("uplot.min.js")), template.JS(asset("report.js")) //nolint:gosec // our own scripts
	p.Policy = fmt.Sprintf("default-src 'none'; style-src %s; script-src %s %s; img-src data:; base-uri 'none'; form-action 'none'",
		hash(string(p.Style)), hash(string(p.UPlot)), hash(string(p.Script)))
	p.Waived, p.Kept, p.Harness = withOutcome(r, plumbline.Waived), keptByFunction(r), harnessFindings(r)
	for _, line := range r.Timeline {
		short, n := coarser(line)
		p.Charts = append(p.Charts, pageChart{short, n, backdrop(r, short, n)})
	}
	p.Counts, p.Reasons = pageCounts(r), reasons(r)
	return t.Execute(w, p)
}

// htmlPage is what the templates see beside the report.
type htmlPage struct {
	plumbline.Report
	Style             template.CSS
	UPlot, Script     template.JS
	Policy            string
	Counts            []pageCount
	Failures, Reasons []plumbline.Finding // all that failed; what made the verdict
	Waived, Harness   []plumbline.Finding
	Unproven          []cardGroup
	Kept              []keptFunction
	Matrices          []matrix
	NotJudged         []unlock
	Charts            []pageChart
}

// A pageChart is a timeline as it is drawn, and how many seconds one of its
// points stands for.
type pageChart struct {
	plumbline.Timeline
	Seconds int
	Was     plumbline.Backdrop // the last good run; its points are parallel to Points where there are any
}

type pageCount struct {
	Outcome plumbline.Outcome // for the colour
	Glyph   string
	Word    string
	Where   string // anchor of the section
	N       int
	Share   float64 // of the sum, in percent, and where it begins
	From    float64
}

type keptFunction struct {
	Function, Title string
	Findings        []plumbline.Finding
}

func asset(name string) string {
	data, err := assets.ReadFile("assets/" + name)
	if err != nil {
		panic("reports: " + err.Error()) // it is compiled in
	}
	return string(data)
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func pageFuncs(r plumbline.Report) template.FuncMap {
	out := words()
	maps.Copy(out, template.FuncMap{
		"told": told, "mildly": mildly, "mildness": mildness, "calls": calls, "place": place, "join": func(s []string) string { return strings.Join(s, ", ") },
		"anchor": anchor, "chartOf": func(f plumbline.Finding) string { return chartOf(r, f) }, "chartAnchor": chartAnchor,
		"waterfall": waterfallSVG, "map": func() template.HTML { return mapSVG(r) }, "lanes": func() []narrowLane { return narrowLanes(r) }, "lasted": lasted, "days": days,
		"cellGlyph": cellGlyph, "cellWord": cellWord, "outageClass": outageClass, "recovery": recovery, "cost": cost, "budgets": func() string { return anyBudget(r) },
		"sent": sent, "received": received, "statuses": statuses, "otherAnswers": otherAnswers, "refused": refused, "exercised": func() []tally { return exercised(r) },
		"bullet": func(f plumbline.Finding) template.HTML { return bulletSVG(r, f) }, "interval": interval, "bound": bound, "was": func(f plumbline.Finding) string { return wasFigure(r, f) },
		"sentence": sentence, "samples": func() string { return sampleSizes(r) },
		"short": func(s string) string { return s[:min(len(s), 8)] }, "name": func(f string) string { _, n, _ := strings.Cut(f, "/"); return or(n, f) },
		"turns": func(word, class string, all []plumbline.Turn) turnList { return turnList{word, class, all} }, "moreOf": func(all []plumbline.Finding, shown int) int { return len(all) - shown }, "more": func(all []plumbline.Turn, shown int) int { return len(all) - shown },
		"took": func(x plumbline.Exchange) time.Duration { return max(0, x.Ended-x.Began) }, "ms": func(d time.Duration) string { return fixed(float64(d) / float64(time.Millisecond)) },
		"capacity": func(c *plumbline.Capacity, width float64) template.HTML { return capacitySVG(c, carriedThen(r), width) }, "carried": func() *plumbline.Interval { return carriedThen(r) },
		"quantiles": func(width float64) template.HTML { return quantilesSVG(r, width) }, "quantileRows": func() []quantileRow { return quantileRows(r) }, "scaled": scaled, "perSecond": perSecond, "flowSentence": flowSentence, "stepLatency": stepLatency,
		"mebibytes":  func(n float64) string { return fmt.Sprintf("%.1f", n/(1<<20)) },
		"percentile": func(q float64) string { return strconv.FormatFloat(100*q, 'g', 5, 64) },
		"behind":     behind, "anyBehind": anyBehind, "phaseRows": phaseRows, "promises": promises, "anyCut": anyCut, "cutWords": cutWords, "limits": limits, "bounds": bounds, "between": between, "thenOf": anyThen,
		"rows": rows, "spark": sparkSVG, "shifted": func() []string { return shifted(*r.Since) }, "flaky": func() []string { return flaky(*r.Since) }, "lastOf": lastOf, "turnAge": turnAge, "middleOf": middleOf,
		"usual": func(t plumbline.Timeline) string {
			p50, p99, ok := usual(t)
			if !ok {
				return ""
			}
			return amount(p50, "ms") + " to " + amount(p99, "ms")
		},
	})
	return out
}

// A turnList is one column of what became of the claims.
type turnList struct {
	Word, Class string
	Turns       []plumbline.Turn
}

// whole takes the integers of the report, whatever their size.
func whole(n any) int64 {
	switch n := n.(type) {
	case int:
		return int64(n)
	case int64:
		return n
	}
	return 0
}

func share(n, of int) int {
	if of == 0 {
		return 0
	}
	return 100 * n / of
}

// overall is the colour of a run.
func overall(o plumbline.Overall) plumbline.Outcome {
	switch o {
	case plumbline.Fit:
		return plumbline.Pass
	case plumbline.Unfit:
		return plumbline.Fail
	default:
		return plumbline.Inconclusive
	}
}

// sentence is the verdict in words without its first word, which stands above
// it, and without the first reason, which stands below it.
func sentence(r plumbline.Report) string {
	_, rest, ok := strings.Cut(r.Sentence, ": ")
	if !ok || rest == "" {
		return r.Sentence
	}
	if all := reasons(r); len(all) > 0 {
		for _, f := range all {
			rest = strings.Replace(rest, "; first: "+f.Claim+": "+f.Reason, "", 1)
		}
	}
	return strings.ToUpper(rest[:1]) + rest[1:] + "."
}

// reasons are the findings for which a run is not fit.
func reasons(r plumbline.Report) []plumbline.Finding {
	var out []plumbline.Finding
	switch r.Outcome {
	case plumbline.Unfit:
		out = failures(r)
	case plumbline.NotProven:
		out = withOutcome(r, plumbline.Error, plumbline.Inconclusive)
	case plumbline.Fit:
	}
	return slices.DeleteFunc(out, func(f plumbline.Finding) bool { return !f.Gates })
}

func pageCounts(r plumbline.Report) []pageCount {
	n := count(r)
	out := []pageCount{
		{Outcome: plumbline.Pass, Glyph: glyph(plumbline.Pass), Word: "kept", Where: "kept", N: n[plumbline.Pass]},
		{Outcome: plumbline.Fail, Glyph: glyph(plumbline.Fail), Word: "broken", Where: "broken", N: n[plumbline.Fail]},
		{Outcome: plumbline.Inconclusive, Glyph: glyph(plumbline.Inconclusive), Word: "unproven", Where: "unproven", N: n[plumbline.Inconclusive]},
		{Outcome: plumbline.Waived, Glyph: glyph(plumbline.Waived), Word: "warned or waived", Where: "broken", N: n[mild] + n[warned] + n[symptoms] + n[plumbline.Waived]},
	}
	sum, at := 0, 0.0
	for _, c := range out {
		sum += c.N
	}
	for i := range out {
		if out[i].N == 0 {
			out[i].Outcome = plumbline.Skipped // nothing to be alarmed by
		}
		if sum > 0 {
			out[i].Share, out[i].From = 100*float64(out[i].N)/float64(sum), at
			at += out[i].Share
		}
	}
	return out
}

func keptByFunction(r plumbline.Report) []keptFunction {
	var out []keptFunction
	for _, f := range withOutcome(r, plumbline.Pass) {
		if harness(f) {
			continue
		}
		i := slices.IndexFunc(out, func(k keptFunction) bool { return k.Function == f.Function })
		if i < 0 {
			i = len(out)
			out = append(out, keptFunction{Function: f.Function, Title: f.Title})
		}
		out[i].Findings = append(out[i].Findings, f)
	}
	return out
}

func harnessFindings(r plumbline.Report) []plumbline.Finding {
	return slices.DeleteFunc(slices.Clone(r.Findings), func(f plumbline.Finding) bool { return !harness(f) })
}
