package scenarios

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// withOrders gives the shop's orders a whole life: PUT, PATCH, a list with a
// cursor, and the items of an order.
func withOrders(d *plumbline.Design) {
	find := func(id string) *plumbline.Operation {
		return &d.Operations[slices.IndexFunc(d.Operations, func(o plumbline.Operation) bool { return o.ID == id })]
	}
	create := find("createOrder")
	create.Cases[0].Request.Body = []byte(`{"product_id":"p-1","quantity":2}`)
	create.Cases[1].Request = create.Cases[0].Request
	bad := []byte(`{"product_id":"p-1","quantity":-1}`)
	create.Invalid[0].Request.Body, create.Invalid[0].Kind, create.Invalid[0].Keyword, create.Invalid[0].Pointer = bad, plumbline.CaseInvalid, "minimum", "body/quantity"
	find("getOrder").Fields = []plumbline.Field{{Status: "200", Pointer: "/product_id"}, {Status: "200", Pointer: "/note"}}
	order := plumbline.Bind{In: "path", Name: "id", From: "createOrder", Pointer: "/id", Why: "link"}
	body := func(id, method, path, body string) plumbline.Operation {
		k := plumbline.Case{ID: id + "/example", Operation: id, Request: plumbline.Request{Method: method, Path: path, Body: []byte(body)}, Binds: []plumbline.Bind{order}}
		wrong := plumbline.Case{ID: id + "/wrong", Operation: id, Kind: plumbline.CaseInvalid, Keyword: "minimum", Pointer: "body/quantity", Violates: "quantity below minimum", Request: plumbline.Request{Method: method, Path: path, Body: bad}, Binds: []plumbline.Bind{order}}
		return plumbline.Operation{ID: id, Method: method, Path: path, Secured: true, Schemes: create.Schemes, Cases: []plumbline.Case{k}, Invalid: []plumbline.Case{wrong}}
	}
	item := body("addItem", "POST", "/orders/{id}/items", `{"sku":"a"}`)
	item.Produces, item.Deletes = []string{"item"}, "removeItem"
	less := body("replaceOrder", "PUT", "/orders/{id}", `{"product_id":"p-2","quantity":3}`).Cases[0]
	less.ID = "replaceOrder/less"
	list := body("listOrders", "GET", "/orders", "")
	list.Cases[0].Binds, list.Invalid = nil, nil
	invoice := body("getInvoice", "GET", "/orders/{id}/invoice", "")
	one := plumbline.Bind{In: "path", Name: "item", From: "addItem", Pointer: "/id", Why: "link"}
	read, remove := body("getItem", "GET", "/orders/{id}/items/{item}", ""), body("removeItem", "DELETE", "/orders/{id}/items/{item}", "")
	read.Cases[0].Binds, remove.Cases[0].Binds = []plumbline.Bind{order, one}, []plumbline.Bind{order, one}
	read.Invalid, remove.Invalid, invoice.Invalid = nil, nil, nil
	d.Operations = append(
		d.Operations,
		body("replaceOrder", "PUT", "/orders/{id}", `{"product_id":"p-2","quantity":3,"note":"x"}`), body("patchOrder", "PATCH", "/orders/{id}", `{"quantity":5}`),
		list, invoice, item, read, remove,
	)
	for i, o := range d.Operations {
		switch o.ID {
		case "replaceOrder":
			d.Operations[i].Cases = append(d.Operations[i].Cases, less)
		case "patchOrder":
			for name, body := range map[string]string{"a-note": `{"note":"y"}`, "no-note": `{"note":null}`} {
				k := mergedBy(o.Cases[0], name, body)
				d.Operations[i].Cases = append(d.Operations[i].Cases, k)
			}
			slices.SortFunc(d.Operations[i].Cases[1:], func(a, b plumbline.Case) int { return strings.Compare(a.ID, b.ID) })
		}
	}
	d.Families = []plumbline.Family{
		{
			Name: "/orders", Item: "/orders/{id}", Param: "id", Create: "createOrder", Read: "getOrder", Replace: "replaceOrder", Patch: "patchOrder", Delete: "deleteOrder",
			List: "listOrders", ID: "/id", Items: "/items", ItemID: "/id", Paging: &plumbline.Paging{Style: "cursor", Param: "cursor", Limit: "limit", Max: 100, Next: "/next", Why: "declared"},
		},
		{Name: "/orders/{id}/items", Parent: "/orders", Item: "/orders/{id}/items/{item}", Param: "item", Create: "addItem", Read: "getItem", Delete: "removeItem", ID: "/id"},
	}
}

