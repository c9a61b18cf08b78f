package credentials

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// login makes the declared request and takes a token, or cookies, from its
// answer. A redirect is an answer: many logins end with one that sets a cookie.
func (f *fetcher) login(ctx context.Context) (target.Credential, time.Time, error) {
	l := f.Login
	ctx, cancel := f.bounded(ctx)
	defer cancel()
	where, err := absolute(f.opt.Base, l.URL)
	if err != nil {
		return target.Credential{}, time.Time{}, err
	}
	req, err := http.NewRequestWithContext(ctx, cmp.Or(l.Method, http.MethodPost), where, bytes.NewReader(l.Body))
	if err != nil {
		return target.Credential{}, time.Time{}, fmt.Errorf("the login %s cannot be asked for", redacted(where))
	}
	for _, h := range l.Headers {
		req.Header.Set(h.Name, h.Value)
	}
	resp, err := f.http.Do(req)
	if err != nil {
		return target.Credential{}, time.Time{}, told(where, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= http.StatusBadRequest {
		return target.Credential{}, time.Time{}, fmt.Errorf("the login %s answered %d", redacted(where), resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, largestSecret))
	if err != nil {
		return target.Credential{}, time.Time{}, told(where, err)
	}
	if l.Cookies {
		return f.cookies(where, resp.Cookies())
	}
	token, err := found(l, resp, body)
	if err != nil {
		return target.Credential{}, time.Time{}, fmt.Errorf("the answer of the login %s %w", redacted(where), err)
	}
	return sent(f.Credential, token), f.until(token), nil
}

// cookies are the credentials: those of the answer that are not deleted by it.
// They end with the first of them.
func (f *fetcher) cookies(where string, set []*http.Cookie) (target.Credential, time.Time, error) {
	out := target.Credential{Headers: f.Headers}
	var ends time.Time
	if f.Lifetime > 0 {
		ends = f.opt.Now().Add(f.Lifetime)
	}
	for _, k := range set {
		end := k.Expires
		if k.MaxAge > 0 {
			end = f.opt.Now().Add(time.Duration(k.MaxAge) * time.Second)
		}
		if k.MaxAge < 0 || !end.IsZero() && end.Before(f.opt.Now()) {
			continue
		}
		if !end.IsZero() && (ends.IsZero() || end.Before(ends)) {
			ends = end
		}
		out.Cookies = append(out.Cookies, plumbline.Header{Name: k.Name, Value: k.Value})
	}
	if len(out.Cookies) == 0 {
		return out, ends, fmt.Errorf("the answer of the login %s sets no cookie", redacted(where))
	}
	return out, ends, nil
}

// found is the token in an answer.
func found(l *plumbline.Login, resp *http.Response, body []byte) (string, error) {
	if l.Header != "" {
		if v := resp.Header.Get(l.Header); v != "" {
			return v, nil
		}
		return "", errors.New("has no header " + l.Header)
	}
	if l.Token == "" {
		if text := strings.Trim(strings.TrimSpace(string(body)), `"`); text != "" && !strings.ContainsAny(text, "\r\n{}<>") {
			return text, nil
		}
		return "", errors.New("is not a token, and nothing says where in it the token is")
	}
	return pointed(l.Token, body)
}

// pointed is the text at a JSON pointer (RFC 6901).
func pointed(pointer string, body []byte) (string, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil {
		return "", errors.New("is not JSON")
	}
	for _, t := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		t = strings.ReplaceAll(strings.ReplaceAll(t, "~1", "/"), "~0", "~")
		switch x := v.(type) {
		case map[string]any:
			v = x[t]
		case []any:
			v = nil
			if i, err := strconv.Atoi(t); err == nil && i >= 0 && i < len(x) {
				v = x[i]
			}
		default:
			v = nil
		}
	}
	switch x := v.(type) {
	case string:
		if x != "" {
			return x, nil
		}
	case json.Number:
		return x.String(), nil
	}
	return "", errors.New("has no text at " + pointer)
}
