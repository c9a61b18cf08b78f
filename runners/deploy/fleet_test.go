package deploy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/ports"
)

// instanceVariable makes a process of this test binary an instance that listens
// at the address that it holds.
const instanceVariable = "TEST_INSTANCE"

func TestMain(m *testing.M) {
	if addr := os.Getenv(instanceVariable); addr != "" {
		serveInstance(addr)
		return
	}
	os.Exit(m.Run())
}

// serveInstance tells who answers; what is sent to /slow is answered late. It
// lets what is in flight finish when it is asked to end.
func serveInstance(addr string) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "%d %s %s %s", os.Getpid(), r.Host, r.Header.Get("X-Forwarded-For"), body)
	})
	mux.HandleFunc("/broken", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	srv := &http.Server{Addr: addr, Handler: mux, ReadHeaderTimeout: time.Second}
	go func() {
		<-ctx.Done()
		_ = srv.Shutdown(context.WithoutCancel(ctx))
		os.Exit(0)
	}()
	_ = srv.ListenAndServe()
}

// manned is a group of one process of this test binary, and its address.
func manned(t *testing.T) (*Group, string) {
	t.Helper()
	addr, err := ports.Free(t.Context(), "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	c := Command{Name: "instance", Argv: []string{os.Args[0], "-test.run=^$"}, Env: []string{instanceVariable + "=" + addr}}
	p, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	g := &Group{}
	g.Add("orders", p, c, 5*time.Second)
	t.Cleanup(g.Stop)
	g.Enter("orders", Entrance{Addr: addr, Ready: "/readyz"})
	if err := ready(t.Context(), addr, ""); err != nil {
		t.Fatal(err)
	}
	return g, addr
}

func get(t *testing.T, addr, path string) (string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+addr+path, strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Forwarded-For", "10.0.0.1")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	return string(data), err
}

// Requests go to each instance in turn, as they were sent; a restart of all of
// them, one after the other, loses none; and when it is mended there is one
// process at the address.
func TestInstancesComeAndGoUnderTraffic(t *testing.T) {
	g, addr := manned(t)
	seen, mend, err := g.Upset(t.Context(), plumbline.Fault{Kind: plumbline.FaultScale, Dependency: "orders", Instances: 2})
	if err != nil || seen != 2 {
		t.Fatalf("%d, %v", seen, err)
	}
	who := map[string]bool{}
	for range 4 {
		said, err := get(t, addr, "/")
		pid, rest, _ := strings.Cut(said, " ")
		if who[pid] = true; err != nil || rest != addr+" 10.0.0.1 hello" {
			t.Fatalf("%q, %v", said, err)
		}
	}
	if len(who) != 2 {
		t.Errorf("answered by %v, want two", who)
	}
	if _, err := get(t, addr, "/broken"); err == nil {
		t.Error("a connection that an instance breaks off is hidden")
	}
	over := make(chan struct{})
	var clients sync.WaitGroup
	for range 3 {
		clients.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
				}
				if _, err := get(t, addr, "/"); err != nil {
					t.Errorf("lost: %v", err)
					return
				}
			}
		})
	}
	seen, mended, err := g.Upset(t.Context(), plumbline.Fault{Kind: plumbline.FaultRestart, Dependency: "orders"})
	close(over)
	clients.Wait()
	if err != nil || seen != 2 || mended(t.Context()) != nil {
		t.Errorf("restart: %d, %v", seen, err)
	}
	said, _ := get(t, addr, "/")
	if pid, _, _ := strings.Cut(said, " "); who[pid] {
		t.Error("an instance was not restarted")
	}
	if err := mend(t.Context()); err != nil {
		t.Error(err)
	}
	if err := ready(t.Context(), addr, "/"); err != nil {
		t.Error(err)
	}
}

// One instance that is killed leaves the other; both run when that is mended,
// and nothing does once the group is stopped.
func TestOneInstanceIsKilled(t *testing.T) {
	g, addr := manned(t)
	if _, _, err := g.Upset(t.Context(), plumbline.Fault{Kind: plumbline.FaultScale, Dependency: "orders", Instances: 2}); err != nil {
		t.Fatal(err)
	}
	for _, f := range []plumbline.Fault{{Kind: plumbline.FaultKill, Instances: 3}, {Kind: plumbline.FaultPause}} {
		f.Dependency = "orders"
		if _, _, err := g.Upset(t.Context(), f); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: %v", f.Kind, err)
		}
	}
	for _, kind := range []plumbline.FaultKind{plumbline.FaultKill, plumbline.FaultStop} {
		seen, mend, err := g.Upset(t.Context(), plumbline.Fault{Kind: kind, Dependency: "orders", Instances: 1})
		if err != nil || seen != 1 {
			t.Fatalf("%s: %d, %v", kind, seen, err)
		}
		for range 4 {
			if _, err := get(t, addr, "/"); err != nil {
				t.Errorf("%s: the other one does not answer: %v", kind, err)
			}
		}
		if err := mend(t.Context()); err != nil {
			t.Error(err)
		}
		who := map[string]bool{}
		for range 4 {
			said, _ := get(t, addr, "/")
			pid, _, _ := strings.Cut(said, " ")
			who[pid] = true
		}
		if len(who) != 2 {
			t.Errorf("%s: after it was mended %v answer", kind, who)
		}
	}
	g.Stop()
	var d net.Dialer
	if conn, err := d.DialContext(t.Context(), "tcp", addr); err == nil {
		_ = conn.Close()
		t.Error("something still listens")
	}
}

// What is not told its address cannot be started a second time.
func TestAProcessWithoutItsAddressIsNotScaled(t *testing.T) {
	t.Parallel()
	g, p := sleeper(t)
	g.Enter("a", Entrance{Addr: "127.0.0.1:9"})
	if _, _, err := g.Upset(t.Context(), plumbline.Fault{Kind: plumbline.FaultScale, Dependency: "a", Instances: 2}); !errors.Is(err, errors.ErrUnsupported) || p.gone() {
		t.Errorf("%v, gone: %t", err, p.gone())
	}
}

// Many requests at once do not let one of them try the dead instance twice.
func TestADeadInstanceCostsNoRequest(t *testing.T) {
	g, addr := manned(t)
	if _, _, err := g.Upset(t.Context(), plumbline.Fault{Kind: plumbline.FaultScale, Dependency: "orders", Instances: 2}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := g.Upset(t.Context(), plumbline.Fault{Kind: plumbline.FaultKill, Dependency: "orders", Instances: 1}); err != nil {
		t.Fatal(err)
	}
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for range 40 {
				if _, err := get(t, addr, "/"); err != nil {
					t.Errorf("lost: %v", err)
					return
				}
			}
		})
	}
	clients.Wait()
}