// mergedBy is a case with another body, as a merge patch.
func mergedBy(c plumbline.Case, name, body string) plumbline.Case {
	c.ID = c.Operation + "/" + name
	c.Request.Header = map[string][]string{"Content-Type": {mergePatch}}
	c.Request.Body = []byte(body)
	return c
}

// lists changes how the list of orders is walked.
func lists(change func(*plumbline.Paging)) func(*plumbline.Design) {
	return func(d *plumbline.Design) {
		p := *d.Families[0].Paging
		change(&p)
		d.Families[0].Paging = &p
	}
}

// offsets makes the list of orders one of pages by offset.
func offsets(d *plumbline.Design) {
	lists(func(p *plumbline.Paging) { p.Style, p.Param = "offset", "offset" })(d)
}

// flow plays a flow against a service that does everything right.
func (r *recording) flow(i int, experiment string, j int, ph plumbline.Phase, f plumbline.Flow) {
	made := map[string]string{}
	for _, s := range f.Steps {
		c := s.Call
		c.Name = f.Name + "/" + s.Name
		lost := r.lost(i, experiment, j, ph, f.Name, s)
		r.call(i, experiment, j, ph, c)
		o := &r.e.Observations[len(r.e.Observations)-1]
		if gone := strings.HasPrefix(s.Name, "gone") || strings.HasPrefix(s.Name, "again ") || s.Name == "through-other"; gone {
			o.Status = 404
		}
		if s.Own != nil && s.Own.Kind == plumbline.CaseInvalid {
			o.Status = 422
		}
		for _, m := range s.Compare {
			o.Matches = append(o.Matches, plumbline.Match{With: m.With, Fields: 3})
		}
		for _, c := range s.Criteria {
			o.Matches = append(o.Matches, plumbline.Match{With: criterionPrefix + c.Text, Fields: 1})
		}
		r.answered(o, c)
		if lost != "" {
			o.Transcript.ResponseBody = lost
		}
		made[s.Name] = ownID(*o)
		if s.Walk != nil && experiment == apiLimit && s.Name != "huge" && s.Name != "none" {
			o.Status = 400
		} else if s.Walk != nil {
			r.walk(i, experiment, j, ph, f.Name, s, made)
		}
	}
}

// lost plays the first request of a step whose answer is lost; it returns what
// was thrown away.
func (r *recording) lost(i int, experiment string, j int, ph plumbline.Phase, flow string, s plumbline.Step) string { //nolint:revive // as of a call
	if s.Lose == nil {
		return ""
	}
	c := s.Call
	c.Name = flow + "/" + s.Name + " lost"
	r.call(i, experiment, j, ph, c)
	o := &r.e.Observations[len(r.e.Observations)-1]
	r.answered(o, c)
	if s.Lose.Share < 1 {
		o.Status, o.Error, o.Transcript.ResponseBody = 0, plumbline.ErrorCanceled, ""
	}
	return o.Transcript.ResponseBody
}

// walk plays a walk in which everything is found, forth and back.
func (r *recording) walk(i int, experiment string, j int, ph plumbline.Phase, flow string, s plumbline.Step, made map[string]string) { //nolint:revive // as of a call
	w := plumbline.Walked{Experiment: experiment, Phase: ph.Name, Flow: flow, Step: s.Name, Ended: "end"}
	for _, name := range s.Walk.Expect {
		w.Order = append(w.Order, made[name])
	}
	if s.Walk.Since != "" {
		w.New = []string{made[s.Walk.Like]}
	}
	n := len(w.Order)
	w.Items, w.Distinct, w.Expected = n, n, n
	for left := n; left > 0 || len(w.Pages) == 0; left -= w.Pages[len(w.Pages)-1] {
		w.Pages = append(w.Pages, left)
		if s.Walk.Size > 0 {
			w.Pages[len(w.Pages)-1] = min(left, s.Walk.Size)
		}
		if left == 0 {
			break
		}
	}
	r.e.Walked = append(r.e.Walked, w)
	if s.Walk.Back {
		w.Back, w.Order = true, slices.Clone(w.Order)
		slices.Reverse(w.Order)
		r.e.Walked = append(r.e.Walked, w)
	}
	for _, m := range s.Walk.Between {
		c := m.Call
		c.Name = flow + "/" + m.Name
		r.call(i, experiment, j, ph, c)
		r.answered(&r.e.Observations[len(r.e.Observations)-1], c)
	}
}

