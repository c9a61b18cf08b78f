// Package docker runs a deployment in containers, with wires in the places of
// its dependencies: a wire is a container that has the network names of the
// service behind it, so that nothing of the deployment is edited.
package docker

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// A Service is one container, or several alike, of a deployment.
type Service struct {
	Name       string
	Image      string // of a registry or of this machine; empty with Build
	Build      *Build
	Entrypoint []string
	Command    []string
	Env        map[string]string
	Networks   map[string][]string // by name, with the names that the service has there beside its own
	Ports      []string            // that it listens on, such as "8080/tcp"
	After      map[string]Wait     // services that start before it
	Binds      []string            // "source:target[:ro]"
	Tmpfs      map[string]string
	User       string
	Dir        string // working directory
	Replicas   int
	Memory     int64   // bytes; zero is no bound
	CPUs       float64 // zero is no bound
	Health     *Health
	Grace      time.Duration // between the signal to stop and the kill
	Signal     string        // that stops it
	Host       bool          // this machine is reached as host.docker.internal
	fixed      bool          // its ports stay the same when it is started again
}

// Alone completes a deployment of a single container that listens on a port; its
// image is built where a Dockerfile is named.
func Alone(s Service, dockerfile string, port int) Service {
	s.Ports, s.Replicas, s.Grace = []string{fmt.Sprintf("%d/tcp", port)}, 1, 10*time.Second
	if dockerfile != "" {
		s.Build = &Build{Context: filepath.Dir(dockerfile), Dockerfile: filepath.Base(dockerfile)}
	}
	return s
}

// A Build says how an image is made.
type Build struct {
	Context    string
	Dockerfile string
	Args       map[string]*string
}

// A Health is how Docker finds out whether a container is well.
type Health struct {
	Test                     []string
	Interval, Timeout, Begin time.Duration
	Retries                  int
}

// A Wait says for what of a service another one waits.
type Wait string

// The waits, in the words of compose files.
const (
	Started   Wait = "service_started"
	Healthy   Wait = "service_healthy"
	Completed Wait = "service_completed_successfully"
)

// Compose reads compose files as they are: interpolation, env_file, extends,
// profiles and includes are those of the reference loader. What cannot be
// carried out here is an error, not left out in silence.
func Compose(ctx context.Context, files []string) ([]Service, error) {
	o, err := cli.NewProjectOptions(files, cli.WithOsEnv, cli.WithDotEnv, cli.WithResolvedPaths(true), cli.WithName("plumbline"))
	if err != nil {
		return nil, fmt.Errorf("compose file: %w", err)
	}
	p, err := o.LoadProject(ctx)
	if err != nil {
		return nil, fmt.Errorf("compose file: %w", err)
	}
	var out []Service
	for _, name := range slices.Sorted(maps.Keys(p.Services)) {
		s := p.Services[name]
		if err := carriable(s); err != nil {
			return nil, fmt.Errorf("compose file: service %s: %w", name, err)
		}
		out = append(out, service(name, s))
	}
	return out, nil
}

// carriable refuses what is not carried out.
func carriable(s types.ServiceConfig) error {
	for what, given := range map[string]bool{
		"network_mode": s.NetworkMode != "", "privileged": s.Privileged, "pid": s.Pid != "", "ipc": s.Ipc != "",
		"configs": len(s.Configs) > 0, "secrets": len(s.Secrets) > 0, "devices": len(s.Devices) > 0, "gpus": len(s.Gpus) > 0,
		"volumes_from": len(s.VolumesFrom) > 0, "external_links": len(s.ExternalLinks) > 0, "provider": s.Provider != nil,
		"cap_add": len(s.CapAdd) > 0, "cap_drop": len(s.CapDrop) > 0, "security_opt": len(s.SecurityOpt) > 0, "sysctls": len(s.Sysctls) > 0,
		"extra_hosts": len(s.ExtraHosts) > 0, "dns": len(s.DNS) > 0, "read_only": s.ReadOnly, "init": s.Init != nil && *s.Init,
		"build.dockerfile_inline": s.Build != nil && s.Build.DockerfileInline != "", "build.target": s.Build != nil && s.Build.Target != "",
	} {
		if given {
			return fmt.Errorf("%s is not carried out here; start the deployment yourself and name it by target.url", what)
		}
	}
	for _, v := range s.Volumes {
		if v.Type != types.VolumeTypeBind && v.Type != types.VolumeTypeVolume && v.Type != types.VolumeTypeTmpfs {
			return fmt.Errorf("volumes of type %s are not carried out here", v.Type)
		}
	}
	return nil
}

func service(name string, s types.ServiceConfig) Service {
	out := Service{
		Name: name, Image: s.Image, Entrypoint: s.Entrypoint, Command: s.Command, Env: map[string]string{}, Networks: map[string][]string{},
		After: map[string]Wait{}, Tmpfs: map[string]string{}, User: s.User, Dir: s.WorkingDir, Replicas: s.GetScale(),
		Memory: int64(s.MemLimit), CPUs: float64(s.CPUS), Signal: s.StopSignal, Grace: 10 * time.Second,
	}
	if s.StopGracePeriod != nil {
		out.Grace = time.Duration(*s.StopGracePeriod)
	}
	if s.Build != nil {
		out.Build = &Build{Context: s.Build.Context, Dockerfile: s.Build.Dockerfile, Args: s.Build.Args}
	}
	for k, v := range s.Environment {
		if v != nil {
			out.Env[k] = *v
		}
	}
	for network, c := range s.Networks {
		out.Networks[network] = nil
		if c != nil {
			out.Networks[network] = slices.Clone(c.Aliases)
		}
		if s.ContainerName != "" {
			out.Networks[network] = append(out.Networks[network], s.ContainerName)
		}
	}
	for d, c := range s.DependsOn {
		out.After[d] = Wait(c.Condition)
	}
	out.placed(s)
	return out
}

// placed takes over ports, volumes and the health check.
func (out *Service) placed(s types.ServiceConfig) {
	for _, p := range s.Ports {
		out.Ports = append(out.Ports, fmt.Sprintf("%d/%s", p.Target, p.Protocol))
	}
	out.Ports = append(out.Ports, s.Expose...)
	for _, v := range s.Volumes {
		mode := ""
		if v.ReadOnly {
			mode = ":ro"
		}
		switch {
		case v.Type == types.VolumeTypeTmpfs || v.Source == "":
			out.Tmpfs[v.Target] = ""
		case v.Type == types.VolumeTypeVolume:
			out.Tmpfs[v.Target] = "" // a named volume begins empty in every run
		default:
			out.Binds = append(out.Binds, v.Source+":"+v.Target+mode)
		}
	}
	for _, t := range s.Tmpfs {
		out.Tmpfs[t] = ""
	}
	out.watched(s.HealthCheck)
}

// watched takes over the health check.
func (out *Service) watched(h *types.HealthCheckConfig) {
	if h != nil && !h.Disable {
		out.Health = &Health{Test: h.Test, Retries: 3}
		for from, to := range map[*types.Duration]*time.Duration{h.Interval: &out.Health.Interval, h.Timeout: &out.Health.Timeout, h.StartPeriod: &out.Health.Begin} {
			if from != nil {
				*to = time.Duration(*from)
			}
		}
		if h.Retries != nil {
			out.Health.Retries = int(*h.Retries)
		}
	}
}
