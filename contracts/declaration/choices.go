package declaration

import (
	"regexp"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/mistake"
)

// choices are the words that a key takes, by its path in the reference.
func choices() map[string][]string {
	place := []string{"header", "query", "cookie"}
	return map[string][]string{
		"mode":                          {"observe", "own", "full"},
		"propagation":                   {"w3c", "none"},
		"deadline.header":               plumbline.DeadlineHeaders(),
		"load.arrivals":                 {"poisson", "constant"},
		"load.stages[].shape":           {"line", "steps", "spike", "sine"},
		"load.feeders[].order":          {"sequential", "random"},
		"load.feeders[].at_end":         {"again", "stop"},
		"dependencies.NAME.wire":        {"http", "tcp"},
		"dependencies.NAME.class":       {"critical", "optional"},
		"dependencies.NAME.kind":        {"database", "cache"},
		"identities.NAME.api_key.in":    place,
		"identities.NAME.login.send.in": place,
		"identities.NAME.oauth2.grant":  {"client_credentials", "password"},
		"identities.NAME.oauth2.style":  {"basic", "post"},
		"slos[].decision":               {"not-disproved", "prove"},
		"slos[].severity":               severities(),
		"severity.NAME":                 severities(),
	}
}

func severities() []string { return []string{"gate", "warn", "info"} }

// oneOf is a value that is one of the choices at a YAML path, or the fallback
// where there is none.
func (b *builder) oneOf(path, value, fallback string) string {
	if value == "" {
		return fallback
	}
	if known := choices()[inReference(path)]; !slices.Contains(known, value) {
		b.wrong("CFG004", path, strings.TrimSpace(mistake.DidYouMean(value, known)+" known are "+strings.Join(known, ", ")), "%q is not a known value", value)
	}
	return value
}

// inReference is a YAML path as the reference writes it.
func inReference(path string) string {
	path = regexp.MustCompile(`'(\\'|[^'])*'`).ReplaceAllString(path, "NAME")
	path = regexp.MustCompile(`\[\d+\]`).ReplaceAllString(path, "[]")
	return strings.TrimPrefix(path, "$.")
}
