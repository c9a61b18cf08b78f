package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/plumbline-dev/plumbline/runners/ports"
)

// freePort puts the address of a loopback port that nobody has into ADDRESS.
func freePort(ts *testscript.TestScript, _ bool, _ []string) {
	at, err := ports.Free(context.Background(), "127.0.0.1")
	ts.Check(err)
	ts.Setenv("ADDRESS", at)
}

// patience is how long get waits for a server that is still starting.
const patience = 20 * time.Second

// get asks and looks at the status and, when there is a file to write it to,
// keeps the body: get STATUS URL [FILE].
func get(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: get STATUS URL [FILE]")
	}
	var res *http.Response
	var err error
	for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if res, err = http.Get(args[1]); err == nil || time.Since(begun) > patience { //nolint:gosec // of a test's own server
			break
		}
	}
	ts.Check(err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	ts.Check(err)
	if strconv.Itoa(res.StatusCode) != args[0] {
		ts.Fatalf("%s: status %d: %s", args[1], res.StatusCode, body)
	}
	if len(args) > 2 {
		ts.Check(os.WriteFile(ts.MkAbs(args[2]), body, 0o600))
	}
}
