// Package openapi loads OpenAPI documents of versions 2.0, 3.0 and 3.1.
// Documents that are slightly wrong are repaired in memory, each repair being
// a Notice; a document is refused only when nothing of it can be used. The
// result is always in the form of version 3.
package openapi

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/mistake"
)

// Options say how a document is loaded.
type Options struct {
	AllowRemoteRefs bool // fetch $refs of other hosts; without it they mean anything
	// Amend changes the tree of the document before anything else is done with
	// it, and says what it could not do; nil changes nothing.
	Amend func(tree map[string]any) []string
	// Rootless leaves the path of the document's server out of the paths of the
	// operations.
	Rootless bool
}

// A Doc is a document that was loaded.
type Doc struct {
	File       string
	SHA256     string // of the bytes that were read
	Version    string // as the document says: "2.0", "3.0.3", "3.1.0"
	T          *openapi3.T
	Notices    []Notice
	Operations []Op // sorted by path, then method

	positions *positions
	tree      map[string]any // as T was read from it; nil when T says more
	rootless  bool
	newer     bool // of a version that is read as 3.1
}

// An Op is one operation.
type Op struct {
	ID, Method string
	Path       string // template, with the path of the document's first server before it
	Item       *openapi3.PathItem
	Op         *openapi3.Operation
	Params     []*openapi3.Parameter // of the path and of the operation
	Source     plumbline.Source
}

// A Notice says what was repaired.
type Notice struct {
	Source  plumbline.Source
	Message string
}

// An Error is why a document cannot be used.
type Error = mistake.Problem

// Load reads a document from a file. References to other files are relative
// to it. Errors are of type *Error.
func Load(file string, o Options) (*Doc, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, &Error{Code: "DOC301", Source: plumbline.Source{File: file}, Message: "the document cannot be read: " + err.Error(), Help: "name the OpenAPI document with --spec, or with openapi: in plumbline.yaml"}
	}
	return Parse(file, data, o)
}

// Parse is Load on bytes.
func Parse(name string, data []byte, o Options) (*Doc, error) {
	d, err := parse(name, data, o)
	return d, mistake.Show(err, name, data)
}

func parse(name string, data []byte, o Options) (*Doc, error) {
	sum := sha256.Sum256(data)
	d := &Doc{File: name, SHA256: hex.EncodeToString(sum[:]), positions: &positions{name: name, data: data}, rootless: o.Rootless}
	tree, err := Decode(name, data)
	if err != nil {
		return nil, err
	}
	if o.Amend != nil {
		for _, n := range o.Amend(tree) {
			d.Notices = append(d.Notices, Notice{Message: n})
		}
	}
	if err := d.version(tree); err != nil {
		return nil, err
	}
	r := &repairs{doc: d, root: tree, dir: filepath.Dir(name), remote: o.AllowRemoteRefs}
	r.all()
	if err := d.load(tree, o); err != nil {
		return nil, err
	}
	d.operations()
	if len(d.Operations) == 0 {
		d.notice("/paths", "the document has no operation: there is nothing to judge")
	}
	return d, nil
}

// Take hands over the document as T was read from it, decoded and repaired; nil
// when T was put together from more than that, and the second time: it belongs
// to the caller.
func (d *Doc) Take() map[string]any {
	tree := d.tree
	d.tree = nil
	return tree
}

// Position is the place of a JSON pointer in the document.
func (d *Doc) Position(pointer string) plumbline.Source { return d.positions.at(pointer) }

func (d *Doc) version(tree map[string]any) error {
	for _, key := range []string{"openapi", "swagger"} {
		if v, ok := tree[key]; ok {
			d.Version = fmt.Sprint(v)
		}
	}
	switch {
	case d.Version == "2" || d.Version == "2.0":
		d.Version = "2.0"
		tree["swagger"] = "2.0"
	case strings.HasPrefix(d.Version, "3.0"), strings.HasPrefix(d.Version, "3.1"):
	case strings.HasPrefix(d.Version, "3"):
		d.notice("/openapi", "version "+d.Version+" is read as 3.1; of its newer fields QUERY operations and itemSchema are known, and the others ignored")
		tree["openapi"] = "3.1.0"
		d.newer = true
	case d.Version == "":
		return &Error{Code: "DOC303", Source: d.Position(""), Message: "neither openapi nor swagger says which version this is", Help: "an OpenAPI document begins with openapi: 3.1.0, or swagger: \"2.0\""}
	default:
		return &Error{Code: "DOC303", Source: d.Position(d.versionKey(tree)), Message: "version " + d.Version + " is not known", Help: "2.0, 3.0 and 3.1 are"}
	}
	return nil
}

// versionKey points to the key that says the version.
func (d *Doc) versionKey(tree map[string]any) string {
	if _, ok := tree["swagger"]; ok {
		return "/swagger"
	}
	return "/openapi"
}

func (d *Doc) notice(pointer, message string) {
	at := d.Position(pointer)
	at.Pointer = pointer
	d.Notices = append(d.Notices, Notice{at, message})
}

// load hands the repaired tree to the loader of kin-openapi. What it refuses is
// left out, as long as something is left.
func (d *Doc) load(tree map[string]any, o Options) error {
	if d.whole(tree) {
		return nil
	}
	err := d.read(tree, o)
	if err != nil {
		s := &salvager{doc: d, tree: tree, try: func(t map[string]any) error { return d.read(t, o) }}
		if s.salvage(err) != nil {
			return d.refused(err)
		}
		if err := d.read(s.tree, o); err != nil || len(d.T.Paths.Map()) == 0 {
			return d.refused(err)
		}
	}
	return nil
}

