package declaration

import (
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

func TestLimits(t *testing.T) {
	t.Parallel()
	const who = "identities: {alice: {bearer: t}, carol: {bearer: u}}\n"
	for _, c := range []struct{ text, wrong string }{
		{"rate_limits: {free: {operation: getMe, identity: carol, requests: 10, window: 1s, burst: 5}}", ""},
		{"rate_limits: {free: {operation: getMe, requests: 10, window: 1s}}", ""},
		{"rate_limits: {free: {requests: 10, window: 1s}}", "what is limited"},
		{"rate_limits: {free: {operation: getMe, identity: dave, requests: 10, window: 1s}}", "dave"},
		{"rate_limits: {free: {operation: getMe, requests: 1000, window: 1s}}", "can be tried"},
		{"rate_limits: {free: {operation: getMe, requests: 10, window: 1h}}", "can be tried"},
	} {
		d, err := Parse("p.yaml", []byte(who+c.text), nil)
		switch {
		case c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)):
			t.Errorf("%s: %v, want %q", c.text, err, c.wrong)
		case c.wrong == "" && err != nil:
			t.Errorf("%s: %v", c.text, err)
		case c.wrong == "":
			design := plumbline.Design{Operations: []plumbline.Operation{{ID: "getMe", Method: "GET", Path: "/me"}}}
			if _, err := d.Fill(&design); err != nil || len(design.RateLimits) != 1 || design.RateLimits[0].Window != time.Second {
				t.Errorf("%s: %+v, %v", c.text, design.RateLimits, err)
			}
		}
	}
}

func TestRefusedDuplicates(t *testing.T) {
	t.Parallel()
	d, err := Parse("p.yaml", []byte("operations: {createOrder: {replay: 409}}"), nil)
	if err != nil {
		t.Fatal(err)
	}
	design := plumbline.Design{Operations: []plumbline.Operation{{ID: "createOrder", Method: "POST", Path: "/orders"}}}
	if _, err := d.Fill(&design); err != nil || design.Operations[0].Replay != 409 {
		t.Errorf("%+v, %v", design.Operations, err)
	}
	if _, err := Parse("p.yaml", []byte("operations: {createOrder: {replay: 200}}"), nil); err == nil || !strings.Contains(err.Error(), "refuse a duplicate") {
		t.Errorf("a duplicate is refused by 200: %v", err)
	}
}
