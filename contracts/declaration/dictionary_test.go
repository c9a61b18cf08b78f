package declaration

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestADictionaryIsRead(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "plumbline.yaml")
	text := "dictionary:\n  email: [a@example.com, \"${WHO}\"]\n  createOrder/body/quantity: [7]\n"
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := Read(name, func(string) (string, bool) { return "b@example.com", true })
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]any{"email": {"a@example.com", "b@example.com"}, "createOrder/body/quantity": {uint64(7)}}
	if diff := cmp.Diff(want, d.Dictionary); diff != "" {
		t.Error(diff)
	}
}
