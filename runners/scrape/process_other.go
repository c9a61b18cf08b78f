//go:build !linux

package scrape

import (
	"time"

	"github.com/plumbline-dev/plumbline"
)

// processes cannot be read here.
func (s *Source) processes() plumbline.Scrape {
	return plumbline.Scrape{At: max(time.Since(s.Began), 1), Error: "what the system says of processes is read on Linux alone"}
}
