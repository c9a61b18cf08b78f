package pactfile

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
)

// A sheaf holds interactions as compact JSON. As values, those of a large
// document take ten times the space of the file.
type sheaf struct{ texts []text }

type text struct {
	description string
	data        []byte
	err         error // why the interaction could not be encoded
}

func textOf(i interaction) text {
	data, err := encoded(i)
	return text{i.Description, bytes.Clone(data), err}
}

// write writes the pact with the interactions sorted by description, the same
// bytes as if it had been encoded as one value.
func (s *sheaf) write(w io.Writer, p Pact) error {
	for _, t := range s.texts {
		if t.err != nil {
			return t.err
		}
	}
	slices.SortStableFunc(s.texts, func(a, b text) int { return strings.Compare(a.description, b.description) })
	p.Interactions = []interaction{}
	var buf bytes.Buffer
	if err := write(&buf, p); err != nil {
		return err
	}
	if len(s.texts) == 0 {
		_, err := w.Write(buf.Bytes())
		return err
	}
	head, tail, _ := strings.Cut(buf.String(), `"interactions": []`)
	out := bufio.NewWriterSize(w, 1<<16)
	_, _ = out.WriteString(head + `"interactions": [`) // Flush tells the first error
	for i, t := range s.texts {
		if i > 0 {
			_ = out.WriteByte(',')
		}
		buf.Reset()
		buf.WriteString("\n    ")
		if err := json.Indent(&buf, t.data, "    ", "  "); err != nil {
			return err
		}
		_, _ = out.Write(buf.Bytes())
	}
	_, _ = out.WriteString("\n  ]" + tail)
	return out.Flush()
}
