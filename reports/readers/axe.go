package readers

import (
	"encoding/json"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// An Auditor is the source of axe-core.
type Auditor string

// Audited is a page of ours that has axe-core look, when it has loaded, for what
// keeps people from using it: in a theme, with everything that is folded open,
// and without its policy, which would not let axe-core in.
func (a Auditor) Audited(page, theme string) string {
	page = regexp.MustCompile(`<meta http-equiv="Content-Security-Policy"[^>]*>`).ReplaceAllString(page, "")
	page = regexp.MustCompile(`<meta http-equiv="refresh"[^>]*>`).ReplaceAllString(page, "") // it would never have loaded
	page = strings.Replace(page, `<html lang="en">`, `<html lang="en" data-theme="`+theme+`">`, 1)
	page = strings.ReplaceAll(page, "<details", "<details open")
	return strings.Replace(page, "</body>", "<script>"+string(a)+`</script><script>axe.run(document, {resultTypes: ["violations"]}).then(r => {
		const p = document.createElement("pre"); p.id = "axe";
		p.textContent = JSON.stringify(r.violations.map(v => ({id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.slice(0, 3).map(n => n.html.slice(0, 200) + " " + n.failureSummary)})));
		document.body.append(p); });</script></body>`, 1)
}

// Usable fails a test where axe-core found anything serious or critical in a page
// that was Audited; it is given the document that a browser made of it.
func Usable(tb testing.TB, name, document string) {
	tb.Helper()
	m := regexp.MustCompile(`(?s)<pre id="axe">(.*?)</pre>`).FindStringSubmatch(document)
	if m == nil {
		tb.Errorf("%s: axe-core gave no result", name)
		return
	}
	var found []struct {
		ID, Impact, Help string
		Nodes            []string
	}
	if err := json.Unmarshal([]byte(html.UnescapeString(m[1])), &found); err != nil {
		tb.Fatal(err)
	}
	for _, v := range found {
		tb.Logf("%s: %s %s: %s\n%s", name, v.Impact, v.ID, v.Help, strings.Join(v.Nodes, "\n"))
		if v.Impact == "serious" || v.Impact == "critical" {
			tb.Errorf("%s: %s is %s", name, v.ID, v.Impact)
		}
	}
}

// Axe reads axe-core: the file that PLUMBLINE_AXE names, or that of node_modules
// at the root of the repository. The test ends where it is lacking, so that it
// has to be asked for where the test itself runs, and not in a server of its.
func Axe(tb testing.TB) Auditor {
	tb.Helper()
	places := []string{os.Getenv("PLUMBLINE_AXE")}
	for _, up := range []string{"..", filepath.Join("..", "..")} {
		places = append(places, filepath.Join(up, "node_modules", "axe-core", "axe.min.js"))
	}
	for _, at := range places {
		if source, err := os.ReadFile(at); err == nil { //nolint:gosec // for tests
			return Auditor(source)
		}
	}
	Lacking(tb, "axe-core is not there: `npm install axe-core` in the repository, or name axe.min.js in PLUMBLINE_AXE")
	return ""
}
