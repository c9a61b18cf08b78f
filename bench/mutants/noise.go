package main

import (
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"slices"
)

// busy is noise: a loop on every processor.
const busy = "busy"

// disturb gives the machine something else to do, until the noise is ended. The
// loops are processes of their own, so that they weigh as much as any other.
func (c config) disturb(ctx context.Context) (quieten func(), err error) {
	var loops []*exec.Cmd
	quieten = func() {
		for _, l := range loops {
			_ = l.Process.Kill()
			_ = l.Wait()
		}
	}
	switch c.noise {
	case "":
		return quieten, nil
	case busy:
	default:
		return quieten, fmt.Errorf("-noise %s: known is %s", c.noise, busy)
	}
	for range runtime.NumCPU() {
		l := exec.CommandContext(ctx, "sh", "-c", "while :; do :; done")
		if err := l.Start(); err != nil {
			quieten()
			return quieten, err
		}
		loops = append(loops, l)
	}
	return quieten, nil
}

// turned are the claims that noise has turned from kept to broken or from broken
// to kept: what is unproven beside it is its right.
func turned(quiet, noisy row) []string {
	var out []string
	for _, claim := range slices.Concat(quiet.Failed, noisy.Failed) {
		a, b := quiet.outcome(claim), noisy.outcome(claim)
		if a != b && a != "inconclusive" && b != "inconclusive" && !slices.Contains(out, claim) {
			out = append(out, claim)
		}
	}
	return out
}