// answered fills in what a right service answers to the call: what the status
// is of probes of the document's edges, and what was written down.
func (r *recording) answered(o *plumbline.Observation, c plumbline.Call) {
	op, _ := r.d.Operation(c.Operation)
	k := plumbline.Case{ID: c.Case, Request: plumbline.Request{Method: op.Method}}
	for _, x := range slices.Concat(op.Cases, op.Invalid) {
		if x.ID == c.Case {
			k = x
		}
	}
	if c.Own != nil {
		k = *c.Own
	}
	o.Case, o.Kind, o.Keyword, o.Pointer, o.Violates = k.ID, k.Kind, k.Keyword, k.Pointer, k.Violates
	if o.Stream == c.Name {
		o.Status = edgeStatus(k, o.Status)
	}
	t := &plumbline.Transcript{Method: k.Request.Method, RequestHeader: k.Request.Header, RequestBody: string(k.Request.Body), ResponseHeader: map[string][]string{"X-Content-Type-Options": {"nosniff"}}}
	if t.Method == "" {
		t.Method = op.Method
	}
	if o.Transcript != nil {
		return
	}
	switch {
	case o.Status >= 400:
		t.ResponseHeader["Content-Type"] = []string{"application/problem+json"}
		t.ResponseBody = fmt.Sprintf(`{"type":"about:blank","title":"no","status":%d}`, o.Status)
	case o.Status != 204:
		t.ResponseHeader["Content-Type"] = []string{"application/json"}
		t.ResponseBody = fmt.Sprintf(`{"id":"o-%d"}`, r.seq)
	}
	switch o.Status {
	case 401:
		t.ResponseHeader["Www-Authenticate"] = []string{"Bearer"}
	case 405:
		t.ResponseHeader["Allow"] = []string{strings.Join(documentedMethods(r.d)[op.Path], ", ")}
	}
	o.Bytes, o.Transcript = int64(len(t.ResponseBody)), t
}

// edgeStatus is what a right service answers to what the document does not describe.
func edgeStatus(k plumbline.Case, status int) int {
	switch {
	case k.Keyword == "path":
		return 404
	case k.Keyword == "media-type" && k.Kind == plumbline.CaseRobust:
		if k.Request.Method == "GET" {
			return 406
		}
		return 415
	case k.Keyword == "method" && k.Request.Method != "HEAD":
		return 405
	case k.Keyword == "method":
		return 200
	}
	return status
}

// step changes a step of a flow of an experiment.
func step(experiment, name string, change func(o *plumbline.Observation)) func(*plumbline.Evidence) {
	return each(experiment, "", func(_ int, o *plumbline.Observation) {
		if strings.HasSuffix(o.Stream, "/"+name) {
			change(o)
		}
	})
}

// walked changes the walks of the steps of an experiment.
func walked(experiment, name string, change func(w *plumbline.Walked)) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		for i := range e.Walked {
			if w := &e.Walked[i]; w.Experiment == experiment && (name == "" || w.Step == name) {
				change(w)
			}
		}
	}
}

// differs makes the first comparison of a step find a difference.
func differs(with, pointer, message string) func(o *plumbline.Observation) {
	return func(o *plumbline.Observation) {
		for i := range o.Matches {
			if o.Matches[i].With == with {
				o.Matches[i].Marks = append(o.Matches[i].Marks, plumbline.Mark{Kind: plumbline.MarkDiffers, Pointer: pointer, Message: message})
			}
		}
	}
}

func status(s int) func(o *plumbline.Observation) {
	return func(o *plumbline.Observation) { o.Status = s }
}

func bodied(body string) func(o *plumbline.Observation) {
	return func(o *plumbline.Observation) { o.Transcript.ResponseBody = body }
}

func unsent(o *plumbline.Observation) { o.Status, o.Error = 0, plumbline.ErrorUnbound }

func ownID(o plumbline.Observation) string {
	var v struct{ ID string }
	_ = json.Unmarshal([]byte(o.Transcript.ResponseBody), &v)
	return v.ID
}
