// Package pactgo is the second Pact engine: a worker process around pact-go's
// verifier. That verifier wants a *testing.T, so the worker is a compiled test
// binary (go test -c -tags pactgo). It keeps the default engine honest: both
// must come to equal verdicts. It says of an interaction only whether it
// matched, so it is given one at a time.
package pactgo
