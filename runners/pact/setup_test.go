package pact_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline/runners/pact"
)

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func gzipped(t *testing.T, data string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func answering(status int, body []byte) *http.Client {
	return &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Body: io.NopCloser(bytes.NewReader(body)), Header: http.Header{}}, nil
	})}
}

// Whatever a source delivers, a library that is not the pinned one is never
// put into the cache, and neither is half of one.
func TestInstallNeverKeepsWhatIsNotPinned(t *testing.T) {
	t.Setenv("PATH", t.TempDir()) // there is no npm
	wrong := filepath.Join(t.TempDir(), "wrong.so")
	if err := os.WriteFile(wrong, []byte("no library"), 0o600); err != nil {
		t.Fatal(err)
	}
	whole := gzipped(t, strings.Repeat("library", 1000))
	for name, s := range map[string]pact.Setup{
		"a file with another hash":        {From: wrong},
		"a download with another hash":    {HTTP: answering(http.StatusOK, whole)},
		"half a download":                 {HTTP: answering(http.StatusOK, whole[:len(whole)/2])},
		"a download that is no gzip":      {HTTP: answering(http.StatusOK, []byte("<html>blocked</html>"))},
		"a download that is not there":    {HTTP: answering(http.StatusNotFound, nil)},
		"a platform without a library":    {Platform: "plan9/386"},
		"a download for another platform": {HTTP: answering(http.StatusOK, whole), Platform: "windows/amd64"},
	} {
		t.Run(name, func(t *testing.T) {
			s.Dir = t.TempDir()
			if path, err := s.Install(t.Context()); err == nil {
				t.Errorf("installed %s", path)
			}
			err := filepath.WalkDir(s.Dir, func(path string, d fs.DirEntry, err error) error {
				if err == nil && !d.IsDir() {
					t.Errorf("%s was left behind", path)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// A broken file in the cache is replaced, here by the given one.
func TestInstallReplacesWhatIsBroken(t *testing.T) {
	good, _, err := pact.Library("")
	wants(t, err)
	s := pact.Setup{Dir: t.TempDir(), From: good}
	path, err := s.Install(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 100); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Install(t.Context()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() == 100 {
		t.Errorf("%v, %v", info, err)
	}
}
