package plumbline

import (
	"fmt"
	"strings"
	"time"
)

// A Think is how long a user of the load takes before a step of a flow: always
// Least or, where Most is more, anything from Least to Most, each as likely.
type Think struct {
	// Least may be negative: none at all, also where the load has a think time
	// for all steps.
	Least time.Duration `json:"think,omitempty"`
	Most  time.Duration `json:"think_most,omitempty"`
}

// ParseThink reads "2s", and a range such as "1s..3s".
func ParseThink(text string) (Think, error) {
	low, high, ranged := strings.Cut(text, "..")
	least, err := time.ParseDuration(low)
	most := least
	if ranged && err == nil {
		most, err = time.ParseDuration(high)
	}
	if err != nil || least < 0 || most < least {
		return Think{}, fmt.Errorf("%q is neither a duration such as 2s nor a range such as 1s..3s", text)
	}
	if most == least {
		return Think{Least: least}, nil
	}
	return Think{Least: least, Most: most}, nil
}

// Text writes it as ParseThink reads it.
func (t Think) Text() string {
	if t.Most > t.least() {
		return t.least().String() + ".." + t.Most.String()
	}
	return t.least().String()
}

func (t Think) least() time.Duration { return max(t.Least, 0) }

// Longest is the longest time that a user takes.
func (t Think) Longest() time.Duration { return max(t.Least, t.Most, 0) }

// Mean is the time that users take on average.
func (t Think) Mean() time.Duration { return t.Drawn(0.5) }

// Drawn is the time that a user takes who draws a share of the range.
func (t Think) Drawn(share float64) time.Duration {
	return t.least() + time.Duration(share*float64(t.Longest()-t.least()))
}
