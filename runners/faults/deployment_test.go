package faults

import (
	"context"
	"errors"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// an environment knows one part, and can be told to fail.
type environment struct {
	err, mending error
	mends        int
}

func (e *environment) Upset(_ context.Context, f plumbline.Fault) (int, func(context.Context) error, error) {
	if f.Dependency != "orders" {
		return 0, nil, errors.ErrUnsupported
	}
	return 1, func(context.Context) error { e.mends++; return e.mending }, e.err
}

func TestTheDeploymentIsUpset(t *testing.T) {
	t.Parallel()
	order := func(name string) Order {
		return Order{Fault: plumbline.Fault{Kind: plumbline.FaultKill, Dependency: name}}
	}
	broken := errors.New("broken")
	e := &environment{}
	d := Deployment{Environments: []Environment{&environment{}, e}}
	if _, err := d.Inject(t.Context(), order("nobody")); !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
	if _, err := d.Inject(t.Context(), Order{Fault: plumbline.Fault{Kind: plumbline.FaultHang}}); !errors.Is(err, errors.ErrUnsupported) {
		t.Error("a wire that is not there was broken:", err)
	}
	d.Environments = []Environment{e}
	held, err := d.Inject(t.Context(), order("orders"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if hits, err := held.Heal(t.Context()); hits != 1 || err != nil {
			t.Error(hits, err)
		}
	}
	if e.mends != 1 {
		t.Errorf("mended %d times", e.mends)
	}
	// What happened by halves is mended at once, and held where it cannot be.
	e.err = broken
	if _, err := d.Inject(t.Context(), order("orders")); !errors.Is(err, broken) || e.mends != 2 {
		t.Error(err, e.mends)
	}
	e.mending = broken
	held, err = d.Inject(t.Context(), order("orders"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := held.Heal(t.Context()); !errors.Is(err, broken) {
		t.Error("it is taken for mended:", err)
	}
}
