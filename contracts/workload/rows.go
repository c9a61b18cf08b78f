package workload

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
)

// mostRows bounds what is kept in memory of a file of rows.
const mostRows = 1_000_000

// Rows reads rows that requests are fed with: of a CSV file, whose first line
// names the columns, values as text; of a JSONL file (.jsonl or .ndjson), an
// object on each line, values as they are, numbers as json.Number.
func Rows(name string, data []byte) (rows []map[string]any, err error) {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".csv":
		rows, err = csvRows(data)
	case ".jsonl", ".ndjson":
		rows, err = jsonRows(data)
	default:
		return nil, errors.New("rows are read from files that end with .csv, .jsonl or .ndjson")
	}
	switch {
	case err != nil:
		return nil, err
	case len(rows) == 0:
		return nil, errors.New("it has no row")
	case len(rows) > mostRows:
		return nil, fmt.Errorf("it has more than %d rows", mostRows)
	}
	return rows, nil
}

func csvRows(data []byte) ([]map[string]any, error) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	head, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for i, name := range head {
		if slices.Contains(head[:i], name) {
			return nil, fmt.Errorf("two columns are called %q", name)
		}
	}
	var rows []map[string]any
	for len(rows) <= mostRows {
		line, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		row := make(map[string]any, len(head))
		for i, v := range line {
			row[head[i]] = v
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func jsonRows(data []byte) ([]map[string]any, error) {
	var rows []map[string]any
	n := 0
	for line := range bytes.Lines(bytes.TrimPrefix(data, []byte("\ufeff"))) {
		n++
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		dec := json.NewDecoder(bytes.NewReader(line))
		dec.UseNumber()
		var row map[string]any
		if err := dec.Decode(&row); err != nil {
			return nil, fmt.Errorf("line %d is no JSON object: %w", n, err)
		}
		if row == nil || dec.More() {
			return nil, fmt.Errorf("line %d is no single JSON object", n)
		}
		if rows = append(rows, row); len(rows) > mostRows {
			break
		}
	}
	return rows, nil
}
