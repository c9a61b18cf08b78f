package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// cost is what a request costs, as fast as each tool can and at fixed rates.
func cost(ctx context.Context, c config, tools []tool, b *strings.Builder) error {
	b.WriteString("\n## Cost of tiny GETs\n\n|asked|tool|reached a second|CPU seconds per 100,000|peak memory|p50|p99|p99.9|lag p99|\n|--:|--|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, rate := range []int{0, 1000, 5000, 10000} {
		asked := "maximum"
		if rate > 0 {
			asked = fmt.Sprint(rate)
		}
		for _, t := range tools {
			if rate > 0 && !t.rates {
				continue
			}
			s, err := c.serve(ctx)
			if err != nil {
				return err
			}
			r, err := t.run(ctx, c.dir, task{url: s.url, rate: rate, lasts: c.each, clients: c.clients})
			s.end()
			if err != nil {
				fmt.Fprintf(b, "|%s|%s|%s|||||||\n", asked, t.name, strings.ReplaceAll(err.Error(), "\n", " "))
				continue
			}
			fmt.Fprintf(b, "|%s|%s|%.0f|%.2f|%.0f MB|%s|%s|%s|%s|\n", asked, t.name, float64(r.count)/c.each.Seconds(),
				r.cpu.Seconds()/float64(max(r.count, 1))*1e5, float64(r.memory)/1e6, short(r.p50), short(r.p99), short(r.p999), short(r.lag99))
		}
	}
	b.WriteString("\nPlumbline's rows are dispatched by vegeta, with statistics for each of four operations, trace context on every request, and one answer in twenty held against a contract. Latencies of Plumbline count from when a request was due; those of the peers from when it was sent. The lag is how late requests were sent; the peers do not tell theirs.\n")
	return nil
}

func short(d time.Duration) string {
	switch {
	case d == 0:
		return "–"
	case d < time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	}
	return d.Round(100 * time.Microsecond).String()
}

// stall is whether a second in which nothing was answered is in the figures.
// Of all requests a share of 1 s / truth was due in it, evenly, and waited for
// the rest of it: that is the truth, by construction.
func stall(ctx context.Context, c config, tools []tool, b *strings.Builder) error {
	frozen := time.Second
	share := frozen.Seconds() / c.truth.Seconds()
	want := func(q float64) time.Duration { return seconds((1 - (1-q)/share) * frozen.Seconds()) }
	fmt.Fprintf(b, "\n## Truth: a server that froze for %s of %s\n\nBy construction p99 is %s and p99.9 is %s. Reported, and as a share of the truth:\n\n|asked|tool|p99|of the truth|p99.9|of the truth|requests|\n|--:|--|--:|--:|--:|--:|--:|\n",
		frozen, c.truth, short(want(0.99)), short(want(0.999)))
	for _, k := range []task{{rate: 1000}, {rate: 5000}, {rate: 1000, workers: 8}} {
		for _, t := range tools {
			if !t.rates || k.workers > 0 && t.name != "plumbline" {
				continue
			}
			s, err := c.serve(ctx, "-freeze-at", (c.truth / 3).String(), "-freeze-for", frozen.String())
			if err != nil {
				return err
			}
			k.url, k.lasts, k.clients = s.url, c.truth, c.clients
			r, err := t.run(ctx, c.dir, k)
			s.end()
			if err != nil {
				fmt.Fprintf(b, "|%d|%s|%s|||||\n", k.rate, t.name, strings.ReplaceAll(err.Error(), "\n", " "))
				continue
			}
			name := t.name
			if k.workers > 0 {
				name = fmt.Sprintf("%s, %d workers", name, k.workers)
			}
			fmt.Fprintf(b, "|%d|%s|%s|%s|%s|%s|%d|\n", k.rate, name, short(r.p99), share2(r.p99, want(0.99)), short(r.p999), share2(r.p999, want(0.999)), r.count)
		}
	}
	return nil
}

func share2(got, want time.Duration) string {
	if got == 0 || want == 0 {
		return "–"
	}
	return fmt.Sprintf("%.3f", float64(got)/float64(want))
}

var truth = regexp.MustCompile(`p50=(\S+) p99=(\S+) p99\.9=(\S+) n=(\d+)`)

