package sample

import "testing"

func TestWhatIsBrokenIsSaidOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ keyword, message, want string }{
		{"required", "is required, and left out", "is required, and left out"},
		{"required", "missing property 'name'", "required: missing property 'name'"},
		{"maximum", "maximum: got 101, want 100", "maximum: got 101, want 100"},
		{"type", "got number, want integer", "type: got number, want integer"},
		{"pattern", "'!' does not match pattern '^[a-z]+$'", "'!' does not match pattern '^[a-z]+$'"},
	} {
		if got := broken(c.keyword, c.message); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
