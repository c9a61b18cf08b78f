// Package pact verifies Pact files against a running target by libpact_ffi,
// the reference core of Pact, in worker processes: the library prints to
// standard output, knows no deadline and may crash, and none of that may reach
// the run.
package pact

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Version is that of libpact_ffi, which pact-go v2.8.0 pins.
const Version = "0.5.8"

// npmVersion is the release of @pact-foundation/pact-core that ships it.
const npmVersion = "20.2.0"

// largest bounds the library, in bytes.
const largest = 64 << 20

// releaseTime bounds the attempt to reach the release download, so that the
// next source is tried soon.
const releaseTime = 20 * time.Second

// ErrNoLibrary says that the library is not there, or not the right one.
var ErrNoLibrary = errors.New("libpact_ffi " + Version + " is not installed; `plumbline setup` fetches it")

// A pin is one platform's library.
type pin struct{ asset, npm, member, name, sum string }

func pins() map[string]pin {
	const so, dylib = "libpact_ffi.so", "libpact_ffi.dylib"
	return map[string]pin{
		"linux/amd64":      {"libpact_ffi-linux-x86_64.so.gz", "linux-x64-glibc", "package/prebuilds/linux-x64/libpact_ffi.so", so, "f7ffaa50e2a1cba232e65ab8d089a06e9a95f7780582201c723553d52145a5e9"},
		"linux/arm64":      {"libpact_ffi-linux-aarch64.so.gz", "linux-arm64-glibc", "package/prebuilds/linux-arm64/libpact_ffi.so", so, "817af07c34b361aeccd7fb4903a702396e4582b3aac98f7cff718eca2457b7e2"},
		"linux/amd64/musl": {"libpact_ffi-linux-x86_64-musl.so.gz", "linux-x64-musl", "package/prebuilds/linux-x64/libpact_ffi_musl.so", so, "3219587cef2204264e3eb5c6912325c0f3740e944043ca01a584351cdd312923"},
		"linux/arm64/musl": {"libpact_ffi-linux-aarch64-musl.so.gz", "linux-arm64-musl", "package/prebuilds/linux-arm64/libpact_ffi_musl.so", so, "89771b46b0e22e4a2e0f320e779ff80f55d9d65e1b5138ef8f71f6bcb7750b9e"},
		"darwin/arm64":     {"libpact_ffi-macos-aarch64.dylib.gz", "darwin-arm64", "package/prebuilds/darwin-arm64/libpact_ffi.dylib", dylib, "b4c7de006fb4b8e1afa157054df50c1d3c4ce5b9720dfd496f9acc83a3f89de7"},
		"darwin/amd64":     {"libpact_ffi-macos-x86_64.dylib.gz", "darwin-x64", "package/prebuilds/darwin-x64/libpact_ffi.dylib", dylib, "02ed60fffce212abd11c98f78d7c746628ffa71ba5399401e3ef538ee879da17"},
		"windows/amd64":    {"pact_ffi-windows-x86_64.dll.gz", "windows-x64", "package/prebuilds/win32-x64/pact_ffi.dll", "pact_ffi.dll", "baa04ec4759ba22e51de5b4088978befd183fe19bd45cd6c1ae221b00e3b5181"},
	}
}

// Platform names this machine as the pins do.
func Platform() string {
	p := runtime.GOOS + "/" + runtime.GOARCH
	if musl, _ := filepath.Glob("/lib/ld-musl-*"); runtime.GOOS == "linux" && len(musl) > 0 {
		p += "/musl"
	}
	return p
}

// A Setup puts the library into a cache. The zero value is for this machine
// and this user.
type Setup struct {
	Dir      string       // of the cache; empty: that of the user
	From     string       // install this file instead of fetching one
	Platform string       // empty: this machine
	Log      func(string) // told in a line what is tried; nil: nobody
	HTTP     *http.Client // for the release download; nil: one with a short deadline
}

func (s Setup) place() (string, pin, error) {
	if s.Platform == "" {
		s.Platform = Platform()
	}
	p, ok := pins()[s.Platform]
	if !ok {
		return "", p, fmt.Errorf("there is no libpact_ffi for %s", s.Platform)
	}
	dir := s.Dir
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", p, err
		}
		dir = filepath.Join(cache, "plumbline", "ffi")
	}
	return filepath.Join(dir, Version, strings.ReplaceAll(s.Platform, "/", "-"), p.name), p, nil
}

