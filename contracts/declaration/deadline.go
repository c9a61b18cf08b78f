package declaration

import (
	"fmt"
	"slices"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/mistake"
)

// A deadlineFile says how the time that is left is handed down.
type deadlineFile struct {
	Header       string   `yaml:"header"`
	Dependencies []string `yaml:"dependencies"`
}

func (b *builder) deadline() {
	f := b.file.Deadline
	if f == nil {
		return
	}
	const at = "$.deadline"
	if f.Header == "" {
		b.wrong("CFG003", at, "header: X-Request-Timeout-Ms", "the header that says how much time is left is not named")
	}
	names := b.keys("$.dependencies")
	for i, name := range f.Dependencies {
		if !slices.Contains(names, name) {
			b.wrong("CFG005", fmt.Sprintf("%s.dependencies[%d]", at, i), mistake.DidYouMean(name, names), "no dependency is called %q", name)
		}
	}
	b.out.deadline = &plumbline.Deadline{Header: b.oneOf(at+".header", f.Header, ""), Dependencies: f.Dependencies, Source: b.at(at)}
}
