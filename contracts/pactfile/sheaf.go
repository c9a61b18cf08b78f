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
type sheaf struct {
	texts []text
	buf   bytes.Buffer
	err   error // of the first that could not be encoded
}

type text struct {
	description string
	data        []byte
}

func (s *sheaf) add(i interaction) {
	s.buf.Reset()
	enc := json.NewEncoder(&s.buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(i); err != nil && s.err == nil {
		s.err = err
	}
	s.texts = append(s.texts, text{i.Description, bytes.Clone(bytes.TrimRight(s.buf.Bytes(), "\n"))})
}

// write writes the pact with the interactions sorted by description, the same
// bytes as if it had been encoded as one value.
func (s *sheaf) write(w io.Writer, p Pact) error {
	if s.err != nil {
		return s.err
	}
	slices.SortStableFunc(s.texts, func(a, b text) int { return strings.Compare(a.description, b.description) })
	p.Interactions = []interaction{}
	s.buf.Reset()
	if err := write(&s.buf, p); err != nil {
		return err
	}
	if len(s.texts) == 0 {
		_, err := w.Write(s.buf.Bytes())
		return err
	}
	head, tail, _ := strings.Cut(s.buf.String(), `"interactions": []`)
	out := bufio.NewWriterSize(w, 1<<16)
	_, _ = out.WriteString(head + `"interactions": [`) // Flush tells the first error
	for i, t := range s.texts {
		if i > 0 {
			_ = out.WriteByte(',')
		}
		s.buf.Reset()
		s.buf.WriteString("\n    ")
		if err := json.Indent(&s.buf, t.data, "    ", "  "); err != nil {
			return err
		}
		_, _ = out.Write(s.buf.Bytes())
	}
	_, _ = out.WriteString("\n  ]" + tail)
	return out.Flush()
}