// Install makes sure that the right library is in the cache, and returns its
// path. It is taken from the given file, the release download or the npm
// package, in this order, and is there whole and checked or not at all.
func (s Setup) Install(ctx context.Context) (string, error) {
	dst, p, err := s.place()
	if err != nil {
		return "", err
	}
	if sum, err := hashFile(dst); err == nil && sum == p.sum {
		return dst, nil
	}
	if s.From != "" {
		return dst, s.fromFile(dst, p)
	}
	var errs []error
	for _, source := range []struct {
		name  string
		fetch func(context.Context, pin, string) error
	}{{"release download", s.fromRelease}, {"npm package", fromNPM}} {
		err := source.fetch(ctx, p, dst)
		if err == nil {
			s.say("libpact_ffi " + Version + " from the " + source.name + ", SHA-256 as pinned")
			return dst, nil
		}
		s.say(source.name + ": " + err.Error())
		errs = append(errs, fmt.Errorf("%s: %w", source.name, err))
	}
	return "", fmt.Errorf("libpact_ffi could not be had: %w", errors.Join(errs...))
}

func (s Setup) say(line string) {
	if s.Log != nil {
		s.Log(line)
	}
}

func (s Setup) fromFile(dst string, p pin) error {
	f, err := os.Open(s.From)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return store(f, dst, p.sum)
}

func (s Setup) fromRelease(ctx context.Context, p pin, dst string) error {
	ctx, cancel := context.WithTimeout(ctx, releaseTime)
	defer cancel()
	url := "https://github.com/pact-foundation/pact-reference/releases/download/libpact_ffi-v" + Version + "/" + p.asset
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	client := s.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, resp.Status)
	}
	z, err := gzip.NewReader(resp.Body)
	if err != nil {
		return err
	}
	return store(z, dst, p.sum)
}

func fromNPM(ctx context.Context, p pin, dst string) error {
	dir, err := os.MkdirTemp("", "plumbline-npm-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	cmd := exec.CommandContext(ctx, "npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", dir, "@pact-foundation/pact-core-"+p.npm+"@"+npmVersion) //nolint:gosec // a constant name
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("npm pack: %w: %s", err, strings.TrimSpace(string(out)))
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(found) != 1 {
		return fmt.Errorf("npm pack left %d packages", len(found))
	}
	f, err := os.Open(found[0])
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err != nil {
			return fmt.Errorf("%s: %w", p.member, err)
		}
		if h.Name == p.member {
			return store(r, dst, p.sum)
		}
	}
}

// store writes the library beside its place and moves it there when its hash
// is right. Two set-ups at once do each other no harm.
func store(r io.Reader, dst, want string) error {
	if err := os.MkdirAll(filepath.Dir(dst), 0o755); err != nil {
		return err
	}
	t, err := os.CreateTemp(filepath.Dir(dst), ".ffi-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(t.Name()) }()
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(t, h), io.LimitReader(r, largest+1))
	err = errors.Join(err, t.Sync(), t.Close())
	switch got := hex.EncodeToString(h.Sum(nil)); {
	case err != nil:
		return err
	case n > largest:
		return errors.New("the file is larger than any library")
	case got != want:
		return fmt.Errorf("SHA-256 %s, pinned is %s", got, want)
	}
	return os.Rename(t.Name(), dst)
}

func hashFile(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), err
}

// Shared is where a package or an image of this tool puts the library for every
// user of a machine; "plumbline setup --dir" fills it.
const Shared = "/usr/share/plumbline/ffi"

// Library is the library to use, and its hash: the given file, which must be
// one of the pinned ones, or that of the user's cache, or else the shared one.
// Errors wrap ErrNoLibrary.
func Library(given string) (path, sum string, err error) {
	path = given
	if path == "" {
		if path, err = standing(); err != nil {
			return "", "", fmt.Errorf("%w: %w", ErrNoLibrary, err)
		}
	}
	if path, err = filepath.Abs(path); err != nil {
		return "", "", err
	}
	sum, err = hashFile(path)
	if err != nil {
		return "", "", fmt.Errorf("%w (%w)", ErrNoLibrary, err)
	}
	for _, p := range pins() {
		if p.sum == sum {
			return path, sum, nil
		}
	}
	return "", "", fmt.Errorf("%w (%s is not a pinned library)", ErrNoLibrary, path)
}

// standing is where the library of this machine is, or would be put.
func standing() (string, error) {
	shared, _, err := Setup{Dir: Shared}.place()
	if err != nil {
		return "", err
	}
	own, _, err := Setup{}.place()
	if err != nil {
		return shared, nil //nolint:nilerr // a user without a cache folder has the shared one
	}
	if _, err := os.Stat(own); err != nil {
		if _, err := os.Stat(shared); err == nil {
			return shared, nil
		}
	}
	return own, nil
}

// Platforms lists what is pinned.
func Platforms() []string {
	var out []string
	for k := range pins() {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
