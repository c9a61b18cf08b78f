package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// octokit is the version of the package that holds GitHub's REST document.
const octokit = "23.0.2"

// github is the file of the document, fetched once.
func github(ctx context.Context, c config) (string, error) {
	if c.document != "" {
		return c.document, nil
	}
	home, err := filepath.Abs(filepath.Join(c.cache, "octokit-openapi-"+octokit))
	if err != nil {
		return "", err
	}
	file := filepath.Join(home, "node_modules", "@octokit", "openapi", "generated", "api.github.com.json")
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	if err := os.MkdirAll(home, 0o755); err != nil { //nolint:gosec // a package
		return "", err
	}
	cmd := exec.CommandContext(ctx, "npm", "install", "--no-audit", "--no-fund", "--no-save", "--prefix", home, "@octokit/openapi@"+octokit) //nolint:gosec // a pinned name
	cmd.Dir = home
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm: %w: %s", err, out[max(0, len(out)-400):])
	}
	_, err = os.Stat(file)
	return file, err
}

// large loads GitHub's document, plans and generates, each time anew.
func large(ctx context.Context, c config) ([]row, error) {
	file, err := github(ctx, c)
	if err != nil {
		return nil, err
	}
	var took, used, held []float64
	for range c.runs {
		dir, err := os.MkdirTemp("", "plumbline-speed-")
		if err != nil {
			return nil, err
		}
		cmd := exec.CommandContext(ctx, c.plumbline, "generate", "--spec", file, "--out", dir) //nolint:gosec // what is measured
		began := time.Now()
		out, err := cmd.CombinedOutput()
		wall := time.Since(began)
		_ = os.RemoveAll(dir)
		if err != nil {
			return nil, fmt.Errorf("generate: %w: %s", err, out[max(0, len(out)-400):])
		}
		took = append(took, wall.Seconds())
		used = append(used, (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds())
		if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			held = append(held, float64(u.Maxrss)/1024) // kB on Linux
		}
	}
	seconds, peak := median(took), median(held)
	return []row{
		{"GitHub's REST document: load, plan and generate", fmt.Sprintf("%.1f s (%.1f s of processors)", seconds, median(used)), "≤ 10 s", seconds <= 10},
		{"its peak of resident memory", fmt.Sprintf("%.0f MB", peak), "≤ 600 MB", len(held) > 0 && peak <= 600},
	}, nil
}
