package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/wire"
)

// controlPort is where wires in pods are controlled, through the API server.
const controlPort = 7070

// wireLabel is what the Service of a swapped dependency selects.
const wireLabel = "plumbline.dev/wire"

// A WireSpec is a wire in the place of a Service.
type WireSpec struct {
	Wire    wire.Wire // Listen and Upstream follow from the rest
	Service string
	Image   string // that holds /usr/local/bin/plumbline-wire
	Token   string
}

// A swap is a Service that leads to a wire.
type swap struct {
	service  string
	selector map[string]string // that it had
	pod      string
}

// Put starts a wire and lets a Service lead to it; a second Service leads to what
// the first one led to. Who is connected already stays connected to what is behind.
// Down, or Restore, undoes it, also where Put has failed.
func (c *Cluster) Put(ctx context.Context, w WireSpec) (*wire.Client, error) {
	s, err := c.services.Get(ctx, w.Service, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("wire %s: %w", w.Wire.Name, err)
	}
	if why := unswappable(s); why != "" {
		return nil, fmt.Errorf("wire %s: the Service %s %s: put the wire in by hand (docs/WIRES.md)", w.Wire.Name, s.Name, why)
	}
	held := swap{service: s.Name, selector: s.Spec.Selector, pod: wireOf(s.Name)}
	c.mu.Lock()
	c.swaps = append(c.swaps, held)
	c.mu.Unlock()
	at, err := c.behind(ctx, s)
	if err == nil {
		err = c.startWire(ctx, w, s, held, at)
	}
	if err == nil {
		err = c.turn(ctx, s, held)
	}
	if err != nil {
		return nil, fmt.Errorf("wire %s: %w", w.Wire.Name, err)
	}
	return &wire.Client{Addr: fmt.Sprintf("%s:%d", held.pod, controlPort), Token: w.Token, HTTP: c.proxied(held.pod)}, nil
}

// unswappable says why a wire cannot take the place of a Service without harm.
func unswappable(s *corev1.Service) string {
	switch {
	case s.Spec.Type == corev1.ServiceTypeExternalName:
		return "is a name of something outside"
	case s.Spec.ClusterIP == corev1.ClusterIPNone:
		return "is headless: its callers reach pods by their own addresses"
	case len(s.Spec.Selector) == 0:
		return "selects no pods"
	case s.Annotations[selectorAnnotation] != "":
		return "leads to the wire of another run, which `plumbline clean` takes out"
	case len(s.Spec.Ports) != 1:
		return fmt.Sprintf("has %d ports, and a wire carries one", len(s.Spec.Ports))
	case s.Spec.Ports[0].Protocol != "" && s.Spec.Ports[0].Protocol != corev1.ProtocolTCP:
		return "is not of TCP"
	}
	return ""
}

// behind makes the Service that leads to what the wire stands in front of, and
// says where it is.
func (c *Cluster) behind(ctx context.Context, s *corev1.Service) (host string, err error) {
	name := behindOf(s.Name)
	port := s.Spec.Ports[0]
	port.NodePort = 0
	_, err = c.services.Create(ctx, &corev1.Service{
		ObjectMeta: c.meta(name, s.Name),
		Spec:       corev1.ServiceSpec{Selector: s.Spec.Selector, Ports: []corev1.ServicePort{port}},
	}, metav1.CreateOptions{FieldManager: "plumbline"})
	return fmt.Sprintf("%s.%s.svc:%d", name, c.namespace, port.Port), err
}

func behindOf(service string) string { return service + "-behind-wire" }
func wireOf(service string) string   { return "plumbline-wire-" + service }

// meta names what is made for a swap. Its labels say of which Service it is.
func (c *Cluster) meta(name, service string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name: name, Namespace: c.namespace, Labels: map[string]string{wireLabel: service, "app.kubernetes.io/managed-by": "plumbline"},
		Annotations: map[string]string{ownerAnnotation: owner(), runAnnotation: c.run},
	}
}

// startWire starts the pod of a wire and waits until it takes connections. It has
// the port that the Service's pods have, by number or by name, so that nothing of
// the Service is edited but whom it selects.
func (c *Cluster) startWire(ctx context.Context, w WireSpec, s *corev1.Service, held swap, upstream string) error {
	to := s.Spec.Ports[0].TargetPort
	port := corev1.ContainerPort{ContainerPort: s.Spec.Ports[0].Port}
	if to.Type == intstr.String {
		port.Name = to.StrVal
	} else if to.IntVal != 0 {
		port.ContainerPort = to.IntVal
	}
	w.Wire.Listen = fmt.Sprintf("0.0.0.0:%d", port.ContainerPort)
	w.Wire.Upstream = upstream
	if w.Wire.Kind == plumbline.WireHTTP {
		w.Wire.Upstream = "http://" + upstream
	}
	name := s.Name
	w.Wire.Names = append(w.Wire.Names, name, name+"."+c.namespace, name+"."+c.namespace+".svc", name+"."+c.namespace+".svc.cluster.local")
	config, err := json.Marshal(wire.Config{Control: fmt.Sprintf("0.0.0.0:%d", controlPort), Wires: []wire.Wire{w.Wire}})
	if err != nil {
		return err
	}
	if _, err := c.pods.Create(ctx, c.wirePod(w, held, port, string(config)), metav1.CreateOptions{FieldManager: "plumbline"}); err != nil {
		return err
	}
	return c.await(ctx, func(ctx context.Context) (bool, string, error) {
		p, err := c.pods.Get(ctx, held.pod, metav1.GetOptions{})
		if err != nil {
			return false, "", err
		}
		if p.Status.Phase == corev1.PodFailed || p.Status.Phase == corev1.PodSucceeded {
			return false, "", fmt.Errorf("the pod %s has ended: %s", p.Name, p.Status.Message)
		}
		return ready(*p), "the pod " + p.Name + " is not ready" + waiting(p), nil
	})
}

