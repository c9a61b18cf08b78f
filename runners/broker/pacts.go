package broker

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// A Query asks for the pacts that a provider has to verify.
type Query struct {
	Provider  string
	Branch    string           // of the provider, for matchingBranch and pending
	Tags      []string         // of the provider
	Selectors []map[string]any // consumer version selectors; none: the main branches and what is deployed or released
	Pending   bool             // ask which pacts are pending
	WIPSince  string           // YYYY-MM-DD; empty: no work-in-progress pacts
}

// A Pact is a contract to be verified.
type Pact struct {
	Name    string   `json:"name"`
	URL     string   `json:"url"`
	Pending bool     `json:"pending,omitempty"` // has never been verified: its failure does not gate
	WIP     bool     `json:"wip,omitempty"`     // in work; always pending
	Notices []string `json:"notices,omitempty"`
	Results string   `json:"results,omitempty"` // where results of verification go
	Data    []byte   `json:"-"`
}

// Pacts fetches the pacts that the provider has to verify.
func (c *Client) Pacts(ctx context.Context, q Query) ([]Pact, error) {
	if q.Provider == "" {
		return nil, errors.New("broker: no provider is named")
	}
	var page struct {
		Embedded struct {
			Pacts []struct {
				Properties struct {
					Pending bool
					WIP     bool
					Notices []struct{ When, Text string }
				} `json:"verificationProperties"`
				Links links `json:"_links"`
			}
		} `json:"_embedded"`
	}
	e := errand{
		method: http.MethodPost, relations: []string{"pb:provider-pacts-for-verification", "beta:provider-pacts-for-verification"},
		values: map[string]string{"provider": q.Provider}, body: q.body(),
	}
	err := c.follow(ctx, e, &page)
	if errors.Is(err, ErrNoLink) { // an old broker does not choose
		return c.latest(ctx, q.Provider, "")
	}
	if err != nil {
		return nil, err
	}
	var out []Pact
	for _, x := range page.Embedded.Pacts {
		l, ok := x.Links.first("pb:pact", "self")
		if !ok {
			return out, fmt.Errorf("broker: a pact for %s has no address", q.Provider)
		}
		p := Pact{Name: l.Name, URL: l.Href, Pending: x.Properties.Pending || x.Properties.WIP, WIP: x.Properties.WIP}
		for _, n := range x.Properties.Notices {
			if n.When == "" || n.When == "before_verification" {
				p.Notices = append(p.Notices, n.Text)
			}
		}
		if err := c.fetch(ctx, &p); err != nil {
			return out, err
		}
		out = append(out, p)
	}
	return out, nil
}

// Latest fetches the latest pact of one consumer with one provider.
func (c *Client) Latest(ctx context.Context, consumer, provider string) ([]Pact, error) {
	out, err := c.latest(ctx, provider, consumer)
	if err == nil && len(out) == 0 {
		return nil, fmt.Errorf("broker: %s has no pact with %s", consumer, provider)
	}
	return out, err
}

// latest fetches the latest pacts of a provider, of one consumer or of all.
func (c *Client) latest(ctx context.Context, provider, consumer string) ([]Pact, error) {
	var page struct {
		Links struct {
			Pacts []link `json:"pb:pacts"`
			Old   []link `json:"pacts"` // what brokers before 2.0 call it
		} `json:"_links"`
	}
	e := errand{method: http.MethodGet, relations: []string{"pb:latest-provider-pacts"}, values: map[string]string{"provider": provider}}
	if err := c.follow(ctx, e, &page); err != nil {
		return nil, err
	}
	var out []Pact
	if len(page.Links.Pacts) == 0 {
		page.Links.Pacts = page.Links.Old
	}
	for _, l := range page.Links.Pacts {
		if consumer != "" && l.Name != consumer {
			continue
		}
		p := Pact{Name: l.Title, URL: l.Href}
		if err := c.fetch(ctx, &p); err != nil {
			return out, err
		}
		out = append(out, p)
	}
	return out, nil
}

func (q Query) body() map[string]any {
	selectors := q.Selectors
	if len(selectors) == 0 {
		selectors = []map[string]any{{"mainBranch": true}, {"deployedOrReleased": true}}
	}
	body := map[string]any{"consumerVersionSelectors": selectors, "includePendingStatus": q.Pending}
	if q.Branch != "" {
		body["providerVersionBranch"] = q.Branch
	}
	if len(q.Tags) > 0 {
		body["providerVersionTags"] = q.Tags
	}
	if q.WIPSince != "" {
		body["includeWipPactsSince"] = q.WIPSince
	}
	return body
}

