package reports

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// mermaidMap is the measured dependency map as a Mermaid flowchart, which
// GitHub and GitLab draw: operations, dependencies, and on each edge how often
// it is called. A dependency has the colour of the worst claim on it.
func mermaidMap(r plumbline.Report) string {
	if len(r.Wires) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("```mermaid\nflowchart LR\n")
	names := map[string]string{}
	node := func(kind, name string) string {
		id, known := names[kind+name]
		if !known {
			id = fmt.Sprintf("%s%d", kind, len(names))
			names[kind+name] = id
			fmt.Fprintf(&b, "  %s[\"%s\"]\n", id, mermaidText(name))
		}
		return id
	}
	for _, u := range r.Wires {
		from, to := node("o", u.Operation), node("d", u.Dependency)
		arrow := "-->"
		if u.Needed == string(plumbline.ClassOptional) {
			arrow = "-.->"
		}
		if c := calls(u); c != "" {
			arrow += "|" + c + "|"
		}
		fmt.Fprintf(&b, "  %s %s %s\n", from, arrow, to)
	}
	b.WriteString("  classDef pass stroke:#0b6b4a,stroke-width:2px\n  classDef fail stroke:#b4231a,stroke-width:3px\n  classDef inconclusive stroke:#8a5a00,stroke-width:2px\n")
	var done []string
	for _, u := range r.Wires {
		if o := worstOn(r, u.Dependency); !slices.Contains(done, u.Dependency) && o != "" {
			fmt.Fprintf(&b, "  class %s %s\n", names["d"+u.Dependency], o)
		}
		done = append(done, u.Dependency)
	}
	return b.String() + "```\n\n"
}

// worstOn is the colour of a dependency; empty when nothing on it was judged.
func worstOn(r plumbline.Report, dependency string) plumbline.Outcome {
	switch o := newLane(r, dependency).worst; o {
	case plumbline.Skipped:
		return ""
	case plumbline.Pass, plumbline.Fail:
		return o
	default:
		return plumbline.Inconclusive
	}
}

// mermaidText keeps a name from ending the label that it stands in.
func mermaidText(s string) string {
	return strings.NewReplacer(`"`, "#quot;", "<", "#lt;", ">", "#gt;", "`", "'", "\n", " ", "\r", " ").Replace(s)
}
