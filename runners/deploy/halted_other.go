//go:build !linux

package deploy

import "errors"

// isHalted is not known here, so that a pause cannot be proved.
func isHalted(int) (bool, error) { return false, errors.ErrUnsupported }
