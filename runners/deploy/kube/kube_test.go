package kube

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/wire"
)

func names(t *testing.T, c *Cluster) []string {
	t.Helper()
	d, err := c.deployment(t.Context(), "orders")
	if err != nil {
		t.Fatal(err)
	}
	all, err := c.podsOf(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range all {
		out = append(out, p.Name)
	}
	return slices.Sorted(slices.Values(out))
}

// Each upset is seen of pods, and its mending brings back as many as there were,
// twice.
func TestADeploymentIsUpsetAndMended(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault  plumbline.Fault
		seen   int
		during int // pods while it is in force
		stay   int // of those before, afterwards
	}{
		"restart":     {plumbline.Fault{Kind: plumbline.FaultRestart}, 2, 2, 0},
		"kill all":    {plumbline.Fault{Kind: plumbline.FaultKill}, 2, 2, 0},
		"kill one":    {plumbline.Fault{Kind: plumbline.FaultKill, Instances: 1}, 1, 2, 1},
		"stop one":    {plumbline.Fault{Kind: plumbline.FaultStop, Instances: 1}, 1, 2, 1},
		"stop all":    {plumbline.Fault{Kind: plumbline.FaultStop}, 2, 0, 0},
		"scale up":    {plumbline.Fault{Kind: plumbline.FaultScale, Instances: 4}, 4, 4, 2},
		"scale down":  {plumbline.Fault{Kind: plumbline.FaultScale, Instances: 1}, 1, 1, 1},
		"scale away":  {plumbline.Fault{Kind: plumbline.FaultScale}, 0, 0, 0},
		"as it is":    {plumbline.Fault{Kind: plumbline.FaultScale, Instances: 2}, 2, 2, 2},
		"more twice ": {plumbline.Fault{Kind: plumbline.FaultScale, Instances: 3}, 3, 3, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, client := newCluster(t)
			if n, err := k.Ready(t.Context(), "orders"); n != 2 || err != nil {
				t.Fatalf("%d, %v", n, err)
			}
			before := names(t, k)
			c.fault.Dependency = "orders"
			seen, mend, err := k.Upset(t.Context(), c.fault)
			if err != nil || seen != c.seen {
				t.Fatalf("seen of %d, %v", seen, err)
			}
			if err := k.settled(t.Context(), "orders", c.during, nil); err != nil {
				t.Error(err)
			}
			for range 2 {
				if err := mend(t.Context()); err != nil {
					t.Error(err)
				}
			}
			after := names(t, k)
			stay := slices.DeleteFunc(slices.Clone(before), func(n string) bool { return !slices.Contains(after, n) })
			if len(after) != 2 || len(stay) != c.stay {
				t.Errorf("before %v, after %v", before, after)
			}
			d, err := client.AppsV1().Deployments(ns).Get(t.Context(), "orders", metav1.GetOptions{})
			if err != nil || len(d.Annotations) != 0 {
				t.Errorf("left behind: %v %v", d.Annotations, err)
			}
		})
	}
}

func TestWhatCannotBeDoneToADeploymentIsUnsupported(t *testing.T) {
	t.Parallel()
	k, _ := newCluster(t)
	if _, err := k.Ready(t.Context(), "orders"); err != nil {
		t.Fatal(err)
	}
	for _, f := range []plumbline.Fault{
		{Kind: plumbline.FaultPause, Dependency: "orders"},
		{Kind: plumbline.FaultSqueeze, Dependency: "orders"},
		{Kind: plumbline.FaultHook, Dependency: "orders"},
		{Kind: plumbline.FaultKill, Dependency: "nobody"},
		{Kind: plumbline.FaultKill, Dependency: "orders", Instances: 3},
	} {
		if seen, mend, err := k.Upset(t.Context(), f); !errors.Is(err, errors.ErrUnsupported) || seen != 0 {
			t.Errorf("%+v: %d, %t, %v", f, seen, mend != nil, err)
		}
	}
}

// What the API refuses is an error, and what never comes is told after a while.
func TestARefusalAndAStandstillAreTold(t *testing.T) {
	t.Parallel()
	k, client := newCluster(t)
	if _, err := k.Ready(t.Context(), "orders"); err != nil {
		t.Fatal(err)
	}
	k.within = 100 * time.Millisecond
	client.instead("delete", "pods", nil)
	if _, _, err := k.Upset(t.Context(), plumbline.Fault{Kind: plumbline.FaultKill, Dependency: "orders"}); err == nil || !strings.Contains(err.Error(), "is still there") {
		t.Errorf("a pod that stays: %v", err)
	}
	client.instead("patch", "deployments", errors.New("patching Deployments is not allowed here"))
	for _, kind := range []plumbline.FaultKind{plumbline.FaultRestart, plumbline.FaultScale, plumbline.FaultStop} {
		if _, _, err := k.Upset(t.Context(), plumbline.Fault{Kind: kind, Dependency: "orders"}); err == nil || errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: %v", kind, err)
		}
	}
	stuck := appsv1.Deployment{Status: appsv1.DeploymentStatus{Conditions: []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionFalse, Message: "has exceeded its progress deadline"}}}}
	if _, err := client.AppsV1().Deployments(ns).Create(t.Context(), &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "stuck", Namespace: ns}, Spec: appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{}}, Status: stuck.Status}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Ready(t.Context(), "stuck"); err == nil || !strings.Contains(err.Error(), "progress deadline") {
		t.Errorf("a rollout that was given up: %v", err)
	}
}

