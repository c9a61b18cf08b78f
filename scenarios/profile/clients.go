package profile

import (
	"errors"
	"time"

	"github.com/plumbline-dev/plumbline"
)

func stopped(s *plumbline.Stop) *stop {
	if s == nil {
		return nil
	}
	return &stop{s.Share, s.Least, s.Window.String(), optional(s.Within)}
}

func (s *stop) read() (*plumbline.Stop, error) {
	if s == nil {
		return nil, nil //nolint:nilnil // a phase without a stop is no mistake
	}
	window, err := duration(s.Window)
	within, err2 := duration(s.Within)
	if err = errors.Join(err, err2); err == nil && (s.Share <= 0 || s.Share > 1 || window <= 0) {
		err = errors.New("a stop has a share from 0 to 1, and a window")
	}
	return &plumbline.Stop{Share: s.Share, Least: s.Least, Window: window, Within: within}, err
}

func patient(p *plumbline.Patience) *patience {
	if p == nil {
		return nil
	}
	return &patience{optional(p.Timeout), p.Attempts, optional(p.Pause)}
}

func (p *patience) read() (*plumbline.Patience, error) {
	if p == nil {
		return nil, nil //nolint:nilnil // clients may wait as long as the run does
	}
	timeout, err := duration(p.Timeout)
	pause, err2 := duration(p.Pause)
	if err = errors.Join(err, err2); err == nil && (p.Attempts < 0 || timeout < 0 || pause < 0) {
		err = errors.New("patience is not negative")
	}
	return &plumbline.Patience{Timeout: timeout, Attempts: p.Attempts, Pause: pause}, err
}

// optional is empty where nothing is said.
func optional(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

func duration(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	return time.ParseDuration(s)
}
