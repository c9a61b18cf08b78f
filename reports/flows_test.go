package reports

import (
	"bytes"
	"strings"
	"testing"
)

// What became of the flows of a load, of how many and with which answers, is told
// by the text and the page.
func TestFlowsAreTold(t *testing.T) {
	t.Parallel()
	r := samples()["unfit"]
	for name, want := range map[string][]string{
		"text": {
			"flow:order-life", "1,000 of 1,012 were made whole; answered otherwise than they go on with 6; refused for want of capacity (5xx) 3;", "cut short by the run 1; ended by reset 1; could not be made 1",
			"ended at read: it was answered 404", "ended at create: reset", "createOrder: 1,011; p50 4 ms (3.9 ms to 4.2 ms), n=1,011; p99 9 ms (at least 8.1 ms), n=1,011", "deleteOrder: 0",
		},
		"html": {"Flows</h3>", "1,000 of 1,012 were made whole", "Ended at read: it was answered 404.", `<th scope="row">remove</th><td>deleteOrder</td><td class="num">0</td>`, "p99 9 ms (at least 8.1 ms), n=1,011"},
		"json": {`"flow": "flow:order-life"`, `"reached": 1007`},
	} {
		var b bytes.Buffer
		write, ok := Lookup(name)
		if !ok {
			t.Fatalf("there is no format %s", name)
		}
		if err := write(&b, r); err != nil {
			t.Fatal(err)
		}
		got := strings.Join(strings.Fields(b.String()), " ")
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("%s: %q is not in\n%s", name, w, got[:min(len(got), 6000)])
			}
		}
	}
}
