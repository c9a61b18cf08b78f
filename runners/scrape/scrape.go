// Package scrape reads what a deployment says of itself: its metrics endpoints,
// in the text format of Prometheus or in OpenMetrics, or, of processes on this
// machine, what the system says of them.
package scrape

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/plumbline-dev/plumbline"
)

// Bounds of one reading.
const (
	patience = 3 * time.Second
	mostRead = 32 << 20
)

// accept asks for the text format: OpenMetrics is read as far as both are the
// same.
const accept = "text/plain;version=0.0.4;q=1,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1"

// A Source is where a target tells about itself.
type Source struct {
	Metrics plumbline.Metrics
	Client  *http.Client  // nil: one of its own, without a proxy
	PIDs    func() []int  // processes of the target on this machine; nil, or none of them: they are not known
	Began   time.Time     // of the run
	Every   time.Duration // how often it is read while the run lasts; zero: once a second

	once   sync.Once
	client *http.Client
}

// Read asks every instance once. What could not be had is in its Error.
func (s *Source) Read(ctx context.Context, whole bool) plumbline.Scrape {
	s.once.Do(func() {
		if s.client = s.Client; s.client == nil {
			s.client = &http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 1}, Timeout: patience}
		}
	})
	if len(s.Metrics.URLs) == 0 {
		return s.processes()
	}
	var all []plumbline.Scrape
	var errs []error
	for _, u := range s.Metrics.URLs {
		families, err := s.families(ctx, u)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		all = append(all, fold(families, s.Metrics, routeOf(u)))
	}
	out := sum(all)
	out.At = max(time.Since(s.Began), 1)
	if err := errors.Join(errs...); err != nil {
		out.Error = err.Error()
	}
	if !whole {
		out.Served, out.Named = nil, nil
	}
	return out
}

// routeOf is the path of a metrics endpoint.
func routeOf(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Path
	}
	return ""
}

func (s *Source) families(ctx context.Context, address string) (map[string]*dto.MetricFamily, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("the metrics endpoint: %w", unnamed(err))
	}
	r.Header.Set("Accept", accept)
	resp, err := s.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("the metrics endpoint: %w", unnamed(err))
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16))
		return nil, fmt.Errorf("the metrics endpoint answered %d", resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, mostRead))
	if err != nil {
		return nil, fmt.Errorf("the metrics endpoint: %w", unnamed(err))
	}
	return parse(body)
}

// unnamed takes the address, which may hold a secret, out of an error.
func unnamed(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// parse reads the text format. Of OpenMetrics it takes away what the text format
// does not have: exemplars, units, and the line that ends it.
func parse(body []byte) (map[string]*dto.MetricFamily, error) {
	var text bytes.Buffer
	for line := range bytes.Lines(body) {
		if bytes.HasPrefix(line, []byte("# EOF")) || bytes.HasPrefix(line, []byte("# UNIT ")) {
			continue
		}
		if at := bytes.Index(line, []byte(" # {")); at > 0 && line[0] != '#' {
			line = append(line[:at:at], '\n')
		}
		text.Write(line)
	}
	if text.Len() > 0 && text.Bytes()[text.Len()-1] != '\n' {
		text.WriteByte('\n')
	}
	out, err := read(&text)
	if err != nil {
		return nil, fmt.Errorf("the metrics endpoint does not speak the text format of Prometheus: %s", strings.TrimSpace(err.Error()))
	}
	return out, nil
}

// read parses. The parser panics where labels come without a name, as in what an
// endpoint that answers in JSON says.
func read(text io.Reader) (out map[string]*dto.MetricFamily, err error) {
	defer func() {
		if p := recover(); p != nil {
			out, err = nil, errors.New("it cannot be parsed")
		}
	}()
	var p expfmt.TextParser
	return p.TextToMetricFamilies(text)
}

// sum is what instances say together.
func sum(all []plumbline.Scrape) plumbline.Scrape {
	var out plumbline.Scrape
	for _, s := range all {
		out.Instances++
		out.Began = max(out.Began, s.Began)
		out.CPU += s.CPU
		out.Memory += s.Memory
		out.Descriptors += s.Descriptors
		out.Threads += s.Threads
		out.Requests += s.Requests
		out.Failed += s.Failed
		out.Timed += s.Timed
		out.Seconds += s.Seconds
		out.Named = s.Named
		out.Served = together(append(out.Served, s.Served...))
	}
	return out
}
