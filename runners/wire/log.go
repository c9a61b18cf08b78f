package wire

import (
	"io"
	"log" //nolint:depguard // net/http takes no other logger
)

// discardLog keeps net/http from writing about aborted exchanges.
func discardLog() *log.Logger { return log.New(io.Discard, "", 0) }