func (c *Client) fetch(ctx context.Context, p *Pact) error {
	var page struct {
		Links links `json:"_links"`
	}
	var err error
	if p.Data, err = c.do(ctx, http.MethodGet, p.URL, nil, &page); err != nil {
		return err
	}
	if l, ok := page.Links.first("pb:publish-verification-results"); ok {
		p.Results = l.Href
	}
	return nil
}

// A Publication is a contract with the version of its consumer.
type Publication struct {
	Consumer, Provider string
	Version            string
	Branch             string
	Tags               []string
	BuildURL           string
	Data               []byte // the pact
}

// Publish publishes a contract: in one request where the broker can, else
// branch, tags and pact one after the other.
func (c *Client) Publish(ctx context.Context, p Publication) error {
	if p.Consumer == "" || p.Provider == "" || p.Version == "" {
		return errors.New("broker: consumer, provider and version have to be named")
	}
	body := map[string]any{
		"pacticipantName": p.Consumer, "pacticipantVersionNumber": p.Version,
		"contracts": []map[string]string{{
			"consumerName": p.Consumer, "providerName": p.Provider, "specification": "pact", "contentType": "application/json",
			"content": base64.StdEncoding.EncodeToString(p.Data),
		}},
	}
	if p.Branch != "" {
		body["branch"] = p.Branch
	}
	if len(p.Tags) > 0 {
		body["tags"] = p.Tags
	}
	if p.BuildURL != "" {
		body["buildUrl"] = p.BuildURL
	}
	err := c.follow(ctx, errand{method: http.MethodPost, relations: []string{"pb:publish-contracts"}, body: body}, nil)
	if !errors.Is(err, ErrNoLink) {
		return err
	}
	if err := c.label(ctx, p.Consumer, p.Version, p.Branch, p.Tags); err != nil {
		return err
	}
	values := map[string]string{"provider": p.Provider, "consumer": p.Consumer, "consumerApplicationVersion": p.Version}
	return c.follow(ctx, errand{http.MethodPut, []string{"pb:publish-pact"}, values, json.RawMessage(p.Data)}, nil)
}

// label says of a version of a pacticipant which branch and tags it is of.
func (c *Client) label(ctx context.Context, name, version, branch string, tags []string) error {
	values := map[string]string{"pacticipant": name, "version": version, "branch": branch}
	if branch != "" {
		err := c.follow(ctx, errand{http.MethodPut, []string{"pb:pacticipant-branch-version"}, values, struct{}{}}, nil)
		if err != nil && !errors.Is(err, ErrNoLink) { // an old broker has no branches
			return err
		}
	}
	for _, tag := range tags {
		values["tag"] = tag
		if err := c.follow(ctx, errand{http.MethodPut, []string{"pb:pacticipant-version-tag"}, values, struct{}{}}, nil); err != nil {
			return err
		}
	}
	return nil
}

// A Result is the outcome of the verification of one pact.
type Result struct {
	Provider string
	Version  string // of the provider
	Branch   string
	Tags     []string
	Success  bool
	BuildURL string
	Details  []map[string]any // one for each interaction
}

// PublishResult publishes the outcome of the verification of a pact.
func (c *Client) PublishResult(ctx context.Context, p Pact, r Result) error {
	if r.Version == "" {
		return errors.New("broker: results are published for a version of the provider, and none is named")
	}
	if p.Results == "" {
		return fmt.Errorf("broker: %w pb:publish-verification-results at %s", ErrNoLink, p.URL)
	}
	if err := c.label(ctx, r.Provider, r.Version, r.Branch, r.Tags); err != nil {
		return err
	}
	body := map[string]any{
		"success": r.Success, "providerApplicationVersion": r.Version,
		"verifiedBy": map[string]string{"implementation": "plumbline"},
	}
	if r.BuildURL != "" {
		body["buildUrl"] = r.BuildURL
	}
	if len(r.Details) > 0 {
		body["testResults"] = r.Details
	}
	_, err := c.do(ctx, http.MethodPost, p.Results, body, nil)
	return err
}
