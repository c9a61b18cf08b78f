// Package features holds one worked scenario a family, written in the steps
// that `plumbline explain steps` lists. They are documentation that is
// executed: a test reads each with the parser that reads a user's own.
package features

import "embed"

// Files are the features.
//
//go:embed *.feature
var Files embed.FS
