package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// npm installs a package into the cache, unless it is there, and gives its folder.
func (s *stage) npm(ctx context.Context, name, version string, more ...string) (string, error) {
	home := filepath.Join(s.cache, strings.NewReplacer("@", "", "/", "-").Replace(strings.Join(append([]string{name + "-" + version}, more...), "-")))
	pkg := filepath.Join(home, "node_modules", name)
	if _, err := os.Stat(filepath.Join(pkg, "package.json")); err == nil {
		return pkg, nil
	}
	if err := os.MkdirAll(home, 0o755); err != nil { //nolint:gosec // packages
		return "", err
	}
	c := exec.CommandContext(ctx, "npm", "install", "--no-audit", "--no-fund", "--no-save", "--prefix", home, name+"@"+version) //nolint:gosec // names of this file
	c.Args = append(c.Args, more...)
	c.Dir = home
	_, err := output(c)
	return pkg, err
}

// goInstall builds a command of a module into the cache, unless it is there.
func (s *stage) goInstall(ctx context.Context, module, command, version string) (string, error) {
	bin := filepath.Join(s.cache, "go-"+version)
	binary := filepath.Join(bin, filepath.Base(command))
	if _, err := os.Stat(binary); err == nil {
		return binary, nil
	}
	c := exec.CommandContext(ctx, "go", "install", module+"/"+command+"@"+version) //nolint:gosec // names of this file
	c.Dir = s.dir
	c.Env = append(os.Environ(), "GOBIN="+bin, "GOFLAGS=")
	_, err := output(c)
	return binary, err
}

// goModule downloads a module and gives its folder.
func (s *stage) goModule(ctx context.Context, module, version string) (string, error) {
	c := exec.CommandContext(ctx, "go", "mod", "download", "-json", module+"@"+version) //nolint:gosec // names of this file
	c.Dir = s.dir
	out, err := output(c)
	if err != nil {
		return "", err
	}
	var m struct{ Dir string }
	return m.Dir, json.Unmarshal([]byte(out), &m)
}
