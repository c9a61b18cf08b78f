package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestAMeasurementIsMadeInPieces goes on where a killed process stopped, and
// begins again where another program measures.
func TestAMeasurementIsMadeInPieces(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "notes", "loop.jsonl")
	open := func(by string) *notebook {
		n, err := openNotebook(name, by)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	n := open("a")
	for err := range slices.Values([]error{n.add("x", 1), n.end(2 * time.Second), n.add("y", 2), n.end(time.Second)}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(name)
	if err == nil {
		err = os.WriteFile(name, append(data, `{"of":"z","got":3`...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"z", "x", "y"}
	n = open("a")
	_, err = noted[int](n, names)
	if some := (left{}); !errors.As(err, &some) || some != (left{1, 3}) || n.has("z") || !n.has("x") || n.took() != 3*time.Second {
		t.Errorf("%v, %v, %s", err, n.got, n.took())
	}
	if err := n.add("z", 4); err != nil {
		t.Fatal(err)
	}
	if all, err := noted[int](open("a"), names); err != nil || !slices.Equal(all, []int{4, 1, 2}) {
		t.Errorf("%v, %v", all, err)
	}
	if n = open("b"); len(n.got) != 0 || n.took() != 0 {
		t.Errorf("another program is given %v, %s", n.got, n.took())
	}
}

func TestPartsThatAreNotMeasuredStay(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "RESULTS.md")
	for _, texts := range []map[string]string{{"loop": "l\n", "pacts": "p"}, {"loop": "m", "whole": "w"}} {
		if err := replaced(name, texts); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(name)
	want := "# The model server\n\nWritten by `make bench-loop`.\n"
	for i, text := range []string{"m", "w", "p"} {
		want += "\n## " + parts()[i].title + "\n\n" + text + "\n"
	}
	if err != nil || string(got) != want {
		t.Errorf("%v\n%s", err, got)
	}
}
