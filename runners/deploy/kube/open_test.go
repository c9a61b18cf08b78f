package kube

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/plumbline-dev/plumbline"
)

// The clients speak to a server as the API has it: paths, selectors, patches,
// credentials and refusals go over a real connection.
func TestTheAPIIsSpokenOverASocket(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var said []string
	one := int32(1)
	labels := map[string]string{"app": "orders"}
	orders := appsv1.Deployment{TypeMeta: metav1.TypeMeta{Kind: "Deployment", APIVersion: "apps/v1"}, ObjectMeta: metav1.ObjectMeta{Name: "orders"}, Spec: appsv1.DeploymentSpec{Replicas: &one, Selector: &metav1.LabelSelector{MatchLabels: labels}}}
	pods := corev1.PodList{TypeMeta: metav1.TypeMeta{Kind: "PodList", APIVersion: "v1"}, Items: []corev1.Pod{{ObjectMeta: metav1.ObjectMeta{Name: "orders-1"}, Status: corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}}}}}
	api := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		said = append(said, strings.TrimSpace(fmt.Sprintf("%s %s %s", r.Method, r.URL, body)))
		mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		var v any
		switch {
		case r.Header.Get("Authorization") != "Bearer secret":
			v = metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure, Code: http.StatusForbidden, Reason: metav1.StatusReasonForbidden, Message: "who are you?"}
			w.WriteHeader(http.StatusForbidden)
		case r.URL.Path == "/apis/apps/v1/namespaces/shop/deployments":
			v = appsv1.DeploymentList{TypeMeta: metav1.TypeMeta{Kind: "DeploymentList", APIVersion: "apps/v1"}}
		case r.URL.Path == "/apis/apps/v1/namespaces/shop/deployments/orders":
			v = orders
		case r.URL.Path == "/api/v1/namespaces/shop/pods":
			v = pods
		default:
			v = metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure, Code: http.StatusNotFound, Reason: metav1.StatusReasonNotFound, Message: "not found"}
			w.WriteHeader(http.StatusNotFound)
		}
		_ = json.NewEncoder(w).Encode(v)
	}))
	t.Cleanup(api.Close)
	config := func(token string) string {
		name := filepath.Join(t.TempDir(), "kubeconfig")
		text := fmt.Sprintf("apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: %q, insecure-skip-tls-verify: true}}]\nusers: [{name: u, user: {token: %s}}]\ncontexts: [{name: x, context: {cluster: c, user: u, namespace: shop}}]\ncurrent-context: x\n", api.URL, token)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	if _, err := Open(t.Context(), Config{Kubeconfig: config("wrong")}); err == nil || !strings.Contains(err.Error(), "who are you?") {
		t.Errorf("whoever asks is let in: %v", err)
	}
	c, err := Open(t.Context(), Config{Kubeconfig: config("secret"), Run: "r1"})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := c.Ready(t.Context(), "orders"); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if _, _, err := c.Upset(t.Context(), plumbline.Fault{Kind: plumbline.FaultScale, Dependency: "orders", Instances: 1}); err != nil {
		t.Error(err)
	}
	if _, _, err := c.Upset(t.Context(), plumbline.Fault{Kind: plumbline.FaultKill, Dependency: "orders"}); err != nil {
		t.Error(err)
	}
	if _, _, err := c.Upset(t.Context(), plumbline.Fault{Kind: plumbline.FaultKill, Dependency: "nobody"}); !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
	mu.Lock()
	defer mu.Unlock()
	for _, want := range []string{
		"GET /api/v1/namespaces/shop/pods?labelSelector=app%3Dorders",
		`PATCH /apis/apps/v1/namespaces/shop/deployments/orders?fieldManager=plumbline {"metadata":{"annotations":{"plumbline.dev/owner":"` + owner() + `","plumbline.dev/replicas":"1","plumbline.dev/run":"r1"}},"spec":{"replicas":1}}`,
		`DELETE /api/v1/namespaces/shop/pods/orders-1 {"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":1}`,
	} {
		if !slices.Contains(said, want) {
			t.Errorf("it was not said: %s\n%s", want, strings.Join(said, "\n"))
		}
	}
}
