package pactfile

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline/contracts/crew"
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
	return text{i.Description, data, err}
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
	for i := 0; i < len(s.texts); i += indentedAtOnce {
		laid, err := indented(s.texts[i:min(len(s.texts), i+indentedAtOnce)])
		if err != nil {
			return err
		}
		for k, data := range laid {
			if i+k > 0 {
				_ = out.WriteByte(',')
			}
			_, _ = out.Write(data)
		}
	}
	_, _ = out.WriteString("\n  ]" + tail)
	return out.Flush()
}

// indentedAtOnce bounds the texts that are held twice.
const indentedAtOnce = 128

// indented lays texts out as they stand in the file, on all processors.
func indented(texts []text) ([][]byte, error) {
	out, errs := make([][]byte, len(texts)), make([]error, len(texts))
	crew.Each(len(texts), func() func(int) {
		return func(i int) {
			b, _ := buffers.Get().(*bytes.Buffer)
			defer buffers.Put(b)
			b.Reset()
			b.WriteString("\n    ")
			errs[i] = json.Indent(b, texts[i].data, "    ", "  ")
			out[i] = bytes.Clone(b.Bytes())
		}
	})
	return out, errors.Join(errs...)
}
