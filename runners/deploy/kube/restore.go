package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Annotations that note what was before, for Restore.
const (
	replicasAnnotation = "plumbline.dev/replicas" // how many a Deployment had
	selectorAnnotation = "plumbline.dev/selector" // whom a Service selected, as JSON
	ownerAnnotation    = "plumbline.dev/owner"    // the process that answers for the change
	runAnnotation      = "plumbline.dev/run"
)

// Restore gives Deployments and Services back what runs have left changed, and says
// what it did: that of one run, or, with an empty run, that of every process of this
// machine that is gone. What belongs to a process that lives is left alone.
func (c *Cluster) Restore(ctx context.Context, run string) (restored []string, err error) {
	services, err := c.services.List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	deployments, err := c.deployments.List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	restored, errs := c.restoreServices(ctx, services.Items, run)
	for _, d := range deployments.Items {
		if former := d.Annotations[replicasAnnotation]; former != "" && left(d.Annotations, run) {
			n, err := strconv.Atoi(former)
			if err == nil {
				err = c.rescaled(d.Name, n)(ctx)
			}
			errs = append(errs, err)
			restored = append(restored, fmt.Sprintf("Deployment %s, to %s pods", d.Name, former))
		}
	}
	return restored, errors.Join(errs...)
}

// restoreServices takes out the wires that were left in.
func (c *Cluster) restoreServices(ctx context.Context, all []corev1.Service, run string) (restored []string, errs []error) {
	for _, s := range all {
		var err error
		of := c.as(s.Annotations[runAnnotation])
		former, behind := s.Annotations[selectorAnnotation], s.Labels[wireLabel]
		switch {
		case !left(s.Annotations, run):
			continue
		case former != "":
			var selector map[string]string
			if err = json.Unmarshal([]byte(former), &selector); err == nil {
				err = of.takeOut(ctx, s.Name, selector)
			}
		case behind != "" && !leads(all, behind): // a wire that was never put in
			err = of.discard(ctx, behind)
		default:
			continue
		}
		errs = append(errs, err)
		restored = append(restored, "Service "+s.Name)
	}
	return restored, errs
}

// leads tells whether a Service leads to its wire.
func leads(all []corev1.Service, name string) bool {
	return slices.ContainsFunc(all, func(s corev1.Service) bool { return s.Name == name && s.Annotations[selectorAnnotation] != "" })
}

// as is the cluster for another run.
func (c *Cluster) as(run string) *Cluster {
	return &Cluster{deployments: c.deployments, pods: c.pods, services: c.services, namespace: c.namespace, run: run, within: c.within, every: c.every, through: c.through, server: c.server}
}

// left tells whether what is annotated so has been left by the run or, with an
// empty run, by a process of this machine that is gone.
func left(annotations map[string]string, run string) bool {
	if annotations[ownerAnnotation] == "" || run != "" && annotations[runAnnotation] != run {
		return false
	}
	host, pid, _ := strings.Cut(annotations[ownerAnnotation], "/")
	here, err := os.Hostname()
	number, perr := strconv.Atoi(pid)
	if err != nil || perr != nil || host != here {
		return run != "" // the run was named: who names it knows that it is over
	}
	p, err := os.FindProcess(number)
	return err != nil || errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}
