package pact

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// A worker is a process that holds the library. It is started when it is first
// needed, and again after a crash or a deadline.
type worker struct {
	verifier     *Verifier
	certificate  string // file of the core's bundle
	library, sum string
	cmd          *exec.Cmd
	in           io.WriteCloser
	results      *os.File
	dec          *json.Decoder
}

// do gives a job to the worker, for at most the limit. An error costs the job,
// never the run.
func (w *worker) do(ctx context.Context, j Task, limit time.Duration) (result, error) {
	if w.cmd == nil {
		if err := w.start(ctx); err != nil {
			return result{}, fmt.Errorf("pact worker: %w", err)
		}
	}
	run := ctx
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	type reply struct {
		result
		err error
	}
	got := make(chan reply, 1)
	go func() {
		var r reply
		if r.err = json.NewEncoder(w.in).Encode(j); r.err == nil {
			r.err = w.dec.Decode(&r.result)
		}
		got <- r
	}()
	select {
	case r := <-got:
		if r.err != nil {
			return r.result, fmt.Errorf("the pact worker crashed (%s) while it had this interaction and those beside it: %w", w.stop(), r.err)
		}
		return r.result, nil
	case <-ctx.Done():
		w.stop()
		<-got
		if run.Err() != nil {
			return result{}, errors.New("the run was stopped before it was judged")
		}
		return result{}, fmt.Errorf("the pact worker did not finish within %s and was ended", limit)
	}
}

func (w *worker) start(ctx context.Context) error {
	argv := w.verifier.Worker
	if len(argv) == 0 {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		argv = []string{self, "pact-worker"}
	}
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = write.Close() }()
	argv = append(argv[:len(argv):len(argv)], w.library, w.sum)
	cmd := exec.CommandContext(context.WithoutCancel(ctx), argv[0], argv[1:]...) //nolint:gosec // this binary
	cmd.ExtraFiles = []*os.File{write}
	// The core reports its use to a third party unless told not to, parses the
	// whole CA bundle for every interaction, and retries through proxies.
	cmd.Env = append(os.Environ(), "PACT_DO_NOT_TRACK=true", "NO_PROXY=*", "HTTP_PROXY=", "http_proxy=", "SSL_CERT_FILE="+w.certificate, "SSL_CERT_DIR="+filepath.Join(filepath.Dir(w.certificate), "none"))
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		_ = read.Close()
		return err
	}
	w.cmd, w.in, w.results, w.dec = cmd, in, read, json.NewDecoder(read)
	return nil
}

// stop ends the worker and says how it ended.
func (w *worker) stop() string {
	if w.cmd == nil {
		return ""
	}
	_ = w.in.Close()
	_ = w.cmd.Process.Kill()
	_ = w.cmd.Wait()
	_ = w.results.Close()
	how := w.cmd.ProcessState.String()
	w.cmd = nil
	return how
}

// certificate makes a throwaway certificate: the core wants a bundle that is
// not empty, although it speaks only to loopback.
func certificate(dir string) (string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour), NotBefore: time.Now().Add(-time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "bundle.pem")
	return name, os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600)
}
