package main

import (
	"strings"

	"github.com/plumbline-dev/plumbline/contracts/openapi"
)

// problemDetails is "problem+json" when the document describes an error as
// problem details of RFC 9457 and none as anything else in JSON.
func problemDetails(d *openapi.Doc) string {
	problems, others := 0, 0
	for _, o := range d.Operations {
		if o.Op == nil || o.Op.Responses == nil {
			continue
		}
		for status, r := range o.Op.Responses.Map() {
			if r == nil || r.Value == nil || status[0] != '4' && status[0] != '5' && status != "default" {
				continue
			}
			for media := range r.Value.Content {
				switch {
				case strings.HasPrefix(media, "application/problem+"):
					problems++
				case strings.Contains(media, "json"):
					others++
				}
			}
		}
	}
	if problems > 0 && others == 0 {
		return "problem+json"
	}
	return ""
}
