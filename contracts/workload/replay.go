package workload

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// longest bounds what is replayed: a log of weeks is a mistake.
const longest = 48 * time.Hour

// Replay reads a recorded rate curve: a CSV file of times and rates, a HAR
// file, or an access log in the common or combined format. The name says which
// it is; a log has any name but *.csv, *.har and *.json.
func Replay(name string, data []byte) ([]plumbline.Stage, error) {
	var out []plumbline.Stage
	var err error
	switch strings.ToLower(filepath.Ext(name)) {
	case ".csv":
		out, err = curve(data)
	case ".har", ".json":
		out, err = har(data)
	default:
		out, err = accessLog(data)
	}
	if err != nil {
		return nil, fmt.Errorf("replay of %s: %w", name, err)
	}
	return out, nil
}

// A point is a rate at a moment, in seconds.
type point struct{ at, rate float64 }

// curve reads points of time and rate, in order; between them the rate runs
// linearly. Times are seconds, or RFC 3339. A first line that is no point is a
// heading.
func curve(data []byte) ([]plumbline.Stage, error) {
	in := csv.NewReader(bytes.NewReader(data))
	in.Comment, in.TrimLeadingSpace, in.FieldsPerRecord = '#', true, -1
	rows, err := in.ReadAll()
	if err != nil {
		return nil, err
	}
	var points []point
	for i, row := range rows {
		p, err := pointOf(row)
		if err != nil && i == 0 && len(row) > 1 {
			continue
		}
		if err == nil && len(points) > 0 && p.at <= points[len(points)-1].at {
			err = errors.New("is not later than the one before it")
		}
		if err != nil {
			return nil, fmt.Errorf("row %d %w", i+1, err)
		}
		points = append(points, p)
	}
	if len(points) < 2 {
		return nil, errors.New("a curve has at least two points")
	}
	var out []plumbline.Stage
	for i, p := range points[1:] {
		out = append(out, plumbline.Stage{From: points[i].rate, To: p.rate, Duration: time.Duration((p.at - points[i].at) * float64(time.Second))})
	}
	return bounded(out)
}

func pointOf(row []string) (point, error) {
	if len(row) < 2 {
		return point{}, errors.New("has no rate")
	}
	at, bad := moment(row[0])
	rate, worse := strconv.ParseFloat(strings.TrimSpace(row[1]), 64)
	if bad != nil || worse != nil || rate < 0 || math.IsNaN(rate) || math.IsInf(rate, 0) {
		return point{}, fmt.Errorf("is no time and rate: %s", strings.Join(row, ","))
	}
	return point{at, rate}, nil
}

func moment(s string) (float64, error) {
	s = strings.TrimSpace(s)
	if v, err := strconv.ParseFloat(s, 64); err == nil && !math.IsNaN(v) && !math.IsInf(v, 0) {
		return v, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	return float64(t.UnixNano()) / float64(time.Second), err
}

func har(data []byte) ([]plumbline.Stage, error) {
	var file struct {
		Log struct {
			Entries []struct {
				Started time.Time `json:"startedDateTime"`
			} `json:"entries"`
		} `json:"log"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, err
	}
	var all []time.Time
	for _, e := range file.Log.Entries {
		all = append(all, e.Started)
	}
	return seconds(all)
}

// stamp is the time in an access log (RFC-like, of httpd's %t and nginx'
// $time_local).
const stamp = "02/Jan/2006:15:04:05 -0700"

// accessLog reads the times of an access log. Lines without one are not
// requests; a log of which most lines are such is none.
func accessLog(data []byte) ([]plumbline.Stage, error) {
	var all []time.Time
	lines, odd := 0, 0
	for line := range bytes.Lines(data) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		lines++
		_, rest, found := bytes.Cut(line, []byte("["))
		text, _, closed := bytes.Cut(rest, []byte("]"))
		t, err := time.Parse(stamp, string(text))
		if !found || !closed || err != nil {
			odd++
			continue
		}
		all = append(all, t)
	}
	if odd > lines/2 {
		return nil, fmt.Errorf("%d of %d lines have no time such as [%s]", odd, lines, stamp)
	}
	return seconds(all)
}

// seconds counts requests a second. Seconds of the same count become one stage.
func seconds(all []time.Time) ([]plumbline.Stage, error) {
	if len(all) < 2 {
		return nil, errors.New("fewer than two requests are recorded")
	}
	first := slices.MinFunc(all, time.Time.Compare)
	last := slices.MaxFunc(all, time.Time.Compare)
	span := last.Sub(first)
	if span > longest {
		return nil, fmt.Errorf("%s are recorded, and at most %s are replayed", span, longest)
	}
	counts := make([]int, int(span/time.Second)+1)
	for _, t := range all {
		counts[int(t.Sub(first)/time.Second)]++
	}
	var out []plumbline.Stage
	for _, n := range counts {
		if k := len(out) - 1; k >= 0 && out[k].To == float64(n) {
			out[k].Duration += time.Second
			continue
		}
		out = append(out, plumbline.Stage{From: float64(n), To: float64(n), Duration: time.Second})
	}
	return bounded(out)
}

func bounded(stages []plumbline.Stage) ([]plumbline.Stage, error) {
	total := time.Duration(0)
	for _, g := range stages {
		if total += g.Duration; g.Duration <= 0 || total > longest {
			return nil, fmt.Errorf("at most %s are replayed", longest)
		}
	}
	return stages, nil
}
