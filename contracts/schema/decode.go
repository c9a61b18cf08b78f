package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"sync"
)

var errTrailing = errors.New("more than one value")

// decode reads one JSON value and nothing else; a byte-order mark before it is
// ignored (RFC 8259 §8.1).
func decode(body []byte) (any, error) {
	d, _ := decoders.Get().(*decoder)
	v, err := d.decode(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	if err == nil && d.in.Len() == 0 && len(body) <= mostKept {
		decoders.Put(d)
	}
	return v, err
}

// mostKept is the longest body, in bytes, after which a decoder is used again:
// it keeps the memory of the longest that it has read.
const mostKept = 64 << 10

// A decoder reads one body after the other as one stream, so that not every
// body takes buffers of its own. After an error it is of no more use.
type decoder struct {
	in   bytes.Reader
	json *json.Decoder
	fed  int64 // bytes of the bodies before
}

var decoders = sync.Pool{New: func() any { //nolint:gochecknoglobals // what a pool is for
	d := &decoder{}
	d.json = json.NewDecoder(&d.in)
	d.json.UseNumber()
	return d
}}

func (d *decoder) decode(body []byte) (any, error) {
	d.in.Reset(body)
	var v any
	if err := d.json.Decode(&v); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("it is empty")
		}
		return nil, err //nolint:wrapcheck // told as it is
	}
	for _, c := range body[d.json.InputOffset()-d.fed:] {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return nil, errTrailing
		}
	}
	d.fed += int64(len(body))
	return v, nil
}