// payment is a Service as a team has it.
func payment(change func(*corev1.Service)) *corev1.Service {
	s := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "payment", Namespace: ns}, Spec: corev1.ServiceSpec{
		ClusterIP: "10.0.0.7", Selector: map[string]string{"app": "payment", "tier": "back"},
		Ports: []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromString("http"), NodePort: 30080}},
	}}
	if change != nil {
		change(s)
	}
	return s
}

func spec() WireSpec {
	return WireSpec{Wire: wire.Wire{Name: "payment", Kind: plumbline.WireHTTP}, Service: "payment", Image: "plumbline:1", Token: "t"}
}

func service(t *testing.T, c *api, name string) *corev1.Service {
	t.Helper()
	s, err := c.CoreV1().Services(ns).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// unmade sees that a Service is as it was, and nothing beside it is left.
func unmade(t *testing.T, c *api) {
	t.Helper()
	s := service(t, c, "payment")
	if !maps.Equal(s.Spec.Selector, payment(nil).Spec.Selector) || len(s.Annotations) != 0 {
		t.Errorf("not as it was: %v %v", s.Spec.Selector, s.Annotations)
	}
	pods, err := c.CoreV1().Pods(ns).List(t.Context(), metav1.ListOptions{LabelSelector: wireLabel})
	services, serr := c.CoreV1().Services(ns).List(t.Context(), metav1.ListOptions{LabelSelector: wireLabel})
	if err := errors.Join(err, serr); err != nil || len(pods.Items)+len(services.Items) != 0 {
		t.Errorf("left behind: %v %v %v", pods.Items, services.Items, err)
	}
}

func TestAServiceLeadsToAWireAndBack(t *testing.T) {
	t.Parallel()
	k, client := newCluster(t, payment(nil))
	if _, err := k.Put(t.Context(), spec()); err != nil {
		t.Fatal(err)
	}
	s, behind := service(t, client, "payment"), service(t, client, "payment-behind-wire")
	if !maps.Equal(s.Spec.Selector, map[string]string{wireLabel: "payment"}) {
		t.Errorf("it leads to %v", s.Spec.Selector)
	}
	if !maps.Equal(behind.Spec.Selector, payment(nil).Spec.Selector) || behind.Spec.Ports[0].TargetPort.StrVal != "http" || behind.Spec.Ports[0].NodePort != 0 {
		t.Errorf("behind it is %+v", behind.Spec)
	}
	p, err := client.CoreV1().Pods(ns).Get(t.Context(), "plumbline-wire-payment", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	box := p.Spec.Containers[0]
	if box.Ports[0].Name != "http" || !strings.Contains(box.Env[0].Value, `"http://payment-behind-wire.shop.svc:80"`) || !strings.Contains(box.Env[0].Value, `"payment.shop.svc"`) {
		t.Errorf("the wire: %+v", box)
	}
	for range 2 {
		ended, cancel := context.WithCancel(t.Context())
		cancel() // as when the run was interrupted
		if err := k.Down(ended); err != nil {
			t.Error(err)
		}
		unmade(t, client)
	}
}

// Whatever fails on the way, nothing of it stays.
func TestAWireThatCannotBePutInLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, step := range []struct{ verb, resource string }{{"create", "services"}, {"create", "pods"}, {"get", "pods"}, {"patch", "services"}} {
		t.Run(step.verb+" "+step.resource, func(t *testing.T) {
			t.Parallel()
			k, client := newCluster(t, payment(nil))
			client.instead(step.verb, step.resource, errors.New("forbidden"))
			if _, err := k.Put(t.Context(), spec()); err == nil || !strings.Contains(err.Error(), "forbidden") {
				t.Errorf("put in: %v", err)
			}
			client.answers.Clear()
			if err := k.Down(t.Context()); err != nil {
				t.Error(err)
			}
			unmade(t, client)
		})
	}
}

func TestServicesThatAWireWouldHarmAreRefused(t *testing.T) {
	t.Parallel()
	for why, change := range map[string]func(*corev1.Service){
		"something outside": func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeExternalName },
		"headless":          func(s *corev1.Service) { s.Spec.ClusterIP = corev1.ClusterIPNone },
		"selects no pods":   func(s *corev1.Service) { s.Spec.Selector = nil },
		"2 ports":           func(s *corev1.Service) { s.Spec.Ports = append(s.Spec.Ports, s.Spec.Ports[0]) },
		"not of TCP":        func(s *corev1.Service) { s.Spec.Ports[0].Protocol = corev1.ProtocolUDP },
		"another run":       func(s *corev1.Service) { s.Annotations = map[string]string{selectorAnnotation: "{}"} },
	} {
		k, client := newCluster(t, payment(change))
		if _, err := k.Put(t.Context(), spec()); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", why, err)
		}
		if err := k.Down(t.Context()); err != nil {
			t.Error(err)
		}
		if got, want := service(t, client, "payment"), payment(change); !maps.Equal(got.Spec.Selector, want.Spec.Selector) || !maps.Equal(got.Annotations, want.Annotations) {
			t.Errorf("%s: it was changed: %+v", why, got)
		}
	}
}

