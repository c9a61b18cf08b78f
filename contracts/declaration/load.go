package declaration

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/workload"
)

type loadFile struct {
	Rate     float64            `yaml:"rate"`
	Duration string             `yaml:"duration"`
	Arrivals string             `yaml:"arrivals"`
	Limit    float64            `yaml:"limit"`
	Mix      map[string]float64 `yaml:"mix"`
	Think    string             `yaml:"think_time"`
	Stages   []stageFile        `yaml:"stages"`
	Replay   replayFile         `yaml:"replay"`
	Log      string             `yaml:"access_log"`
	Feeders  []feederFile       `yaml:"feeders"`
	Peak     float64            `yaml:"peak"`
	Headroom float64            `yaml:"headroom"`
	Overload float64            `yaml:"overload"`
}

// A stageFile is a stretch whose rate runs linearly, or a shape of several.
type stageFile struct {
	From   float64 `yaml:"from"`
	To     float64 `yaml:"to"`
	For    string  `yaml:"for"`
	Shape  string  `yaml:"shape"`  // "", "steps", "spike" (from, with to as its peak), "sine" (between from and to)
	Levels int     `yaml:"levels"` // of steps
	Period string  `yaml:"period"` // of a sine
}

// A replayFile names a recorded rate curve.
type replayFile struct {
	File  string  `yaml:"file"`
	Scale float64 `yaml:"scale"` // of the rates; zero means 1
	Speed float64 `yaml:"speed"` // of the time; zero means 1
}

func (b *builder) load() {
	f := b.file.Load
	l := plumbline.Load{Rate: f.Rate, Mix: f.Mix, Limit: f.Limit, Peak: f.Peak, Headroom: f.Headroom, Overload: f.Overload, Source: b.at("$.load")}
	l.Duration, l.Think = b.duration("$.load.duration", f.Duration), b.think("$.load.think_time", f.Think)
	l.Arrivals = plumbline.Arrivals(b.oneOf("$.load.arrivals", f.Arrivals, "poisson"))
	b.rates(f)
	for i, s := range f.Stages {
		l.Stages = append(l.Stages, b.stage(fmt.Sprintf("$.load.stages[%d]", i), s)...)
	}
	if f.Replay.File != "" {
		if len(f.Stages) > 0 {
			b.wrong("CFG004", "$.load.replay", "keep one of them", "a load has stages or a replay, not both")
		}
		l.Stages = b.replay(f.Replay)
	}
	for op, w := range f.Mix {
		if w <= 0 {
			b.wrong("CFG004", "$.load.mix."+key(op), "write a weight above zero, or leave the operation out", "the weight of %q is not above zero", op)
		}
	}
	if f.Log != "" && len(f.Mix) > 0 {
		b.wrong("CFG004", "$.load.access_log", "keep one of them", "a load has a mix or an access log, not both")
	}
	for i, feeder := range f.Feeders {
		l.Feeders = append(l.Feeders, b.feeder(fmt.Sprintf("$.load.feeders[%d]", i), feeder))
	}
	b.out.accessLog = b.path(f.Log)
	b.out.Load = l
}

// think reads how long users think; who does not leaves it out.
func (b *builder) think(path, value string) plumbline.Think {
	if value == "" {
		return plumbline.Think{}
	}
	t, err := plumbline.ParseThink(value)
	switch {
	case err != nil:
		b.wrong("CFG004", path, "write 2s, or 1s..3s", "%v", err)
	case t.Longest() == 0:
		b.wrong("CFG004", path, "leave it out: without it users do not think", "%q is not a duration above zero", value)
	}
	return t
}

// rates finds what no rate can be.
func (b *builder) rates(f loadFile) {
	if f.Rate < 0 || f.Limit < 0 || f.Peak < 0 || f.Overload < 0 {
		b.wrong("CFG004", "$.load", "write requests a second: rate: 20", "a rate is not negative")
	}
	if f.Headroom != 0 && f.Headroom < 1 {
		b.wrong("CFG004", "$.load.headroom", "1.5 asks for half as much again as the peak", "a headroom below 1 promises less than the peak")
	}
	if f.Overload > 0 && f.Overload < max(f.Rate, f.Peak) {
		b.wrong("CFG004", "$.load.overload", "give it more than rate and peak, or leave it out", "the service is to be loaded up to %g a second, which is less than what it promises", f.Overload)
	}
}

func (b *builder) stage(at string, s stageFile) []plumbline.Stage {
	lasts := b.duration(at+".for", s.For)
	shape := b.oneOf(at+".shape", s.Shape, "line")
	period := b.duration(at+".period", s.Period)
	if s.From < 0 || s.To < 0 || s.For == "" {
		b.wrong("CFG004", at+".for", "write {from: 0, to: 50, for: 10s}", "a stage needs rates of zero or more and a duration")
		return nil
	}
	out, err := shaped(s, shape, period, lasts)
	if err != nil && lasts > 0 {
		b.wrong("CFG004", at, "docs/CONFIGURATION.md has the keys of every shape", "%v", err)
	}
	return out
}

func shaped(s stageFile, shape string, period, lasts time.Duration) ([]plumbline.Stage, error) {
	switch {
	case s.Levels != 0 && shape != "steps":
		return nil, errors.New("levels are of steps")
	case period != 0 && shape != "sine":
		return nil, errors.New("a period is of a sine")
	case shape == "steps":
		return workload.Steps(s.From, s.To, s.Levels, lasts)
	case shape == "spike":
		return workload.Spike(s.From, s.To, lasts)
	case shape == "sine":
		return workload.Sine((s.From+s.To)/2, (s.To-s.From)/2, period, lasts)
	}
	return []plumbline.Stage{{From: s.From, To: s.To, Duration: lasts}}, nil
}

func (b *builder) replay(f replayFile) []plumbline.Stage {
	const at = "$.load.replay.file"
	data, err := os.ReadFile(b.path(f.File))
	if err != nil {
		b.wrong("CFG006", at, "the path is relative to plumbline.yaml", "%v", err)
		return nil
	}
	out, err := workload.Replay(f.File, data)
	if err == nil {
		out, err = workload.Scaled(out, orOne(f.Scale), orOne(f.Speed))
	}
	if err != nil {
		b.wrong("CFG004", at, "a CSV file of times and rates, a HAR file, or an access log", "%v", err)
	}
	return out
}

func orOne(v float64) float64 {
	if v == 0 {
		return 1
	}
	return v
}
