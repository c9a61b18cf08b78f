package overlay

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// Write prints an overlay of version 1.0.0 in YAML. It is how a suggestion is
// handed to the user: apply it with --overlay, or paste it into the document.
// Mappings are written in the order of their keys, so that the text is stable.
func Write(title string, actions ...Action) string {
	f := file{Overlay: "1.0.0", Info: infoFile{title, "1.0.0"}}
	for _, a := range actions {
		f.Actions = append(f.Actions, actionFile{Target: a.Target, Description: a.Description, Update: a.Update, Remove: a.Remove, Copy: a.Copy})
	}
	data, err := yaml.MarshalWithOptions(f, yaml.Indent(2), yaml.IndentSequence(true), yaml.UseSingleQuote(false))
	if err != nil {
		return "# " + strings.ReplaceAll(err.Error(), "\n", " ") + "\n"
	}
	return string(data)
}

// Distinct leaves out what is done before: equal actions in an overlay would
// append the same entry to a list twice.
func Distinct(actions []Action) []Action {
	var out []Action
	for _, a := range actions {
		same := func(b Action) bool {
			return a.Target == b.Target && a.Remove == b.Remove && a.Copy == b.Copy && reflect.DeepEqual(a.Update, b.Update)
		}
		if !slices.ContainsFunc(out, same) {
			out = append(out, a)
		}
	}
	return out
}

// Remove is the action that takes out what stands at a JSON pointer of the
// document.
func Remove(pointer, description string) Action {
	return Action{Target: Target(pointer), Description: description, Remove: true}
}

// Update is the action that merges a value into what stands at a JSON pointer
// of the document.
func Update(pointer string, value any, description string) Action {
	return Action{Target: Target(pointer), Description: description, Update: value}
}

// Target is the JSONPath of a JSON pointer into the document: "/paths/~1orders/get"
// is $.paths['/orders'].get. Tokens that are numbers select by index, except
// directly below a key whose members are named by statuses.
func Target(pointer string) string {
	var b strings.Builder
	b.WriteByte('$')
	before := ""
	for _, t := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		if t == "" && pointer == "" {
			break
		}
		t = strings.ReplaceAll(strings.ReplaceAll(t, "~1", "/"), "~0", "~")
		switch {
		case regexp.MustCompile(`^(0|[1-9][0-9]*)$`).MatchString(t) && before != "responses":
			b.WriteString("[" + t + "]")
		case regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`).MatchString(t):
			b.WriteString("." + t)
		default:
			b.WriteString("['" + quoted(t) + "']")
		}
		before = t
	}
	return b.String()
}

// quoted escapes a name for single quotes (RFC 9535 §2.3.1.1).
func quoted(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\'' || r == '\\':
			b.WriteString(`\` + string(r))
		case r < 0x20:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
