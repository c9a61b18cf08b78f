package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/plumbline-dev/plumbline/runners/pact"
)

// secondEngine is the worker around pact-go that `make setup` builds.
const secondEngine = "plumbline-pact-go"

// pactEngine is the verifier that --pact-engine names. Both speak to the same
// library; they differ in who drives it.
func pactEngine(s *session) (*pact.Verifier, error) {
	v := &pact.Verifier{Library: s.library, Timeout: s.timeout}
	switch s.engine {
	case "ffi", "":
		return v, nil
	case "pact-go":
		path, err := beside(secondEngine)
		if err != nil {
			return nil, fmt.Errorf("--pact-engine pact-go: %w; `make setup` builds it where there is a C compiler", err)
		}
		v.Engine, v.Shard, v.Worker = "pact-go", 1, []string{path, "-test.run=^TestWorker$", "-test.timeout=0"}
		return v, nil
	}
	return nil, notOneOf("--pact-engine", s.engine, engines())
}

// beside finds a program next to this one, or on the PATH.
func beside(name string) (string, error) {
	if self, err := os.Executable(); err == nil {
		path := filepath.Join(filepath.Dir(self), name)
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return exec.LookPath(name)
}
