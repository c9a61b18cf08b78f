package shop

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"runtime/debug"
)

// A problem is an answer of RFC 9457.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
}

func (p problem) Error() string { return p.Title + ": " + p.Detail }

func refuse(status int, detail string) problem {
	return problem{"about:blank", http.StatusText(status), status, detail}
}

func (p problem) write(w http.ResponseWriter) {
	switch p.Status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="shop"`)
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		w.Header().Set("Retry-After", "1")
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

// failed says cleanly that a dependency did not do its part.
func (s *service) failed(err error) problem {
	if s.mutant.is("dependency-error-is-500") {
		return refuse(http.StatusInternalServerError, "")
	}
	if s.mutant.is("leaks-stacktrace") {
		return refuse(http.StatusServiceUnavailable, err.Error()+"\n"+string(debug.Stack()))
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return refuse(http.StatusGatewayTimeout, "a dependency did not answer in time")
	case errors.Is(err, errRefused):
		return refuse(http.StatusBadGateway, "a dependency answered what it should not")
	}
	return refuse(http.StatusServiceUnavailable, "a dependency is not available")
}
