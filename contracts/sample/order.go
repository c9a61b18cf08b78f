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

// starts are the words by which it says that another one comes after it.
func starts() []string {
	return []string{"start", "starts", "starting", "begin", "begins", "beginning", "from", "open", "opens", "startdate", "starttime"}
}

// later are two moments of a format that come after those that are made
// otherwise, and after today: what ends before it begins, begins in the past or
// has expired is refused, or brought into order, by services whose document
// cannot say so.
func later(format string) (begin, end string) {
	if format == "date" {
		return "2098-01-02", "2099-01-02"
	}
	return "2098-01-02T03:04:05Z", "2099-01-02T03:04:05Z"
}

// orderly puts the moments at which something ends after the others of the same
// object, and those at which it begins before them and after today. What the
// document or a dictionary gives stays as it is.
func (g *generator) orderly(f *flat, out map[string]any) {
	ended := false
	for _, name := range slices.Sorted(maps.Keys(out)) {
		if called(name, ends()) {
			_, end := later(g.moment(f, name))
			ended = g.settle(f, out, name, end) || ended
		}
	}
	if !ended {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(out)) {
		if called(name, starts()) && !called(name, ends()) {
			begin, _ := later(g.moment(f, name))
			g.settle(f, out, name, begin)
		}
	}
}

// settle puts a moment into the place of one that was made.
func (g *generator) settle(f *flat, out map[string]any, name, moment string) bool {
	text, ok := out[name].(string)
	format := g.moment(f, name)
	if !ok || format == "" || !slices.Contains(formatted(format), text) || !g.accepts(g.governing(f, name), moment) {
		return false
	}
	out[name] = moment
	return true
}

// moment is the format of a property that is a moment; empty for others.
func (g *generator) moment(f *flat, name string) string {
	for _, format := range g.flats.of(g.governing(f, name)).formats {
		if format == "date-time" || format == "date" {
			return format
		}
	}
	return ""
}

func called(name string, by []string) bool {
	return slices.ContainsFunc(words(name), func(w string) bool { return slices.Contains(by, w) })
}
