package main

import "testing"

// NO_COLOR counts when it is not empty (https://no-color.org).
func TestColour(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env      map[string]string
		terminal bool
		want     bool
	}{
		"a terminal":             {nil, true, true},
		"a file":                 {nil, false, false},
		"NO_COLOR":               {map[string]string{"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, true, false},
		"an empty NO_COLOR":      {map[string]string{"NO_COLOR": ""}, true, true},
		"a dumb terminal":        {map[string]string{"TERM": "dumb"}, true, false},
		"forced":                 {map[string]string{"CLICOLOR_FORCE": "1"}, false, true},
		"forced, and not at all": {map[string]string{"CLICOLOR_FORCE": "0"}, false, false},
	} {
		a := &app{terminal: c.terminal, env: func(name string) (string, bool) { v, ok := c.env[name]; return v, ok }}
		if a.colour() != c.want {
			t.Errorf("%s: colour %v", name, a.colour())
		}
	}
}
