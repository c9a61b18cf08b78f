package target

import (
	"regexp"
	"testing"
)

// A made-up identifier has the shape of the one that it stands in for.
func TestUnlikeKeepsTheShape(t *testing.T) {
	t.Parallel()
	for id, shape := range map[string]string{
		"17":                                   `^19\d{8}$`,
		"0":                                    `^19\d{8}$`,
		"0123456789abcdef01234567":             `^0123456789ab[0-9a-f]{12}$`,
		"9b2f6c1e-7d4a-4c3b-8a5e-0123456789ab": `^9b2f6c1e-7d4a-4c3b-8a5e-[0-9a-f]{12}$`,
		"01ARZ3NDEKTSV4RRFFQ69G5FAV":           `^01ARZ3NDEKTSV4[0-9ADEFGKNQRSTVZ]{12}$`,
		"ord_Xy7":                              `^o[a-z]{2}_[A-Z][a-z]\d$`,
		"1043214500000000123":                  `^1043214\d{12}$`,
	} {
		seen := map[string]bool{id: true}
		for n := range uint64(4) {
			got := unlike(id, n)
			if !regexp.MustCompile(shape).MatchString(got) {
				t.Errorf("%s: %s, want %s", id, got, shape)
			}
			if seen[got] {
				t.Errorf("%s: %s twice", id, got)
			}
			seen[got] = true
		}
	}
	if got := unlike("-", 1); got != "-" {
		t.Errorf("what only separates became %s", got)
	}
}
