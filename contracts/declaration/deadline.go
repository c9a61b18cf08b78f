package declaration

import "github.com/plumbline-dev/plumbline"

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
	b.dependencies(at+".dependencies", f.Dependencies)
	b.out.deadline = &plumbline.Deadline{Header: b.oneOf(at+".header", f.Header, ""), Dependencies: f.Dependencies, Source: b.at(at)}
}
