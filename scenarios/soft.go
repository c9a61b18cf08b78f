package scenarios

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// saysDeleted tells whether an answer says of its resource that it is deleted,
// and the last one before the deletion did not: a soft deletion.
func (t tale) saysDeleted(after plumbline.Observation) bool {
	before, ok := t.f.fine(t.lastRead())
	return ok && marksDeleted(after) && !marksDeleted(before)
}

func marksDeleted(o plumbline.Observation) bool {
	var body any
	if o.Transcript == nil || json.Unmarshal([]byte(o.Transcript.ResponseBody), &body) != nil {
		return false
	}
	return deletedIn(body, 2)
}

// deletedIn looks for what says so in an object, or in its envelopes.
func deletedIn(v any, depth int) bool {
	members, _ := v.(map[string]any)
	for name, v := range members {
		if saysSo(name, v) || depth > 0 && deletedIn(v, depth-1) {
			return true
		}
	}
	return false
}

// saysSo tells whether a member is one by which services mark what is deleted.
func saysSo(name string, v any) bool {
	name = strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(name))
	switch x := v.(type) {
	case bool:
		return x && slices.Contains([]string{"deleted", "isdeleted", "removed", "archived", "trashed"}, name)
	case string:
		if name == "status" || name == "state" {
			return slices.Contains([]string{"deleted", "removed", "archived", "trashed"}, strings.ToLower(x))
		}
		return x != "" && slices.Contains([]string{"deletedat", "deletedon", "deletiontime", "deletiontimestamp", "removedat", "archivedat"}, name)
	}
	return false
}
