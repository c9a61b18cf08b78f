package shop

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// A cache keeps what recs has said of a product for a moment, in a server that all
// instances share. What it does not know, or does not tell at once, is asked of
// recs, whose word it is.
type cache struct {
	kept   *store
	mutant mutant
	mu     sync.Mutex
	wrote  map[string]time.Time // when something was last put there, by product
}

const (
	cacheTime  = 50 * time.Millisecond // what an answer of the cache is waited for
	cacheFresh = time.Second           // what is older is not told any more
	cacheEvery = 250 * time.Millisecond
)

// recommended is what is kept.
type recommended struct {
	Items []string  `json:"items"`
	At    time.Time `json:"at"`
}

// newCache is nil where the shop is given no cache.
func newCache(addr string, m mutant) *cache {
	if addr == "" {
		return nil
	}
	c := &cache{kept: newStore(addr, m), mutant: m, wrote: map[string]time.Time{}}
	c.kept.patience = cacheTime
	if m.is("waits-for-cache") {
		c.kept.patience = storeTime
	}
	return c
}

// recommend finds what is recommended beside a product.
func (s *service) recommend(ctx context.Context, product string) ([]string, error) {
	if items, ok := s.cache.read(ctx, product); ok {
		return items, nil
	}
	var found struct{ Items []string }
	err := s.recs.call(ctx, request{method: http.MethodGet, path: "/recommendations/" + product}, &found)
	if err == nil {
		s.cache.write(ctx, product, found.Items)
	}
	return found.Items, err
}

func (c *cache) read(ctx context.Context, product string) ([]string, bool) {
	if c == nil {
		return nil, false
	}
	ctx, cancel := context.WithTimeout(ctx, cacheTime)
	defer cancel()
	var r recommended
	text, err := c.kept.do(ctx, "GET recs:"+product)
	if err != nil || json.Unmarshal([]byte(text), &r) != nil {
		return nil, false
	}
	return r.Items, time.Since(r.At) < cacheFresh
}

// write puts what was found into the cache, now and then, and lets nobody wait for
// it, unless it has the defect to let wait who has found it.
func (c *cache) write(ctx context.Context, product string, items []string) {
	if c == nil || !c.due(product) {
		return
	}
	data, err := json.Marshal(recommended{items, time.Now()})
	if err != nil {
		return
	}
	put := func() { _, _ = c.kept.do(context.WithoutCancel(ctx), "SET recs:"+product+" "+string(data)) }
	if c.mutant.is("waits-for-cache") {
		put()
		return
	}
	go put()
}

func (c *cache) due(product string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.wrote[product]) < cacheEvery {
		return false
	}
	c.wrote[product] = time.Now()
	return true
}
