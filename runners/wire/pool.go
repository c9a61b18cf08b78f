package wire

import "sync"

// bufferSize is what is copied at a time, in bytes.
const bufferSize = 32 << 10

// shelf holds the buffers that no copy uses at the moment.
var shelf = sync.Pool{New: func() any { return new([bufferSize]byte) }} //nolint:gochecknoglobals // a pool is shared by its nature

// buffers lends what bodies are copied with.
type buffers struct{}

// Get lends a buffer.
func (buffers) Get() []byte { return shelf.Get().(*[bufferSize]byte)[:] }

// Put takes it back.
func (buffers) Put(b []byte) { shelf.Put((*[bufferSize]byte)(b)) }
