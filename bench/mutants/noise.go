package main

import (
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"slices"
	"strings"
)

// Kinds of noise.
const (
	busy     = "busy"
	foreign  = "foreign"
	jittery  = "jitter"
	paused   = "gc"
	redeploy = "redeploy"
)

// noises are the kinds, and what each is.
func noises() [][2]string {
	return [][2]string{
		{busy, "a loop keeps every processor busy"},
		{foreign, "a second client, without a trace of the run, sends five requests a second to the shop: from the end of the first phase on or, in every other run, from before the run, which then guards it and ends itself when it suffers"},
		{jittery, "every dependency answers up to 5 ms late, each time by another part of it"},
		{paused, "the program under measurement stands still for 40 ms in every second, as a process does whose memory is collected; its wires, processes of their own, do not"},
		{redeploy, "somebody else starts the shop anew in the middle of the run, somewhere between a quarter and three quarters of its phases: that has to be noticed"},
	}
}

// known checks the noise that was asked for.
func (c config) known() error {
	if c.noise == "" {
		return nil
	}
	var names []string
	for _, n := range noises() {
		names = append(names, n[0])
	}
	if !slices.Contains(names, c.noise) {
		return fmt.Errorf("-noise %s: known are %s", c.noise, strings.Join(names, ", "))
	}
	if c.target != processes && c.noise != busy {
		return fmt.Errorf("-noise %s: of the system in processes alone", c.noise)
	}
	return nil
}

// disturb gives the machine something else to do where that is the noise, until it
// is ended. The loops are processes of their own, so that they weigh as much as any
// other.
func (c config) disturb(ctx context.Context) (quieten func(), err error) {
	var loops []*exec.Cmd
	quieten = func() {
		for _, l := range loops {
			_ = l.Process.Kill()
			_ = l.Wait()
		}
	}
	if c.noise != busy {
		return quieten, nil
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
