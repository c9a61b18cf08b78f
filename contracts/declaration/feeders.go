package declaration

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/workload"
)

// A feederFile names a file of rows, and what becomes of its columns.
type feederFile struct {
	File       string            `yaml:"file"`
	Operations []string          `yaml:"operations"`
	Fields     map[string]string `yaml:"fields"` // column to place
	Order      string            `yaml:"order"`
	AtEnd      string            `yaml:"at_end"`
}

func (b *builder) feeder(at string, f feederFile) plumbline.Feeder {
	out := plumbline.Feeder{Name: filepath.Base(f.File), Operations: f.Operations, Source: b.at(at)}
	out.Order = plumbline.Feeding(b.oneOf(at+".order", f.Order, string(plumbline.FeedSequential)))
	out.AtEnd = plumbline.AtEnd(b.oneOf(at+".at_end", f.AtEnd, ""))
	if ends := out.AtEnd != ""; ends != (out.Order == plumbline.FeedSequential) {
		b.wrong("CFG004", at, "order: sequential with at_end: again or at_end: stop, or order: random without it", "a sequential feeder needs at_end, and a random one has no end")
	}
	if len(f.Operations) == 0 || len(f.Fields) == 0 {
		b.wrong("CFG004", at, "write {file: users.csv, operations: [createOrder], fields: {product: body/product_id}, order: random}", "a feeder has operations, and fields that it feeds")
	}
	for column, place := range f.Fields {
		feed, ok := plumbline.FeedAt(column, place)
		if !ok {
			b.wrong("CFG004", at+".fields."+key(column), "write path/NAME, query/NAME, header/NAME, or body/ and a JSON pointer", "%q is no place of a request", place)
		}
		out.Fields = append(out.Fields, feed)
	}
	slices.SortFunc(out.Fields, func(a, b plumbline.Feed) int { return cmp.Or(cmp.Compare(a.In, b.In), cmp.Compare(a.Name, b.Name)) })
	if out.Rows = b.rows(at+".file", f); out.Rows != nil {
		out.Count = len(out.Rows)
		b.columns(at, out)
	}
	return out
}

func (b *builder) rows(at string, f feederFile) []map[string]any {
	data, err := os.ReadFile(b.path(f.File))
	if err != nil {
		b.wrong("CFG006", at, "the path is relative to plumbline.yaml", "%v", err)
		return nil
	}
	rows, err := workload.Rows(f.File, data)
	if err != nil {
		b.wrong("CFG004", at, "a CSV file whose first line names the columns, or a JSONL file with an object on each line", "%s: %v", f.File, err)
	}
	return rows
}

// columns finds rows that lack a column, and values that have no place outside
// of a body.
func (b *builder) columns(at string, f plumbline.Feeder) {
	for _, feed := range f.Fields {
		for i, row := range f.Rows {
			v, ok := row[feed.Column]
			if !ok {
				b.wrong("CFG004", at+".fields."+key(feed.Column), "name a column that every row has", "row %d of %s has no %q", i+1, f.Name, feed.Column)
				break
			}
			switch v.(type) {
			case nil, map[string]any, []any:
				ok = feed.In == "body"
			}
			if !ok {
				b.wrong("CFG004", at+".fields."+key(feed.Column), "lists, objects and null go into a body", "%q of row %d of %s is no single value", feed.Column, i+1, f.Name)
				break
			}
		}
	}
}

// feeders resolves the operations of feeders, and finds places that two of them
// fill.
func (r *resolver) feeders(all []plumbline.Feeder) []plumbline.Feeder {
	taken := map[string]string{}
	out := slices.Clone(all)
	for i, f := range all {
		at := fmt.Sprintf("$.load.feeders[%d]", i)
		out[i].Operations = r.operations(f.Operations, at+".operations")
		for _, op := range out[i].Operations {
			for _, feed := range f.Fields {
				place := op + " " + feed.In + " " + feed.Name
				if other, ok := taken[place]; ok {
					r.keep(&Problem{Code: "CFG004", Message: fmt.Sprintf("%s and %s both fill %s %s of %s", other, f.Name, feed.In, feed.Name, op), Help: "keep one of them"}, at)
				}
				taken[place] = f.Name
			}
		}
		if len(f.Rows) > 0 {
			order := "in any order"
			if f.Order == plumbline.FeedSequential {
				order = "in their order, and then " + map[plumbline.AtEnd]string{plumbline.EndAgain: "again", plumbline.EndStop: "no more"}[f.AtEnd]
			}
			r.notices = append(r.notices, fmt.Sprintf("%s: its %d rows feed the load of %s, %s", f.Name, f.Count, strings.Join(out[i].Operations, ", "), order))
		}
	}
	return out
}
