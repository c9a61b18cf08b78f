package docker

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"

	"github.com/testcontainers/testcontainers-go"

	"github.com/plumbline-dev/plumbline/runners/wire"
)

// controlPort is where wires in containers are controlled.
const controlPort = 7070

// A WireSpec is a wire in the place of a service of the stack, or, without one,
// in front of something outside of it: under the wire's name, to its upstream.
type WireSpec struct {
	Wire    wire.Wire // Listen and, of a service, Upstream follow from the rest
	Service string    // that it stands in front of; empty for what is not of the stack
	Port    int       // of the service
	Binary  string    // plumbline-wire, static
	Token   string
}

// startWire starts a wire under all names of what is behind it.
func (s *Stack) startWire(ctx context.Context, w WireSpec) error {
	image, err := s.wireImage(w.Binary)
	if err != nil {
		return err
	}
	s.wires = image.Tag
	box := Service{Name: w.Wire.Name, Networks: map[string][]string{}, Ports: []string{fmt.Sprintf("%d/tcp", controlPort)}, Host: true}
	if w.Service != "" {
		v, ok := s.services[w.Service]
		if !ok {
			return fmt.Errorf("no service is called %q", w.Service)
		}
		box.Name = v.Name
		maps.Copy(box.Networks, v.Networks)
		at := net.JoinHostPort(behind(v.Name), fmt.Sprint(w.Port))
		if w.Wire.Upstream = at; w.Wire.Kind == "http" {
			w.Wire.Upstream = "http://" + at
		}
	} else {
		for name := range s.networks {
			box.Networks[name] = w.Wire.Names
		}
	}
	w.Wire.Listen = fmt.Sprintf("0.0.0.0:%d", w.Port)
	w.Wire.Names = append(w.Wire.Names, box.Name)
	for _, aliases := range box.Networks {
		w.Wire.Names = append(w.Wire.Names, aliases...)
	}
	config, err := json.Marshal(wire.Config{Control: fmt.Sprintf("0.0.0.0:%d", controlPort), Wires: []wire.Wire{w.Wire}})
	if err != nil {
		return err
	}
	box.Env = map[string]string{"PLUMBLINE_WIRE_CONFIG": string(config), "PLUMBLINE_WIRE_TOKEN": w.Token}
	return s.startAs(ctx, box, "wire-"+w.Wire.Name, image)
}

// startAs starts a container that has the names of a service and is another one.
func (s *Stack) startAs(ctx context.Context, v Service, as string, from testcontainers.FromDockerfile) error {
	aliases := map[string][]string{}
	var networks []string
	for name, more := range v.Networks {
		aliases[s.networks[name].Name] = append([]string{v.Name}, more...)
		networks = append(networks, s.networks[name].Name)
	}
	c, err := testcontainers.GenericContainer(ctx, testcontainers.GenericContainerRequest{
		ContainerRequest: testcontainers.ContainerRequest{
			FromDockerfile: from, Env: v.Env, ExposedPorts: v.Ports, Networks: networks, NetworkAliases: aliases,
			Labels: s.labels(as), Name: "plumbline-" + s.run + "-" + as, HostConfigModifier: v.confine,
		}, Started: true, Logger: silent{},
	})
	if c != nil {
		s.mu.Lock()
		s.boxes[as] = append(s.boxes[as], c)
		s.mu.Unlock()
	}
	return err
}

// Control is where a wire of the stack is controlled from this machine.
func (s *Stack) Control(ctx context.Context, name string) (string, error) {
	return s.Address(ctx, "wire-"+name, controlPort)
}

// wireImage says how the image of the wires is made: of nothing but the static
// binary, and called by what is in it, so that it is made once.
func (s *Stack) wireImage(binary string) (testcontainers.FromDockerfile, error) {
	none := testcontainers.FromDockerfile{}
	data, err := os.ReadFile(binary)
	if err != nil {
		return none, fmt.Errorf("the program of the wires: %w (`make build` makes it)", err)
	}
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return none, fmt.Errorf("%s is no program for Linux: %w", binary, err)
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return none, fmt.Errorf("%s is not static: build it with CGO_ENABLED=0", binary)
		}
	}
	var archive bytes.Buffer
	t := tar.NewWriter(&archive)
	const recipe = "FROM scratch\nCOPY plumbline-wire /plumbline-wire\nENTRYPOINT [\"/plumbline-wire\"]\n"
	err = errors.Join(put(t, "Dockerfile", []byte(recipe), 0o644), put(t, "plumbline-wire", data, 0o755), t.Close())
	sum := sha256.Sum256(data)
	return testcontainers.FromDockerfile{ContextArchive: bytes.NewReader(archive.Bytes()), Repo: wireImages, Tag: hex.EncodeToString(sum[:6]), KeepImage: true}, err
}

func put(t *tar.Writer, name string, data []byte, mode int64) error {
	if err := t.WriteHeader(&tar.Header{Name: name, Mode: mode, Size: int64(len(data))}); err != nil {
		return err
	}
	_, err := t.Write(data)
	return err
}
