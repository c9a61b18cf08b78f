package declaration

import (
	"net/url"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// A metricsFile says where the target tells about itself.
type metricsFile struct {
	URL       string   `yaml:"url"`
	URLs      []string `yaml:"urls"`
	Requests  string   `yaml:"requests"`
	Durations string   `yaml:"durations"`
}

func (b *builder) metrics() {
	f := b.file.Metrics
	if f == nil {
		return
	}
	m := plumbline.Metrics{URLs: f.URLs, Requests: f.Requests, Durations: f.Durations, Source: b.at("$.metrics")}
	switch {
	case f.URL != "" && len(f.URLs) > 0:
		b.wrong("CFG004", "$.metrics", "keep one of url and urls", "metrics are declared in two ways")
	case f.URL != "":
		m.URLs = []string{f.URL}
	case len(f.URLs) == 0:
		b.wrong("CFG003", "$.metrics", "url: http://127.0.0.1:9090/metrics, or a path of the target", "where the metrics are is not said")
	}
	for _, at := range m.URLs {
		u, err := url.Parse(at)
		if err != nil || !strings.HasPrefix(at, "/") && (u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
			b.wrong("CFG004", "$.metrics", "write http://host:port/metrics, or a path of the target: /metrics", "%q is not where metrics are", at)
		}
	}
	b.out.metrics = &m
}