// whole fills T from a tree in which all is right and nothing leads out of it.
func (d *Doc) whole(tree map[string]any) (ok bool) {
	defer func() { ok = ok && recover() == nil }()
	if d.Version == "2.0" {
		return false
	}
	if d.T, ok = inParts(tree, openapi3.NewLoader()); ok {
		d.tree = tree
	}
	return ok
}

// fetchTime bounds the fetching of one file that a $ref names.
const fetchTime = 20 * time.Second

// read fills T from a tree. A panic of the loader is its refusal.
func (d *Doc) read(tree map[string]any, o Options) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the document cannot be read: %v", p)
		}
	}()
	data, err := json.Marshal(tree)
	if err != nil {
		return err
	}
	loader := openapi3.NewLoader()
	loader.IsExternalRefsAllowed = true
	loader.ReadFromURIFunc = func(l *openapi3.Loader, u *url.URL) ([]byte, error) {
		if u.Host != "" && !o.AllowRemoteRefs {
			return nil, fmt.Errorf("%s is on another host; --allow-remote-refs fetches it", u)
		}
		return openapi3.ReadFromURIs(openapi3.ReadFromHTTP(&http.Client{Timeout: fetchTime}), openapi3.ReadFromFile)(l, u)
	}
	place := &url.URL{Path: filepath.ToSlash(d.File)}
	if d.Version == "2.0" {
		var two openapi2.T
		if err := json.Unmarshal(data, &two); err != nil {
			return err
		}
		d.T, err = openapi2conv.ToV3WithLoader(&two, loader, place)
	} else {
		d.T, err = loader.LoadFromDataWithPath(data, place)
	}
	if err == nil && d.T.Paths == nil {
		d.T.Paths = openapi3.NewPaths()
	}
	return err
}

// refused turns an error of the loader into one with a place, as far as its
// text names one.
func (d *Doc) refused(err error) error {
	if err == nil {
		err = errors.New("no operation of it can be used")
	}
	text := err.Error()
	pointer := ""
	if i := strings.Index(text, "#/"); i >= 0 {
		pointer = strings.TrimRight(strings.FieldsFunc(text[i+1:], func(r rune) bool { return r == '"' || r == ' ' || r == '\'' || r == ')' })[0], ".,:")
	}
	at := d.Position(pointer)
	at.Pointer = cmp.Or(pointer, "/")
	return &Error{Code: "DOC304", Source: at, Message: "the document cannot be loaded: " + text, Help: "correct the place, or leave it out: the rest of the document is enough for the rest of the claims"}
}

func (d *Doc) operations() {
	base := d.Base()
	for path, item := range d.T.Paths.Map() {
		for method, op := range item.Operations() {
			pointer := "/paths/" + escape(path) + "/" + strings.ToLower(method)
			at := d.Position(pointer)
			at.Pointer = pointer
			d.Operations = append(d.Operations, Op{
				ID: op.OperationID, Method: method, Path: base + path, Item: item, Op: op, Params: params(item, op), Source: at,
			})
		}
	}
	slices.SortFunc(d.Operations, func(a, b Op) int { return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method)) })
	seen := map[string]bool{}
	nameless := 0
	for i := range d.Operations {
		o := &d.Operations[i]
		switch {
		case o.ID == "":
			nameless++
			o.ID = o.Method + " " + o.Path
		case seen[o.ID]:
			d.notice(o.Source.Pointer, "another operation is called "+o.ID+" too; this one is called "+o.Method+" "+o.Path)
			o.ID = o.Method + " " + o.Path
		}
		seen[o.ID] = true
	}
	if nameless > 0 {
		d.notice("/paths", fmt.Sprintf("%d of %d operations have no operationId; they are called by method and path", nameless, len(d.Operations)))
	}
}

// Base is the path of the first server, its variables at their defaults; every
// path of an operation begins with it. Empty when there is none, and when the
// document was loaded without it.
func (d *Doc) Base() string {
	if d.rootless || len(d.T.Servers) == 0 || d.T.Servers[0] == nil {
		return ""
	}
	s := d.T.Servers[0]
	text := s.URL
	for name, v := range s.Variables {
		if v != nil {
			text = strings.ReplaceAll(text, "{"+name+"}", v.Default)
		}
	}
	if i := strings.Index(text, "://"); i >= 0 {
		_, text, _ = strings.Cut(text[i+3:], "/")
		text = "/" + text
	}
	text = strings.TrimRight(text, "/")
	if strings.ContainsAny(text, "{}") || text != "" && !strings.HasPrefix(text, "/") {
		return ""
	}
	return text
}

func params(item *openapi3.PathItem, op *openapi3.Operation) []*openapi3.Parameter {
	var out []*openapi3.Parameter
	for _, refs := range []openapi3.Parameters{op.Parameters, item.Parameters} {
		for _, r := range refs {
			if r == nil || r.Value == nil {
				continue
			}
			dup := slices.ContainsFunc(out, func(p *openapi3.Parameter) bool { return p.Name == r.Value.Name && p.In == r.Value.In })
			if !dup {
				out = append(out, r.Value)
			}
		}
	}
	return out
}

func escape(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "~", "~0"), "/", "~1")
}

func isJSON(data []byte) bool {
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	return len(data) > 0 && data[0] == '{'
}