// cliff is whether quantiles next to a cliff are those of requests that were:
// 0.95 % take seventy times as long as the rest, so p99 is below the cliff. The
// server knows how long it held each of them.
func cliff(ctx context.Context, c config, tools []tool, b *strings.Builder) error {
	b.WriteString("\n## Truth: 0.95 % of the requests take 105 ms, the rest 1.5 ms\n\nWhat the server held the requests for, and what was reported at 500 a second; the difference is the network, and the tool.\n\n|tool|p50 held|reported|p99 held|reported|p99.9 held|reported|\n|--|--:|--:|--:|--:|--:|--:|\n")
	for _, t := range tools {
		if !t.rates {
			continue
		}
		s, err := c.serve(ctx, "-slow-share", "95", "-slow", "105ms", "-fast", "1500us")
		if err != nil {
			return err
		}
		r, err := t.run(ctx, c.dir, task{url: s.url, rate: 500, lasts: c.truth, clients: c.clients})
		said := truth.FindStringSubmatch(s.end())
		if err != nil || said == nil {
			fmt.Fprintf(b, "|%s|%v|||||||\n", t.name, err)
			continue
		}
		held := func(i int) string { d, _ := time.ParseDuration(said[i]); return short(d) }
		fmt.Fprintf(b, "|%s|%s|%s|%s|%s|%s|%s|\n", t.name, held(1), short(r.p50), held(2), short(r.p99), held(3), short(r.p999))
	}
	return nil
}

// profile is where the time of our own generator goes.
func profile(ctx context.Context, c config, tools []tool, b *strings.Builder) error {
	if len(tools) == 0 || tools[0].name != "plumbline" {
		return nil
	}
	for _, rate := range []int{0, 5000} {
		s, err := c.serve(ctx)
		if err != nil {
			return err
		}
		file := filepath.Join(c.dir, fmt.Sprintf("cpu%d.prof", rate))
		k := task{url: s.url, rate: rate, lasts: c.each, clients: c.clients}
		err = pinned(ctx, 0, tools[0].file, append(tools[0].args(k), "-cpuprofile", file)...).Run()
		s.end()
		if err != nil {
			return err
		}
		out, err := exec.CommandContext(ctx, "go", "tool", "pprof", "-top", "-cum", "-nodecount=400", tools[0].file, file).Output() //nolint:gosec // the programs of the bench
		if err != nil {
			return err
		}
		fmt.Fprintf(b, "\n## Where the time goes, %s\n\n|part|share of the processor time|\n|--|--:|\n", map[int]string{0: "at maximum", 5000: "at 5,000 a second"}[rate])
		for _, p := range [][2]string{
			{"vegeta's hit, all that is below included", `vegeta/v12/lib\.\(\*Attacker\)\.hit$`},
			{"our round tripper, all that is below included", `load\.\(\*dispatch\)\.RoundTrip$`},
			{"writing to the socket", `net\.\(\*conn\)\.Write$`},
			{"reading from it", `net\.\(\*conn\)\.Read$`},
			{"looking whether it is still open", `lean\.\(\*conn\)\.alive$`},
			{"connecting", `lean\.\(\*Dialer\)\.Dial$`},
			{"folding into histograms", `load\.\(\*folds\)\.add$`},
			{"checking answers", `target\.\(\*Client\)\.inspect$`},
			{"the scheduler of the runtime", `runtime\.schedule$`},
			{"collecting garbage", `runtime\.gcBgMarkWorker$`},
			{"waiting for the next request to be due", `load\.\(\*dispatch\)\.Pace$`},
		} {
			fmt.Fprintf(b, "|%s|%s|\n", p[0], cumulated(string(out), p[1]))
		}
	}
	return nil
}

// cumulated is the share of a function and all below it in the text of pprof.
func cumulated(text, function string) string {
	name := regexp.MustCompile(function)
	for line := range strings.Lines(text) {
		f := strings.Fields(strings.TrimSuffix(strings.TrimSpace(line), " (inline)"))
		if len(f) >= 6 && name.MatchString(f[5]) {
			return f[4]
		}
	}
	return "below 0.5 %"
}
