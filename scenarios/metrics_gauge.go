package scenarios

import (
	"fmt"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// A metricsGauge holds what the target counted in one phase against what was
// sent in it.
type metricsGauge struct {
	d       plumbline.Design
	sent    []plumbline.Observation
	counted []plumbline.Served // in the phase
	doubt   float64            // requests by which the count may be off for reasons of ours
	routed  bool               // every operation that was called is found by its route
	coded   bool               // statuses are told
	phase   string
}

// gaugeOf reads the evidence of a phase; where it carries nothing the verdict
// says why.
func gaugeOf(d plumbline.Design, e *plumbline.Evidence, phase string) (g metricsGauge, v plumbline.Verdict, ok bool) {
	g = metricsGauge{d: d, phase: phase}
	for o := range e.Of(obsMetrics, phase) {
		if sentToTarget(o) {
			g.sent = append(g.sent, o)
			g.doubt += float64(o.Deferred + o.Renewed + o.Retries)
			if o.Error != "" {
				g.doubt++
			}
		}
	}
	before, after, v, ok := g.edges(e)
	if !ok {
		return g, v, false
	}
	if len(g.sent) < metricsLeast {
		return g, inconclusive(plumbline.ReasonTooFewSamples, "%d requests were sent", len(g.sent)), false
	}
	g.counted = servedBetween(before.Served, after.Served)
	g.coded = slices.ContainsFunc(after.Served, func(s plumbline.Served) bool { return statusClass(s.Status) != "" })
	g.routed = !slices.ContainsFunc(g.sent, func(o plumbline.Observation) bool { return len(g.of(o.Operation)) == 0 })
	if !g.routed {
		for _, s := range e.Scrapes { // may count, too
			if s.At > before.At && s.At <= after.At {
				g.doubt++
			}
		}
	}
	return g, v, true
}

// edges are the metrics before the first request of the phase and after the
// last.
func (g *metricsGauge) edges(e *plumbline.Evidence) (before, after plumbline.Scrape, v plumbline.Verdict, ok bool) {
	marks := phasesOf(e, obsMetrics)
	i := slices.IndexFunc(marks, func(m plumbline.PhaseMark) bool { return m.Phase == g.phase })
	if i < 0 || i+1 >= len(marks) {
		return before, after, inconclusive(plumbline.ReasonIncomplete, "the metrics were not read before and after the requests"), false
	}
	first, last := wholeIn(e, marks[i]), wholeIn(e, marks[i+1])
	switch {
	case len(first) == 0 || len(last) == 0:
		if slices.ContainsFunc(e.Scrapes, func(s plumbline.Scrape) bool { return s.Error == "" }) {
			v = skipped(plumbline.ReasonNotApplicable, "the metrics hold no count of requests by a usual name: metrics.requests, or metrics.durations, names it")
			return before, after, v, false
		}
		return before, after, inconclusive(plumbline.ReasonUnsupported, "the metrics could not be read: %s", unread(e)), false
	case !still(first) || !still(last):
		return before, after, inconclusive(plumbline.ReasonNoise, "the metrics do not hold still while the run sends nothing: others use the target"), false
	}
	before, after = first[len(first)-1], last[len(last)-1]
	if before.Began != after.Began || before.Instances != after.Instances || after.Requests < before.Requests {
		return before, after, inconclusive(plumbline.ReasonBaselineDrift, "the target was started anew in between, or other instances answered"), false
	}
	return before, after, v, true
}

// wholeIn are the scrapes with all labels that were made in a phase.
func wholeIn(e *plumbline.Evidence, m plumbline.PhaseMark) []plumbline.Scrape {
	var out []plumbline.Scrape
	for _, s := range e.Scrapes {
		if s.At >= m.Began && s.At <= m.Ended && len(s.Named) > 0 && s.Error == "" {
			out = append(out, s)
		}
	}
	return out
}

// still says whether the last two scrapes tell the same counts.
func still(all []plumbline.Scrape) bool {
	n := len(all)
	return n >= 2 && all[n-1].Requests == all[n-2].Requests && all[n-1].Timed == all[n-2].Timed
}

// servedBetween is what was counted from one scrape to another.
func servedBetween(before, after []plumbline.Served) []plumbline.Served {
	var out []plumbline.Served
	for _, s := range after {
		i := slices.IndexFunc(before, func(b plumbline.Served) bool {
			return b.Route == s.Route && b.Method == s.Method && b.Status == s.Status
		})
		if i >= 0 {
			b := before[i]
			s.Count, s.Timed, s.Seconds = s.Count-b.Count, s.Timed-b.Timed, s.Seconds-b.Seconds
			s.Buckets = slices.Clone(s.Buckets)
			for k := range min(len(s.Buckets), len(b.Buckets)) {
				s.Buckets[k].Count -= b.Buckets[k].Count
			}
		}
		out = append(out, s)
	}
	return out
}

// of is what was counted of an operation.
func (g *metricsGauge) of(operation string) []plumbline.Served {
	op, _ := g.d.Operation(operation)
	for _, fits := range []func(have, want string) bool{sameRoute, partOfRoute} {
		var out []plumbline.Served
		for _, s := range g.counted {
			if routeIs(s, op, fits) {
				out = append(out, s)
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}

func sameRoute(have, want string) bool { return have == want }

// partOfRoute allows for a prefix that only one of document and service knows.
func partOfRoute(have, want string) bool {
	return strings.Count(have, "/") > 0 && strings.HasSuffix(want, have) && have != "/{}" || want != "" && strings.HasSuffix(have, want)
}

var placeholder = regexp.MustCompile(`\{[^}]*\}|:[A-Za-z_]\w*|<[^>]*>|\*+`)

// routeIs says whether the labels of a count name an operation: by its ID, or by
// its path, with or without what stands before it and whatever its parameters
// are called.
func routeIs(s plumbline.Served, op plumbline.Operation, fits func(have, want string) bool) bool {
	method, route := s.Method, s.Route
	if m, rest, ok := strings.Cut(route, " "); ok && strings.HasPrefix(rest, "/") { // "GET /orders"
		method, route = m, rest
	}
	if method != "" && !strings.EqualFold(method, op.Method) {
		return false
	}
	if route == op.ID {
		return true
	}
	if method == "" || !strings.HasPrefix(route, "/") {
		return false
	}
	have := strings.TrimSuffix(placeholder.ReplaceAllString(route, "{}"), "/")
	want := strings.TrimSuffix(placeholder.ReplaceAllString(op.Path, "{}"), "/")
	return fits(have, want) || filled(op, route)
}

// filled says whether a route is the path of the operation as its requests have
// it, parameters filled in.
func filled(op plumbline.Operation, route string) bool {
	return len(op.Cases) > 0 && op.Cases[0].Request.Path == route
}

// statusClass is the class of a status label; empty for what is none.
func statusClass(status string) string {
	if len(status) == 3 && status[0] >= '1' && status[0] <= '5' {
		return status[:1]
	}
	return ""
}

// counts adds up what has a status, or a class of which it is.
func countsOf(all []plumbline.Served, status int) (n float64) {
	text := strconv.Itoa(status)
	for _, s := range all {
		if s.Status == text || strings.EqualFold(s.Status, text[:1]+"xx") {
			n += s.Count
		}
	}
	return n
}

func totalOf(all []plumbline.Served) (n float64) {
	for _, s := range all {
		n += s.Count
	}
	return n
}

// allowedBy is how far a count may be from the number that was sent.
func (g *metricsGauge) allowedBy(n float64) float64 { return metricsSlack*n + g.doubt }

// A miscount is a number of requests of one kind that was counted wrongly.
type miscount struct {
	what          string
	status        int
	sent, counted float64
}

// miscounts compares every kind of requests with its count.
func (g *metricsGauge) miscounts() []miscount {
	type kind struct {
		operation string
		status    int
	}
	sent := map[string]float64{}
	kinds := map[string]kind{}
	for _, o := range g.sent {
		if o.Error != "" {
			continue
		}
		k := kind{o.Operation, o.Status}
		if !g.routed {
			k.operation = ""
		}
		if !g.coded {
			k.status = 0
		}
		name := fmt.Sprintf("%s %d", k.operation, k.status)
		sent[name]++
		kinds[name] = k
	}
	var out []miscount
	for _, name := range sortedKeys(sent) {
		k := kinds[name]
		all := g.counted
		if g.routed {
			all = g.of(k.operation)
		}
		n := totalOf(all)
		if g.coded {
			n = countsOf(all, k.status)
		}
		if math.Abs(n-sent[name]) > g.allowedBy(sent[name]) {
			out = append(out, miscount{strings.TrimSuffix(strings.TrimSpace(name), " 0"), k.status, sent[name], n})
		}
	}
	return out
}

// short is how many requests are in no count at all.
func (g *metricsGauge) short() float64 {
	counted := totalOf(g.counted)
	if g.routed {
		counted = 0
		seen := map[string]bool{}
		for _, o := range g.sent {
			if !seen[o.Operation] {
				counted += totalOf(g.of(o.Operation))
			}
			seen[o.Operation] = true
		}
	}
	n := float64(len(g.sent))
	return max(0, n-g.allowedBy(n)-counted)
}

// alone says whether all instances of the target are asked.
func (g *metricsGauge) alone() bool {
	urls := g.d.Metrics.URLs
	if n := g.d.Environment.Instances; n > 0 {
		return n <= len(urls)
	}
	target, err := url.Parse(g.d.Target)
	if err != nil || len(urls) != 1 {
		return false
	}
	own, err := url.Parse(urls[0])
	return err == nil && (own.Host == "" || own.Host == target.Host)
}

func describe(all []miscount) string {
	var parts []string
	for _, m := range all {
		parts = append(parts, fmt.Sprintf("%s: %.0f sent, %.0f counted", strings.TrimSpace(m.what+" requests"), m.sent, m.counted))
	}
	return strings.Join(parts[:min(len(parts), exhibitLimit)], "; ")
}

// counts is the verdict on the numbers of requests.
func (g *metricsGauge) counts() plumbline.Verdict {
	n := float64(len(g.sent))
	wrong := g.miscounts()
	f := figure{float64(len(wrong)), 0, "wrong counts", len(g.sent)}
	if len(wrong) == 0 {
		return pass(f, "%.0f known requests are counted as they were answered%s", n, g.resolution())
	}
	says := describe(wrong)
	fewer := slices.DeleteFunc(slices.Clone(wrong), func(m miscount) bool { return m.counted >= m.sent })
	switch {
	case len(fewer) == 0:
		return inconclusive(plumbline.ReasonNoise, "%s: more than was sent may be that of others", says)
	case g.short() > 0 && !g.alone():
		v := inconclusive(plumbline.ReasonUndecided, "%s: what is missing may be counted by an instance that is not asked", says)
		v.Remedy = "name every instance in metrics.urls, and their number in target.instances"
		return v
	}
	v := fail(f, "%s", says)
	v.Remedy = "count each request once, under its route and the status that the client is sent"
	if !slices.ContainsFunc(fewer, func(m miscount) bool { return m.status == 0 || m.status/100 != 4 }) {
		v.Level = plumbline.LevelLikely // refused before the service saw it
	}
	return v
}

// resolution tells how finely counts could be compared.
func (g *metricsGauge) resolution() string {
	switch {
	case !g.routed && !g.coded:
		return ", all together: there are no labels for routes and statuses"
	case !g.routed:
		return ", by status alone: the labels name no route of the document"
	case !g.coded:
		return ", by route alone: there is no label for statuses"
	}
	return ""
}

// failures are the requests that were answered with a server error, and those
// that are counted as such.
func (g *metricsGauge) failures() (sent, told float64) {
	operation := ""
	for _, o := range g.sent {
		if o.Error == "" && o.Status >= 500 {
			sent, operation = sent+1, o.Operation
		}
	}
	all := g.counted
	if g.routed && operation != "" {
		all = g.of(operation)
	}
	for _, s := range all {
		if statusClass(s.Status) == "5" {
			told += s.Count
		}
	}
	return sent, told
}

// errors is the verdict on requests that were answered with a server error.
func (g *metricsGauge) errors() plumbline.Verdict {
	failed, told := g.failures()
	f := figure{told, failed, "requests", len(g.sent)}
	says := fmt.Sprintf("of %d requests without the dependency %.0f were answered with a 5xx; the metrics count %.0f", len(g.sent), failed, told)
	switch {
	case failed < metricsLeast:
		return skipped(plumbline.ReasonNotApplicable, "%s: too few fail to tell", says)
	case !g.coded:
		return skipped(plumbline.ReasonNotApplicable, "the metrics do not tell statuses")
	case told >= failed-g.allowedBy(failed):
		return pass(f, "%s", says)
	case g.short() > 0 && !g.alone():
		return inconclusive(plumbline.ReasonUndecided, "%s: the others may be counted by an instance that is not asked", says)
	}
	v := fail(f, "%s", says)
	v.Remedy = "count an answer under the status that the client is sent, after errors were turned into answers"
	return v
}
