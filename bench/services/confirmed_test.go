package main

import (
	"slices"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

func TestEveryConfirmationIsOfAService(t *testing.T) {
	t.Parallel()
	known, err := readConfirmed("confirmed.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range known {
		if !slices.ContainsFunc(allServices(), func(s service) bool { return s.name == c.Service }) {
			t.Errorf("%s: no such service", c.Service)
		}
	}
}

func TestAnotherBreachIsAnotherFinding(t *testing.T) {
	t.Parallel()
	known := []confirmation{{Service: "s", Claim: "contract/response-conforms/get*", Says: "got null"}}
	for _, c := range []struct {
		service, claim, reason string
		want                   bool
	}{
		{"s", "contract/response-conforms/getA", "/a: got null, want string", true},
		{"s", "contract/response-conforms/getA", "status 500 is not documented", false},
		{"s", "contract/response-conforms/postA", "/a: got null, want string", false},
		{"other", "contract/response-conforms/getA", "/a: got null, want string", false},
	} {
		if _, ok := find(known, c.service, plumbline.Finding{Claim: c.claim, Reason: c.reason}); ok != c.want {
			t.Errorf("%+v: %v", c, ok)
		}
	}
}
