package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	collectmetrics "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	collecttraces "go.opentelemetry.io/proto/slim/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/reports"
)

// How a collector is asked: so often, so long each time, and no longer apart.
const (
	otlpTries    = 3
	otlpPatience = 10 * time.Second
	otlpPause    = time.Second
)

const otlpUsage = "base URL of an OpenTelemetry collector that takes OTLP over HTTP, such as http://127.0.0.1:4318, for metrics and traces of the run; headers are taken from OTEL_EXPORTER_OTLP_HEADERS"

// export sends metrics and traces of a run to a collector, as the protocol
// wants it: protobuf, and again after the time that it asks for when it is busy
// (https://opentelemetry.io/docs/specs/otlp/#otlphttp).
func (a *app) export(ctx context.Context, endpoint string, r plumbline.Report) error {
	if endpoint == "" {
		return nil
	}
	base, err := url.Parse(endpoint)
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return usage(wrongFlag("--otlp", endpoint, "write http://host:4318", "%q is not the URL of a collector", endpoint))
	}
	for _, part := range []struct {
		path string
		body func(plumbline.Report) ([]byte, error)
		said func([]byte) string
	}{{"v1/metrics", reports.OTLPMetrics, refusedMetrics}, {"v1/traces", reports.OTLPTraces, refusedTraces}} {
		body, err := part.body(r)
		if err != nil {
			return harness(err)
		}
		answer, err := a.post(ctx, base.JoinPath(part.path).String(), body)
		if err != nil {
			return harness(fmt.Errorf("otlp: %s: %w", part.path, err))
		}
		if said := part.said(answer); said != "" {
			return harness(fmt.Errorf("otlp: %s: the collector left some out: %s", part.path, said))
		}
	}
	return nil
}

func (a *app) post(ctx context.Context, to string, body []byte) ([]byte, error) {
	var last error
	for try := range otlpTries {
		answer, wait, err := a.postOnce(ctx, to, body)
		if err == nil {
			return answer, nil
		}
		if last = err; wait < 0 || try == otlpTries-1 {
			break
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, errors.Join(last, ctx.Err())
		}
	}
	return nil, last
}

// postOnce posts, and says after which time to try again; a negative time:
// never.
func (a *app) postOnce(ctx context.Context, to string, body []byte) (answer []byte, wait time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, otlpPatience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return nil, -1, err
	}
	headers, _ := a.env("OTEL_EXPORTER_OTLP_HEADERS")
	for pair := range strings.SplitSeq(headers, ",") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			if plain, err := url.QueryUnescape(strings.TrimSpace(value)); err == nil {
				req.Header.Set(strings.TrimSpace(name), plain)
			}
		}
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, otlpPause, err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	switch resp.StatusCode {
	case http.StatusOK:
		return answer, 0, err
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		wait = otlpPause
		if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
			wait = min(time.Duration(s)*time.Second, otlpPatience)
		}
		return nil, wait, fmt.Errorf("the collector answers %s", resp.Status)
	}
	return nil, -1, fmt.Errorf("the collector answers %s", resp.Status)
}

func refusedMetrics(answer []byte) string {
	var m collectmetrics.ExportMetricsServiceResponse
	if proto.Unmarshal(answer, &m) != nil || m.GetPartialSuccess().GetRejectedDataPoints() == 0 {
		return ""
	}
	return fmt.Sprintf("%d data points: %s", m.GetPartialSuccess().GetRejectedDataPoints(), m.GetPartialSuccess().GetErrorMessage())
}

func refusedTraces(answer []byte) string {
	var m collecttraces.ExportTraceServiceResponse
	if proto.Unmarshal(answer, &m) != nil || m.GetPartialSuccess().GetRejectedSpans() == 0 {
		return ""
	}
	return fmt.Sprintf("%d spans: %s", m.GetPartialSuccess().GetRejectedSpans(), m.GetPartialSuccess().GetErrorMessage())
}
