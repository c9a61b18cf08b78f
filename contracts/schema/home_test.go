package schema

import "testing"

func TestHome(t *testing.T) {
	t.Parallel()
	for pointer, want := range map[string][2]string{
		"/components/schemas/A":                          {"/components/schemas/A", ""},
		"/components/schemas/A/properties/b":             {"/components/schemas/A", "/properties/b"},
		"/paths/~1schemas/get/parameters/0/schema/items": {"/paths/~1schemas/get/parameters/0/schema", "/items"},
		"/components/parameters/P/content/a~1b/schema":   {"/components/parameters/P/content/a~1b/schema", ""},
		"/paths/~1a/get":                                 {"", "/paths/~1a/get"},
	} {
		base, rest := home(pointer)
		if base != want[0] || rest != want[1] {
			t.Errorf("%s: %q, %q", pointer, base, rest)
		}
		if got := pointerTo(address(pointer)); got != pointer {
			t.Errorf("%s comes back as %s", pointer, got)
		}
	}
}
