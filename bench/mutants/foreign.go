package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/plumbline-dev/plumbline/runners/target"
)

// What the second client sends, and how long it waits for an answer.
const (
	foreignEvery    = 200 * time.Millisecond
	foreignPatience = 10 * time.Second
)

// second is the second client: it asks for products and makes orders, as a caller
// of its own.
func (b *besider) second(ctx context.Context) (string, error) {
	url, ok := b.opens(ctx)
	if !ok {
		return "", errTooShort
	}
	every := time.NewTicker(foreignEvery)
	defer every.Stop()
	var all sync.WaitGroup
	var good atomic.Int64
	n := 0
	for ; ctx.Err() == nil; n++ {
		number := n
		all.Go(func() {
			if b.ask(ctx, url, number) {
				good.Add(1)
			}
		})
		select {
		case <-every.C:
		case <-ctx.Done():
		}
	}
	all.Wait()
	if good.Load() == 0 {
		return "", fmt.Errorf("none of the %d requests of the second client was answered", n)
	}
	return fmt.Sprintf("%d requests, %d answered 2xx", n, good.Load()), nil
}

// opens waits for the moment at which the second client begins. Who is there before
// the run is guarded, and the run ends itself when he suffers: so it is in every
// other run. In the rest he comes when the first phase is over.
func (b *besider) opens(ctx context.Context) (url string, ok bool) {
	j := b.journal()
	defer j.close()
	for target.Wait(ctx, watchEvery) {
		url, ok := b.said.shop()
		if ok && (b.number%2 == 0 || j.phases() > 0) {
			return url, true
		}
	}
	return "", false
}

// ask sends one request and tells whether it was answered 2xx.
func (b *besider) ask(ctx context.Context, url string, n int) bool {
	ctx, cancel := context.WithTimeout(ctx, foreignPatience)
	defer cancel()
	method, path, body := http.MethodGet, "/products/p-1", ""
	if n%2 == 1 {
		method, path, body = http.MethodPost, "/orders", `{"product_id":"p-2","quantity":1}`
	}
	r, err := http.NewRequestWithContext(ctx, method, url+path, strings.NewReader(body))
	if err != nil {
		return false
	}
	r.Header.Set("Authorization", "Bearer "+b.token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.Body.Close() == nil && resp.StatusCode/100 == 2
}
