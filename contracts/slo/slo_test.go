package slo

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/plumbline-dev/plumbline"
)

func shop() []plumbline.Operation {
	return []plumbline.Operation{
		{ID: "createOrder", Method: "POST", Path: "/orders", Tags: []string{"checkout"}},
		{ID: "getOrder", Method: "GET", Path: "/orders/{id}"},
	}
}

func TestExpressions(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]plumbline.Objective{
		"p(99)<300ms":                       {Target: 0.99, Within: 300 * time.Millisecond},
		"p99.9 <= 1.5s":                     {Target: 0.999, Within: 1500 * time.Millisecond},
		"errors<0.1%":                       {Target: 0.999},
		"availability>=99.95%":              {Target: 0.9995},
		"POST /orders: p(95)<1s":            {Target: 0.95, Within: time.Second, Operations: []string{"createOrder"}},
		"tag:checkout: availability≥0.9":    {Target: 0.9, Operations: []string{"createOrder"}},
		"*: errors<1%":                      {Target: 0.99},
		"throughput>50/s":                   {Throughput: 50},
		"flow:life: p(95)<1s":               {Target: 0.95, Within: time.Second, Operations: []string{"flow:life"}},
		"createOrder: throughput>=3000/min": {Throughput: 50, Operations: []string{"createOrder"}},
	} {
		got, err := Expression(text, shop())
		if d := cmp.Diff(want, got, cmpopts.IgnoreFields(plumbline.Objective{}, "Name", "Source")); d != "" || err != nil {
			t.Errorf("%s: %v\n%s", text, err, d)
		}
	}
	for text, want := range map[string]string{
		"p(99)":             "SLO101",
		"p(99)<0ms":         "above zero",
		"p(99)>300ms":       "upper bound",
		"errors<100%":       "between 0 and 100",
		"errors>1%":         "cannot be bounded",
		"throughput<50/s":   "lower bound",
		"throughput>0":      "above zero",
		"throughput>5/day":  "not a rate",
		"getOrders: p99<1s": `did you mean "getOrder"`,
	} {
		if _, err := Expression(text, shop()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

const openslo = `apiVersion: openslo/v1
kind: SLO
metadata: {name: order-latency}
spec:
  service: shop
  indicatorRef: latency
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{op: lte, value: 0.4, target: 0.99}]
---
apiVersion: openslo/v1
kind: SLI
metadata: {name: latency}
spec:
  thresholdMetric: {metricSource: {type: Prometheus, spec: {query: x}}}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: order-errors}
spec:
  service: shop
  budgetingMethod: Occurrences
  indicator: {spec: {ratioMetric: {counter: true, good: {metricSource: {}}, total: {metricSource: {}}}}}
  objectives: [{targetPercent: 99.5}, {target: 0.9}]
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: slices}
spec: {budgetingMethod: Timeslices, indicatorRef: latency, objectives: [{target: 0.9}]}
`

func TestOpenSLOIsReadUnmodified(t *testing.T) {
	t.Parallel()
	b := map[string]Binding{"order-latency": {Operations: []string{"POST /orders"}, Unit: "s"}}
	got, err := ReadOpenSLO("slo.yaml", []byte(openslo), b, shop())
	if err != nil {
		t.Fatal(err)
	}
	want := []plumbline.Objective{
		{Name: "order-latency", Operations: []string{"createOrder"}, Target: 0.99, Within: 400 * time.Millisecond, Window: 28 * 24 * time.Hour, Source: plumbline.Source{File: "slo.yaml", Line: 1, Column: 1}},
		{Name: "order-errors/1", Target: 0.995, Source: plumbline.Source{File: "slo.yaml", Line: 17, Column: 1}},
		{Name: "order-errors/2", Target: 0.9, Source: plumbline.Source{File: "slo.yaml", Line: 17, Column: 1}},
	}
	if d := cmp.Diff(want, got.Objectives); d != "" {
		t.Error(d)
	}
	if len(got.Notices) != 2 || !strings.Contains(got.Notices[0], "order-errors is judged as the availability of the whole service") || !strings.Contains(got.Notices[1], "Timeslices") {
		t.Errorf("notices %q", got.Notices)
	}
	if len(got.Unjudged) != 1 || got.Unjudged[0].Name != "slices" || got.Unjudged[0].Source.Line != 26 {
		t.Errorf("%+v", got.Unjudged)
	}
}

// Nothing that is read is dropped: it is an objective, or said not to be judged.
func TestWhatOpenSLOBindsIsJudgedAndTheRestIsNamed(t *testing.T) {
	t.Parallel()
	const head = "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: x}\nspec:\n  service: shop\n"
	one := func(source, rest string) string {
		return head + "  indicator: {spec: {thresholdMetric: {metricSource: " + source + "}}}\n" + rest
	}
	const quick, busy = "  objectives: [{op: lte, value: 250, target: 0.99}]\n", "  objectives: [{op: gte, value: 50, target: 0.99}]\n"
	for name, c := range map[string]struct {
		text string
		b    Binding
		want plumbline.Objective
		why  string // it is not judged
	}{
		"bound":                      {one("{type: prometheus, spec: {query: x}}", quick), Binding{Unit: "ms", Operations: []string{"createOrder"}}, plumbline.Objective{Target: 0.99, Within: 250 * time.Millisecond, Operations: []string{"createOrder"}}, ""},
		"a threshold of nobody":      {one("{type: prometheus, spec: {query: x}}", quick), Binding{}, plumbline.Objective{}, "prometheus measures it, and no binding says"},
		"a depth of a queue":         {one("{type: datadog, spec: {query: x}}", busy), Binding{}, plumbline.Objective{}, "datadog measures it"},
		"a throughput":               {one("{type: datadog, spec: {query: x}}", busy), Binding{Unit: "/s"}, plumbline.Objective{Throughput: 50}, ""},
		"of ours":                    {one("{type: plumbline, spec: {metric: http.latency, operations: [createOrder]}}", quick), Binding{}, plumbline.Objective{Target: 0.99, Within: 250 * time.Millisecond, Operations: []string{"createOrder"}}, ""},
		"a throughput of ours":       {one("{type: plumbline, spec: {metric: goodput}}", busy), Binding{}, plumbline.Objective{Throughput: 50}, ""},
		"of ours, in a phase":        {one("{type: plumbline, spec: {metric: goodput, phase: spike}}", busy), Binding{}, plumbline.Objective{}, "plumbline measures it"},
		"slices of ratios":           {head + "  budgetingMethod: RatioTimeslices\n  indicator: {spec: {ratioMetric: {counter: true}}}\n  objectives: [{target: 0.9}]\n", Binding{}, plumbline.Objective{}, "RatioTimeslices needs time slices"},
		"an indicator elsewhere":     {head + "  indicatorRef: far\n  objectives: [{target: 0.9}]\n", Binding{}, plumbline.Objective{}, `"far" does not stand in the same file`},
		"no indicator":               {head + "  objectives: [{target: 0.9}]\n", Binding{}, plumbline.Objective{}, "it has no indicator"},
		"a composite":                {head + "  objectives: [{target: 0.9, indicatorRef: a}, {target: 0.9, indicatorRef: b}]\n", Binding{}, plumbline.Objective{}, "it is a composite"},
		"bad and total, as they are": {head + "  indicator: {spec: {ratioMetric: {counter: true, bad: {metricSource: {type: p, spec: {query: a}}}, total: {metricSource: {type: p, spec: {query: b}}}}}}\n  objectives: [{target: 0.9}]\n", Binding{Operations: []string{"getOrder"}}, plumbline.Objective{Target: 0.9, Operations: []string{"getOrder"}}, ""},
		"a ratio that is a latency":  {head + "  indicator: {spec: {ratioMetric: {counter: true}}}\n  objectives: [{target: 0.9}]\n", Binding{Good: "latency <= 300ms"}, plumbline.Objective{Target: 0.9, Within: 300 * time.Millisecond}, ""},
	} {
		bindings := map[string]Binding{}
		if c.b.Unit+c.b.Good != "" || c.b.Operations != nil {
			bindings["x"] = c.b
		}
		got, err := ReadOpenSLO("slo.yaml", []byte(c.text), bindings, shop())
		switch {
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case c.why != "":
			if len(got.Objectives) > 0 || len(got.Unjudged) != 1 || !strings.Contains(got.Unjudged[0].Why, c.why) || len(got.Notices) != 1 {
				t.Errorf("%s: %+v, want %q", name, got, c.why)
			}
		case len(got.Objectives) != 1 || len(got.Unjudged) > 0:
			t.Errorf("%s: %+v", name, got)
		default:
			if d := cmp.Diff(c.want, got.Objectives[0], cmpopts.IgnoreFields(plumbline.Objective{}, "Name", "Source")); d != "" {
				t.Errorf("%s: %s", name, d)
			}
		}
	}
}

func TestOpenSLOMistakesAreNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text, want string
		b          Binding
	}{
		"no unit":           {openslo, "has no unit", Binding{Operations: []string{"createOrder"}}},
		"no throughput":     {openslo, "needs op gte", Binding{Unit: "/s"}},
		"flow and others":   {openslo, "of operations or of flows", Binding{Operations: []string{"getOrder", "flow:life"}, Unit: "s"}},
		"unknown operation": {openslo, "SLO102", Binding{Operations: []string{"getOrdr"}, Unit: "s"}},
		"bad binding":       {openslo, "not of the form", Binding{Good: "fast"}},
		"draft":             {"apiVersion: openslo.com/v2alpha\nkind: SLO\n", "is a draft", Binding{}},
		"not YAML":          {"a: [", "SLO105", Binding{}},
		"target of one":     {strings.ReplaceAll(openslo, "target: 0.99}", "target: 1.0}"), "both excluded", Binding{Unit: "s"}},
	} {
		_, err := ReadOpenSLO("slo.yaml", []byte(c.text), map[string]Binding{"order-latency": c.b}, shop())
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestNativeEntries(t *testing.T) {
	t.Parallel()
	n, _, err := FromMap(map[string]any{
		"name": "orders", "operations": []any{"tag:checkout"}, "p99": "300ms", "availability": "99.9%", "window": "28d",
		"during": map[string]any{"fault": map[string]any{"availability": "99%"}}, "decision": "prove",
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := n.Objectives(shop(), plumbline.Source{File: "p", Line: 3})
	if err != nil || len(got) != 3 {
		t.Fatalf("%v %v", got, err)
	}
	if got[0].Name != "orders availability" || got[1].Name != "orders during fault" || got[2].Within != 300*time.Millisecond {
		t.Errorf("got %+v", got)
	}
	if _, key, err := FromMap(map[string]any{"p9999": "2s"}); err == nil || key != "p9999" {
		t.Errorf("unknown key: %q %v", key, err)
	}
}

func TestNativeEntriesSayMore(t *testing.T) {
	t.Parallel()
	read := func(m map[string]any) ([]plumbline.Objective, error) {
		n, _, err := FromMap(m)
		if err != nil {
			return nil, err
		}
		return n.Objectives(shop(), plumbline.Source{File: "p", Line: 3})
	}
	got, err := read(map[string]any{
		"name": "orders", "throughput": "50/s", "severity": "warn", "regression": map[string]any{"tolerance": "20%", "floor": "5ms", "confirm": false},
		"during": map[string]any{"recovery": map[string]any{"throughput": "10/s", "dependencies": []any{"recs"}}},
	})
	if err != nil || len(got) != 2 {
		t.Fatalf("%v %v", got, err)
	}
	want := &plumbline.Regression{Tolerance: 0.2, Floor: 5 * time.Millisecond, Unconfirmed: true}
	if got[0].Throughput != 50 || got[0].Severity != plumbline.SeverityWarn || cmp.Diff(want, got[0].Regression) != "" || got[1].Throughput != 10 || got[1].During != "recovery" || !slices.Equal(got[1].Faults, []string{"recs"}) {
		t.Errorf("%+v %+v", got, got[0].Regression)
	}
	for text, m := range map[string]map[string]any{
		"none of gate, warn and info":    {"p99": "1s", "severity": "fatal"},
		"regression: floor":              {"p99": "1s", "regression": map[string]any{"floor": "soon"}},
		"unknown key \"p95\"":            {"p99": "1s", "regression": map[string]any{"p95": "<=10%"}},
		"neither true nor false":         {"p99": "1s", "regression": map[string]any{"confirm": "twice"}},
		"regression is a mapping":        {"p99": "1s", "regression": "20%"},
		"not a rate above zero":          {"throughput": "many"},
		"says nothing that can be judge": {"severity": "warn"},
		"list of dependency names":       {"during": map[string]any{"fault": map[string]any{"availability": "9%", "dependencies": "recs"}}},
	} {
		if _, err := read(m); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%v: %v, want %q", m, err, text)
		}
	}
}

func TestContradictions(t *testing.T) {
	t.Parallel()
	at := func(n string, target float64, within time.Duration) plumbline.Objective {
		return plumbline.Objective{Name: n, Target: target, Within: within}
	}
	for name, c := range map[string]struct {
		in   []plumbline.Objective
		want int
	}{
		"same share, two thresholds": {[]plumbline.Objective{at("a", 0.99, 1), at("b", 0.99, 2)}, 1},
		"two availabilities":         {[]plumbline.Objective{at("a", 0.99, 0), at("b", 0.9, 0)}, 1},
		"same name":                  {[]plumbline.Objective{at("a", 0.99, 0), at("a", 0.9, 5)}, 1},
		"two throughputs":            {[]plumbline.Objective{{Name: "a", Throughput: 50}, {Name: "b", Throughput: 60}}, 1},
		"a throughput and a share":   {[]plumbline.Objective{{Name: "a", Throughput: 50}, at("b", 0.99, 0)}, 0},
		"two percentiles":            {[]plumbline.Objective{at("a", 0.99, 2), at("b", 0.9, 1)}, 0},
	} {
		if got := Contradictions(c.in); len(got) != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzOpenSLO(f *testing.F) {
	f.Add([]byte(openslo))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := ReadOpenSLO("f", data, nil, shop())
		for _, o := range got.Objectives {
			if err == nil && o.Throughput == 0 && (o.Target <= 0 || o.Target >= 1) {
				t.Errorf("target %v got through", o.Target)
			}
		}
	})
}
