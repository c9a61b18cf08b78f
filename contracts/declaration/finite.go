package declaration

import (
	"fmt"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// A finiteFile says of what there is only so much, and by which steps some of it
// is taken.
type finiteFile struct {
	Operation string         `yaml:"operation"`
	Body      map[string]any `yaml:"body"`
	Takes     int            `yaml:"takes"`
	Most      int            `yaml:"most"`
	Left      readingFile    `yaml:"left"`
	Steps     []stepFile     `yaml:"steps"`
	Within    string         `yaml:"within"`
}

type readingFile struct {
	Operation  string            `yaml:"operation"`
	Parameters map[string]string `yaml:"parameters"`
	At         string            `yaml:"at"`
}

type stepFile struct {
	Dependency string `yaml:"dependency"`
	Does       string `yaml:"does"`
	Undoes     string `yaml:"undoes"`
}

func aboutFinite() map[string]description {
	const f = "finite.NAME."
	return map[string]description{
		"finite":                 {meaning: "of what there is only so much – stock, seats –, by names of your own: data/no-oversell", fallback: "nothing is claimed", example: "finite: {seats: {operation: bookSeat, most: 40, left: {operation: getShow, at: /free}}}"},
		f + "operation":          {meaning: "takes some of it; a 2xx answer says that the caller has got it", example: "operation: createOrder"},
		f + "body":               {meaning: "members of its JSON body, beside those of the request that is sent first for the operation", kind: "mapping", example: "body: {product_id: p-4, quantity: 10}"},
		f + "takes":              {meaning: "how much one such request takes", fallback: "1", example: "takes: 10"},
		f + "most":               {meaning: "of it at any time: three times the requests that this is enough for are sent at once, 90 at most", example: "most: 100"},
		f + "left":               {meaning: "where a client reads how much is left", example: "left: {operation: getProduct, parameters: {productId: p-4}, at: /stock}"},
		f + "left.operation":     {meaning: "operation with a safe method", example: "operation: getProduct"},
		f + "left.parameters":    {meaning: "of its path and query", kind: "mapping of name to text", fallback: "those of the request that is sent first for it", example: "parameters: {productId: p-4}"},
		f + "left.at":            {meaning: "JSON pointer to the number in the answer", example: "at: /stock"},
		f + "within":             {meaning: "what was done is undone so soon after a failure: data/saga-compensates. Where the undo fails at first it has three times as long: data/compensation-retried", kind: "duration", fallback: "30s", example: "within: 5s"},
		f + "steps":              {meaning: "the calls to dependencies by which the operation does it, in their order; what of them needs an undo says which", fallback: "data/saga-compensates and data/compensation-retried are not claimed", example: "steps: [{dependency: inventory, does: PUT /reservations/, undoes: DELETE /reservations/}]"},
		f + "steps[].dependency": {meaning: "name of a dependency on an HTTP wire", example: "dependency: inventory"},
		f + "steps[].does":       {meaning: "the call: its method, and what its path begins with", example: "does: PUT /reservations/"},
		f + "steps[].undoes":     {meaning: "the call that undoes it, likewise", fallback: "it needs none", example: "undoes: DELETE /reservations/"},
	}
}

func (b *builder) finite(name string, f finiteFile) {
	at := "$.finite." + key(name)
	out := plumbline.Finite{
		Name: name, Operation: f.Operation, Body: f.Body, Takes: f.Takes, Most: f.Most, Source: b.at(at),
		Left: plumbline.Reading(f.Left), Within: b.duration(at+".within", f.Within),
	}
	if out.Takes == 0 {
		out.Takes = 1
	}
	switch {
	case f.Operation == "":
		b.wrong("CFG003", at, "operation: createOrder", "what takes some of %q is not said", name)
	case f.Left.Operation == "" || !strings.HasPrefix(f.Left.At, "/"):
		b.wrong("CFG003", at, "left: {operation: getProduct, at: /stock}", "where one reads how much of %q is left is not said", name)
	case out.Takes < 1 || f.Most < out.Takes:
		b.wrong("CFG004", at, "most: 100, and takes at most as much", "of %q a request takes %d of at most %d", name, out.Takes, f.Most)
	}
	for i, step := range f.Steps {
		b.sagaStep(fmt.Sprintf("%s.steps[%d]", at, i), step)
		out.Steps = append(out.Steps, plumbline.SagaStep(step))
	}
	b.out.finite = append(b.out.finite, out)
}

// sagaStep checks one call and its undo.
func (b *builder) sagaStep(at string, f stepFile) {
	if d, ok := b.file.Dependencies[f.Dependency]; !ok || d.Wire == string(plumbline.WireTCP) {
		b.wrong("CFG004", at, "name one of dependencies: with wire: http", "%q is no dependency on an HTTP wire", f.Dependency)
	}
	if !isCall(f.Does) {
		b.wrong("CFG004", at, "does: PUT /reservations/", "%q is not a method and what a path begins with", f.Does)
	}
	if f.Undoes != "" && !isCall(f.Undoes) {
		b.wrong("CFG004", at, "undoes: DELETE /reservations/", "%q is not a method and what a path begins with", f.Undoes)
	}
}

// isCall tells whether a text is a method and what a path begins with.
func isCall(s string) bool {
	method, path, ok := strings.Cut(s, " ")
	return ok && method != "" && method == strings.ToUpper(method) && strings.HasPrefix(path, "/")
}

// limit resolves the operations that take of what is finite, and read what is
// left.
func (d *Declaration) limit(r *resolver, design *plumbline.Design) {
	for _, f := range d.finite {
		at := "$.finite." + key(f.Name)
		f.Operation = r.one(f.Operation, at+".operation")
		f.Left.Operation = r.one(f.Left.Operation, at+".left.operation")
		design.Finite = append(design.Finite, f)
	}
}
