// Package reports writes a report in a format, one file a format. It knows the
// Report and nothing else: report.json is the truth, and every other format is
// rendered from what it holds, now or a year later.
package reports

import (
	"io"
	"maps"
	"slices"

	"github.com/plumbline-dev/plumbline"
)

// A Format writes a whole report.
type Format func(w io.Writer, r plumbline.Report) error

type entry struct {
	file  string
	write Format
}

// formats is filled by the init functions of the files of this package.
var formats = map[string]entry{}

// register puts a format under its name, with the name of its file in a run
// directory; an empty file name means that a run does not write it by itself.
func register(name, file string, f Format) {
	if _, dup := formats[name]; dup {
		panic("reports: format " + name + " is registered twice")
	}
	formats[name] = entry{file, f}
}

// Names lists the formats, sorted.
func Names() []string { return slices.Sorted(maps.Keys(formats)) }

// Lookup returns the format of that name.
func Lookup(name string) (Format, bool) {
	e, ok := formats[name]
	return e.write, ok
}

// Files maps the files that a run writes to their formats.
func Files() map[string]Format {
	out := map[string]Format{}
	for _, e := range formats {
		if e.file != "" {
			out[e.file] = e.write
		}
	}
	return out
}
