package main

import (
	"context"
	"fmt"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/load"
)

// worthIt is the rate, in requests a second, from which it is worth the time to
// find out beforehand what this generator can send. Below it any machine will do.
const worthIt = 200

// precede finds out what has to be known before anything is sent in earnest.
func (a *app) precede(ctx context.Context, c *carrier, p plumbline.Plan) error {
	if err := c.preflight(ctx); err != nil {
		return err
	}
	if err := a.calibrate(ctx, c, p); err != nil {
		return harness(err)
	}
	return nil
}

// calibrate measures the generator against a server that does nothing, when
// the plan asks for much, and says what its own ceiling is.
func (a *app) calibrate(ctx context.Context, c *carrier, p plumbline.Plan) error {
	asked := peak(p)
	if asked < worthIt {
		return nil
	}
	own, err := load.Calibrate(ctx, load.CalibrationTime)
	if err != nil {
		return fmt.Errorf("calibrate the generator: %w", err)
	}
	c.live.Own = own
	a.note("generator: up to %.0f requests a second here, and a 99th percentile of %s of its own at half of that; the plan asks for up to %.0f\n",
		own.Ceiling, own.Floor.Round(10*time.Microsecond), asked)
	if asked > own.Ceiling/2 {
		a.note("generator: more than half of its ceiling is asked for; where it cannot keep up, claims are inconclusive. More processors, or fewer requests, help\n")
	}
	return nil
}

// peak is the highest rate of a phase of the plan.
func peak(p plumbline.Plan) float64 {
	most := 0.0
	for _, x := range p.Experiments {
		for _, ph := range x.Phases {
			rate := 0.0
			for _, s := range ph.Streams {
				highest := 0.0
				for _, g := range s.Stages {
					highest = max(highest, g.From, g.To)
				}
				rate += highest * float64(s.PerHit())
			}
			most = max(most, rate)
		}
	}
	return most
}
