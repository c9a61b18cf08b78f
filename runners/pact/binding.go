//go:build !nopact && !windows

package pact

import (
	"fmt"
	"unsafe"

	"github.com/ebitengine/purego"
)

// A library is libpact_ffi, loaded.
type library struct {
	free      func(uintptr)
	version   func() string
	logBuffer func(int32) int32
	create    func(string, string) uintptr
	shutdown  func(uintptr)
	provider  func(uintptr, string, string, string, uint16, string)
	state     func(uintptr, string, uint8, uint8)
	options   func(uintptr, uint8, uintptr) int32
	colour    func(uintptr, uint8) int32
	file      func(uintptr, string)
	transport func(uintptr, string, uint16, string, string)
	execute   func(uintptr) int32
	json      func(uintptr) uintptr
}

// open loads the library from an absolute path.
func open(path string) (*library, error) {
	h, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", path, err)
	}
	l := &library{}
	for name, f := range map[string]any{
		"pactffi_string_delete": &l.free, "pactffi_version": &l.version, "pactffi_log_to_buffer": &l.logBuffer,
		"pactffi_verifier_new_for_application": &l.create, "pactffi_verifier_shutdown": &l.shutdown,
		"pactffi_verifier_set_provider_info": &l.provider, "pactffi_verifier_set_provider_state": &l.state,
		"pactffi_verifier_set_verification_options": &l.options, "pactffi_verifier_set_coloured_output": &l.colour,
		"pactffi_verifier_add_file_source": &l.file, "pactffi_verifier_add_provider_transport": &l.transport, "pactffi_verifier_execute": &l.execute, "pactffi_verifier_json": &l.json,
	} {
		sym, err := purego.Dlsym(h, name)
		if err != nil {
			return nil, fmt.Errorf("load %s: %w", path, err)
		}
		purego.RegisterFunc(f, sym)
	}
	l.logBuffer(0)
	return l, nil
}

// verify verifies one file and returns the core's code and its JSON.
func (l *library) verify(j Task) (code int, document string) {
	h := l.create("plumbline", "1")
	defer l.shutdown(h)
	l.provider(h, j.Provider, "http", "127.0.0.1", j.Port, "")
	l.options(h, 0, uintptr(j.Timeout.Milliseconds()))
	l.colour(h, 0)
	if j.MessagePath != "" {
		l.transport(h, "message", j.Port, j.MessagePath, "http")
	}
	l.state(h, j.StateURL, 0, 1) // no tear-down: what a state made is kept until the run ends
	l.file(h, j.File)
	code = int(l.execute(h))
	p := l.json(h)
	if p == 0 {
		return code, ""
	}
	defer l.free(p)
	return code, text(p)
}

// text copies a C string.
func text(p uintptr) string {
	start := *(*unsafe.Pointer)(unsafe.Pointer(&p))
	n := 0
	for *(*byte)(unsafe.Add(start, n)) != 0 {
		n++
	}
	return string(unsafe.Slice((*byte)(start), n))
}
