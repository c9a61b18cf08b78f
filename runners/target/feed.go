package target

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// Feed writes a value of a row into the place of a request that a feed names,
// in the place of what is there. The template is the path of the operation. A
// text becomes a number or a truth value where the body has one; any other
// value goes into a body as it is. A place that the request does not have is an
// error.
func Feed(r *plumbline.Request, template string, f plumbline.Feed, value any) error {
	text, scalar := feedText(value)
	if !scalar && f.In != "body" {
		return fmt.Errorf("%s %s takes a single value", f.In, f.Name)
	}
	switch f.In {
	case "path":
		return feedPath(r, template, f.Name, url.PathEscape(text))
	case "query":
		pairs := slices.DeleteFunc(strings.Split(r.Query, "&"), func(p string) bool {
			name, _, _ := strings.Cut(p, "=")
			plain, err := url.QueryUnescape(name)
			return p == "" || err == nil && plain == f.Name
		})
		r.Query = strings.Join(append(pairs, url.QueryEscape(f.Name)+"="+url.QueryEscape(text)), "&")
	case "header":
		header := map[string][]string{f.Name: {text}}
		for k, v := range r.Header {
			if !strings.EqualFold(k, f.Name) {
				header[k] = v
			}
		}
		r.Header = header
	case "body":
		return feedBody(r, f.Name, value)
	default:
		return fmt.Errorf("%q is no place of a request", f.In)
	}
	return nil
}

func feedText(v any) (text string, scalar bool) {
	switch x := v.(type) {
	case string:
		return x, true
	case json.Number:
		return x.String(), true
	case bool:
		return strconv.FormatBool(x), true
	}
	return "", false
}

// feedPath fills a place of a path that is still open, or has an example in it.
func feedPath(r *plumbline.Request, template, name, text string) error {
	if open := "{" + name + "}"; strings.Contains(r.Path, open) {
		r.Path = strings.ReplaceAll(r.Path, open, text)
		return nil
	}
	want, got := strings.Split(template, "/"), strings.Split(r.Path, "/")
	i := slices.IndexFunc(want, func(w string) bool { return strings.Contains(w, "{"+name+"}") })
	if i < 0 || len(want) != len(got) || strings.Count(want[i], "{") > 1 {
		return fmt.Errorf("the path %s has no place %q of its own", template, name)
	}
	got[i] = strings.Replace(want[i], "{"+name+"}", text, 1)
	r.Path = strings.Join(got, "/")
	return nil
}

func feedBody(r *plumbline.Request, pointer string, value any) error {
	doc, err := decodedBody(r.Body)
	if err != nil {
		return fmt.Errorf("the body is no JSON: %w", err)
	}
	at, ok := slotAt(doc, pointer)
	if !ok || !at.set(feedAs(value, at.value())) {
		return fmt.Errorf("the body has no place for %s", pointer)
	}
	body, err := json.Marshal(doc)
	r.Body = body
	return err
}

// feedAs is a text of the kind that was there before.
func feedAs(value, was any) any {
	text, ok := value.(string)
	if !ok {
		return value
	}
	var live any
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if dec.Decode(&live) != nil || dec.More() {
		return value
	}
	_, numbers := live.(json.Number)
	_, truths := live.(bool)
	_, number := was.(json.Number)
	_, truth := was.(bool)
	if numbers && number || truths && truth {
		return live
	}
	return value
}
