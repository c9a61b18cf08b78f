package main

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/slo"
)

// inlineObjectives reads x-slo of the operations: objectives that stand next
// to the contract.
func inlineObjectives(d *openapi.Doc, ops []plumbline.Operation) ([]plumbline.Objective, error) {
	var out []plumbline.Objective
	var errs []error
	for _, op := range d.Operations {
		m, ok := op.Op.Extensions["x-slo"].(map[string]any)
		if !ok {
			continue
		}
		n, _, err := slo.FromMap(m)
		if err != nil {
			errs = append(errs, &slo.Problem{Code: "SLO101", Source: op.Source, Message: "x-slo: " + err.Error()})
			continue
		}
		n.Operations = []string{op.ID}
		if n.Name == "" {
			n.Name = op.ID
		}
		got, err := n.Objectives(ops, op.Source)
		errs = append(errs, err)
		out = append(out, got...)
	}
	return out, errors.Join(errs...)
}

// documentLimit bounds a document that is fetched from a URL.
const documentLimit = 32 << 20

func download(url string) ([]byte, error) {
	client := &http.Client{Timeout: 30 * time.Second}
	resp, err := client.Get(url) //nolint:noctx // bounded by the client's own deadline, before anything was started
	if err != nil {
		return nil, errors.New("--spec: " + err.Error())
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, errors.New("--spec " + url + ": " + resp.Status)
	}
	data, err := readAll(io.Reader(resp.Body), documentLimit)
	if err != nil {
		return nil, errors.New("--spec " + url + ": " + err.Error())
	}
	return data, nil
}
