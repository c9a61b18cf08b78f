package mock_test

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline/contracts/mock"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// TestAListIsWalkedInOrder walks a list by cursors of which the document says
// how they look, in the order that was asked for, and finds each thing once.
func TestAListIsWalkedInOrder(t *testing.T) {
	t.Parallel()
	text := strings.Replace(orders, "{in: query, name: offset, schema: {type: integer, minimum: 0}}", "{in: query, name: cursor, schema: {type: string, pattern: '^[a-z]{12}$'}}\n        - {in: query, name: sort, schema: {type: string}}", 1)
	text = strings.Replace(text, "properties: {total: {type: integer},", "properties: {next: {type: string}, total: {type: integer},", 1)
	d, err := openapi.Parse("orders.yaml", []byte(text), openapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := schema.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(mock.New(d, s, mock.Options{Seed: 1}))
	defer server.Close()
	c := client{t, server.URL}
	for _, n := range []int{3, 1, 9, 1, 5} {
		c.ask("POST", "/orders", fmt.Sprintf(`{"quantity": %d}`, n), 201)
	}
	for sort, down := range map[string]bool{"quantity": false, "-quantity": true, "quantity:desc": true} {
		seen, last, cursor := map[string]bool{}, "", ""
		for range 10 {
			_, page := c.ask("GET", "/orders?limit=2&sort="+url.QueryEscape(sort)+cursor, "", 200)
			list, _ := page["items"].([]any)
			for _, e := range list {
				item, _ := e.(map[string]any)
				now := fmt.Sprint(item["quantity"])
				if last != "" && now != last && (now < last) != down {
					t.Errorf("%s: %s comes after %s", sort, now, last)
				}
				last = now
				if id := fmt.Sprint(item["id"]); seen[id] {
					t.Errorf("%s: %s is there twice", sort, id)
				} else {
					seen[id] = true
				}
			}
			next, more := page["next"].(string)
			if !more {
				break
			}
			cursor = "&cursor=" + url.QueryEscape(next)
		}
		if len(seen) < 5 {
			t.Errorf("%s: %d things of 5 were found", sort, len(seen))
		}
	}
}
