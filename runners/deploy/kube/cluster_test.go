package kube

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	ktesting "k8s.io/client-go/testing"
)

const ns = "shop"

// controllers stand in for those of a cluster: a Deployment gets the pods that it
// asks for, those of an older template are replaced, and every pod becomes ready.
type controllers struct {
	client *api
	made   int
}

// api is that of a cluster, and refuses what it is told to. Its reactor is there
// before the first call is: the chain of them is not guarded against changes
// while controllers call.
type api struct {
	*fake.Clientset
	answers sync.Map // by verb and resource: the error, nil where nothing is done
}

func newAPI(objects ...runtime.Object) *api {
	a := &api{Clientset: fake.NewClientset(objects...)}
	a.PrependReactor("*", "*", func(call ktesting.Action) (bool, runtime.Object, error) {
		v, ok := a.answers.Load(call.GetVerb() + " " + call.GetResource().Resource)
		err, _ := v.(error)
		return ok, nil, err
	})
	return a
}

// instead has every such call answered with err, or as done where it is nil,
// and nothing done.
func (a *api) instead(verb, resource string, err error) {
	a.answers.Store(verb+" "+resource, err)
}

// newCluster is a namespace with a Deployment of two pods and two Services.
func newCluster(t *testing.T, more ...runtime.Object) (*Cluster, *api) {
	t.Helper()
	two := int32(2)
	labels := map[string]string{"app": "orders"}
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "orders", Namespace: ns}, Spec: appsv1.DeploymentSpec{Replicas: &two, Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}}}}
	client := newAPI(append([]runtime.Object{d}, more...)...)
	k := &controllers{client: client}
	deployments, err := client.AppsV1().Deployments(ns).Watch(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	pods, err := client.CoreV1().Pods(ns).Watch(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	t.Cleanup(func() { stop(); <-done })
	go func() {
		defer close(done)
		for {
			k.reconcile(ctx)
			select {
			case <-deployments.ResultChan():
			case <-pods.ResultChan():
			case <-ctx.Done():
				return
			}
		}
	}()
	return &Cluster{deployments: client.AppsV1().Deployments(ns), pods: client.CoreV1().Pods(ns), services: client.CoreV1().Services(ns), namespace: ns, run: "r1", within: 5 * time.Second, every: time.Millisecond, through: http.DefaultClient}, client
}

func (k *controllers) reconcile(ctx context.Context) {
	d, err := k.client.AppsV1().Deployments(ns).Get(ctx, "orders", metav1.GetOptions{})
	if err != nil {
		return
	}
	all, err := k.client.CoreV1().Pods(ns).List(ctx, metav1.ListOptions{})
	if err != nil {
		return
	}
	template := d.Spec.Template.Annotations[restartedAnnotation]
	have := 0
	for _, p := range all.Items {
		switch {
		case p.Labels["app"] != "orders":
			k.start(ctx, p)
		case p.Annotations[restartedAnnotation] != template || have == replicas(d):
			_ = k.client.CoreV1().Pods(ns).Delete(ctx, p.Name, metav1.DeleteOptions{})
		default:
			have++
			k.start(ctx, p)
		}
	}
	for ; have < replicas(d); have++ {
		k.made++
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("orders-%03d", k.made), Namespace: ns, UID: types.UID(fmt.Sprint(k.made)), Labels: d.Spec.Template.Labels, Annotations: map[string]string{restartedAnnotation: template}}}
		_, _ = k.client.CoreV1().Pods(ns).Create(ctx, p, metav1.CreateOptions{})
	}
}

func (k *controllers) start(ctx context.Context, p corev1.Pod) {
	if ready(p) {
		return
	}
	p.Status = corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}}
	_, _ = k.client.CoreV1().Pods(ns).UpdateStatus(ctx, &p, metav1.UpdateOptions{})
}
