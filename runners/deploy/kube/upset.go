package kube

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/plumbline-dev/plumbline"
)

// restartedAnnotation is what `kubectl rollout restart` sets, too.
const restartedAnnotation = "kubectl.kubernetes.io/restartedAt"

// Faults are what can be done to a Deployment.
func Faults() []plumbline.FaultKind {
	return []plumbline.FaultKind{plumbline.FaultKill, plumbline.FaultRestart, plumbline.FaultScale, plumbline.FaultStop}
}

// Upset does to a Deployment what the fault says, and waits until that was seen of
// its pods, which seen counts. What mends it waits until as many pods as before are
// ready.
func (c *Cluster) Upset(ctx context.Context, f plumbline.Fault) (seen int, mend func(context.Context) error, err error) {
	if !slices.Contains(Faults(), f.Kind) {
		return 0, nil, fmt.Errorf("%s of a Deployment: %w", f.Kind, errors.ErrUnsupported)
	}
	d, err := c.deployment(ctx, f.Dependency)
	if err != nil {
		return 0, nil, err
	}
	before, err := c.podsOf(ctx, d)
	if err != nil {
		return 0, nil, err
	}
	was := replicas(d)
	mend = func(ctx context.Context) error { return c.settled(ctx, d.Name, was, nil) }
	switch {
	case f.Kind == plumbline.FaultRestart:
		seen, err = c.restart(ctx, d, before)
	case f.Kind == plumbline.FaultScale:
		mend = c.rescaled(d.Name, was)
		seen, err = f.Instances, c.scale(ctx, d, f.Instances)
	case f.Kind == plumbline.FaultStop && f.Instances == 0:
		mend = c.rescaled(d.Name, was)
		seen, err = len(before), c.scale(ctx, d, 0)
	default:
		seen, err = c.remove(ctx, f, before)
	}
	return seen, mend, err
}

// restart has the pods replaced as the Deployment's strategy says.
func (c *Cluster) restart(ctx context.Context, d *appsv1.Deployment, before []corev1.Pod) (seen int, err error) {
	patch := map[string]any{"spec": map[string]any{"template": map[string]any{"metadata": map[string]any{"annotations": map[string]any{restartedAnnotation: time.Now().Format(time.RFC3339Nano)}}}}}
	if err := c.patch(ctx, d.Name, patch); err != nil {
		return 0, err
	}
	old := map[string]bool{}
	for _, p := range before {
		old[string(p.UID)] = true
	}
	return replicas(d), c.settled(ctx, d.Name, replicas(d), old)
}

// scale gives a Deployment n pods, and notes how many it had.
func (c *Cluster) scale(ctx context.Context, d *appsv1.Deployment, n int) error {
	note := map[string]any{replicasAnnotation: strconv.Itoa(replicas(d)), ownerAnnotation: owner(), runAnnotation: c.run}
	if d.Annotations[replicasAnnotation] != "" {
		note = map[string]any{} // what it had before all of it is noted already
	}
	if err := c.patch(ctx, d.Name, map[string]any{"metadata": map[string]any{"annotations": note}, "spec": map[string]any{"replicas": n}}); err != nil {
		return err
	}
	return c.settled(ctx, d.Name, n, nil)
}

// rescaled gives a Deployment the pods back that it had.
func (c *Cluster) rescaled(name string, n int) func(context.Context) error {
	return func(ctx context.Context) error {
		none := map[string]any{replicasAnnotation: nil, ownerAnnotation: nil, runAnnotation: nil}
		if err := c.patch(ctx, name, map[string]any{"metadata": map[string]any{"annotations": none}, "spec": map[string]any{"replicas": n}}); err != nil {
			return err
		}
		return c.settled(ctx, name, n, nil)
	}
}

func (c *Cluster) patch(ctx context.Context, deployment string, what map[string]any) error {
	data, err := json.Marshal(what)
	if err != nil {
		return err
	}
	_, err = c.deployments.Patch(ctx, deployment, types.MergePatchType, data, metav1.PatchOptions{FieldManager: "plumbline"})
	return err
}

// remove deletes pods and waits until they are gone: the kubelet says so once their
// processes have ended. A kill has the least grace that waits for that, a second;
// what is asked to stop has its own.
func (c *Cluster) remove(ctx context.Context, f plumbline.Fault, before []corev1.Pod) (seen int, err error) {
	slices.SortFunc(before, func(a, b corev1.Pod) int { return cmp.Compare(a.Name, b.Name) })
	if f.Instances > len(before) {
		return 0, fmt.Errorf("%s has %d pods, and not %d: %w", f.Dependency, len(before), f.Instances, errors.ErrUnsupported)
	}
	if f.Instances > 0 {
		before = before[:f.Instances]
	}
	var o metav1.DeleteOptions
	if f.Kind == plumbline.FaultKill {
		second := int64(1)
		o.GracePeriodSeconds = &second
	}
	for _, p := range before {
		if err := c.pods.Delete(ctx, p.Name, o); err != nil && !apierrors.IsNotFound(err) {
			return 0, err
		}
	}
	for _, p := range before {
		if err := c.gone(ctx, p); err != nil {
			return seen, err
		}
		seen++
	}
	return seen, nil
}

// gone waits until a pod is no more.
func (c *Cluster) gone(ctx context.Context, p corev1.Pod) error {
	return c.await(ctx, func(ctx context.Context) (bool, string, error) {
		now, err := c.pods.Get(ctx, p.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) || err == nil && now.UID != p.UID {
			return true, "", nil
		}
		return false, "the pod " + p.Name + " is still there", err
	})
}
