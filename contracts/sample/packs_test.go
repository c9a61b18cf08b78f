package sample

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

const texts = `openapi: 3.0.3
info: {title: t, version: "1"}
paths:
  /notes:
    post:
      operationId: postNote
      parameters:
        - {in: query, name: q, schema: {type: string}, example: w}
        - {in: query, name: sort, schema: {type: string, enum: [up, down]}}
        - {in: query, name: page, schema: {type: integer}}
      requestBody:
        required: true
        content:
          application/json:
            schema: {type: object, required: [note], properties: {note: {type: string, maxLength: 20}, size: {type: integer}}}
            example: {note: n, size: 1}
      responses: {'201': {description: d}, '400': {description: e}}
`

// hostileCases are the cases of packs that are made for the texts.
func hostileCases(t *testing.T, packs ...string) []plumbline.Case {
	t.Helper()
	d, err := openapi.Parse("t.yaml", []byte(texts), openapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := schema.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	all := Fill(d, s, Options{Seed: 1, Packs: packs})[0].Invalid
	return slices.DeleteFunc(slices.Clone(all), func(c plumbline.Case) bool { return c.Origin != "pack" })
}

func TestPacksAreForTextsOnly(t *testing.T) {
	t.Parallel()
	if all := hostileCases(t); len(all) != 0 {
		t.Errorf("%d cases of packs that nobody asked for", len(all))
	}
	for _, pack := range Packs() {
		all := hostileCases(t, pack)
		if len(all) != mostOfPack {
			t.Errorf("%s: %d cases", pack, len(all))
		}
		places := map[string]int{}
		for _, c := range all {
			places[c.Pointer]++
			if c.Kind != plumbline.CaseRobust || c.Keyword != pack || c.Proof != "neither validity nor invalidity is claimed" || !strings.HasPrefix(c.Violates, pack+": ") {
				t.Errorf("%+v", c)
			}
		}
		if len(places) != 2 || places["body/note"] != mostOfPack/2 || places["query/q"] != mostOfPack/2 {
			t.Errorf("%s: places %v", pack, places)
		}
	}
}

// Every text reaches a real server as it is in the pack; one that makes SQL of
// what it is sent fails on some, and one that does not, on none.
func TestPacksReachTheServer(t *testing.T) {
	t.Parallel()
	for name, careless := range map[string]bool{"careless": true, "right": false} {
		var got []string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var body struct{ Note string }
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
				t.Errorf("%s %v", r.URL, err)
			}
			got = append(got, body.Note, r.URL.Query().Get("q"))
			if careless && strings.Contains(body.Note+r.URL.Query().Get("q"), "'") {
				w.WriteHeader(http.StatusInternalServerError)
			}
		}))
		failed := 0
		all := hostileCases(t, Packs()...)
		for _, c := range all {
			if status := sent(t, server.URL, c.Request); status >= 500 {
				failed++
			}
		}
		server.Close()
		if failed > 0 != careless {
			t.Errorf("%s: %d of %d failed", name, failed, len(all))
		}
		arrived := arrivals(got)
		if arrived != len(all) {
			t.Errorf("%s: %d of %d texts arrived as they are", name, arrived, len(all))
		}
	}
}

// arrivals counts the texts of the packs among values.
func arrivals(values []string) int {
	n := 0
	for _, h := range slices.Concat(unicodePack(), injectionPack()) {
		if slices.Contains(values, h.text) {
			n++
		}
	}
	return n
}

func sent(t *testing.T, base string, c plumbline.Request) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), c.Method, base+c.Path+"?"+c.Query, bytes.NewReader(c.Body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range c.Header {
		r.Header[k] = v
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}
