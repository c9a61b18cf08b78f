package sample

import (
	"maps"
	"slices"
)

// ends are the words by which the name of a moment says that it comes after
// another one.
func ends() []string {
	return []string{"end", "ends", "ending", "until", "to", "till", "enddate", "endtime", "finish", "finishes", "expire", "expires", "expiry", "expiration", "due", "deadline", "stop", "stops", "close", "closes"}
}

// late is a moment of a format that comes after those that are made otherwise,
// and after today: what ends before it begins, or has expired, is refused by
// services whose document cannot say so.
func late(format string) string {
	switch format {
	case "date-time":
		return "2099-01-02T03:04:05Z"
	case "date":
		return "2099-01-02"
	}
	return ""
}

// orderly puts the moments at which something ends after the others of the same
// object. What the document or a dictionary gives stays as it is.
func (g *generator) orderly(f *flat, out map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(out)) {
		text, ok := out[name].(string)
		if !ok || !slices.ContainsFunc(words(name), func(w string) bool { return slices.Contains(ends(), w) }) {
			continue
		}
		for _, format := range []string{"date-time", "date"} {
			if n := g.governing(f, name); slices.Contains(formatted(format), text) && slices.Contains(g.flats.of(n).formats, format) && g.accepts(n, late(format)) {
				out[name] = late(format)
			}
		}
	}
}
