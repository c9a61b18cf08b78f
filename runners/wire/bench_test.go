package wire

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func listenLoopback() (net.Listener, error) {
	var lc net.ListenConfig
	return lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
}

// A track is the way to the upstream, direct, through a wire, and through a relay
// that copies bytes, each end a process of its own.
type track struct {
	direct, wired string
	relayed       string
	proxy         int // process number
	client        *http.Client
}

func newTrack(tb testing.TB) *track {
	tb.Helper()
	up, _ := role(tb, "upstream")
	line, pid := role(tb, "http://"+up)
	var at Addresses
	if err := json.Unmarshal([]byte(line), &at); err != nil {
		tb.Fatal(err, line)
	}
	relay, _ := role(tb, "relay "+up)
	t := &http.Transport{MaxIdleConnsPerHost: 64}
	tb.Cleanup(t.CloseIdleConnections)
	return &track{direct: "http://" + up + "/", wired: "http://" + at.Wires["dep"] + "/", relayed: "http://" + relay + "/", proxy: pid, client: &http.Client{Transport: t}}
}

func (t *track) get(tb testing.TB, url string) time.Duration {
	tb.Helper()
	req, _ := http.NewRequest(http.MethodGet, url, nil)
	req.Header.Set("Traceparent", "00-"+run+"00000000000000000001-00f067aa0ba902b7-01")
	began := time.Now()
	resp, err := t.client.Do(req)
	if err != nil {
		tb.Error(err)
		return 0
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return time.Since(began)
}

// cpu is the processor time that a process has used.
func cpu(tb testing.TB, pid int) time.Duration {
	tb.Helper()
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		tb.Skip("no /proc on this system")
	}
	fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond // USER_HZ is 100 everywhere
}

// BenchmarkOverhead sends small exchanges at 500 a second, direct, through the
// wire and through a relay in turn, and reports what the wire adds, in µs and as
// a ratio, and what the relay does: that is what this machine takes for one more
// process on the way, whatever it does.
func BenchmarkOverhead(b *testing.B) {
	t := newTrack(b)
	for range 500 {
		t.get(b, t.direct)
		t.get(b, t.wired)
		t.get(b, t.relayed)
	}
	var direct, wired, relayed []time.Duration
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for b.Loop() {
		for range 500 {
			<-tick.C
			direct = append(direct, t.get(b, t.direct))
			<-tick.C
			wired = append(wired, t.get(b, t.wired))
			<-tick.C
			relayed = append(relayed, t.get(b, t.relayed))
		}
	}
	slices.Sort(direct)
	slices.Sort(wired)
	slices.Sort(relayed)
	for _, q := range []struct {
		name string
		at   int
	}{{"p50", len(direct) / 2}, {"p99", len(direct) * 99 / 100}} {
		d, w := direct[q.at], wired[q.at]
		b.ReportMetric(float64((w - d).Microseconds()), q.name+"-added-µs")
		b.ReportMetric(float64(w)/float64(d), q.name+"-ratio")
		b.ReportMetric(float64((relayed[q.at] - d).Microseconds()), q.name+"-relay-µs")
	}
}

// BenchmarkThroughput sends small exchanges as fast as 16 connections can, in
// turn direct and through the wire, whose process has one core at most. It
// reports how many exchanges the wire carried a second of its own processor
// time, which other load on the machine does not change, and the ratio of the
// rates.
func BenchmarkThroughput(b *testing.B) {
	t := newTrack(b)
	rate := func(url string, n int) float64 {
		began := time.Now()
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				for range n / 16 {
					t.get(b, url)
				}
			})
		}
		wg.Wait()
		return float64(n) / time.Since(began).Seconds()
	}
	const n = 16_000
	rate(t.direct, n/4)
	rate(t.wired, n/4)
	var direct, wired float64
	rounds := 0
	used := cpu(b, t.proxy)
	for b.Loop() {
		rounds++
		direct += rate(t.direct, n)
		wired += rate(t.wired, n)
	}
	used = cpu(b, t.proxy) - used
	b.ReportMetric(float64(rounds*n)/used.Seconds(), "exchanges/core-s")
	b.ReportMetric(wired/float64(rounds), "exchanges/s")
	b.ReportMetric(direct/wired, "direct/wired")
}
