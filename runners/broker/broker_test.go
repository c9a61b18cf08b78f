package broker_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline/runners/broker"
)

const pactText = `{"consumer":{"name":"web"},"provider":{"name":"shop"},"interactions":[]}`

// A double is a small broker whose addresses nobody could guess.
type double struct {
	t      *testing.T
	server *httptest.Server
	old    bool // without pb:publish-contracts
	ill    int  // answers 503 so often first
	calls  []string
	bodies []map[string]any
	auths  []string
}

func newDouble(t *testing.T) (*double, *broker.Client) {
	t.Helper()
	d := &double{t: t}
	d.server = httptest.NewServer(http.HandlerFunc(d.answer))
	t.Cleanup(d.server.Close)
	return d, &broker.Client{URL: d.server.URL + "/behind/a/prefix/", Token: "t0k3n", Backoff: time.Millisecond}
}

func (d *double) answer(w http.ResponseWriter, r *http.Request) {
	data, _ := io.ReadAll(r.Body)
	var body map[string]any
	_ = json.Unmarshal(data, &body)
	d.calls, d.bodies, d.auths = append(d.calls, r.Method+" "+r.URL.EscapedPath()), append(d.bodies, body), append(d.auths, r.Header.Get("Authorization"))
	if d.ill > 0 {
		d.ill--
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/hal+json")
	publish := `"pb:publish-contracts":{"href":"` + d.server.URL + `/zz/take-these"},`
	if d.old {
		publish = ""
	}
	switch r.Method + " " + r.URL.EscapedPath() {
	case "GET /behind/a/prefix/":
		_, _ = fmt.Fprintf(w, `{"_links":{%s
			"pb:provider-pacts-for-verification":{"href":"/q/{provider}/todo","templated":true},
			"pb:publish-pact":{"href":"p-{provider}/c-{consumer}/v-{consumerApplicationVersion}"},
			"pb:pacticipant-branch-version":{"href":"/b/{pacticipant}/{branch}/{version}"},
			"pb:pacticipant-version-tag":{"href":"/t/{pacticipant}/{version}/{tag}"}}}`, publish)
	case "POST /q/the%20shop/todo":
		_, _ = fmt.Fprint(w, `{"_embedded":{"pacts":[
			{"verificationProperties":{"notices":[{"when":"before_verification","text":"it is the latest"},{"when":"after_verification:success_false","text":"later"}]},"_links":{"self":{"href":"/x/1","name":"web's"}}},
			{"verificationProperties":{"pending":true,"wip":true},"_links":{"self":[{"href":"/x/2","name":"app's"}]}}]}}`)
	case "GET /x/1", "GET /x/2":
		_, _ = fmt.Fprintf(w, `{"interactions":[],"_links":{"pb:publish-verification-results":{"href":"%s/results-of%s"}}}`, d.server.URL, r.URL.Path)
	case "POST /q/nobody/todo":
		w.WriteHeader(http.StatusNotFound)
		_, _ = fmt.Fprint(w, `{"error":{"message":"no pacticipant is called nobody"}}`)
	case "POST /zz/take-these", "POST /results-of/x/1", "PUT /behind/a/prefix/p-shop/c-web/v-1.0", "PUT /b/web/main/1.0", "PUT /t/web/1.0/prod", "PUT /b/shop/main/7":
		w.WriteHeader(http.StatusCreated)
		_, _ = fmt.Fprint(w, `{}`)
	default:
		w.WriteHeader(http.StatusTeapot)
	}
}

func TestPactsAreFoundByLinks(t *testing.T) {
	t.Parallel()
	d, c := newDouble(t)
	d.ill = 2 // a broker that is restarted is asked again
	got, err := c.Pacts(t.Context(), broker.Query{Provider: "the shop", Branch: "main", Pending: true, WIPSince: "2026-01-01"})
	if err != nil || len(got) != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	if got[0].Name != "web's" || got[0].Pending || !slices.Equal(got[0].Notices, []string{"it is the latest"}) || got[0].Results != d.server.URL+"/results-of/x/1" || len(got[0].Data) == 0 {
		t.Errorf("the first: %+v", got[0])
	}
	if !got[1].Pending || !got[1].WIP {
		t.Errorf("the second: %+v", got[1])
	}
	want := map[string]any{
		"consumerVersionSelectors": []any{map[string]any{"mainBranch": true}, map[string]any{"deployedOrReleased": true}},
		"includePendingStatus":     true, "providerVersionBranch": "main", "includeWipPactsSince": "2026-01-01",
	}
	if diff := cmp.Diff(want, d.bodies[3]); diff != "" {
		t.Errorf("the query (-want +got):\n%s", diff)
	}
	if slices.ContainsFunc(d.auths, func(a string) bool { return a != "Bearer t0k3n" }) {
		t.Errorf("credentials: %v", d.auths)
	}
}

func TestAMistakeShowsWhatTheBrokerSays(t *testing.T) {
	t.Parallel()
	d, c := newDouble(t)
	_, err := c.Pacts(t.Context(), broker.Query{Provider: "nobody"})
	if err == nil || !strings.Contains(err.Error(), "no pacticipant is called nobody") || !strings.Contains(err.Error(), "404") {
		t.Errorf("error %v", err)
	}
	if len(d.calls) != 2 {
		t.Errorf("a mistake of ours was repeated: %v", d.calls)
	}
	d.ill = 100
	if _, err := c.Pacts(t.Context(), broker.Query{Provider: "the shop"}); err == nil || len(d.calls) > 8 {
		t.Errorf("a broker that stays ill: %v after %d calls", err, len(d.calls))
	}
	if _, err := (&broker.Client{URL: "nowhere"}).Pacts(t.Context(), broker.Query{Provider: "p"}); err == nil {
		t.Error("a broker without a host")
	}
}

func TestPublish(t *testing.T) {
	t.Parallel()
	p := broker.Publication{Consumer: "web", Provider: "shop", Version: "1.0", Branch: "main", Tags: []string{"prod"}, Data: []byte(pactText)}
	d, c := newDouble(t)
	if err := c.Publish(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	contracts, _ := d.bodies[1]["contracts"].([]any)
	first, _ := contracts[0].(map[string]any)
	if got, _ := base64.StdEncoding.DecodeString(fmt.Sprint(first["content"])); string(got) != pactText {
		t.Errorf("content: %s", got)
	}
	if d.bodies[1]["pacticipantVersionNumber"] != "1.0" || d.bodies[1]["branch"] != "main" || first["specification"] != "pact" {
		t.Errorf("publication: %v", d.bodies[1])
	}
	d, c = newDouble(t)
	d.old = true
	if err := c.Publish(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	var puts []string
	for _, call := range d.calls {
		if strings.HasPrefix(call, "PUT") {
			puts = append(puts, call)
		}
	}
	if want := []string{"PUT /b/web/main/1.0", "PUT /t/web/1.0/prod", "PUT /behind/a/prefix/p-shop/c-web/v-1.0"}; !slices.Equal(puts, want) {
		t.Errorf("an old broker: %v, want %v", puts, want)
	}
}

func TestResultsGoWhereThePactSays(t *testing.T) {
	t.Parallel()
	d, c := newDouble(t)
	pacts, err := c.Pacts(t.Context(), broker.Query{Provider: "the shop"})
	if err != nil {
		t.Fatal(err)
	}
	r := broker.Result{Provider: "shop", Version: "7", Branch: "main", Success: true}
	if err := c.PublishResult(t.Context(), pacts[0], r); err != nil {
		t.Fatal(err)
	}
	last := d.bodies[len(d.bodies)-1]
	if d.calls[len(d.calls)-1] != "POST /results-of/x/1" || last["success"] != true || last["providerApplicationVersion"] != "7" {
		t.Errorf("%s %v", d.calls[len(d.calls)-1], last)
	}
	r.Version = ""
	if err := c.PublishResult(t.Context(), pacts[0], r); err == nil {
		t.Error("results without a version were published")
	}
	if err := c.PublishResult(t.Context(), broker.Pact{}, broker.Result{Version: "1"}); !errors.Is(err, broker.ErrNoLink) {
		t.Errorf("a pact that takes no results: %v", err)
	}
}

// What a deployment sends to a dependency is agreed on in the latest pact of the
// two; and a broker too old to choose what is to be verified gives all latest
// pacts of the provider.
func TestTheLatestPactsOfAProvider(t *testing.T) {
	t.Parallel()
	var auths []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		auths = append(auths, user+":"+password)
		switch r.URL.EscapedPath() {
		case "/":
			_, _ = fmt.Fprint(w, `{"_links":{"pb:latest-provider-pacts":{"href":"/now/{provider}","templated":true}}}`)
		case "/now/pay%20me":
			_, _ = fmt.Fprint(w, `{"_links":{"pb:pacts":[{"href":"/x/web","title":"web and pay me","name":"web"},{"href":"/x/shop","title":"shop and pay me","name":"shop"}]}}`)
		default:
			_, _ = fmt.Fprintf(w, `{"consumer":{"name":%q},"interactions":[]}`, strings.TrimPrefix(r.URL.Path, "/x/"))
		}
	}))
	defer s.Close()
	c := &broker.Client{URL: s.URL + "/", User: "u", Password: "p"}
	got, err := c.Latest(t.Context(), "shop", "pay me")
	if err != nil || len(got) != 1 || got[0].Name != "shop and pay me" || !strings.Contains(string(got[0].Data), "shop") {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := c.Latest(t.Context(), "nobody", "pay me"); err == nil || !strings.Contains(err.Error(), "nobody has no pact with pay me") {
		t.Errorf("error %v", err)
	}
	if all, err := c.Pacts(t.Context(), broker.Query{Provider: "pay me"}); err != nil || len(all) != 2 {
		t.Errorf("%+v, %v", all, err)
	}
	if slices.ContainsFunc(auths, func(a string) bool { return a != "u:p" }) {
		t.Errorf("credentials: %v", auths)
	}
}

// Another host never sees the credentials.
func TestCredentialsStayWithTheBroker(t *testing.T) {
	t.Parallel()
	seen := "nothing"
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = r.Header.Get("Authorization")
		_, _ = fmt.Fprint(w, `{"_embedded":{"pacts":[]}}`)
	}))
	defer other.Close()
	index := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"_links":{"beta:provider-pacts-for-verification":{"href":"%s/x"}}}`, other.URL)
	}))
	defer index.Close()
	c := &broker.Client{URL: index.URL, User: "u", Password: "p"}
	if got, err := c.Pacts(t.Context(), broker.Query{Provider: "p"}); err != nil || len(got) != 0 || seen != "" {
		t.Errorf("%v, %v; the other host saw %q", got, err, seen)
	}
}
