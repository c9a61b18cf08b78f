package kube

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/gentype"
	"k8s.io/client-go/rest"
)

// objects are those of one kind in the namespace: what is used here of a client of
// client-go. Its own clientset links every API group that there is, some 20 MB of
// them; two are needed.
type objects[T, L any] interface { //nolint:interfacebloat // of one client
	Get(ctx context.Context, name string, o metav1.GetOptions) (*T, error)
	List(ctx context.Context, o metav1.ListOptions) (*L, error)
	Create(ctx context.Context, v *T, o metav1.CreateOptions) (*T, error)
	Patch(ctx context.Context, name string, kind types.PatchType, data []byte, o metav1.PatchOptions, parts ...string) (*T, error)
	Delete(ctx context.Context, name string, o metav1.DeleteOptions) error
}

// connect makes the clients of what is used.
func (c *Cluster) connect(cfg *rest.Config) error {
	known := runtime.NewScheme()
	if err := appsv1.AddToScheme(known); err != nil {
		return err
	}
	if err := corev1.AddToScheme(known); err != nil {
		return err
	}
	of := func(path string, group schema.GroupVersion) (rest.Interface, error) {
		own := rest.CopyConfig(cfg)
		own.GroupVersion, own.APIPath = &group, path
		own.NegotiatedSerializer = serializer.NewCodecFactory(known).WithoutConversion()
		return rest.RESTClientForConfigAndClient(own, c.through)
	}
	apps, err := of("/apis", appsv1.SchemeGroupVersion)
	if err != nil {
		return err
	}
	core, err := of("/api", corev1.SchemeGroupVersion)
	if err != nil {
		return err
	}
	codec := runtime.NewParameterCodec(known)
	c.deployments = gentype.NewClientWithList[*appsv1.Deployment, *appsv1.DeploymentList]("deployments", apps, codec, c.namespace, func() *appsv1.Deployment { return &appsv1.Deployment{} }, func() *appsv1.DeploymentList { return &appsv1.DeploymentList{} })
	c.pods = gentype.NewClientWithList[*corev1.Pod, *corev1.PodList]("pods", core, codec, c.namespace, func() *corev1.Pod { return &corev1.Pod{} }, func() *corev1.PodList { return &corev1.PodList{} })
	c.services = gentype.NewClientWithList[*corev1.Service, *corev1.ServiceList]("services", core, codec, c.namespace, func() *corev1.Service { return &corev1.Service{} }, func() *corev1.ServiceList { return &corev1.ServiceList{} })
	return nil
}
