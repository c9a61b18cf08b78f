package reports

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"

	"github.com/plumbline-dev/plumbline"
)

func init() { register("json", "report.json", JSON) }

//go:embed report.schema.json
var schema string

// Schema is the JSON Schema (2020-12) of report.json.
func Schema() string { return schema }

// JSON writes the report as indented JSON, as Schema describes it.
func JSON(w io.Writer, r plumbline.Report) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if r.Findings == nil {
		r.Findings = []plumbline.Finding{}
	}
	return enc.Encode(r)
}

// Read reads a report.json. A file of another schema is an error.
func Read(in io.Reader) (plumbline.Report, error) {
	var r plumbline.Report
	if err := json.NewDecoder(in).Decode(&r); err != nil {
		return r, fmt.Errorf("read report: %w", err)
	}
	if r.Schema != plumbline.ReportSchema {
		return r, fmt.Errorf("read report: schema %q is not %s", r.Schema, plumbline.ReportSchema)
	}
	return r, nil
}
