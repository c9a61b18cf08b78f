package pactfile

import (
	"fmt"
	"strconv"

	"github.com/getkin/kin-openapi/openapi3"
)

// unsaid books the keywords that no rule of Pact stands for.
func (w *writer) unsaid(s *openapi3.Schema, path string) {
	maps := s.AdditionalProperties.Schema != nil || len(s.PatternProperties) > 0 || s.PropertyNames != nil
	closed := s.AdditionalProperties.Has != nil && !*s.AdditionalProperties.Has || s.UnevaluatedProperties.Has != nil
	for _, k := range append(unsaidValues(s), []silent{
		{closed, "additionalProperties", "Pact allows further properties in responses"},
		{maps, "additionalProperties", "Pact has no rule for the keys and values of a map that may be empty"},
		{s.MinProps > 0 || s.MaxProps != nil, "minProperties, maxProperties", "Pact has no rule for them"},
		{s.Not != nil, "not", "Pact has no rule for it"},
		{s.If != nil || len(s.DependentRequired)+len(s.DependentSchemas) > 0, "if, dependentRequired, dependentSchemas", "Pact has no rule for what depends on other values"},
		{s.Discriminator != nil, "discriminator", "Pact does not choose a shape by a value"},
	}...) {
		if k.there {
			w.lose(path, k.keyword, k.reason)
		}
	}
}

// A silent keyword is one that Pact has no rule for.
type silent struct {
	there           bool
	keyword, reason string
}

func unsaidValues(s *openapi3.Schema) []silent {
	bounds := s.Min != nil || s.Max != nil || s.MultipleOf != nil || s.ExclusiveMin.IsSet() || s.ExclusiveMax.IsSet()
	return []silent{
		{bounds, "minimum, maximum, multipleOf", "Pact has no rule for them"},
		{s.UniqueItems, "uniqueItems", "Pact has no rule for it"},
		{len(s.PrefixItems) > 0 || s.Contains != nil || s.UnevaluatedItems.Has != nil, "prefixItems, contains", "lists are stated by their items alone"},
	}
}

// characters is the rule for the number of characters, where there is one.
func (w *writer) characters(s *openapi3.Schema, path string) map[string]any {
	if s.MinLength == 0 && s.MaxLength == nil {
		return nil
	}
	most := ""
	if s.MaxLength != nil {
		most = strconv.FormatUint(*s.MaxLength, 10)
	}
	if s.MinLength > longest || s.MaxLength != nil && *s.MaxLength > longest {
		w.lose(path, "minLength, maxLength", fmt.Sprintf("as a pattern it would repeat more than %d times", longest))
		return nil
	}
	return map[string]any{"match": "regex", "regex": fmt.Sprintf(`^[\s\S]{%d,%s}$`, s.MinLength, most)}
}

// longest bounds the repetitions in a pattern.
const longest = 1000
