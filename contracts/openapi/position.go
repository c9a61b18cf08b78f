package openapi

import (
	"bytes"
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
	index map[string]spot
	lines []int // offsets of the line starts; of JSON alone
}

// A spot is where a key, or an element of a list, stands.
type spot struct {
	line, column int
	value        int // in JSON, the offset at which the search for what is below goes on
}

// deepest is how many tokens of a pointer are indexed in YAML; a deeper one is
// where its ancestor is.
const deepest = 9

// upper is how many tokens are indexed in JSON. What is below is searched for in
// the text when it is asked for: an index of everything takes more space than
// the document.
const upper = 3

func (p *positions) at(pointer string) plumbline.Source {
	p.once.Do(p.build)
	at := plumbline.Source{File: p.name}
	tokens := strings.Split(pointer, "/")
	for n := len(tokens); n > 0; n-- {
		found, ok := p.index[strings.Join(tokens[:n], "/")]
		if !ok {
			continue
		}
		if found.value > 0 {
			found = p.below(found, tokens[n:])
		}
		at.Line, at.Column = found.line, found.column
		break
	}
	return at
}

func (p *positions) build() {
	p.index = map[string]spot{"": {line: 1, column: 1}}
	if isJSON(p.data) {
		p.lines = append(p.lines, 0)
		for i, c := range p.data {
			if c == '\n' {
				p.lines = append(p.lines, i+1)
			}
		}
		s := scanner{data: p.data, at: len(p.data) - len(bytes.TrimPrefix(p.data, []byte("\xef\xbb\xbf")))}
		p.value(&s, "", 1)
		return
	}
	file, err := parser.ParseBytes(p.data, 0)
	if err != nil || len(file.Docs) == 0 {
		return
	}
	p.yaml(file.Docs[0].Body, "", 0)
}

// value indexes the members of a JSON value.
func (p *positions) value(s *scanner, pointer string, level int) {
	s.members(func(key string, from int) {
		child, at := pointer+"/"+escape(key), p.spot(from)
		if level < upper {
			p.index[child] = at
			p.value(s, child, level+1)
			return
		}
		at.value = s.at
		p.index[child] = at
		s.skip()
	})
}

// below follows the rest of a pointer in a JSON value, as far as it leads.
func (p *positions) below(at spot, tokens []string) spot {
	for _, t := range tokens {
		found := spot{}
		s := scanner{data: p.data, at: at.value}
		s.members(func(key string, from int) {
			if escape(key) == t {
				found = p.spot(from)
				found.value = s.at
			}
			s.skip()
		})
		if found.value == 0 {
			break
		}
		at = found
	}
	return at
}

// spot is the line and the column of an offset.
func (p *positions) spot(offset int) spot {
	line := sort.SearchInts(p.lines, offset+1)
	return spot{line: line, column: offset - p.lines[line-1] + 1}
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
		p.index[child] = spot{line: tok.Position.Line, column: tok.Position.Column}
		p.yaml(x.Value, child, depth+1)
	case *ast.SequenceNode:
		for i, v := range x.Values {
			child := pointer + "/" + strconv.Itoa(i)
			if tok := v.GetToken(); tok != nil {
				p.index[child] = spot{line: tok.Position.Line, column: tok.Position.Column}
			}
			p.yaml(v, child, depth+1)
		}
	case *ast.AnchorNode:
		p.yaml(x.Value, pointer, depth)
	}
}
