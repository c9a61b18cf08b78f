package sample

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// TestRangesAreTurnedAround tells which two values are the ends of a range, and
// what is sent in their places.
func TestRangesAreTurnedAround(t *testing.T) {
	t.Parallel()
	query := func(schemas ...string) string {
		text := "      parameters:\n" + idParameter
		for _, s := range schemas {
			name, schema, _ := strings.Cut(s, " ")
			text += "        - {in: query, name: " + name + ", schema: " + schema + "}\n"
		}
		return text
	}
	body := func(members string) string {
		return "      parameters:\n" + idParameter + "      requestBody: {required: true, content: {application/json: {schema: {type: object, properties: {" + members + "}}}}}\n"
	}
	const day, moment = "{type: string, format: date}", "{type: string, format: date-time}"
	for name, c := range map[string]struct{ text, want string }{
		"parameters":         {query("from "+day, "to "+day), "from=2099-01-02&to=2098-01-02"},
		"words inside":       {query("created_after "+moment, "created_before "+moment), "created_after=2099-01-02T03%3A04%3A05Z&created_before=2098-01-02T03%3A04%3A05Z"},
		"numbers":            {query("minPrice {type: number}", "maxPrice {type: number}"), "minPrice=2&maxPrice=1"},
		"numbers in bounds":  {query("min {type: integer, minimum: 5, maximum: 9}", "max {type: integer, minimum: 5, maximum: 9}"), "min=9&max=5"},
		"bounds leave none":  {query("min {type: integer, maximum: 5}", "max {type: integer, minimum: 5}"), ""},
		"members":            {body("startsAt: " + moment + ", endsAt: " + moment), `"endsAt":"2098-01-02T03:04:05Z","startsAt":"2099-01-02T03:04:05Z"`},
		"members of a part":  {body("price: {type: object, required: [min, max], properties: {min: {type: integer}, max: {type: integer}}}"), `"price":{"max":1,"min":2}`},
		"of two objects":     {body("a: {type: object, properties: {min: {type: integer}}}, b: {type: object, properties: {max: {type: integer}}}"), ""},
		"texts":              {body("from: {type: string}, to: {type: string}"), ""},
		"a moment and a day": {query("from "+day, "to "+moment), ""},
		"other words":        {query("min_price {type: integer}", "max_size {type: integer}"), ""},
		"a list to choose":   {query("min {type: integer, enum: [1, 2]}", "max {type: integer, enum: [1, 2]}"), ""},
	} {
		op, _, _ := casesOf(t, "3.0.3", c.text, Options{Seed: 1})
		got := ""
		for _, k := range op.Invalid {
			if k.Keyword != plumbline.KeywordRange {
				continue
			}
			if got += k.Request.Query + strings.Trim(string(k.Request.Body), "{}"); k.Kind != plumbline.CaseRobust || k.Proof == "" || !strings.HasPrefix(k.Violates, "range: "+k.Pointer+" is ") {
				t.Errorf("%s: %+v", name, k)
			}
		}
		if strings.Trim(got, "{}") != strings.Trim(c.want, "{}") {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// A service that counts from the one end to the other fails on a range that is
// turned around, and one that looks first does not.
func TestARangeReachesTheServer(t *testing.T) {
	t.Parallel()
	text := "      parameters:\n" + idParameter + "      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [min, max], properties: {min: {type: integer, minimum: 0}, max: {type: integer, minimum: 0}}}}}}\n"
	op, _, _ := casesOf(t, "3.0.3", text, Options{Seed: 1})
	for name, careless := range map[string]bool{"careless": true, "right": false} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var body struct{ Min, Max int }
			data, err := io.ReadAll(r.Body)
			if err == nil {
				err = json.Unmarshal(data, &body)
			}
			switch {
			case err != nil || body.Min > body.Max && !careless:
				w.WriteHeader(http.StatusBadRequest)
			case body.Min > body.Max:
				w.WriteHeader(http.StatusInternalServerError)
			}
		}))
		i := slices.IndexFunc(op.Invalid, func(c plumbline.Case) bool { return c.Keyword == plumbline.KeywordRange })
		if i < 0 {
			t.Fatalf("no range among %s", keywords(op.Invalid))
		}
		if status := sent(t, server.URL, op.Invalid[i].Request); status >= 500 != careless {
			t.Errorf("%s: %d", name, status)
		}
		server.Close()
	}
}
