package main

import (
	"bytes"
	"errors"
	"os"
	"strings"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/declaration"
	"github.com/plumbline-dev/plumbline/contracts/slo"
)

// sloForms are the forms of objectives on the command line.
const sloForms = "an OpenSLO file, a file with slos: as in plumbline.yaml, or an expression such as 'p(99)<300ms' or 'POST /orders: errors<1%'; may be repeated"

// A promise is what --slo says, before it is known which operations there are.
type promise func([]plumbline.Operation) (objectives []plumbline.Objective, notices []string, err error)

// promises reads what --slo says: files of OpenSLO, files with slos: as in
// plumbline.yaml, and expressions.
func promises(texts []string, env func(string) (string, bool)) (promise, error) {
	var all []promise
	for _, text := range texts {
		p, err := promised(text, env)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return func(ops []plumbline.Operation) (objectives []plumbline.Objective, notices []string, err error) {
		var errs []error
		for _, p := range all {
			o, n, err := p(ops)
			objectives, notices, errs = append(objectives, o...), append(notices, n...), append(errs, err)
		}
		return objectives, notices, errors.Join(errs...)
	}, nil
}

func promised(text string, env func(string) (string, bool)) (promise, error) {
	data, err := os.ReadFile(text)
	switch {
	case err == nil && bytes.Contains(data, []byte("openslo/")):
		return func(ops []plumbline.Operation) ([]plumbline.Objective, []string, error) {
			got, err := slo.ReadOpenSLO(text, data, nil, ops)
			return got.Objectives, got.Notices, err
		}, nil
	case err == nil:
		d, err := declaration.Parse(text, data, env)
		if err != nil {
			return nil, err
		}
		return d.Objectives, nil
	case strings.HasSuffix(text, ".yaml") || strings.HasSuffix(text, ".yml"):
		return nil, wrongFlag("--slo", text, "name a file of OpenSLO, or one with slos: as in plumbline.yaml, or write an expression such as 'p(99)<300ms'", "the file cannot be read: %v", err)
	}
	return func(ops []plumbline.Operation) ([]plumbline.Objective, []string, error) {
		o, err := slo.Expression(text, ops)
		if err != nil {
			return nil, nil, err
		}
		return []plumbline.Objective{o}, nil, nil
	}, nil
}
