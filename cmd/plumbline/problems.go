package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline/contracts/openapi"
)

// problemDetails is "problem+json" when the document describes an error as
// problem details of RFC 9457 and none as anything else in JSON.
func problemDetails(d *openapi.Doc) string {
	problems, others := 0, 0
	for _, media := range errorMedia(d) {
		switch {
		case strings.HasPrefix(media, "application/problem+"):
			problems++
		case strings.Contains(media, "json"):
			others++
		}
	}
	if problems > 0 && others == 0 {
		return "problem+json"
	}
	return ""
}

// errorMedia are the media types of all documented errors.
func errorMedia(d *openapi.Doc) []string {
	var out []string
	for _, o := range d.Operations {
		if o.Op == nil || o.Op.Responses == nil {
			continue
		}
		for status, r := range o.Op.Responses.Map() {
			isError := strings.HasPrefix(status, "4") || strings.HasPrefix(status, "5") || status == "default"
			if isError && r != nil && r.Value != nil {
				out = slices.AppendSeq(out, maps.Keys(r.Value.Content))
			}
		}
	}
	return out
}
