package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A task is what a generator is to do.
type task struct {
	url     string
	rate    int // zero: as fast as it can
	lasts   time.Duration
	clients int
	workers int // of ours; zero: by itself
}

// A result is what came of it.
type result struct {
	count          int64
	p50, p99, p999 time.Duration // zero: not told
	lag99          time.Duration // zero: not told
	cpu            time.Duration
	memory         int64 // bytes, at most
	wall           time.Duration
}

// A tool is a load generator.
type tool struct {
	name   string
	file   string
	rates  bool // has an open workload, or what comes closest to it
	args   func(t task) []string
	stdin  func(t task) string
	parse  func(out []byte) (result, error)
	second func(ctx context.Context, dir string, out []byte) ([]byte, error) // makes a report of the output
}

// tools are those that are at hand, and the names of the others.
func (c config) tools() (have []tool, missing []string) {
	for _, t := range []tool{ours(), fortio(), wrk(), vegeta(), k6(c.dir)} {
		if c.only != "" && !strings.Contains(","+c.only+",", ","+t.name+",") {
			continue
		}
		path, err := exec.LookPath(filepath.Join(c.dir, t.file))
		if err != nil {
			path, err = exec.LookPath(t.file)
		}
		if err != nil {
			missing = append(missing, t.name)
			continue
		}
		t.file = path
		have = append(have, t)
	}
	return have, missing
}

// run runs the tool on the first processor.
func (t tool) run(ctx context.Context, dir string, k task) (result, error) {
	cmd := pinned(ctx, 0, t.file, t.args(k)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if t.stdin != nil {
		cmd.Stdin = strings.NewReader(t.stdin(k))
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return result{}, fmt.Errorf("%s: %w", t.name, err)
	}
	memory := peak(cmd.Process.Pid)
	err := cmd.Wait()
	wall, most := time.Since(began), memory()
	if err != nil {
		return result{}, fmt.Errorf("%s: %w: %s", t.name, err, errs.String())
	}
	report := out.Bytes()
	if t.second != nil {
		var err error
		if report, err = t.second(ctx, dir, report); err != nil {
			return result{}, fmt.Errorf("%s: %w", t.name, err)
		}
	}
	r, err := t.parse(report)
	if err != nil {
		return r, fmt.Errorf("%s: %w", t.name, err)
	}
	r.wall, r.cpu, r.memory = wall, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime(), most
	return r, nil
}

var highWater = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// peak follows the resident memory of a process until it is asked for the most,
// in bytes. What the system tells of a process that has ended includes that of the
// process which started it.
func peak(pid int) func() int64 {
	stop, most := make(chan struct{}), make(chan int64, 1)
	go func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		var last int64
		for {
			select {
			case <-stop:
				most <- last
				return
			case <-tick.C:
				data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
				if m := highWater.FindSubmatch(data); m != nil {
					kb, _ := strconv.ParseInt(string(m[1]), 10, 64)
					last = kb * 1024
				}
			}
		}
	}()
	return func() int64 {
		close(stop)
		return <-most
	}
}