// A run that was killed is undone by what it has noted; one that lives is let be.
func TestWhatAKilledRunHasChangedIsRestored(t *testing.T) {
	t.Parallel()
	k, client := newCluster(t, payment(nil))
	if _, err := k.Put(t.Context(), spec()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := k.Upset(t.Context(), plumbline.Fault{Kind: plumbline.FaultScale, Dependency: "orders", Instances: 4}); err != nil {
		t.Fatal(err)
	}
	other := k.as("r2")
	for _, run := range []string{"", "r1", "r3"} {
		if got, err := other.Restore(t.Context(), run); err != nil || len(got) != 0 {
			t.Errorf("what a living process answers for was restored: %v %v", got, err)
		}
	}
	orphan(t, client)
	if got, err := other.Restore(t.Context(), "r3"); err != nil || len(got) != 0 {
		t.Errorf("of another run: %v %v", got, err)
	}
	got, err := other.Restore(t.Context(), "")
	if err != nil || !slices.Equal(got, []string{"Service payment", "Deployment orders, to 2 pods"}) {
		t.Errorf("restored %v, %v", got, err)
	}
	unmade(t, client)
	if len(names(t, k)) != 2 {
		t.Errorf("pods %v", names(t, k))
	}
	if got, err := other.Restore(t.Context(), ""); err != nil || len(got) != 0 {
		t.Errorf("again: %v %v", got, err)
	}
}

// orphan lets everything be owned by a process that is gone.
func orphan(t *testing.T, c *api) {
	t.Helper()
	host, _, _ := strings.Cut(owner(), "/")
	gone := []byte(fmt.Sprintf(`{"metadata": {"annotations": {%q: "%s/%d"}}}`, ownerAnnotation, host, 1<<30))
	_, err := c.CoreV1().Services(ns).Patch(t.Context(), "payment", types.MergePatchType, gone, metav1.PatchOptions{})
	_, berr := c.CoreV1().Services(ns).Patch(t.Context(), "payment-behind-wire", types.MergePatchType, gone, metav1.PatchOptions{})
	_, derr := c.AppsV1().Deployments(ns).Patch(t.Context(), "orders", types.MergePatchType, gone, metav1.PatchOptions{})
	if err := errors.Join(err, berr, derr); err != nil {
		t.Fatal(err)
	}
}

// The control port of a wire is reached through the API server, which keeps the
// header Authorization for itself.
func TestAWireIsControlledThroughTheAPIServer(t *testing.T) {
	t.Parallel()
	ready := make(chan wire.Addresses, 1)
	go func() {
		_ = wire.Serve(t.Context(), wire.Config{Control: "127.0.0.1:0", Token: "t", Wires: []wire.Wire{{Name: "payment", Kind: plumbline.WireHTTP, Listen: "127.0.0.1:0", Upstream: "http://127.0.0.1:9"}}}, func(a wire.Addresses) { ready <- a })
	}()
	at := <-ready
	const path = "/api/v1/namespaces/shop/pods/plumbline-wire-payment:7070/proxy"
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, path) || r.Header.Get("Authorization") != "" {
			http.Error(w, "not a call through the pod", http.StatusForbidden)
			return
		}
		r.URL.Path = strings.TrimPrefix(r.URL.Path, path)
		httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: at.Control}).ServeHTTP(w, r)
	}))
	t.Cleanup(api.Close)
	k, _ := newCluster(t, payment(nil))
	k.server = api.URL
	c, err := k.Put(t.Context(), spec())
	if err != nil {
		t.Fatal(err)
	}
	f := plumbline.Fault{Dependency: "payment", Kind: plumbline.FaultHang, Scope: plumbline.ScopeAll}
	if err := errors.Join(c.Sync(t.Context(), time.Now()), c.Order(t.Context(), wire.Order{ID: "x", Fault: f, TTL: time.Minute})); err != nil {
		t.Error(err)
	}
	if s, err := c.Status(t.Context()); err != nil || !slices.Equal(s.Leases, []string{"x"}) {
		t.Errorf("%+v, %v", s, err)
	}
	c.Token = "wrong"
	if _, err := c.Status(t.Context()); err == nil {
		t.Error("any token will do")
	}
}

func TestTheServiceOfAnUpstream(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"http://payment:8080": "payment", "http://payment.shop.svc": "payment", "db:5432": "db", "db.shop.svc.cluster.local:5432": "db"} {
		if got := ServiceOf(in); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}
