package main

import (
	"fmt"
	"path/filepath"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/overlay"
)

// suggestedOverlay is the file of the run directory that holds, together, what
// the document would have to say for the findings to be none.
const suggestedOverlay = "overlay.yaml"

// writeOverlay writes the overlays of all findings as one, ready for
// --overlay. Without any there is no file.
func writeOverlay(dir string, r plumbline.Report) error {
	var all []overlay.Action
	for _, f := range r.Findings {
		if f.Patch == "" {
			continue
		}
		o, err := overlay.Parse(f.Claim, []byte(f.Patch))
		if err != nil {
			return fmt.Errorf("the overlay of %s: %w", f.Claim, err)
		}
		all = append(all, o.Actions...)
	}
	if len(all) == 0 {
		return nil
	}
	text := overlay.Write("What "+r.Document.File+" would have to say for the findings of run "+r.Run.ID+" to be none", overlay.Distinct(all)...)
	return writeFile(filepath.Join(dir, suggestedOverlay), []byte(text))
}
