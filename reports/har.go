package reports

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

func init() { register("har", "", HAR) }

type harLog struct {
	Log struct {
		Version string     `json:"version"`
		Creator harCreator `json:"creator"`
		Entries []harEntry `json:"entries"`
		Comment string     `json:"comment"`
	} `json:"log"`
}

type harCreator struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

type harEntry struct {
	Started  string      `json:"startedDateTime"`
	Time     float64     `json:"time"` // ms
	Request  harRequest  `json:"request"`
	Response harResponse `json:"response"`
	Cache    struct{}    `json:"cache"`
	Timings  harTimings  `json:"timings"`
	Comment  string      `json:"comment"`
}

type harTimings struct {
	Send    float64 `json:"send"`
	Wait    float64 `json:"wait"`
	Receive float64 `json:"receive"`
}

type harPair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type harRequest struct {
	Method      string    `json:"method"`
	URL         string    `json:"url"`
	HTTPVersion string    `json:"httpVersion"`
	Cookies     []harPair `json:"cookies"`
	Headers     []harPair `json:"headers"`
	Query       []harPair `json:"queryString"`
	PostData    *harBody  `json:"postData,omitempty"`
	HeadersSize int       `json:"headersSize"`
	BodySize    int       `json:"bodySize"`
}

type harBody struct {
	Mime string `json:"mimeType"`
	Text string `json:"text"`
}

type harResponse struct {
	Status      int        `json:"status"`
	StatusText  string     `json:"statusText"`
	HTTPVersion string     `json:"httpVersion"`
	Cookies     []harPair  `json:"cookies"`
	Headers     []harPair  `json:"headers"`
	Content     harContent `json:"content"`
	RedirectURL string     `json:"redirectURL"`
	HeadersSize int        `json:"headersSize"`
	BodySize    int        `json:"bodySize"`
}

type harContent struct {
	Size int    `json:"size"`
	Mime string `json:"mimeType"`
	Text string `json:"text,omitempty"`
}

// HAR writes the requests that are shown with findings as an HTTP archive 1.2,
// redacted as they were recorded. A request without an answer has status 0.
// The comment of an entry names the claim that it is evidence for.
func HAR(w io.Writer, r plumbline.Report) error {
	var out harLog
	out.Log.Version, out.Log.Creator = "1.2", harCreator{"plumbline", or(r.Run.Tool, "dev")}
	out.Log.Comment, out.Log.Entries = r.Sentence, []harEntry{}
	for _, f := range r.Findings {
		for _, x := range f.Evidence {
			if x.Request != nil {
				out.Log.Entries = append(out.Log.Entries, harEntryOf(r, f, x))
			}
		}
	}
	slices.SortStableFunc(out.Log.Entries, func(a, b harEntry) int { return strings.Compare(a.Started, b.Started) })
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(out)
}

func harEntryOf(r plumbline.Report, f plumbline.Finding, x plumbline.Exhibit) harEntry {
	e := harEntry{Comment: f.Claim + ": " + x.Summary, Request: harRequestOf(*x.Request), Response: harResponseOf(*x.Request)}
	began := r.Run.Began
	if o := x.Observation; o != nil {
		began = began.Add(o.Sent)
		e.Response.Status, e.Response.StatusText = o.Status, http.StatusText(o.Status)
		e.Time = float64(o.Service()) / float64(time.Millisecond)
		e.Timings.Wait = e.Time
		if o.Error != "" {
			e.Response.StatusText = string(o.Error)
		}
	}
	e.Started = began.UTC().Format("2006-01-02T15:04:05.000Z")
	return e
}

func harRequestOf(t plumbline.Transcript) harRequest {
	q := harRequest{Method: t.Method, URL: t.URL, HTTPVersion: "HTTP/1.1", Cookies: []harPair{}, Headers: harHeaders(t.RequestHeader), Query: []harPair{}, HeadersSize: -1, BodySize: len(t.RequestBody)}
	if u, err := url.Parse(t.URL); err == nil {
		values := u.Query()
		for _, name := range slices.Sorted(maps.Keys(values)) {
			for _, v := range values[name] {
				q.Query = append(q.Query, harPair{name, v})
			}
		}
	}
	if t.RequestBody != "" {
		q.PostData = &harBody{mime(t.RequestHeader), t.RequestBody}
	}
	return q
}

func harResponseOf(t plumbline.Transcript) harResponse {
	return harResponse{
		HTTPVersion: "HTTP/1.1", Cookies: []harPair{}, Headers: harHeaders(t.ResponseHeader), HeadersSize: -1, BodySize: -1,
		Content: harContent{Size: len(t.ResponseBody), Mime: mime(t.ResponseHeader), Text: t.ResponseBody},
	}
}

func harHeaders(h map[string][]string) []harPair {
	out := []harPair{}
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, v := range h[name] {
			out = append(out, harPair{name, v})
		}
	}
	return out
}

func mime(h map[string][]string) string { return http.Header(h).Get("Content-Type") }
