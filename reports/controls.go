package reports

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/plumbline-dev/plumbline"
)

// harmless is the report without control characters, tabs and line feeds apart: a
// terminal obeys them, and texts of the target stand in a report (CWE-150).
func harmless(r plumbline.Report) (plumbline.Report, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return r, fmt.Errorf("controls: %w", err)
	}
	var out plumbline.Report
	if err := json.Unmarshal(withoutControls(text), &out); err != nil {
		return r, fmt.Errorf("controls: %w", err)
	}
	return out, nil
}

// withoutControls replaces the control characters in the strings of a JSON text. Those
// of ASCII are escaped there, DEL and those beyond (C1) are not.
func withoutControls(text []byte) []byte {
	var out bytes.Buffer
	out.Grow(len(text))
	for i := 0; i < len(text); {
		if text[i] == '\\' {
			n := 2
			if text[i+1] == 'u' {
				n = 6
			}
			out.Write(tame(text[i : i+n]))
			i += n
			continue
		}
		c, n := utf8.DecodeRune(text[i:])
		if unicode.IsControl(c) && c != '\n' && c != '\t' {
			out.WriteRune(unicode.ReplacementChar)
		} else {
			out.Write(text[i : i+n])
		}
		i += n
	}
	return out.Bytes()
}

// tame is an escape of JSON, or that of the replacement character for a control
// character.
func tame(escape []byte) []byte {
	switch s := string(escape); {
	case s == `\b`, s == `\f`, s == `\r`, len(s) == 6 && s[2:4] == "00" && s[4] <= '1':
		return []byte(`\ufffd`)
	}
	return escape
}