// waiting says what keeps a pod, such as an image that cannot be had.
func waiting(p *corev1.Pod) string {
	for _, s := range p.Status.ContainerStatuses {
		if w := s.State.Waiting; w != nil {
			return ": " + w.Reason + " " + w.Message
		}
	}
	return ""
}

// wirePod is the pod of a wire: no account, no rights, nothing to write to. Its
// token can be read by who may read pods, and is good for this wire alone. A wire
// that fails is started again, and passes everything through then.
func (c *Cluster) wirePod(w WireSpec, held swap, port corev1.ContainerPort, config string) *corev1.Pod {
	no, yes, nobody := false, true, int64(65532)
	probe := &corev1.Probe{ProbeHandler: corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(port.ContainerPort)}}, PeriodSeconds: 1}
	return &corev1.Pod{ObjectMeta: c.meta(held.pod, held.service), Spec: corev1.PodSpec{
		AutomountServiceAccountToken: &no, EnableServiceLinks: &no,
		Containers: []corev1.Container{{
			Name: "wire", Image: w.Image, Command: []string{"/usr/local/bin/plumbline-wire"}, Ports: []corev1.ContainerPort{port, {ContainerPort: controlPort}}, ReadinessProbe: probe,
			Env: []corev1.EnvVar{{Name: "PLUMBLINE_WIRE_CONFIG", Value: config}, {Name: "PLUMBLINE_WIRE_TOKEN", Value: w.Token}},
			SecurityContext: &corev1.SecurityContext{
				AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes, RunAsNonRoot: &yes, RunAsUser: &nobody,
				Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			},
		}},
	}}
}

// turn lets the Service lead to the wire, and notes in it whom it led to.
func (c *Cluster) turn(ctx context.Context, s *corev1.Service, held swap) error {
	former, err := json.Marshal(held.selector)
	if err != nil {
		return err
	}
	return c.lead(ctx, s.Name, held.selector, map[string]string{wireLabel: s.Name}, map[string]any{selectorAnnotation: string(former), ownerAnnotation: owner(), runAnnotation: c.run})
}

// lead changes whom a Service selects. What is taken away has to be said in a merge
// patch.
func (c *Cluster) lead(ctx context.Context, service string, from, to map[string]string, note map[string]any) error {
	selector := map[string]any{}
	for k := range from {
		selector[k] = nil
	}
	for k, v := range to {
		selector[k] = v
	}
	data, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": note}, "spec": map[string]any{"selector": selector}})
	if err != nil {
		return err
	}
	_, err = c.services.Patch(ctx, service, types.MergePatchType, data, metav1.PatchOptions{FieldManager: "plumbline"})
	return err
}

// Down takes every wire out that was put in, also after the context is done.
func (c *Cluster) Down(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.within)
	defer cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	var left []swap
	for _, held := range c.swaps {
		if err := c.takeOut(ctx, held.service, held.selector); err != nil {
			errs, left = append(errs, fmt.Errorf("take the wire out of the Service %s: %w", held.service, err)), append(left, held)
		}
	}
	c.swaps = left
	return errors.Join(errs...)
}

// takeOut lets a Service lead to where it led, and removes what was made for the
// wire. What is not there any more is passed over.
func (c *Cluster) takeOut(ctx context.Context, service string, selector map[string]string) error {
	s, err := c.services.Get(ctx, service, metav1.GetOptions{})
	if err == nil && s.Annotations[selectorAnnotation] != "" && s.Annotations[runAnnotation] == c.run {
		err = c.lead(ctx, service, s.Spec.Selector, selector, map[string]any{selectorAnnotation: nil, ownerAnnotation: nil, runAnnotation: nil})
	}
	if there(err) != nil {
		return err // what it leads to has to stay
	}
	return c.discard(ctx, service)
}

// discard removes what this run has made for the wire of a Service.
func (c *Cluster) discard(ctx context.Context, service string) error {
	name, behind := wireOf(service), behindOf(service)
	var errs []error
	if p, err := c.pods.Get(ctx, name, metav1.GetOptions{}); err == nil && p.Annotations[runAnnotation] == c.run {
		errs = append(errs, there(c.pods.Delete(ctx, name, metav1.DeleteOptions{})))
	} else {
		errs = append(errs, there(err))
	}
	if s, err := c.services.Get(ctx, behind, metav1.GetOptions{}); err == nil && s.Annotations[runAnnotation] == c.run {
		errs = append(errs, there(c.services.Delete(ctx, behind, metav1.DeleteOptions{})))
	} else {
		errs = append(errs, there(err))
	}
	return errors.Join(errs...)
}

// there passes over that what was to be removed is not there.
func there(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// ServiceOf is the name of the Service that an upstream of a dependency leads to.
func ServiceOf(upstream string) string {
	if u, err := url.Parse(upstream); err == nil && u.Host != "" {
		upstream = u.Host
	}
	host, _, _ := strings.Cut(upstream, ":")
	name, _, _ := strings.Cut(host, ".")
	return name
}
