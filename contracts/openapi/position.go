package openapi

import (
	"bytes"
	"encoding/json"
	"sort"
	"strconv"
	"strings"
	"sync"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/plumbline-dev/plumbline"
)

// positions finds the line of a JSON pointer. The index is made when it is
// first asked for.
type positions struct {
	name  string
	data  []byte
	once  sync.Once
	index map[string][2]int // line, column
	lines []int             // offsets of the line starts
}

// deepest is how many tokens of a pointer are indexed; a deeper one is where
// its ancestor is.
const deepest = 9

func (p *positions) at(pointer string) plumbline.Source {
	p.once.Do(p.build)
	at := plumbline.Source{File: p.name}
	for key := pointer; ; {
		if lc, ok := p.index[key]; ok {
			at.Line, at.Column = lc[0], lc[1]
			return at
		}
		i := strings.LastIndexByte(key, '/')
		if i < 0 {
			return at
		}
		key = key[:i]
	}
}

func (p *positions) build() {
	p.index = map[string][2]int{"": {1, 1}}
	if isJSON(p.data) {
		for i, c := range p.data {
			if c == '\n' {
				p.lines = append(p.lines, i+1)
			}
		}
		dec := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(p.data, []byte("\xef\xbb\xbf"))))
		p.value(dec, "", 0)
		return
	}
	file, err := parser.ParseBytes(p.data, 0)
	if err != nil || len(file.Docs) == 0 {
		return
	}
	p.yaml(file.Docs[0].Body, "", 0)
}

func (p *positions) value(dec *json.Decoder, pointer string, depth int) {
	tok, err := dec.Token()
	if err != nil {
		return
	}
	d, ok := tok.(json.Delim)
	if !ok {
		return
	}
	for i := 0; dec.More(); i++ {
		key := strconv.Itoa(i)
		if d == '{' {
			k, err := dec.Token()
			if err != nil {
				return
			}
			key, _ = k.(string)
		}
		child := pointer + "/" + escape(key)
		if depth < deepest {
			p.note(child, int(dec.InputOffset()), len(key)+2)
		}
		p.value(dec, child, depth+1)
	}
	_, _ = dec.Token()
}

// note books the place of a key, given where it ends.
func (p *positions) note(pointer string, end, length int) {
	offset := max(end-length, 0)
	line := sort.SearchInts(p.lines, offset+1)
	start := 0
	if line > 0 {
		start = p.lines[line-1]
	}
	p.index[pointer] = [2]int{line + 1, offset - start + 1}
}

func (p *positions) yaml(n ast.Node, pointer string, depth int) {
	if depth > deepest {
		return
	}
	switch x := n.(type) {
	case *ast.MappingNode:
		for _, v := range x.Values {
			p.yaml(v, pointer, depth)
		}
	case *ast.MappingValueNode:
		tok := x.Key.GetToken()
		child := pointer + "/" + escape(tok.Value)
		p.index[child] = [2]int{tok.Position.Line, tok.Position.Column}
		p.yaml(x.Value, child, depth+1)
	case *ast.SequenceNode:
		for i, v := range x.Values {
			child := pointer + "/" + strconv.Itoa(i)
			if tok := v.GetToken(); tok != nil {
				p.index[child] = [2]int{tok.Position.Line, tok.Position.Column}
			}
			p.yaml(v, child, depth+1)
		}
	case *ast.AnchorNode:
		p.yaml(x.Value, pointer, depth)
	}
}
