package declaration

import (
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

func TestObjectivesMayBeAboutLosses(t *testing.T) {
	t.Parallel()
	text := "openapi: x.yaml\ndependencies: {recs: {wire: http, listen: ':1', upstream: 'http://h:2'}}\nslos: [{name: a, during: {fault: {availability: 95%, dependencies: [NAME]}}}]\n"
	for name, wrong := range map[string]string{"recs": "", "rex": `no dependency is called "rex"`} {
		d, err := Parse("plumbline.yaml", []byte(strings.Replace(text, "NAME", name, 1)), func(string) (string, bool) { return "", false })
		if err != nil {
			t.Fatal(err)
		}
		var design plumbline.Design
		_, err = d.Fill(&design)
		if (err == nil) != (wrong == "") || err != nil && !strings.Contains(err.Error(), wrong) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && (len(design.Objectives) != 1 || design.Objectives[0].Faults[0] != name || design.Objectives[0].During != "fault") {
			t.Errorf("%+v", design.Objectives)
		}
	}
}
