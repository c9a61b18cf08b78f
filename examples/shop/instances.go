package shop

import (
	"context"
	"time"
)

// warming is a defect: what is said to be ready is not. A shop that is started
// where orders are takes a second to read them; the first one has none.
func (s *service) warming(ctx context.Context) bool {
	if !s.mutant.is("ready-too-early") {
		return false
	}
	until := time.Now()
	if found, err := s.store.do(ctx, "LAST order: 1"); err == nil && found != "[]" {
		until = until.Add(time.Second)
	}
	warm, _ := s.memory.LoadOrStore("warm", until)
	at, ok := warm.(time.Time)
	return ok && time.Now().Before(at)
}
