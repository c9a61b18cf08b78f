package sample

import (
	"slices"
	"strings"
	"unicode"
)

// words are the words of a name in lower case: order, id of order_id, orderId,
// order-id and order.id.
func words(name string) []string {
	var out []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			out, word = append(out, strings.ToLower(string(word))), nil
		}
	}
	runes := []rune(name)
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			flush()
			continue
		case unicode.IsUpper(r) && i > 0 && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]) && unicode.IsUpper(runes[i-1])):
			flush()
		}
		word = append(word, r)
	}
	flush()
	return out
}

// idWords are the words that say that a name is an identifier.
func idWords() []string {
	return []string{"id", "ids", "uuid", "guid", "key", "code", "number", "no", "name", "ref", "slug", "identifier", "handle", "pk"}
}

// reference splits the words that say what is meant from the one that says
// that it is an identifier; ok is false without such a word.
func reference(name string) (stem string, ok bool) {
	w := words(name)
	if len(w) == 1 {
		for _, end := range []string{"uuid", "guid", "id"} {
			if before, is := strings.CutSuffix(w[0], end); is && len(before) > 2 && end != "id" {
				return singular(before), true
			}
		}
		// orderid, in one word: only where a plural of it is likely to be a path.
		if before, is := strings.CutSuffix(w[0], "id"); is && len(before) > 3 {
			return singular(before), true
		}
	}
	if len(w) < 2 || !slices.Contains(idWords(), w[len(w)-1]) {
		return "", false
	}
	w = w[:len(w)-1]
	w[len(w)-1] = singular(w[len(w)-1])
	return strings.Join(w, ""), true
}

// stemOf is what a path parameter names: by its own name, or by the segment
// before it where the name is only id, or nothing.
func stemOf(name, before string) string {
	if stem, ok := reference(name); ok {
		return stem
	}
	w := words(name)
	if len(w) == 0 || len(w) == 1 && slices.Contains(idWords(), w[0]) {
		return lastStem(before)
	}
	w[len(w)-1] = singular(w[len(w)-1])
	return strings.Join(w, "")
}

// lastStem is what the last named segment of a path is called, in the singular.
func lastStem(path string) string {
	segments := strings.Split(path, "/")
	for _, s := range slices.Backward(segments) {
		if w := words(s); len(w) > 0 && !strings.Contains(s, "{") {
			w[len(w)-1] = singular(w[len(w)-1])
			return strings.Join(w, "")
		}
	}
	return ""
}

// singular is the English singular of a word, as far as spelling tells it.
func singular(w string) string {
	switch {
	case w == "people":
		return "person"
	case w == "children":
		return "child"
	case len(w) < 4 || strings.HasSuffix(w, "ss") || strings.HasSuffix(w, "us") || strings.HasSuffix(w, "is"):
		return w
	case strings.HasSuffix(w, "ies"):
		return strings.TrimSuffix(w, "ies") + "y"
	}
	for _, end := range []string{"sses", "xes", "ches", "shes", "zes"} {
		if strings.HasSuffix(w, end) {
			return strings.TrimSuffix(w, "es")
		}
	}
	return strings.TrimSuffix(w, "s")
}

// squash is a name without case and separators, so that order_id is orderId.
func squash(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == '.' {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}
