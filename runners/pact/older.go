package pact

import (
	"encoding/json"
	"net/url"
	"strings"
)

// modernise makes interactions of version 4 of those of versions 1 to 3: only
// in a file of version 4 does the core name its results by key. What is
// expected stays the same.
func (d *document) modernise() error {
	old := false
	for _, x := range d.interactions {
		if _, typed := x["type"].(string); typed {
			continue
		}
		old = true
		x["type"] = "Synchronous/HTTP"
		for _, k := range []string{"providerState", "provider_state"} {
			if s, ok := x[k].(string); ok && s != "" {
				x["providerStates"] = []any{map[string]any{"name": s}}
			}
			delete(x, k)
		}
		for _, k := range []string{"request", "response"} {
			if part, ok := x[k].(map[string]any); ok {
				moderniseQuery(part)
				moderniseBody(part, moderniseHeaders(part))
				moderniseRules(part)
			}
		}
	}
	if !old {
		return nil
	}
	var about map[string]any
	if json.Unmarshal(d.rest["metadata"], &about) != nil || about == nil {
		about = map[string]any{}
	}
	for _, k := range []string{"pact-specification", "pactSpecificationVersion"} {
		delete(about, k)
	}
	about["pactSpecification"] = map[string]string{"version": "4.0"}
	data, err := json.Marshal(about)
	d.rest["metadata"] = data
	return err
}

// moderniseHeaders makes lists of texts and returns the media type.
func moderniseHeaders(part map[string]any) (media string) {
	headers, _ := part["headers"].(map[string]any)
	for k, v := range headers {
		if s, ok := v.(string); ok {
			headers[k] = []any{s}
			if strings.EqualFold(k, "Content-Type") {
				media = s
			}
		}
	}
	return media
}

func moderniseQuery(part map[string]any) {
	text, ok := part["query"].(string)
	if !ok {
		return
	}
	delete(part, "query")
	if q, err := url.ParseQuery(text); err == nil && len(q) > 0 {
		part["query"] = q
	}
}

func moderniseBody(part map[string]any, media string) {
	body, ok := part["body"]
	if !ok {
		return
	}
	if body == nil {
		delete(part, "body")
		return
	}
	if media == "" {
		media = "application/json"
		if _, text := body.(string); text {
			media = "text/plain"
		}
	}
	part["body"] = map[string]any{"content": body, "contentType": media, "encoded": false}
}

// moderniseRules sorts the rules of version 2, whose paths begin with their
// category, into categories.
func moderniseRules(part map[string]any) {
	rules, _ := part["matchingRules"].(map[string]any)
	if len(rules) == 0 {
		return
	}
	out := map[string]any{}
	for path, r := range rules {
		rest, old := strings.CutPrefix(path, "$.")
		m, ok := r.(map[string]any)
		if !old || !ok {
			out[path] = r
			continue
		}
		if m["match"] == nil {
			m["match"] = "type"
			if m["regex"] != nil {
				m["match"] = "regex"
			}
		}
		entry := map[string]any{"combine": "AND", "matchers": []any{m}}
		end := strings.IndexAny(rest, ".[")
		if end < 0 {
			end = len(rest)
		}
		category, below := rest[:end], rest[end:]
		switch category {
		case "body":
			into(out, "body", "$"+below, entry)
		case "headers", "header", "query":
			into(out, strings.TrimSuffix(category, "s"), strings.Trim(strings.TrimPrefix(below, "."), "['\"]"), entry)
		default: // path
			out[category] = entry
		}
	}
	part["matchingRules"] = out
}

func into(out map[string]any, category, path string, entry map[string]any) {
	m, ok := out[category].(map[string]any)
	if !ok {
		m = map[string]any{}
		out[category] = m
	}
	m[path] = entry
}
