// Package token asks those who call one of our servers for its token, and keeps
// a server that asks for none to the machine that it runs on. A token is shown
// in a header alone: URLs end up in logs.
package token

import (
	"crypto/subtle"
	"net"
	"net/http"
	"strings"
)

// Challenge is what a refused caller is told to show: a bearer token, or the
// token as the password of any user, which browsers ask people for.
const Challenge = `Basic realm="plumbline", charset="UTF-8"`

// Same compares two tokens in a time that tells nothing about either.
func Same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// Held says whether a request shows the token. An empty one is held by all.
func Held(r *http.Request, token string) bool {
	if token == "" {
		return true
	}
	if shown, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return Same(shown, token)
	}
	_, password, ok := r.BasicAuth()
	return ok && Same(password, token)
}

// Guard lets requests through that show the token. The others are handed to
// refuse, with the challenge set.
func Guard(token, challenge string, next http.Handler, refuse http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !Held(r, token) {
			w.Header().Set("WWW-Authenticate", challenge)
			refuse(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Local lets requests through that were addressed to this machine, see
// Addressed. The others are handed to refuse. It guards a server that asks for no
// token.
func Local(next http.Handler, refuse http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !Addressed(r) {
			refuse(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// OnLoopback says whether an address to listen on can be reached from this
// machine alone.
func OnLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && local(host)
}

func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Addressed says whether a request was addressed to this machine by a name that
// is always its own. A page of a stranger can have its name resolved to the
// loopback address, and would then read what a server without a token shows;
// but its name is not one of ours.
func Addressed(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = strings.Trim(r.Host, "[]")
	}
	return local(host)
}
