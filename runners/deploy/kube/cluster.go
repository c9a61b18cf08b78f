// Package kube upsets and mends a deployment in a Kubernetes cluster through its
// API: it deletes pods, scales and restarts Deployments, and swaps Services so
// that a wire stands in the place of a dependency.
//
// What it changes it notes in annotations of the objects themselves, in the same
// patch, so that Restore finds its way back also after the process that did it was
// killed.
package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// A Config says where the deployment is.
type Config struct {
	Kubeconfig string // file; empty: $KUBECONFIG, ~/.kube/config, or the account of the pod that this runs in
	Context    string // of the kubeconfig; empty: its current one
	Namespace  string // empty: that of the context
	Run        string // that what is changed is noted under
}

// patience bounds one change of the cluster, from the request to its being seen.
const patience = 80 * time.Second

// A Cluster is the namespace of a cluster that holds the deployment. It is safe
// for concurrent use.
type Cluster struct {
	deployments objects[appsv1.Deployment, appsv1.DeploymentList]
	pods        objects[corev1.Pod, corev1.PodList]
	services    objects[corev1.Service, corev1.ServiceList]
	namespace   string
	run         string
	within      time.Duration
	every       time.Duration // between two looks
	through     *http.Client  // to the API server, as who may use it
	server      string        // its URL

	mu    sync.Mutex
	swaps []swap
}

// Open finds the cluster, and sees that it answers for the namespace.
func Open(ctx context.Context, c Config) (*Cluster, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = c.Kubeconfig
	from := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: c.Context})
	cfg, err := from.ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("find the cluster: %w", err)
	}
	if c.Namespace == "" {
		if c.Namespace, _, err = from.Namespace(); err != nil {
			return nil, fmt.Errorf("find the namespace: %w", err)
		}
	}
	return open(ctx, cfg, c)
}

func open(ctx context.Context, cfg *rest.Config, c Config) (*Cluster, error) {
	out := &Cluster{namespace: c.Namespace, run: c.Run, within: patience, every: 200 * time.Millisecond}
	at, _, err := rest.DefaultServerUrlFor(cfg)
	if err == nil {
		out.server = at.String()
		out.through, err = rest.HTTPClientFor(cfg)
	}
	if err == nil {
		err = out.connect(cfg)
	}
	if err != nil {
		return nil, fmt.Errorf("reach the cluster: %w", err)
	}
	if _, err := out.deployments.List(ctx, metav1.ListOptions{Limit: 1}); err != nil {
		return nil, fmt.Errorf("reach the cluster: namespace %s: %w", c.Namespace, err)
	}
	return out, nil
}

// Ready waits until a Deployment has all its pods ready, and returns their number.
func (c *Cluster) Ready(ctx context.Context, deployment string) (int, error) {
	d, err := c.deployment(ctx, deployment)
	if err != nil {
		return 0, err
	}
	n := replicas(d)
	return n, c.settled(ctx, deployment, n, nil)
}

// deployment finds a Deployment; that there is none wraps errors.ErrUnsupported.
func (c *Cluster) deployment(ctx context.Context, name string) (*appsv1.Deployment, error) {
	d, err := c.deployments.Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("no Deployment is called %q in namespace %s: %w", name, c.namespace, errors.ErrUnsupported)
	}
	return d, err
}

func replicas(d *appsv1.Deployment) int {
	if d.Spec.Replicas == nil {
		return 1
	}
	return int(*d.Spec.Replicas)
}

// podsOf are those of a Deployment that have not ended, also those that are ending.
func (c *Cluster) podsOf(ctx context.Context, d *appsv1.Deployment) ([]corev1.Pod, error) {
	s, err := metav1.LabelSelectorAsSelector(d.Spec.Selector)
	if err != nil {
		return nil, err
	}
	all, err := c.pods.List(ctx, metav1.ListOptions{LabelSelector: s.String()})
	if err != nil {
		return nil, err
	}
	var out []corev1.Pod
	for _, p := range all.Items {
		if p.Status.Phase != corev1.PodSucceeded && p.Status.Phase != corev1.PodFailed {
			out = append(out, p)
		}
	}
	return out, nil
}

// ready tells whether a pod takes requests.
func ready(p corev1.Pod) bool {
	if p.DeletionTimestamp != nil {
		return false
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// await looks again and again until something holds. What it was told last is in
// the error, when it never does.
func (c *Cluster) await(ctx context.Context, holds func(context.Context) (bool, string, error)) error {
	ctx, cancel := context.WithTimeout(ctx, c.within)
	defer cancel()
	tick := time.NewTicker(c.every)
	defer tick.Stop()
	for {
		ok, seen, err := holds(ctx)
		if ok || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("not so within %s: %s", c.within, seen)
		}
	}
}

// settled waits until a Deployment has n pods, all of them ready and none of them
// one of those before.
func (c *Cluster) settled(ctx context.Context, name string, n int, before map[string]bool) error {
	return c.await(ctx, func(ctx context.Context) (bool, string, error) {
		d, err := c.deployment(ctx, name)
		if err != nil {
			return false, "", err
		}
		if why := stuck(d); why != "" {
			return false, "", fmt.Errorf("the Deployment %s does not get on: %s", name, why)
		}
		all, err := c.podsOf(ctx, d)
		if err != nil {
			return false, "", err
		}
		good, old := 0, 0
		for _, p := range all {
			if before[string(p.UID)] {
				old++
			} else if ready(p) {
				good++
			}
		}
		seen := fmt.Sprintf("the Deployment %s has %d pods, of which %d are from before and %d others are ready; wanted are %d", name, len(all), old, good, n)
		return d.Status.ObservedGeneration >= d.Generation && len(all) == n && good == n, seen, nil
	})
}

// stuck says why a rollout has been given up by the cluster.
func stuck(d *appsv1.Deployment) string {
	for _, c := range d.Status.Conditions {
		if c.Type == appsv1.DeploymentProgressing && c.Status == corev1.ConditionFalse && d.Status.ObservedGeneration >= d.Generation {
			return c.Message
		}
	}
	return ""
}

// owner is who answers for what is changed: the process, on its machine.
func owner() string {
	host, _ := os.Hostname()
	return host + "/" + strconv.Itoa(os.Getpid())
}