func ours() tool {
	return tool{
		name: "plumbline", file: "attack", rates: true,
		args: func(k task) []string {
			return []string{"-url", k.url, "-rate", strconv.Itoa(k.rate), "-duration", k.lasts.String(), "-clients", strconv.Itoa(k.clients), "-workers", strconv.Itoa(k.workers)}
		},
		parse: func(out []byte) (result, error) {
			var v struct {
				Sent  int64         `json:"sent"`
				P50   time.Duration `json:"p50"`
				P99   time.Duration `json:"p99"`
				P999  time.Duration `json:"p99_9"`
				Lag99 time.Duration `json:"lag_p99"`
			}
			err := json.Unmarshal(out, &v)
			return result{count: v.Sent, p50: v.P50, p99: v.P99, p999: v.P999, lag99: v.Lag99}, err
		},
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func fortio() tool {
	return tool{
		name: "fortio", file: "fortio", rates: true,
		args: func(k task) []string {
			return []string{"load", "-quiet", "-c", strconv.Itoa(k.clients), "-qps", strconv.Itoa(k.rate), "-t", k.lasts.String(), "-r", "0.00001", "-p", "50,99,99.9", "-timeout", "5s", "-json", "-", k.url + "/items/1"}
		},
		parse: func(out []byte) (result, error) {
			var v struct {
				DurationHistogram struct {
					Count       int64
					Percentiles []struct{ Percentile, Value float64 }
				}
			}
			if err := json.Unmarshal(out[max(bytes.IndexByte(out, '{'), 0):], &v); err != nil {
				return result{}, err
			}
			r := result{count: v.DurationHistogram.Count}
			for _, p := range v.DurationHistogram.Percentiles {
				switch p.Percentile {
				case 50:
					r.p50 = seconds(p.Value)
				case 99:
					r.p99 = seconds(p.Value)
				case 99.9:
					r.p999 = seconds(p.Value)
				}
			}
			return r, nil
		},
	}
}

func wrk() tool {
	field := func(out []byte, expr string) string {
		m := regexp.MustCompile(expr).FindSubmatch(out)
		if m == nil {
			return ""
		}
		return string(m[1])
	}
	return tool{
		name: "wrk", file: "wrk",
		args: func(k task) []string {
			return []string{"-t1", "-c" + strconv.Itoa(k.clients), "-d" + strconv.Itoa(int(k.lasts.Seconds())), "--latency", k.url + "/items/1"}
		},
		parse: func(out []byte) (result, error) {
			n, err := strconv.ParseInt(field(out, `(\d+) requests in`), 10, 64)
			r := result{count: n}
			r.p50, _ = time.ParseDuration(field(out, `50%\s+(\S+)`))
			r.p99, _ = time.ParseDuration(field(out, `99%\s+(\S+)`))
			return r, err
		},
	}
}

func vegeta() tool {
	t := tool{
		name: "vegeta CLI", file: "vegeta", rates: true,
		args: func(k task) []string {
			out := []string{"attack", "-rate", strconv.Itoa(k.rate), "-duration", k.lasts.String(), "-timeout", "5s"}
			if k.rate == 0 {
				out = append(out, "-max-workers", strconv.Itoa(k.clients))
			}
			return out
		},
		stdin: func(k task) string { return "GET " + k.url + "/items/1\n" },
		parse: func(out []byte) (result, error) {
			var v struct {
				Requests  int64
				Latencies map[string]float64
			}
			err := json.Unmarshal(out, &v)
			return result{count: v.Requests, p50: time.Duration(v.Latencies["50th"]), p99: time.Duration(v.Latencies["99th"])}, err
		},
	}
	t.second = func(ctx context.Context, dir string, out []byte) ([]byte, error) {
		path, err := exec.LookPath(filepath.Join(dir, "vegeta"))
		if err != nil {
			path = "vegeta"
		}
		cmd := exec.CommandContext(ctx, path, "report", "-type=json") //nolint:gosec // the programs of the bench
		cmd.Stdin = bytes.NewReader(out)
		return cmd.Output()
	}
	return t
}

const script = `import http from 'k6/http';
const rate = Number(__ENV.RATE);
const base = {duration: __ENV.LASTS};
export const options = {discardResponseBodies: true, noConnectionReuse: false, scenarios: {a: rate > 0
  ? {...base, executor: 'constant-arrival-rate', rate: rate, timeUnit: '1s', preAllocatedVUs: 50, maxVUs: 2000}
  : {...base, executor: 'constant-vus', vus: Number(__ENV.CLIENTS)}}, summaryTrendStats: ['p(50)', 'p(99)', 'p(99.9)']};
export default function () { http.get(__ENV.URL + '/items/1'); }
export function handleSummary(data) { return {stdout: JSON.stringify(data.metrics)}; }
`

func k6(dir string) tool {
	file := filepath.Join(dir, "k6.js")
	return tool{
		name: "k6", file: "k6", rates: true,
		args: func(k task) []string {
			_ = os.WriteFile(file, []byte(script), 0o600)
			return []string{"run", "--quiet", "--no-usage-report", "-e", "URL=" + k.url, "-e", "RATE=" + strconv.Itoa(k.rate), "-e", "LASTS=" + k.lasts.String(), "-e", "CLIENTS=" + strconv.Itoa(k.clients), file}
		},
		parse: func(out []byte) (result, error) {
			var v map[string]struct{ Values map[string]float64 }
			if err := json.Unmarshal(out[max(bytes.IndexByte(out, '{'), 0):], &v); err != nil {
				return result{}, err
			}
			d := v["http_req_duration"].Values
			return result{count: int64(v["http_reqs"].Values["count"]), p50: seconds(d["p(50)"] / 1000), p99: seconds(d["p(99)"] / 1000), p999: seconds(d["p(99.9)"] / 1000)}, nil
		},
	}
}
