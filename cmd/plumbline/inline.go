package main

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/mistake"
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
			errs = append(errs, &slo.Problem{Code: "SLO101", Source: d.Position(op.Source.Pointer + "/x-slo"), Message: "x-slo: " + err.Error(), Help: slo.Known})
			continue
		}
		n.Operations = []string{op.ID}
		if n.Name == "" {
			n.Name = op.ID
		}
		got, err := n.Objectives(ops, op.Source)
		for _, p := range mistake.All(err) {
			p.Source, p.Path = d.Position(op.Source.Pointer+"/x-slo/"+strings.Trim(p.Path, "'")), ""
		}
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
		return nil, wrongFlag("--spec", url, "the document is fetched from there before anything else", "the document cannot be fetched: %v", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, wrongFlag("--spec", url, "the document is fetched from there before anything else", "the document cannot be fetched: %s", resp.Status)
	}
	data, err := readAll(io.Reader(resp.Body), documentLimit)
	if err != nil {
		return nil, wrongFlag("--spec", url, "the document is fetched from there before anything else", "the document cannot be fetched: %v", err)
	}
	return data, nil
}
