package reports

import (
	"html/template"
	"maps"

	"github.com/plumbline-dev/plumbline"
)

// What pages that are shown beside report.html share with it, so that they look
// the same and say things in the same words.

// Style is the style sheet of report.html.
func Style() string { return asset("report.css") }

// Script is what report.html has of scripts beside uPlot: it switches between
// light and dark.
func Script() string { return asset("report.js") }

// Words are the functions of the templates that need no report.
func Words() template.FuncMap { return maps.Clone(words()) }

func words() template.FuncMap {
	return template.FuncMap{
		"glyph": glyph, "word": word, "amount": amount, "fixed": fixed, "grouped": func(n any) string { return grouped(whole(n)) }, "seconds": seconds, "plural": plural,
		"anchorOf": anchorOf, "timeline": timelineSVG, "share": share,
		"glyphOf": func(o plumbline.Overall) string { return glyph(overall(o)) }, "colourOf": overall,
	}
}
