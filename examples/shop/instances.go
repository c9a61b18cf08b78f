package shop

import (
	"context"
	"encoding/json"
	"net"
	"time"
)

// unfit says whether a defect lets the instance refuse what it is asked.
func (s *service) unfit(ctx context.Context) bool { return s.warming(ctx) || s.bereft(ctx) }

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

// copied is a defect: it shows an order as this instance knows it.
func (s *service) copied(o order) order {
	known, _ := s.memory.LoadOrStore(o.ID, o)
	return known.(order) //nolint:forcetypeassert // nothing else is in it
}

// joined is a defect: instances know each other by the store. Before the context
// that it returns ends, the instance has taken leave; peers that others have
// left there without taking leave are forgotten.
func (s *service) joined(ctx context.Context, addr string) context.Context {
	if !s.mutant.is("needs-its-peer") {
		return ctx
	}
	for _, p := range s.peers(ctx) {
		if !answering(ctx, p) {
			_, _ = s.store.do(ctx, "DEL peer:"+p)
		}
	}
	_, _ = s.store.do(ctx, `SET peer:`+addr+` "`+addr+`"`)
	out, end := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() {
		defer end()
		_, _ = s.store.do(out, "DEL peer:"+addr)
	})
	return out
}

// bereft is that defect at work: a peer does not answer.
func (s *service) bereft(ctx context.Context) bool {
	if !s.mutant.is("needs-its-peer") {
		return false
	}
	for _, p := range s.peers(ctx) {
		if !answering(ctx, p) {
			return true
		}
	}
	return false
}

func (s *service) peers(ctx context.Context) []string {
	var out []string
	if found, err := s.store.do(ctx, "LAST peer: 9"); err == nil {
		_ = json.Unmarshal([]byte(found), &out)
	}
	return out
}

func answering(ctx context.Context, addr string) bool {
	d := net.Dialer{Timeout: 300 * time.Millisecond}
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err == nil {
		err = conn.Close()
	}
	return err == nil
}
