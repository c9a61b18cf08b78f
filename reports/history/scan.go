package history

import (
	"bytes"
	"errors"
	"strings"
)

// Most of a report is evidence, which a summary has no use for. A decoder looks
// at every byte of it; here a value that nobody asked for is passed over by its
// brackets and quotes alone, which is many times as fast. What is asked for is
// then decoded, and has to be right.

var errScan = errors.New("not JSON as far as it was looked at")

// members calls f with the name and the value of each member of an object.
func members(data []byte, f func(name, value []byte) error) error {
	at, err := open(data, '{')
	if err != nil {
		return err
	}
	for {
		at = space(data, at)
		if at < len(data) && data[at] == '}' {
			return nil
		}
		end, err := skip(data, at)
		if err != nil || data[at] != '"' {
			return errScan
		}
		name := data[at+1 : end-1] // one with an escape is none that is asked for
		at = space(data, end)
		if at >= len(data) || data[at] != ':' {
			return errScan
		}
		at = space(data, at+1)
		if end, err = skip(data, at); err != nil {
			return err
		}
		if err := f(name, data[at:end]); err != nil {
			return err
		}
		if at, err = next(data, end, '}'); err != nil {
			return err
		}
	}
}

// elements calls f with each value of an array.
func elements(data []byte, f func(value []byte) error) error {
	at, err := open(data, '[')
	if err != nil {
		return err
	}
	for {
		at = space(data, at)
		if at < len(data) && data[at] == ']' {
			return nil
		}
		end, err := skip(data, at)
		if err != nil {
			return err
		}
		if err := f(data[at:end]); err != nil {
			return err
		}
		if at, err = next(data, end, ']'); err != nil {
			return err
		}
	}
}

func open(data []byte, bracket byte) (int, error) {
	at := space(data, 0)
	if at >= len(data) || data[at] != bracket {
		return 0, errScan
	}
	return at + 1, nil
}

// next is the place behind the comma that follows a value, or that of the
// bracket that closes what it is in.
func next(data []byte, at int, bracket byte) (int, error) {
	at = space(data, at)
	switch {
	case at < len(data) && data[at] == ',':
		return at + 1, nil
	case at < len(data) && data[at] == bracket:
		return at, nil
	}
	return 0, errScan
}

func space(data []byte, at int) int {
	for at < len(data) && (data[at] == ' ' || data[at] == '\n' || data[at] == '\t' || data[at] == '\r') {
		at++
	}
	return at
}

// skip is the place behind the value that begins at one.
func skip(data []byte, at int) (int, error) {
	if at >= len(data) {
		return 0, errScan
	}
	switch data[at] {
	case '"':
		return text(data, at)
	case '{', '[':
		return nested(data, at)
	}
	end := at
	for end < len(data) && strings.IndexByte(",:]} \n\t\r", data[end]) < 0 {
		end++
	}
	if end == at {
		return 0, errScan
	}
	return end, nil
}

// nested is the place behind an object or an array.
func nested(data []byte, at int) (int, error) {
	depth := 0
	for at < len(data) {
		switch data[at] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return at + 1, nil
			}
		case '"':
			end, err := text(data, at)
			if err != nil {
				return 0, err
			}
			at = end
			continue
		}
		at++
	}
	return 0, errScan
}

// text is the place behind a string.
func text(data []byte, at int) (int, error) {
	for at++; ; {
		i := bytes.IndexByte(data[at:], '"')
		if i < 0 {
			return 0, errScan
		}
		at += i + 1
		slashes := 0
		for at-2-slashes >= 0 && data[at-2-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return at, nil
		}
	}
}
