package declaration

import (
	"fmt"
	"strings"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/slo"
)

// coverage takes over how much of the document a run has to prove.
func (b *builder) coverage() {
	f := b.file.Coverage
	if f == nil {
		return
	}
	const at = "$.coverage"
	m := &b.out.coverage
	m.Source = b.at(at)
	for _, x := range []struct{ kind, text string }{{"operations", f.Operations}, {"statuses", f.Statuses}, {"constraints", f.Constraints}, {"fields", f.Fields}} {
		if x.text == "" {
			continue
		}
		if err := Cover(m, x.kind, x.text); err != nil {
			b.wrong("CFG004", at+"."+x.kind, "write 90% or 0.9", "%v", err)
		}
	}
}

// Cover sets one kind of minimum – operations, statuses, constraints, fields –
// to a share such as "90%" or "0.9", which may be all: "100%".
func Cover(m *plumbline.Minimum, kind, text string) error {
	kinds := map[string]*float64{"operations": &m.Operations, "statuses": &m.Statuses, "constraints": &m.Constraints, "fields": &m.Fields}
	to, ok := kinds[kind]
	if !ok {
		known := []string{"operations", "statuses", "constraints", "fields"}
		return fmt.Errorf("coverage is not counted of %q: known are %s", kind, strings.Join(known, ", "))
	}
	switch strings.TrimSpace(text) {
	case "1", "100", "100%", "100 %":
		*to = 1
		return nil
	}
	least, err := slo.Share(text)
	if err != nil {
		return fmt.Errorf("%q is not a share above 0 %% and at most 100 %%", text)
	}
	*to = least
	return nil
}
