// Package mistake is how everything that a user writes is told to be wrong:
// plumbline.yaml, OpenAPI documents, objectives and flags. Every mistake has a
// code that does not change, a position, the line with a mark under it, and a
// way out.
package mistake

import (
	"errors"
	"fmt"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// A Problem is one mistake. `plumbline explain` knows its code.
type Problem struct {
	Code    string // CFG001 …, DOC301 …, SLO101 …, FLG201 …
	Source  plumbline.Source
	Path    string // of YAML, below Source, where the maker knows only that; empty: Source is the place
	Message string
	Snippet string // the line, the one before it, and a mark; see Show
	Help    string
}

// Error tells code, mistake, position, the lines around it and the way out.
func (p *Problem) Error() string {
	s := fmt.Sprintf("error[%s]: %s", p.Code, p.Message)
	if at := place(p.Source); at != "" {
		s += "\n  --> " + at
	}
	if p.Snippet != "" {
		s += "\n" + p.Snippet
	}
	if p.Help != "" {
		s += "\n  help: " + p.Help
	}
	return s
}

// place is a position as editors understand it, and the pointer into the
// document where there is one.
func place(at plumbline.Source) string {
	s := at.File
	if s == "" {
		return ""
	}
	if at.Line > 0 {
		s += fmt.Sprintf(":%d:%d", at.Line, max(at.Column, 1))
	}
	if at.Pointer != "" {
		s += " at #" + at.Pointer
	}
	return s
}

// Show puts lines of a file into every Problem of err that is about that file
// and has a line, but no lines yet. It changes the problems, and returns err.
func Show(err error, file string, data []byte) error {
	for _, p := range All(err) {
		if p.Source.File == file && p.Source.Line > 0 && p.Snippet == "" {
			p.Snippet = Snippet(data, p.Source.Line, p.Source.Column)
		}
	}
	return err
}

// All are the problems of an error that may be many joined ones.
func All(err error) []*Problem {
	if err == nil {
		return nil
	}
	if p, ok := err.(*Problem); ok { //nolint:errorlint // every branch of the tree is walked here
		return []*Problem{p}
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var out []*Problem
		for _, e := range many.Unwrap() {
			out = append(out, All(e)...)
		}
		return out
	}
	return All(errors.Unwrap(err))
}

// width is how much of a line is shown: documents may be one long line.
const width = 100

// Snippet is a line of data with a mark under what stands at the column, both
// counted from 1, after the line before it. It is empty where there is no such
// line.
func Snippet(data []byte, line, column int) string {
	lines := strings.Split(string(data), "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	var b strings.Builder
	digits := len(fmt.Sprint(line))
	if line > 1 && strings.TrimSpace(lines[line-2]) != "" {
		before, _ := window(lines[line-2], 1)
		fmt.Fprintf(&b, "  %*d | %s\n", digits, line-1, before)
	}
	text, at := window(lines[line-1], max(column, 1))
	fmt.Fprintf(&b, "  %*d | %s\n", digits, line, text)
	fmt.Fprintf(&b, "  %*s | %s%s", digits, "", strings.Repeat(" ", at), strings.Repeat("^", marked(text, at)))
	return b.String()
}

// window cuts a line so that the column, counted from 1, is in it, and gives
// the place of the column in what is left, counted from 0.
func window(line string, column int) (text string, at int) {
	runes := []rune(strings.ReplaceAll(strings.TrimRight(line, "\r"), "\t", " "))
	at = min(column-1, len(runes))
	from := 0
	if at > width*3/4 {
		from = at - width/2
	}
	end := min(from+width, len(runes))
	text, at = string(runes[from:end]), at-from
	if from > 0 {
		text, at = "…"+text, at+1
	}
	if end < len(runes) {
		text += "…"
	}
	return strings.TrimRight(text, " "), at
}

// marked is the length of the word or the quoted text at a place.
func marked(text string, at int) int {
	runes := []rune(text)
	if at >= len(runes) {
		return 1
	}
	rest := string(runes[at:])
	if q := rest[:1]; q == `"` || q == "'" {
		if end := strings.Index(rest[1:], q); end >= 0 {
			return len([]rune(rest[:end+2]))
		}
	}
	if end := strings.IndexAny(rest, " ,]}:"); end > 0 {
		if rest[end] == ':' && !strings.HasPrefix(rest[end:], ": ") && end+1 < len(rest) { // a URL, or 127.0.0.1:80
			if end = strings.IndexAny(rest, " ,]}"); end < 0 {
				return len([]rune(rest))
			}
		}
		return len([]rune(rest[:end]))
	}
	return max(len([]rune(strings.TrimRight(rest, " "))), 1)
}
