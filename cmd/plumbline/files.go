package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/reports"
)

func writeFile(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, data, 0o644)
}

func indented(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(v)
	return b.Bytes(), err
}

func readJSON(name string, into any) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// writeReports renders every format that has a file in a run directory.
func writeReports(dir string, r plumbline.Report) error {
	for name, format := range reports.Files() {
		var b bytes.Buffer
		if err := format(&b, r); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := writeFile(filepath.Join(dir, name), b.Bytes()); err != nil {
			return err
		}
	}
	return writeOverlay(dir, r)
}

// show prints the report for a person and says where the page is.
func (a *app) show(r plumbline.Report, dir string) error {
	if err := (reports.Terminal{Width: a.width, Colour: a.colour()}).Write(a.out, r); err != nil {
		return err
	}
	a.printf("\n  report: %s\n", filepath.Join(dir, "report.html"))
	return nil
}
