package reports

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/reports/readers"
)

// loaded returns the document that a headless browser makes of a page, after
// its scripts have run.
func loaded(t *testing.T, page []byte) string {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "page.html")
	if err := os.WriteFile(file, page, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := readers.Chromium(ctx, t, filepath.Join(dir, "profile"), "--virtual-time-budget=30000", "--dump-dom", (&url.URL{Scheme: "file", Path: file}).String())
	var out, said bytes.Buffer
	c.Stdout, c.Stderr = &out, &said
	if err := c.Run(); err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	return out.String()
}

func pageOf(t *testing.T, r plumbline.Report) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := HTML(&out, r); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// unguarded takes the policy from a page, so that nothing but its escaping
// stands between what is in it and the browser.
func unguarded(page []byte) []byte {
	return regexp.MustCompile(`<meta http-equiv="Content-Security-Policy"[^>]*>`).ReplaceAll(page, nil)
}

// TestPageIsUsable has axe-core look for what keeps people from using the
// page, in light and in dark.
func TestPageIsUsable(t *testing.T) {
	t.Parallel()
	axe := readers.Axe(t)
	for name, theme := range map[string]string{"fit": "dark", "unfit": "light", "not-proven": "dark", "unfit in the dark": "dark"} {
		r := runs(t)[strings.TrimSuffix(name, " in the dark")]
		r.Since = someHistory()
		page := axe.Audited(string(pageOf(t, r)), theme)
		readers.Usable(t, name+" ("+theme+")", loaded(t, []byte(page)))
	}
}

// hostile is a report in which everything that comes from the target tries to
// run a script.
func hostile(t *testing.T) plumbline.Report {
	t.Helper()
	const payload = `"'></script></style></pre></svg></title><script>document.title='owned'</script><img src=x onerror="document.title='owned'"><svg onload="document.title='owned'"><a href="javascript:document.title='owned'">x</a>{{.}}${1}`
	data, err := json.Marshal(runs(t)["unfit"])
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(data, &tree); err != nil {
		t.Fatal(err)
	}
	data, err = json.Marshal(poisoned(tree, "", payload))
	if err != nil {
		t.Fatal(err)
	}
	var r plumbline.Report
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// poisoned appends the payload to every text that is not one of our own words.
func poisoned(v any, key, payload string) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			if key == "statuses" || key == "request_header" || key == "response_header" {
				k += payload
			}
			out[k] = poisoned(x, or(map[bool]string{true: key}[strings.HasSuffix(key, "_header")], keyOf(k)), payload)
		}
		return out
	case []any:
		for i := range v {
			v[i] = poisoned(v[i], key, payload)
		}
		return v
	case string:
		switch key {
		case "schema", "outcome", "began", "role", "level", "basis":
			return v
		}
		return v + payload
	}
	return v
}

func keyOf(k string) string { name, _, _ := strings.Cut(k, `"`); return name }

// TestNoScriptOfTheTargetRuns loads a page that is full of scripts of the
// target, with the policy and without it.
func TestNoScriptOfTheTargetRuns(t *testing.T) {
	t.Parallel()
	r := hostile(t)
	page := pageOf(t, r)
	if n := bytes.Count(page, []byte("document.title=")); n < 100 {
		t.Fatalf("only %d payloads are in the page", n)
	}
	for name, p := range map[string][]byte{"with the policy": page, "without it": unguarded(page)} {
		got := loaded(t, p)
		if !strings.Contains(got, `id="theme"`) || strings.Contains(got, `id="theme" hidden`) {
			t.Errorf("%s our own script did not run", name)
		}
		title := regexp.MustCompile(`(?s)<title>(.*?)</title>`).FindStringSubmatch(got)
		if title == nil || !strings.Contains(title[1], "– Plumbline") {
			t.Errorf("%s a script of the target ran: the title is %q", name, title)
		}
		for _, bad := range []string{"<img", `<a href="javascript:`, "<svg onload"} {
			if strings.Contains(got, bad) {
				t.Errorf("%s the document holds %q", name, bad)
			}
		}
	}
}

// TestPageIsWholeWithoutScripts forbids the page its own scripts, as viewers
// of artefacts do.
func TestPageIsWholeWithoutScripts(t *testing.T) {
	t.Parallel()
	page := regexp.MustCompile(`script-src [^;]*;`).ReplaceAll(pageOf(t, runs(t)["unfit"]), []byte("script-src &#39;none&#39;;"))
	got := loaded(t, page)
	for _, want := range []string{"shop is unfit", "resilience/breaker-opens/payment", `class="chart"`, `class="map"`, "How far to trust this", `id="theme" hidden`} {
		if !strings.Contains(got, want) {
			t.Errorf("without scripts the page lacks %q", want)
		}
	}
}

// someHistory is what a history could have told.
func someHistory() *plumbline.Since {
	began := time.Date(2026, 11, 20, 2, 0, 0, 0, time.UTC)
	night := func(n int, o plumbline.Overall) plumbline.Past {
		return plumbline.Past{Run: strings.Repeat(string(rune('a'+n)), 12), Began: began.AddDate(0, 0, n), Outcome: o}
	}
	good, first := night(1, plumbline.Fit), night(2, plumbline.Unfit)
	return &plumbline.Since{
		Against: &good, Good: true, Runs: 4, Nights: []plumbline.Past{good, first, night(3, plumbline.Unfit)},
		New:     []plumbline.Turn{{Claim: "load/slo-at-target/reads-fast", Title: "The objective holds", Outcome: plumbline.Fail, Was: plumbline.Pass, Age: 1}},
		Still:   []plumbline.Turn{{Claim: "resilience/breaker-opens/payment", Title: "The breaker opens", Outcome: plumbline.Fail, Was: plumbline.Fail, Age: 2, First: &first, After: &good}},
		Fixed:   []plumbline.Turn{{Claim: "auth/bola/getOrder", Title: "Objects are guarded", Outcome: plumbline.Pass, Was: plumbline.Fail}},
		Changed: []plumbline.Difference{{What: "image shop", Was: "5d41402a", Is: "7d793037"}, {What: "document", Was: "1.1.0 f4eed461", Is: "1.2.0 09ab12cd"}},
		Trends: []plumbline.Trend{{
			Name: "p99 of createOrder", Unit: "ms", Values: []float64{12, 12.4, 11.8, 0, 12.1, 16, 16.4, 15.8, 16.2},
			Shifts: []plumbline.Shift{{At: 5, Run: first, After: good, Was: 12.1, Is: 16.1, Chance: 0.0005, Changed: []plumbline.Difference{{What: "revision", Was: "a1b2c3d4", Is: "e5f6a7b8"}}}},
		}, {Name: "p50 of createOrder", Unit: "ms", Values: []float64{3, 3.1, 3, 3, 3.1, 3, 3, 3.1, 3}}},
		Grid: []plumbline.GridRow{{Claim: "resilience/breaker-opens/payment", Outcomes: []plumbline.Outcome{plumbline.Pass, plumbline.Fail, plumbline.Fail}}},
	}
}
