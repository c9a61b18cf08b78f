package runners

import (
	"testing"

	"github.com/plumbline-dev/plumbline"
)

func TestATallyCountsKindsOfAnswers(t *testing.T) {
	t.Parallel()
	var tally Tally
	looks := 0
	add := func(status int, media string, fields ...string) {
		tally.Add("read", plumbline.Response{Status: status, Header: map[string][]string{"content-type": {media}}}, func() map[string]bool {
			looks++
			held := map[string]bool{}
			for _, f := range fields {
				held[f] = true
			}
			return held
		})
	}
	for range 1000 {
		add(200, "application/json; charset=utf-8", "/id")
	}
	add(404, "application/problem+json", "/title")
	got := tally.Records()
	if len(got) != 2 || got[0].Count != 1000 || got[0].Media != "application/json" || got[0].Fields["/id"] != int64(looks-1) || got[1].Fields["/title"] != 1 {
		t.Errorf("%+v", got)
	}
	if looks < 257 || looks > 400 {
		t.Errorf("%d answers were looked into", looks)
	}
	var none *Tally
	none.Add("read", plumbline.Response{}, nil)
	if none.Records() != nil {
		t.Error("nothing counts something")
	}
}
