package pactfile

import (
	"strings"
)

// child is the JSONPath of a property.
func child(path, name string) string {
	odd := strings.ContainsFunc(name, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
	if !odd && name != "" && (name[0] < '0' || name[0] > '9') {
		return path + "." + name
	}
	return path + "['" + strings.ReplaceAll(name, "'", `\'`) + "']"
}

// pointer is the JSON pointer of a JSONPath, with * for any index.
func pointer(path string) string {
	r := strings.NewReplacer("['", "/", "']", "", "[*]", "/*", ".", "/", "$", "", "~", "~0")
	var b strings.Builder
	for path != "" {
		if i := strings.Index(path, "['"); i >= 0 {
			end := strings.Index(path[i:], "']")
			if end > 0 {
				b.WriteString(r.Replace(path[:i]) + "/" + strings.NewReplacer("~", "~0", "/", "~1", `\'`, "'").Replace(path[i+2:i+end]))
				path = path[i+end+2:]
				continue
			}
		}
		b.WriteString(r.Replace(path))
		break
	}
	return b.String()
}
