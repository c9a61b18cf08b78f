package pactfile

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline/contracts/sample"
)

// wide is a document with so many answers that a surface file has no room for
// all of them.
func wide() string {
	var b strings.Builder
	b.WriteString("openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths:\n")
	for i := range 260 {
		fmt.Fprintf(&b, "  /a%d: {get: {operationId: a%d, responses: {'200': {description: d, content: {application/json: {schema: {type: object, properties: {", i, i)
		for j := range 5 {
			fmt.Fprintf(&b, "p%d: {type: string, nullable: true, minLength: %d}, ", j, i%3)
		}
		b.WriteString("}}}}}}}}\n")
	}
	return b.String()
}

// Who makes an answer, and when, does not show in the file.
func TestASurfaceIsTheSameWhateverTheWorkers(t *testing.T) {
	d, s := document(t, wide())
	ops := sample.Fill(d, s, sample.Options{Seed: 1})
	var want bytes.Buffer
	for _, workers := range []int{1, 2, 7} {
		before := runtime.GOMAXPROCS(workers)
		var got bytes.Buffer
		err := WriteSurface(&got, d, s, ops, Options{Provider: "shop"})
		runtime.GOMAXPROCS(before)
		if err != nil {
			t.Fatal(err)
		}
		if workers == 1 {
			want = got
		}
		if !bytes.Equal(got.Bytes(), want.Bytes()) {
			t.Errorf("with %d workers the file differs from that of one worker", workers)
		}
	}
	made := map[string]int{}
	for _, i := range surface(d, s, ops, func(i interaction) interaction { return i }) {
		made[strings.Fields(i.Description)[0]]++
	}
	if got := made["a0"]; got != mostVariants {
		t.Errorf("the first operation has %d examples, want %d", got, mostVariants)
	}
	// Sorted by path, a99 is the last.
	if got := made["a99"]; got != 1 {
		t.Errorf("the last operation has %d examples, want the greatest alone", got)
	}
}
