//go:build pactgo

package pactgo

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/pact-foundation/pact-go/v2/log"
	"github.com/pact-foundation/pact-go/v2/provider"

	"github.com/plumbline-dev/plumbline/runners/pact"
)

// results is the descriptor that the parent process opened.
const results = 3

// TestWorker is the main function of the worker.
func TestWorker(t *testing.T) {
	if flag.NArg() == 0 {
		t.Skip("no worker: started without a library")
	}
	log.SetLogLevel("ERROR")
	err := pact.Serve(os.Stdin, os.NewFile(results, "results"), func(task pact.Task) (int, string, error) { return check(t, task) })
	if err != nil {
		t.Fatal(err)
	}
}

func check(t *testing.T, task pact.Task) (code int, document string, err error) {
	key, err := only(task.File)
	if err != nil {
		return 2, "", err
	}
	verdict, mismatch := "OK", ""
	var transports []provider.Transport
	if task.MessagePath != "" {
		transports = []provider.Transport{{Protocol: "message", Port: task.Port, Path: task.MessagePath, Scheme: "http"}}
	}
	err = provider.NewVerifier().VerifyProvider(t, provider.VerifyRequest{
		Transports: transports,
		Provider:   task.Provider, ProviderBaseURL: fmt.Sprintf("http://127.0.0.1:%d", task.Port), PactFiles: []string{task.File},
		ProviderStatesSetupURL: task.StateURL, RequestTimeout: task.Timeout, DisableColoredOutput: true,
	})
	switch {
	case errors.Is(err, provider.ErrVerifierFailedToRun):
		return 2, "", err
	case err != nil:
		code, verdict, mismatch = 1, "Error", "pact-go says only: "+err.Error()
	}
	data, err := json.Marshal(map[string]any{"interactionResults": []any{map[string]any{"interactionKey": key, "result": verdict, "mismatch": mismatch}}})
	return code, string(data), err
}

// only returns the key of the file's one interaction.
func only(file string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	var d struct{ Interactions []struct{ Key string } }
	if err := json.Unmarshal(data, &d); err != nil {
		return "", err
	}
	if len(d.Interactions) != 1 {
		return "", fmt.Errorf("%d interactions; this engine takes one at a time", len(d.Interactions))
	}
	return d.Interactions[0].Key, nil
}
