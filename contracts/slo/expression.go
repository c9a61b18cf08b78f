package slo

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// Expression reads an objective from the command line:
//
//	p(99)<300ms   p95<=1s   errors<0.1%   availability>99.9%   throughput>50/s
//	POST /orders: p(99)<400ms
//
// The part before the colon selects operations as Select does. Mistakes are a
// Problem SLO101 or SLO102.
func Expression(text string, ops []plumbline.Operation) (plumbline.Objective, error) {
	at := plumbline.Source{File: "--slo " + text}
	o := plumbline.Objective{Name: text, Source: at}
	body := text
	if i := strings.LastIndex(text, ":"); i >= 0 {
		sel, err := covered([]string{strings.TrimSpace(text[:i])}, ops, at)
		if err != nil {
			return o, err
		}
		o.Operations, body = sel, text[i+1:]
	}
	left, op, right, ok := comparison(body)
	if !ok {
		return o, syntax(at, fmt.Sprintf("%q is not a comparison", strings.TrimSpace(body)))
	}
	if err := Fill(&o, left, op, right); err != nil {
		return o, syntax(at, err.Error())
	}
	return o, nil
}

func syntax(at plumbline.Source, message string) error {
	return &Problem{Code: "SLO101", Source: at, Message: message, Help: "write for example 'p(99)<300ms', 'errors<0.1%', 'availability>99.9%', 'throughput>50/s' or 'POST /orders: p(95)<1s'"}
}

func comparison(s string) (left, op, right string, ok bool) {
	for _, op := range []string{"<=", ">=", "≤", "≥", "<", ">"} {
		if l, r, found := strings.Cut(s, op); found {
			return strings.TrimSpace(l), op, strings.TrimSpace(r), true
		}
	}
	return "", "", "", false
}

func isUpper(op string) bool { return strings.HasPrefix(op, "<") || op == "≤" }

// Fill sets target and threshold, or throughput, from one comparison.
func Fill(o *plumbline.Objective, left, op, right string) error {
	if share, ok := Percentile(left); ok {
		d, err := Latency(right)
		if err == nil && !isUpper(op) {
			err = fmt.Errorf("a percentile of latency has an upper bound: write %s<%s", left, right)
		}
		o.Target, o.Within = share, d
		return err
	}
	if left == "throughput" {
		return carry(o, op, right)
	}
	share, err := Share(right)
	if err != nil {
		return err
	}
	switch {
	case left == "errors" && isUpper(op):
		o.Target, o.Within = math.Round((1-share)*1e12)/1e12, time.Duration(0)
	case left == "availability" && !isUpper(op):
		o.Target, o.Within = share, time.Duration(0)
	default:
		return fmt.Errorf("%q cannot be bounded by %q here", left, op)
	}
	return nil
}

// carry sets a throughput.
func carry(o *plumbline.Objective, op, right string) error {
	perSecond, err := PerSecond(right)
	if err == nil && isUpper(op) {
		err = fmt.Errorf("a throughput has a lower bound: write throughput>%s", right)
	}
	o.Throughput = perSecond
	return err
}
