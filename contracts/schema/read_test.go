package schema

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/plumbline-dev/plumbline/contracts/openapi"
)

// A document as it was read has to say what the loader understands of it, and
// may say beside it only that something is as it is anyway.
func TestWhatWasReadIsWhatTheLoaderUnderstands(t *testing.T) {
	t.Parallel()
	docs := corpus(t)
	compared := 0
	for i, name := range slices.Sorted(maps.Keys(docs)) {
		if os.Getenv("PLUMBLINE_CORPUS") != "all" && i%9 != 0 {
			continue
		}
		d, err := openapi.Parse(name, docs[name], openapi.Options{})
		if err != nil {
			continue
		}
		tree := d.Take()
		if tree == nil {
			continue
		}
		compared++
		understood, err := plain(d.T)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if at := differs(lean{}.object(tree), understood, ""); at != "" {
			t.Errorf("%s: %s", name, at)
		}
		if d.Take() != nil {
			t.Errorf("%s: a tree that was taken is there again", name)
		}
	}
	if compared == 0 {
		t.Error("no document was compared")
	}
	t.Logf("%d documents compared", compared)
}

// differs names the first place at which what was read says something else than
// what was understood.
func differs(read, understood any, at string) string {
	switch x := read.(type) {
	case map[string]any:
		y, _ := understood.(map[string]any)
		for k := range y {
			if _, there := x[k]; !there {
				return at + "/" + k + " was not read"
			}
		}
		for k, v := range x {
			w, there := y[k]
			if !there && usual(v) {
				continue
			}
			if where := differs(v, w, at+"/"+k); where != "" {
				return where
			}
		}
		return ""
	case []any:
		y, _ := understood.([]any)
		if len(x) != len(y) {
			return at + " is another list"
		}
		for i := range x {
			if where := differs(x[i], y[i], fmt.Sprintf("%s/%d", at, i)); where != "" {
				return where
			}
		}
		return ""
	}
	if !reflect.DeepEqual(read, understood) {
		return fmt.Sprintf("%s was read as %v (%T), and understood as %v (%T)", at, read, read, understood, understood)
	}
	return ""
}

// usual tells a value that a keyword has where nobody gives it one.
func usual(v any) bool {
	m, isMap := v.(map[string]any)
	for _, e := range m {
		if !usual(e) {
			return false
		}
	}
	return isMap || v == false || v == "" || v == json.Number("0")
}
