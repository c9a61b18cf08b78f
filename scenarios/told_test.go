package scenarios

import (
	"testing"

	"github.com/plumbline-dev/plumbline"
)

func TestWhatAStepWasTold(t *testing.T) {
	t.Parallel()
	f := flown{steps: map[string]plumbline.Observation{
		"answered": {Status: 409},
		"reset":    {Error: plumbline.ErrorReset},
		"unsent":   {Error: plumbline.ErrorUnbound, Transcript: &plumbline.Transcript{ResponseBody: "no live value for id of getOrder: createOrder was answered 500"}},
		"silent":   {Error: plumbline.ErrorUnbound},
	}}
	for step, want := range map[string]string{
		"answered": "409", "reset": "reset", "unsent": "no live value for id of getOrder: createOrder was answered 500", "silent": "no live value for it", "none": "not made",
	} {
		if got := f.told(step); got != want {
			t.Errorf("%s: got %q, want %q", step, got, want)
		}
	}
}
