package slo

import (
	"fmt"

	"github.com/plumbline-dev/plumbline"
)

// regression reads when operations count as slower than on the nights before;
// nil when nothing is said of it.
func regression(m map[string]any, at plumbline.Source) (*plumbline.Regression, error) {
	if len(m) == 0 {
		return nil, nil //nolint:nilnil // nothing is said, and nothing is wrong
	}
	out := &plumbline.Regression{}
	for key, v := range m {
		var err error
		switch text := fmt.Sprint(v); key {
		case "tolerance":
			out.Tolerance, err = Share(text)
		case "floor":
			out.Floor, err = Latency(text)
		case "confirm":
			if text != "true" && text != "false" {
				err = fmt.Errorf("%q is neither true nor false", text)
			}
			out.Unconfirmed = text == "false"
		default:
			err = fmt.Errorf("unknown key %q", key)
		}
		if err != nil {
			return nil, &Problem{Code: "SLO101", Source: at, Path: "regression." + yamlKey(key), Message: "regression: " + key + ": " + err.Error(), Help: "known are tolerance with a percentage, floor with a duration, and confirm: true or false"}
		}
	}
	return out, nil
}
