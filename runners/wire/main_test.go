package wire

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// roleVariable makes the test binary a process of the benchmark: the upstream,
// the proxy, or a relay in its place. All want to be measured by themselves.
const roleVariable = "PLUMBLINE_WIRE_BENCH_ROLE"

// profileVariable names a file for the processor profile of the proxy.
const profileVariable = "PLUMBLINE_WIRE_BENCH_PROFILE"

func TestMain(m *testing.M) {
	role := os.Getenv(roleVariable)
	relayed, relay := strings.CutPrefix(role, "relay ")
	switch {
	case role == "":
		os.Exit(m.Run())
	case role == "upstream":
		benchUpstream()
	case relay:
		benchRelay(relayed)
	default:
		benchProxy(role)
	}
}

// ends is done when standard input is: with the process that started this one.
func ends() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	return ctx
}

func benchUpstream() {
	srv := newSmallServer()
	fmt.Println(srv.Addr)
	<-ends().Done()
}

// benchProxy serves one wire to the upstream that its role names, on one core.
// A line on standard input would be lost; the processor time used is read by
// the parent from /proc.
func benchProxy(upstream string) {
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(GCPercent)
	if name := os.Getenv(profileVariable); name != "" {
		f, err := os.Create(name)
		if err != nil {
			panic(err)
		}
		defer func() { pprof.StopCPUProfile(); _ = f.Close() }()
		if err := pprof.StartCPUProfile(f); err != nil {
			panic(err)
		}
	}
	err := Serve(ends(), Config{Control: "127.0.0.1:0", Token: "t", Wires: []Wire{{Name: "dep", Kind: plumbline.WireHTTP, Listen: "127.0.0.1:0", Upstream: upstream}}},
		func(a Addresses) {
			text, _ := json.Marshal(a)
			fmt.Println(string(text))
		})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// benchRelay copies the bytes of each connection to the address and back, and
// does nothing else: less cannot stand between two processes. It has one core,
// too.
func benchRelay(to string) {
	runtime.GOMAXPROCS(1)
	l, err := listenLoopback()
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr())
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				panic(err)
			}
			go func() { _, _ = io.Copy(in, out) }()
			go func() { _, _ = io.Copy(out, in) }()
		}
	}()
	<-ends().Done()
}

// newSmallServer answers every request with 40 bytes of JSON.
func newSmallServer() *http.Server {
	l, err := listenLoopback()
	if err != nil {
		panic(err)
	}
	srv := &http.Server{Addr: l.Addr().String(), ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"answer":"forty-two","list":[1,2,3,4]}`)
	})}
	go func() { _ = srv.Serve(l) }()
	return srv
}

// role starts this binary in a role and returns its first line and its number.
func role(tb testing.TB, name string) (line string, pid int) {
	tb.Helper()
	self, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), roleVariable+"="+name)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	buf := make([]byte, 4096)
	n, err := stdout.Read(buf)
	if err != nil {
		tb.Fatal(err)
	}
	return strings.TrimSpace(string(buf[:n])), cmd.Process.Pid
}
