package reports

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
)

// What a target says commands no terminal.
func TestTextsCommandNoTerminal(t *testing.T) {
	t.Parallel()
	const hostile = "a\x1b]0;owned\x07\x1b[2J\x1b[8m\r\b\x7f\u009b31mz"
	r := plumbline.Report{
		Outcome: plumbline.Unfit, Sentence: hostile, Notes: []string{hostile},
		Findings: []plumbline.Finding{{Claim: "contract/x/" + hostile, Function: "contract/x", Outcome: plumbline.Fail, Statement: hostile, Reason: hostile}},
	}
	for _, colour := range []bool{false, true} {
		var b bytes.Buffer
		if err := (Terminal{Colour: colour}).Write(&b, r); err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"\x1b]", "\x1b[2J", "\x1b[8m", "\r", "\b", "\a", "\x7f", "\u009b"} {
			if strings.Contains(b.String(), bad) {
				t.Errorf("colour %t: %q is in\n%q", colour, bad, b.String())
			}
		}
	}
}

func FuzzWithoutControls(f *testing.F) {
	for _, s := range []string{"", "plain", `\`, `\\u001b`, "\x1b", "\n\t", "\u0085é😀", "\xff", `"quoted"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text, err := json.Marshal(s)
		if err != nil {
			t.Skip()
		}
		var as, got string
		if err := json.Unmarshal(text, &as); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(withoutControls(text), &got); err != nil {
			t.Fatal(err)
		}
		want := strings.Map(func(c rune) rune {
			if c < ' ' && c != '\n' && c != '\t' || c >= 0x7f && c < 0xa0 {
				return '\ufffd'
			}
			return c
		}, as)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}
