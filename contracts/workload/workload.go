// Package workload makes the stages of open workloads: of shapes, and of what
// was recorded of real traffic.
package workload

import (
	"errors"
	"math"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// pieces are the straight stretches that one period of a sine is made of: the
// rate is off by less than half a percent of the amplitude.
const pieces = 32

// Sine swings about a mean. The rate never is below zero, so the amplitude
// must not be above the mean.
func Sine(mean, amplitude float64, period, lasts time.Duration) ([]plumbline.Stage, error) {
	if mean <= 0 || amplitude < 0 || amplitude > mean || period <= 0 || lasts <= 0 {
		return nil, errors.New("a sine has a mean above zero, an amplitude of at most the mean, a period and a duration")
	}
	at := func(t time.Duration) float64 {
		return max(0, mean+amplitude*math.Sin(2*math.Pi*t.Seconds()/period.Seconds()))
	}
	var out []plumbline.Stage
	step := max(period/pieces, time.Millisecond)
	for t := time.Duration(0); t < lasts; t += step {
		d := min(step, lasts-t)
		out = append(out, plumbline.Stage{From: at(t), To: at(t + d), Duration: d})
	}
	return out, nil
}

// Spike jumps from a rate to its peak for a fifth of the time, and back.
func Spike(rate, peak float64, lasts time.Duration) ([]plumbline.Stage, error) {
	if rate < 0 || peak <= rate || lasts <= 0 {
		return nil, errors.New("a spike has a rate, a peak above it, and a duration")
	}
	before, during := lasts*2/5, lasts/5
	flat := func(r float64, d time.Duration) plumbline.Stage {
		return plumbline.Stage{From: r, To: r, Duration: d}
	}
	return []plumbline.Stage{flat(rate, before), flat(peak, during), flat(rate, lasts-before-during)}, nil
}

// Steps climbs, or descends, from a rate to another in so many levels.
func Steps(from, to float64, levels int, lasts time.Duration) ([]plumbline.Stage, error) {
	if from < 0 || to < 0 || levels < 2 || lasts < time.Duration(levels) {
		return nil, errors.New("steps have two rates, at least two levels, and a duration")
	}
	var out []plumbline.Stage
	each := lasts / time.Duration(levels)
	for i := range levels {
		r := from + (to-from)*float64(i)/float64(levels-1)
		out = append(out, plumbline.Stage{From: r, To: r, Duration: each})
	}
	return out, nil
}

// Scaled multiplies the rates, and lets the time pass faster: at twice the
// speed what took a minute takes half of one, at twice the rate.
func Scaled(stages []plumbline.Stage, scale, speed float64) ([]plumbline.Stage, error) {
	if scale <= 0 || speed <= 0 {
		return nil, errors.New("scale and speed are above zero")
	}
	out := make([]plumbline.Stage, 0, len(stages))
	for _, g := range stages {
		out = append(out, plumbline.Stage{From: g.From * scale * speed, To: g.To * scale * speed, Duration: time.Duration(float64(g.Duration) / speed)})
	}
	return out, nil
}
