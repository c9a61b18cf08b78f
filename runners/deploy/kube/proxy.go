package kube

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/plumbline-dev/plumbline/runners/wire"
)

// proxied calls the control port of a wire through the API server, so that nothing
// but the API has to be reached. The wire's token goes into a header of its own:
// Authorization is the API server's.
func (c *Cluster) proxied(pod string) *http.Client {
	return &http.Client{Timeout: 10 * time.Second, Transport: proxied{c, fmt.Sprintf("/api/v1/namespaces/%s/pods/%s:%d/proxy", c.namespace, pod, controlPort)}}
}

type proxied struct {
	cluster *Cluster
	path    string
}

// RoundTrip sends a request for the control port to the API server.
func (p proxied) RoundTrip(r *http.Request) (*http.Response, error) {
	at, err := url.Parse(p.cluster.server)
	if err != nil {
		return nil, err
	}
	if at.Path == "" {
		at.Path = "/" // without it JoinPath makes a relative one
	}
	out := r.Clone(r.Context())
	to := at.JoinPath(p.path, r.URL.Path)
	to.RawQuery = r.URL.RawQuery
	out.URL, out.Host = to, ""
	out.Header.Set(wire.TokenHeader, wire.Bearer(r.Header))
	out.Header.Del("Authorization")
	through := p.cluster.through.Transport
	if through == nil {
		through = http.DefaultTransport
	}
	return through.RoundTrip(out)
}
