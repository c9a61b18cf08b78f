package mock

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// judge compares what the generator says of a case with what the server did,
// and what the server answered with what the inspector says of it.
func (l *Loop) judge(op plumbline.Operation, c plumbline.Case, req plumbline.Request, resp plumbline.Response) {
	why := strings.Join(resp.Header[Reason], "")
	refused := why != ""
	l.owed(c, req, resp, why)
	for _, m := range l.Inspector.Inspect(op.ID, req, resp) {
		switch {
		case m.Kind == plumbline.MarkExtra:
			l.result.Drift++
		case m.Kind == plumbline.MarkUnread, m.Kind == plumbline.MarkStatus && refused:
		default:
			l.disagree(c, req, resp.Status, fmt.Sprintf("a right answer is marked: %s %s %s (%s): %.300s", m.Kind, m.Pointer, m.Message, m.Schema, resp.Body))
		}
	}
}

// owed compares what a right server owes to a case with what came.
func (l *Loop) owed(c plumbline.Case, req plumbline.Request, resp plumbline.Response, why string) {
	refused := why != ""
	switch {
	case c.Kind == plumbline.CaseRobust:
		l.result.Robust++
		if resp.Status >= 500 {
			l.disagree(c, req, resp.Status, "a server error")
		}
	case c.Kind == plumbline.CaseInvalid:
		l.result.Invalid++
		if !refused {
			l.disagree(c, req, resp.Status, "an invalid case is accepted: "+c.Violates)
		}
	case resp.Status == http.StatusNotFound && why != "":
		l.result.Valid++
		l.result.Missing++
	case refused && misfit(c, why):
		l.result.Valid++
		l.result.Unfit++
	default:
		l.result.Valid++
		if refused {
			l.disagree(c, req, resp.Status, "a valid case is refused: "+why)
		}
	}
}

// misfit tells whether a request is refused for a value that an earlier answer
// gave: the document does not say that the two have the same type.
func misfit(c plumbline.Case, why string) bool {
	return slices.ContainsFunc(c.Binds, func(b plumbline.Bind) bool {
		return strings.HasPrefix(why, b.In+"/"+b.Name+" ") || b.In == "body" && strings.HasPrefix(why, "the body is not valid")
	})
}

// detect tells whether a broken promise is seen.
func (l *Loop) detect(op plumbline.Operation, req plumbline.Request, resp plumbline.Response) {
	if l.rotten == nil {
		return
	}
	l.result.Broken[l.rotten.Keyword]++
	for _, m := range l.Inspector.Inspect(op.ID, req, resp) {
		if m.Kind != plumbline.MarkExtra && m.Kind != plumbline.MarkUnread {
			l.result.Detected[l.rotten.Keyword]++
			return
		}
	}
	l.result.Disagreed = append(l.result.Disagreed, Disagreement{op.ID, resp.Status, fmt.Sprintf("not seen: %s at %s: %.300s", l.rotten.Keyword, l.rotten.Pointer, resp.Body), req})
}
